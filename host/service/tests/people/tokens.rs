use crate::world::{Person, World, field};
use mesh_authz::Credential;
use mesh_service::Code;
use mesh_types::Timestamp;
use serde_json::{Value, json};

async fn pat(world: &World, owner: &Person, more: Value) -> (Person, String) {
    let end = world.host.clock.now().plus_seconds(3600);
    let mut fields = json!({ "name": "script", "permissions": ["mesh.read"], "expires_at": end });
    fields
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let made = world.ok(owner, "pat.create", fields).await;
    let caller = world.by_token(&field(&made, "token")).await.unwrap();
    let person = Person {
        caller,
        session: made.clone(),
    };
    (person, field(&made, "id"))
}

#[tokio::test]
async fn a_token_does_what_it_names_where_it_names() {
    let world = World::new().await;
    let ann = world.person("ann").await;
    let (here, there) = (world.mesh(&ann).await, {
        let mesh = world.ok(&ann, "mesh.create", json!({ "name": "Other" })).await;
        field(&mesh, "id")
    });
    let (token, _) = pat(&world, &ann, json!({ "mesh_ids": [here] })).await;
    world.ok(&token, "mesh.get", json!({ "mesh_id": here })).await;
    let elsewhere = world.refused(&token, "mesh.get", json!({ "mesh_id": there })).await;
    assert_eq!(elsewhere, ("forbidden", Some("scope")));
    let more = world.refused(&token, "member.list", json!({ "mesh_id": here })).await;
    assert_eq!(more, ("forbidden", Some("scope")));
    // It does not tell of the other mesh either.
    let me = world.ok(&token, "auth.whoami", json!({})).await;
    assert_eq!(
        (&me["credential"], &me["scopes"]),
        (&json!("token"), &json!(["mesh.read"]))
    );
    assert_eq!(me["memberships"].as_array().unwrap().len(), 1);
    let meshes = world.ok(&token, "mesh.list", json!({})).await;
    assert_eq!(meshes["items"].as_array().unwrap().len(), 1);
}

/// Attack 7: no scope names the account, so no token reaches it.
#[tokio::test]
async fn a_token_is_no_session() {
    let world = World::new().await;
    let (ann, ben) = (world.person("ann").await, world.person("ben").await);
    let mesh = world.mesh(&ben).await;
    let code = world.invite(&ben, json!({ "mesh_id": mesh })).await;
    let (token, id) = pat(&world, &ann, json!({})).await;
    let end = world.host.clock.now().plus_seconds(3600);
    for (op, fields, code) in [
        ("session.list", json!({}), "forbidden"),
        (
            "session.end",
            json!({ "session_id": field(&ann.session, "session_id") }),
            "forbidden",
        ),
        ("auth.logout", json!({}), "wrong_state"),
        ("pat.list", json!({}), "forbidden"),
        ("pat.revoke", json!({ "token_id": id }), "forbidden"),
        ("mesh.create", json!({ "name": "Mine" }), "forbidden"),
        ("invite.accept", json!({ "code": code }), "forbidden"),
        (
            "pat.create",
            json!({ "name": "more", "permissions": ["mesh.own"], "expires_at": end }),
            "fresh_login_required",
        ),
    ] {
        assert_eq!(world.refused(&token, op, fields).await.0, code, "{op}");
    }
}

#[tokio::test]
async fn a_revoked_token_is_over_at_once_and_only_ones_own() {
    let world = World::new().await;
    let (ann, eve) = (world.person("ann").await, world.person("eve").await);
    let (token, id) = pat(&world, &ann, json!({})).await;
    let listed = world.ok(&ann, "pat.list", json!({})).await;
    assert_eq!(field(&listed["items"][0], "id"), id);
    assert!(listed["items"][0].get("token").is_none());
    assert_eq!(
        world.refused(&eve, "pat.revoke", json!({ "token_id": id })).await.0,
        "not_found"
    );
    world.ok(&ann, "pat.revoke", json!({ "token_id": id })).await;
    let over = world.by_token(&field(&token.session, "token")).await.unwrap_err();
    assert_eq!(over.code, Code::TokenRevoked);
    let kinds = world.events(&format!("person:{}", ann.id())).await;
    assert_eq!(kinds, ["account.changed", "account.changed"]);
}

#[tokio::test]
async fn tokens_end_within_a_year_and_name_something() {
    let world = World::new().await;
    let ann = world.person("ann").await;
    let now = world.host.clock.now();
    for (permissions, end) in [
        (json!([]), now.plus_seconds(60)),
        (json!(["mesh.read"]), now.plus_seconds(367 * 24 * 3600)),
        (json!(["mesh.read"]), now.plus_seconds(-1)),
        (json!(["no.such"]), now.plus_seconds(60)),
    ] {
        let fields = json!({ "name": "x", "permissions": permissions, "expires_at": end });
        assert_eq!(world.refused(&ann, "pat.create", fields).await.0, "validation_failed");
    }
    let forever = json!({ "name": "x", "permissions": ["mesh.read"] });
    assert_eq!(world.refused(&ann, "pat.create", forever).await.0, "validation_failed");
}

#[tokio::test]
async fn a_token_needs_a_recent_sign_in() {
    let world = World::new().await;
    let mut ann = world.person("ann").await;
    if let Credential::Session { fresh_until, .. } = &mut ann.caller.credential {
        *fresh_until = Timestamp(0);
    }
    let end = world.host.clock.now().plus_seconds(60);
    let fields = json!({ "name": "x", "permissions": ["mesh.read"], "expires_at": end });
    assert_eq!(
        world.refused(&ann, "pat.create", fields).await.0,
        "fresh_login_required"
    );
}
