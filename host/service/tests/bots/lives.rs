use crate::world::{With, World, manifest};
use mesh_authz::Reason;
use mesh_service::Code;
use mesh_store::{
    kv,
    log::{self, Stream},
    members,
};
use mesh_types::Timestamp;
use serde_json::json;

async fn kinds(world: &World, stream: &str) -> Vec<String> {
    let stream: Stream = stream.parse().unwrap();
    let entries = log::after(&mut world.host.store.view().await.unwrap().tx(), stream, 0, 100)
        .await
        .unwrap();
    entries.into_iter().map(|entry| entry.kind.into_owned()).collect()
}

#[tokio::test]
async fn a_bot_is_made_stopped_and_as_a_member() {
    let world = World::new().await;
    let (bot, caller) = world.bot("Echo Bot").await;
    let shown = world.ok("bot.get", json!({ "bot_id": bot })).await;
    for (field, value) in [
        ("handle", "echo-bot"),
        ("state", "stopped"),
        ("wanted", "stopped"),
        ("role", "bot"),
    ] {
        assert_eq!(shown[field], value);
    }
    let taken = json!({ "mesh_id": world.mesh, "name": "Again", "handle": "echo-bot" });
    let refused = world.refused(&world.creator, "bot.create", taken).await;
    assert_eq!(refused.code, Code::AlreadyExists);
    assert!(refused.detail.contains("`echo-bot`"), "{refused}");
    let strange = json!({ "mesh_id": world.mesh, "name": "Again", "keeper_id": "person_01h455vb4pex5vsknk084sn02q" });
    assert_eq!(
        world.refused(&world.creator, "bot.create", strange).await.code,
        Code::ValidationFailed
    );
    let by_member = json!({ "mesh_id": world.mesh, "name": "Again" });
    assert_eq!(
        world.refused(&world.member, "bot.create", by_member).await.reason,
        Some(Reason::Role)
    );
    let listed = world.ok("bot.list", json!({ "mesh_id": world.mesh })).await;
    assert_eq!(listed["items"], json!([shown]));
    assert_eq!(kinds(&world, &format!("mesh:{}", world.mesh)).await, ["member.joined"]);

    let start = world
        .refused(&world.member, "bot.start", json!({ "bot_id": bot }))
        .await;
    assert_eq!(
        (start.code, start.state.as_deref()),
        (Code::WrongState, Some("stopped"))
    );
    let own = world
        .call(&caller, "bot.status", json!({ "bot_id": bot }))
        .await
        .unwrap();
    assert_eq!(own["state"], "stopped");
}

#[tokio::test]
async fn only_people_start_bots() {
    let world = World::new().await;
    let (bot, caller) = world.running("Echo").await;
    let status = world.ok("bot.status", json!({ "bot_id": bot })).await;
    assert_eq!(
        (&status["state"], &status["wanted"]),
        (&json!("idle"), &json!("running"))
    );
    // The two decisions' events wait on its own stream.
    assert_eq!(status["lag"], 1);
    assert_eq!(
        world.call(&caller, "bot.stop", json!({ "bot_id": bot })).await.unwrap()["state"],
        "stopped"
    );
    assert_eq!(
        world
            .refused(&caller, "bot.start", json!({ "bot_id": bot }))
            .await
            .reason,
        Some(Reason::HumanOnly)
    );
    world.ok("bot.stop", json!({ "bot_id": bot })).await;
    let mesh = kinds(&world, &format!("mesh:{}", world.mesh)).await;
    assert_eq!(mesh, ["member.joined", "bot.changed", "bot.changed", "bot.changed"]);
}

#[tokio::test]
async fn the_same_file_is_the_same_version() {
    let world = World::new().await;
    let (bot, _) = world.bot("Echo").await;
    let one = world.upload(&bot, &manifest("", &[], ""), &[]).await;
    assert_eq!(world.upload(&bot, &manifest("", &[], ""), &[]).await, one);
    let two = world.upload(&bot, &manifest("did:key:a", &[], ""), &[]).await;
    let list = world.ok("bot_version.list", json!({ "bot_id": bot })).await;
    let ids: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, [&two, &one]);
    let detail = world.ok("bot_version.get", json!({ "version_id": two })).await;
    assert_eq!(
        (&detail["publisher"], &detail["manifest"]["bot"]["name"]),
        (&json!("did:key:a"), &json!("test"))
    );

    assert_eq!(
        world.try_upload(&bot, None, &[]).await.unwrap_err().code,
        Code::ManifestInvalid
    );
    let human = manifest("", &[("bot.grant", "*", false)], "");
    assert_eq!(
        world.try_upload(&bot, Some(&human), &[]).await.unwrap_err().code,
        Code::ManifestInvalid
    );
    assert_eq!(
        world
            .refused(&world.member, "bot_version.upload", json!({ "bot_id": bot }))
            .await
            .code,
        Code::BadRequest
    );
    assert_eq!(
        world
            .refused(&world.member, "bot.rollback", json!({ "bot_id": bot }))
            .await
            .code,
        Code::WrongState
    );
}

#[tokio::test]
async fn a_bot_goes_back_only_to_what_can_run() {
    let world = World::new().await;
    let (bot, _) = world.bot("Echo").await;
    let one = world.upload(&bot, &manifest("", &[], ""), &[]).await;
    let two = world.upload(&bot, &manifest("did:key:a", &[], ""), &[]).await;
    world.activate(&one).await.unwrap();
    world.activate(&two).await.unwrap();
    let digest = world.ok("bot_version.get", json!({ "version_id": one })).await["digest"].clone();
    world.spoil(digest.as_str().unwrap());
    let back = json!({ "bot_id": bot });
    let refused = world.refused(&world.member, "bot.rollback", back.clone()).await;
    assert_eq!(refused.code, Code::ComponentInvalid);
    assert_eq!(world.ok("bot.get", back).await["active_version"], json!(two));
}

