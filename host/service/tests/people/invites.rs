use crate::world::{Options, World, account, field};
use mesh_service::Code;
use serde_json::json;

mesh_store::statements! {
    SET_RULE = "UPDATE rooms SET join_rule = $2 WHERE id = $1";
    EXPIRE = "UPDATE invites SET expires_at = 1 WHERE id = $1";
}

#[tokio::test]
async fn an_invitation_shows_where_it_leads_and_leads_there() {
    let world = World::new().await;
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let mesh = world.mesh(&ann).await;
    let room = world.room(&mesh, &ann, "secret", "private").await;
    let fields = json!({ "mesh_id": mesh, "room_ids": [room] });
    let made = world.ok(&ann, "invite.create", fields).await;
    assert_eq!(
        (&made["invite"]["role"], &made["invite"]["max_uses"]),
        (&json!("member"), &json!(1))
    );
    let code = json!({ "code": field(&made, "code") });
    let preview = world.nobody("invite.preview", code.clone()).await.unwrap();
    assert_eq!(
        (&preview["mesh_name"], &preview["role"], &preview["invited_by"]),
        (&json!("Test"), &json!("member"), &json!("ann"))
    );
    let signed_out = world.nobody("invite.accept", code.clone()).await.unwrap_err();
    assert_eq!(signed_out.code, Code::Unauthenticated);
    let (member, reply) = world
        .send(world.envelope(&bob.caller), "invite.accept", code.clone())
        .await
        .unwrap();
    assert_eq!(reply.location, Some(format!("/members/{}", field(&member, "id"))));
    world
        .ok(&bob, "message.post", json!({ "room_id": room, "text": "hello" }))
        .await;
    assert_eq!(
        world.events(&format!("mesh:{mesh}")).await,
        ["member.joined", "member.joined"]
    );
    assert_eq!(world.events(&format!("person:{}", bob.id())).await, ["room.opened"]);
    // Used up, also for the preview.
    assert_eq!(world.nobody("invite.preview", code).await.unwrap_err().code, Code::Gone);
    let unknown = world.nobody("invite.preview", json!({ "code": "mic_x" })).await;
    assert_eq!(unknown.unwrap_err().code, Code::NotFound);
}

