use crate::world::{World, manifest};
use mesh_authz::Reason;
use mesh_service::Code;
use serde_json::json;

#[tokio::test]
async fn a_version_waits_for_the_decisions_it_needs() {
    let world = World::new().await;
    let (bot, caller) = world.bot("Echo").await;
    let toml = manifest(
        "did:key:a",
        &[("bot.state", "*", true), ("message.post", "*", false)],
        "",
    );
    let imports = [
        ("mesh:bot/kv", "get"),
        ("mesh:bot/messages", "post"),
        ("mesh:bot/log", "write"),
    ];
    let more = [
        ("mesh:bot/rooms", "list"),
        ("wasi:io/streams", "drop"),
        ("mesh:bot/kv", "nothing"),
    ];
    let version = world.upload(&bot, &toml, &[imports, more].concat()).await;
    let shown = world.ok("bot.get", json!({ "bot_id": bot })).await;
    assert_eq!(shown["state"], "awaiting-approval");

    let refused = world.activate(&version).await.unwrap_err();
    assert_eq!(refused.code, Code::WrongState);
    assert_eq!(refused.state.as_deref(), Some("awaiting-approval"));
    assert!(
        refused.detail.contains("`bot.state`") && !refused.detail.contains("message.post"),
        "{refused}"
    );

    let verdicts = async || {
        let imports = world.ok("bot_version.imports", json!({ "version_id": version })).await;
        let verdict = |item: &serde_json::Value| item["verdict"].as_str().unwrap().to_owned();
        imports["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(verdict)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        verdicts().await,
        ["undecided", "undecided", "implied", "not_asked", "implied", "unserved"]
    );
    world.grant(&bot, "bot.state", "allow").await;
    world.grant(&bot, "message.post", "ask").await;
    assert_eq!(
        verdicts().await,
        ["allow", "ask", "implied", "not_asked", "implied", "unserved"]
    );
    assert_eq!(world.ok("bot.get", json!({ "bot_id": bot })).await["state"], "uploaded");

    let active = world.activate(&version).await.unwrap();
    assert_eq!(
        (&active["state"], &active["active_version"]),
        (&json!("stopped"), &json!(version))
    );
    let key = json!({ "bot_id": bot, "key": "k" });
    assert_eq!(world.refused(&caller, "kv.get", key.clone()).await.code, Code::NotFound);

    // A changed decision counts at the very next call.
    world.grant(&bot, "bot.state", "deny").await;
    let denied = world.refused(&caller, "kv.get", key).await;
    assert_eq!((denied.code, denied.reason), (Code::Forbidden, Some(Reason::Grant)));
    let list = world
        .call(&caller, "bot_grant.list", json!({ "bot_id": bot }))
        .await
        .unwrap();
    assert_eq!(list["asked"][0]["verdict"], "deny");
    assert_eq!(list["undecided"], json!([]));
}

#[tokio::test]
async fn no_bot_decides_about_bots() {
    let world = World::new().await;
    let (bot, caller) = world.running("Echo").await;
    let (other, _) = world.bot("Other").await;
    for about in [&bot, &other] {
        let fields = json!({ "bot_id": about, "permission": "message.post", "effect": "allow" });
        let refused = world.refused(&caller, "bot_grant.put", fields).await;
        assert_eq!(
            (refused.code, refused.reason),
            (Code::Forbidden, Some(Reason::HumanOnly))
        );
    }
    let refused = world
        .refused(&caller, "bot_limit.put", json!({ "bot_id": bot, "limits": {} }))
        .await;
    assert_eq!(refused.reason, Some(Reason::HumanOnly));
    let create = json!({ "mesh_id": world.mesh, "name": "Child" });
    assert_eq!(
        world.refused(&caller, "bot.create", create).await.reason,
        Some(Reason::HumanOnly)
    );
    // Nor does a keeper, who may upload whatever they like.
    let fields = json!({ "bot_id": bot, "permission": "bot.state", "effect": "allow" });
    assert_eq!(
        world.refused(&world.member, "bot_grant.put", fields).await.reason,
        Some(Reason::Role)
    );
    // What is for people is not even decided about.
    let fields = json!({ "bot_id": bot, "permission": "bot.grant", "effect": "deny" });
    let refused = world.refused(&world.creator, "bot_grant.put", fields).await;
    assert_eq!(refused.code, Code::ValidationFailed);
}

#[tokio::test]
async fn grants_stay_with_their_publisher() {
    let world = World::new().await;
    let (bot, caller) = world.bot("Echo").await;
    let key = json!({ "bot_id": bot, "key": "k" });
    let asks = [("bot.state", "*", true)];
    let first = world.upload(&bot, &manifest("did:key:a", &asks, ""), &[]).await;
    world.grant(&bot, "bot.state", "allow").await;
    world.activate(&first).await.unwrap();

    // Another publisher's code under the same name gets nothing, until somebody looks at it.
    let foreign = world.upload(&bot, &manifest("did:key:b", &asks, ""), &[]).await;
    assert_eq!(world.activate(&foreign).await.unwrap_err().code, Code::WrongState);
    let fields = json!({ "bot_id": bot, "permission": "bot.state", "effect": "allow" });
    world.ok("bot_grant.put", fields).await; // about the version that runs
    assert_eq!(world.activate(&foreign).await.unwrap_err().code, Code::WrongState);
    let optional = manifest("did:key:b", &[("bot.state", "*", false)], "");
    let sneaky = world.upload(&bot, &optional, &[]).await;
    world.activate(&sneaky).await.unwrap();
    let refused = world.refused(&caller, "kv.get", key.clone()).await;
    assert_eq!((refused.code, refused.reason), (Code::Forbidden, Some(Reason::Grant)));

    // The first publisher's decisions waited for its version.
    let back = world
        .call(&world.member, "bot.rollback", json!({ "bot_id": bot }))
        .await
        .unwrap();
    assert_eq!(
        (&back["active_version"], &back["previous_version"]),
        (&json!(first), &json!(sneaky))
    );
    assert_eq!(world.refused(&caller, "kv.get", key.clone()).await.code, Code::NotFound);

    // A denial holds whoever publishes.
    world.grant(&bot, "bot.state", "deny").await;
    let fields = json!({ "bot_id": bot, "permission": "message.post", "effect": "deny", "version_id": foreign });
    world.ok("bot_grant.put", fields).await;
    let list = world
        .ok("bot_grant.list", json!({ "bot_id": bot, "version_id": foreign }))
        .await;
    assert_eq!(list["asked"][0]["verdict"], "deny");
}

#[tokio::test]
async fn an_update_that_asks_for_more_is_decided_about_again() {
    let world = World::new().await;
    let (bot, caller) = world.bot("Echo").await;
    let narrow = world
        .upload(&bot, &manifest("did:key:a", &[("bot.state", &bot, true)], ""), &[])
        .await;
    world.grant(&bot, "bot.state", "allow").await;
    world.activate(&narrow).await.unwrap();
    let wide = world
        .upload(&bot, &manifest("did:key:a", &[("bot.state", "*", true)], ""), &[])
        .await;
    assert_eq!(world.activate(&wide).await.unwrap_err().code, Code::WrongState);
    let optional = world
        .upload(&bot, &manifest("did:key:a", &[("bot.state", "*", false)], ""), &[])
        .await;
    world.activate(&optional).await.unwrap();
    let refused = world.refused(&caller, "kv.list", json!({ "bot_id": bot })).await;
    assert_eq!(refused.reason, Some(Reason::Grant));

    let fields = json!({ "bot_id": bot, "permission": "bot.state", "effect": "allow", "version_id": wide });
    world.ok("bot_grant.put", fields).await;
    world.activate(&wide).await.unwrap();
    world.call(&caller, "kv.list", json!({ "bot_id": bot })).await.unwrap();
    // One that asks for the same or less keeps it.
    let same = world
        .upload(
            &bot,
            &manifest("did:key:a", &[("bot.state", &bot, true)], "[events]\n"),
            &[],
        )
        .await;
    world.activate(&same).await.unwrap();
    world.call(&caller, "kv.list", json!({ "bot_id": bot })).await.unwrap();
}

#[tokio::test]
async fn decisions_are_about_something() {
    let world = World::new().await;
    let (bot, _) = world.bot("Echo").await;
    let put = |extra: serde_json::Value| {
        let mut fields = json!({ "bot_id": bot, "permission": "bot.state", "effect": "allow" });
        fields
            .as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        fields
    };
    assert_eq!(
        world
            .refused(&world.creator, "bot_grant.put", put(json!({})))
            .await
            .code,
        Code::WrongState
    );
    world
        .upload(&bot, &manifest("", &[("bot.state", "*", true)], ""), &[])
        .await;
    for wrong in [
        json!({ "permission": "message.post" }),
        json!({ "permission": "nothing" }),
        json!({ "on": "somewhere" }),
        json!({ "on": "room_01h455vb4pex5vsknk084sn02q" }),
        json!({ "on": "mesh_01h455vb4pex5vsknk084sn02q" }),
        json!({ "expires_at": "2020-01-01T00:00:00.000Z" }),
        json!({ "version_id": "bver_01h455vb4pex5vsknk084sn02q" }),
    ] {
        let refused = world.refused(&world.creator, "bot_grant.put", put(wrong.clone())).await;
        assert_eq!(refused.code, Code::ValidationFailed, "{wrong}");
    }
}

#[tokio::test]
async fn an_update_shows_what_is_new_in_it() {
    let world = World::new().await;
    let (bot, _) = world.bot("Echo").await;
    let one = world
        .upload(&bot, &manifest("", &[], ""), &[("mesh:bot/kv", "get")])
        .await;
    let two = world
        .upload(
            &bot,
            &manifest("", &[], ""),
            &[("mesh:bot/kv", "get"), ("mesh:bot/kv", "put")],
        )
        .await;
    let imports = world
        .ok("bot_version.imports", json!({ "version_id": two, "against": one }))
        .await;
    assert_eq!(
        (&imports["items"][0]["new"], &imports["items"][1]["new"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(
        (&imports["items"][1]["op"], &imports["items"][1]["permission"]),
        (&json!("kv.put"), &json!("bot.state"))
    );
    let (other, _) = world.bot("Other").await;
    let third = world.upload(&other, &manifest("", &[], ""), &[]).await;
    let fields = json!({ "version_id": two, "against": third });
    assert_eq!(
        world.refused(&world.creator, "bot_version.imports", fields).await.code,
        Code::ValidationFailed
    );
}

#[tokio::test]
async fn every_refusal_can_be_explained() {
    let world = World::new().await;
    let (bot, caller) = world.running("Echo").await;
    let room = world
        .ok(
            "room.create",
            json!({ "mesh_id": world.mesh, "name": "Private", "join_rule": "private" }),
        )
        .await;
    let public = world
        .ok("room.create", json!({ "mesh_id": world.mesh, "name": "Public" }))
        .await;
    let about = |op: &str, resource: &serde_json::Value| json!({ "bot_id": bot, "op": op, "resource": resource });

    let why = world.ok("bot.explain", about("kv.get", &json!(bot))).await;
    assert_eq!((&why["verdict"], &why["decided_by"]), (&json!("pass"), &json!(null)));
    let why = world.ok("bot.explain", about("room.create", &json!(world.mesh))).await;
    assert_eq!(
        (&why["verdict"], &why["decided_by"]),
        (&json!("refuse"), &json!("grant"))
    );
    let why = world.ok("bot.explain", about("message.post", &public["id"])).await;
    assert_eq!(why["verdict"], "refuse");

    // What is hidden looks like what is absent: to the bot, and to a keeper who cannot see it either.
    let absent = json!("room_01h455vb4pex5vsknk084sn02q");
    let mut hidden = world
        .call(&caller, "bot.explain", about("message.post", &room["id"]))
        .await
        .unwrap();
    let mut random = world
        .call(&caller, "bot.explain", about("message.post", &absent))
        .await
        .unwrap();
    for answer in [&mut hidden, &mut random] {
        answer
            .as_object_mut()
            .unwrap()
            .retain(|name, _| !["at", "resource"].contains(&name.as_str()));
    }
    assert_eq!(hidden, random);
    for resource in [&room["id"], &absent] {
        let refused = world
            .refused(&world.member, "bot.explain", about("message.post", resource))
            .await;
        assert_eq!(refused.code, Code::NotFound);
    }

    let refused = world
        .refused(&caller, "room.create", json!({ "mesh_id": world.mesh, "name": "Mine" }))
        .await;
    let decision = refused.decision.unwrap();
    // It is kept behind the call's back; a write that comes later has it behind it.
    world.grant(&bot, "bot.state", "allow").await;
    let fields = json!({ "bot_id": bot, "decision_id": decision });
    let kept = world.call(&world.member, "bot.explain", fields).await.unwrap();
    assert_eq!(
        (&kept["op"], &kept["decided_by"]),
        (&json!("room.create"), &json!("grant"))
    );
    let (other, _) = world.bot("Other").await;
    let fields = json!({ "bot_id": other, "decision_id": decision });
    assert_eq!(
        world.refused(&world.creator, "bot.explain", fields).await.code,
        Code::NotFound
    );
}