#[tokio::test]
async fn a_keeper_hands_a_bot_over() {
    let world = World::new().await;
    let (bot, _) = world.bot("Echo").await;
    let stale = With {
        if_match: Some("\"7\""),
        ..With::default()
    };
    let fields = json!({ "bot_id": bot, "name": "Parrot" });
    let refused = world
        .call_with(&world.member, "bot.update", fields.clone(), stale)
        .await
        .err()
        .unwrap();
    assert_eq!(refused.code, Code::PreconditionFailed);
    let renamed = world.call(&world.member, "bot.update", fields).await.unwrap();
    assert_eq!((&renamed["name"], &renamed["revision"]), (&json!("Parrot"), &json!(2)));
    let fields = json!({ "bot_id": bot, "keeper_id": crate::world::id_of(&world.creator) });
    world.call(&world.member, "bot.update", fields).await.unwrap();
    let fields = json!({ "bot_id": bot, "name": "Mine" });
    assert_eq!(
        world.refused(&world.member, "bot.update", fields).await.reason,
        Some(Reason::Ownership)
    );
}

#[tokio::test]
async fn a_deleted_bot_is_gone_everywhere() {
    let world = World::new().await;
    let (bot, caller) = world.running("Echo").await;
    let room = world
        .ok("room.create", json!({ "mesh_id": world.mesh, "name": "Lounge" }))
        .await;
    world
        .ok("room_bot.add", json!({ "room_id": room["id"], "bot_id": bot }))
        .await;
    let key = json!({ "bot_id": bot, "key": "k" });
    let with = With {
        body: Some(b"v"),
        ..With::default()
    };
    world.call_with(&caller, "kv.put", key, with).await.unwrap();
    let fields = json!({ "bot_id": bot });
    let without = world.refused(&world.member, "bot.delete", fields.clone()).await;
    assert_eq!(without.code, Code::PreconditionRequired);
    let etag = world
        .call_with(&world.member, "bot.get", fields.clone(), With::default())
        .await
        .unwrap()
        .etag;
    let with = With {
        if_match: etag.as_deref(),
        ..With::default()
    };
    world
        .call_with(&world.member, "bot.delete", fields.clone(), with)
        .await
        .unwrap();

    assert_eq!(
        world.refused(&world.creator, "bot.get", fields.clone()).await.code,
        Code::NotFound
    );
    assert_eq!(world.refused(&caller, "kv.list", fields).await.code, Code::NotFound);
    let room_id = room["id"].as_str().unwrap();
    assert!(
        kinds(&world, &format!("room:{room_id}"))
            .await
            .contains(&"room_member.left".to_owned())
    );
    let mesh = kinds(&world, &format!("mesh:{}", world.mesh)).await;
    assert_eq!(mesh[mesh.len() - 2..], ["member.left", "bot.changed"]);
    let bots = world.ok("room_bot.list", json!({ "room_id": room_id })).await;
    assert_eq!(bots["items"], json!([]));
    let mut view = world.host.store.view().await.unwrap();
    let id = caller.actor().unwrap();
    let member = members::of_actor(&mut view.tx(), world.mesh, id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(member.state, "left");
    let kept = kv::get(&mut view.tx(), bot.parse().unwrap(), "k", Timestamp(0))
        .await
        .unwrap();
    assert!(kept.is_none(), "what the bot knew is still there");
}

#[tokio::test]
async fn a_token_is_rotated_with_an_overlap() {
    let world = World::new().await;
    let fields = json!({ "mesh_id": world.mesh, "name": "Outside", "runtime": "external" });
    let bot = world.ok("bot.create", fields).await["id"].clone();
    let rotate = async |overlap: u32| {
        let answer = world
            .ok("bot_token.rotate", json!({ "bot_id": bot, "overlap_s": overlap }))
            .await;
        answer["token"].as_str().unwrap().to_owned()
    };
    let authenticate = async |token: &str| {
        let host = &world.host;
        host.authority
            .authenticate(&host.store, host.clock.now(), token)
            .await
            .map_err(|error| error.code)
    };
    let first = rotate(300).await;
    assert!(first.starts_with("mbt_"));
    assert_eq!(
        authenticate(&first).await.unwrap().actor().unwrap().to_string(),
        bot.as_str().unwrap()
    );
    let second = rotate(300).await;
    assert!(authenticate(&first).await.is_ok() && authenticate(&second).await.is_ok());
    let third = rotate(0).await;
    assert_eq!(authenticate(&first).await.unwrap_err(), Code::TokenExpired);
    assert_eq!(authenticate(&second).await.unwrap_err(), Code::TokenExpired);

    // The answer holds a secret, so it is never kept for a repeated call.
    let keyed = With {
        key: Some("again"),
        ..With::default()
    };
    let refused = world
        .call_with(&world.creator, "bot_token.rotate", json!({ "bot_id": bot }), keyed)
        .await
        .err()
        .unwrap();
    assert_eq!(refused.code, Code::BadRequest);
    let etag = world
        .call_with(&world.creator, "bot.get", json!({ "bot_id": bot }), With::default())
        .await
        .unwrap()
        .etag;
    let with = With {
        if_match: etag.as_deref(),
        ..With::default()
    };
    world
        .call_with(&world.creator, "bot.delete", json!({ "bot_id": bot }), with)
        .await
        .unwrap();
    assert_eq!(authenticate(&third).await.unwrap_err(), Code::TokenRevoked);
    let (component, _) = world.bot("Inside").await;
    let refused = world
        .refused(&world.creator, "bot_token.rotate", json!({ "bot_id": component }))
        .await;
    assert_eq!(refused.code, Code::NotSupported);
}