#[tokio::test]
async fn one_use_is_one_use_for_twenty_at_once() {
    let world = World::new().await;
    let ann = world.person("ann").await;
    let mesh = world.mesh(&ann).await;
    let code = json!({ "code": world.invite(&ann, json!({ "mesh_id": mesh })).await });
    let mut people = Vec::new();
    for n in 0..20 {
        people.push(world.person(&format!("p{n}")).await);
    }
    let calls = people
        .iter()
        .map(|who| world.call(&who.caller, "invite.accept", code.clone()));
    let answers = futures_util::future::join_all(calls).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert!(
        answers
            .iter()
            .filter_map(|answer| answer.as_ref().err())
            .all(|error| error.code == Code::Gone)
    );
    let members = world.ok(&ann, "member.list", json!({ "mesh_id": mesh })).await;
    assert_eq!(members["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn whoever_is_there_already_uses_nothing_up() {
    let world = World::new().await;
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let mesh = world.mesh(&ann).await;
    let code = json!({ "code": world.invite(&ann, json!({ "mesh_id": mesh })).await });
    assert_eq!(
        world.refused(&ann, "invite.accept", code.clone()).await.0,
        "already_exists"
    );
    world.ok(&bob, "invite.accept", code).await;
}

#[tokio::test]
async fn ended_and_revoked_invitations_are_gone() {
    let world = World::new().await;
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let mesh = world.mesh(&ann).await;
    let made = world.ok(&ann, "invite.create", json!({ "mesh_id": mesh })).await;
    let id = field(&made["invite"], "id");
    world.ok(&ann, "invite.revoke", json!({ "invite_id": id })).await;
    world.ok(&ann, "invite.revoke", json!({ "invite_id": id })).await;
    let accept = json!({ "code": field(&made, "code") });
    assert_eq!(world.refused(&bob, "invite.accept", accept).await.0, "gone");
    let listed = world.ok(&ann, "invite.list", json!({ "mesh_id": mesh })).await;
    assert!(listed["items"].as_array().unwrap().is_empty());
    let made = world.ok(&ann, "invite.create", json!({ "mesh_id": mesh })).await;
    world.behind(vec![(EXPIRE, vec![field(&made["invite"], "id")])]).await;
    let accept = json!({ "code": field(&made, "code") });
    assert_eq!(world.refused(&bob, "invite.accept", accept).await.0, "gone");
}

#[tokio::test]
async fn one_invites_below_oneself_and_within_bounds() {
    let world = World::new().await;
    let (ann, bob, mod_) = (
        world.person("ann").await,
        world.person("bob").await,
        world.person("mod").await,
    );
    let mesh = world.mesh(&ann).await;
    world.join(&mesh, &ann, &bob, "admin").await;
    world.join(&mesh, &ann, &mod_, "moderator").await;
    let with = |name: &str, value: serde_json::Value| json!({ "mesh_id": mesh, name: value });
    for role in ["creator", "admin", "bot", "pending"] {
        let refused = world.refused(&ann, "invite.create", with("role", json!(role))).await;
        assert_eq!(refused.0, "validation_failed", "{role}");
    }
    let as_moderator = world
        .refused(&mod_, "invite.create", with("role", json!("moderator")))
        .await;
    assert_eq!(as_moderator, ("forbidden", Some("rank")));
    world.ok(&bob, "invite.create", with("role", json!("moderator"))).await;
    world.ok(&mod_, "invite.create", with("role", json!("member"))).await;
    for (name, value) in [
        ("max_uses", 0),
        ("max_uses", 1001),
        ("expires_in_s", 1),
        ("expires_in_s", i64::MAX),
    ] {
        let refused = world.refused(&ann, "invite.create", with(name, json!(value))).await;
        assert_eq!(refused.0, "validation_failed", "{name} {value}");
    }
}

/// Otherwise whoever is about to be thrown out makes one first and comes back with it.
#[tokio::test]
async fn an_invitation_is_worth_what_its_maker_is() {
    let world = World::new().await;
    let (ann, mod_, bob) = (
        world.person("ann").await,
        world.person("mod").await,
        world.person("bob").await,
    );
    let mesh = world.mesh(&ann).await;
    let moderator = world.join(&mesh, &ann, &mod_, "moderator").await;
    let code = json!({ "code": world.invite(&mod_, json!({ "mesh_id": mesh, "max_uses": 10 })).await });
    world.nobody("invite.preview", code.clone()).await.unwrap();
    let role = |role: &str| json!({ "member_id": moderator, "role": role });
    world.ok(&ann, "member.set_role", role("member")).await;
    assert_eq!(world.refused(&bob, "invite.accept", code.clone()).await.0, "gone");
    world.ok(&ann, "member.set_role", role("moderator")).await;
    world.ok(&bob, "invite.accept", code.clone()).await;
    world.ok(&ann, "member.remove", json!({ "member_id": moderator })).await;
    assert_eq!(world.refused(&mod_, "invite.accept", code.clone()).await.0, "gone");
    assert_eq!(
        world.nobody("invite.preview", code.clone()).await.unwrap_err().code,
        Code::Gone
    );
    let mut fields = account("new");
    fields["invite_code"] = code["code"].clone();
    assert_eq!(
        world.nobody("auth.register", fields).await.unwrap_err().code,
        Code::Forbidden
    );
}

#[tokio::test]
async fn an_invitation_opens_only_doors_that_its_maker_could() {
    let world = World::new().await;
    let (ann, mod_, bob) = (
        world.person("ann").await,
        world.person("mod").await,
        world.person("bob").await,
    );
    let mesh = world.mesh(&ann).await;
    let moderator = world.join(&mesh, &ann, &mod_, "moderator").await;
    let (private, direct) = (
        world.room(&mesh, &ann, "secret", "private").await,
        world.room(&mesh, &ann, "two", "private").await,
    );
    let invite = |room: &str| json!({ "mesh_id": mesh, "room_ids": [room], "max_uses": 10 });
    // Not in the room.
    assert_eq!(
        world.refused(&mod_, "invite.create", invite(&private)).await.0,
        "validation_failed"
    );
    world.add(&private, &ann, &moderator).await;
    // A direct room has the people it has.
    world
        .behind(vec![(SET_RULE, vec![direct.clone(), "direct".into()])])
        .await;
    assert_eq!(
        world.refused(&ann, "invite.create", invite(&direct)).await.0,
        "validation_failed"
    );
    // Invited while in the room, accepted when the maker was put out of it.
    let code = json!({ "code": world.invite(&mod_, invite(&private)).await });
    let out = json!({ "room_id": private, "member_id": moderator });
    world.ok(&ann, "room_member.remove", out).await;
    world.ok(&bob, "invite.accept", code).await;
    assert_eq!(world.seats(&private, &ann).await, [("ann".into(), "owner".into())]);
}

#[tokio::test]
async fn one_registers_with_an_invitation_and_is_in() {
    let options = Options {
        open: false,
        ..Options::default()
    };
    let world = World::with(options).await;
    world.offer("mic_first").await;
    let mut fields = account("ann");
    fields["invite_code"] = json!("mic_first");
    let ann = world
        .signed_in(world.nobody("auth.register", fields).await.unwrap())
        .await;
    let mesh = world.mesh(&ann).await;
    let code = world.invite(&ann, json!({ "mesh_id": mesh, "role": "guest" })).await;
    // An address that has an account already uses nothing up.
    let mut fields = account("ann");
    fields["invite_code"] = json!(code);
    assert!(world.nobody("auth.register", fields).await.is_err());
    let mut fields = account("bob");
    fields["invite_code"] = json!(code);
    let bob = world
        .signed_in(world.nobody("auth.register", fields).await.unwrap())
        .await;
    let me = world.ok(&bob, "auth.whoami", json!({})).await;
    assert_eq!(me["operator"], false);
    assert_eq!(
        (&me["memberships"][0]["mesh_id"], &me["memberships"][0]["role"]),
        (&json!(mesh), &json!("guest"))
    );
    assert_eq!(
        world.events(&format!("mesh:{mesh}")).await,
        ["member.joined", "member.joined"]
    );
}
