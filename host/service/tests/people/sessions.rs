use crate::world::{World, field};
use mesh_service::Code;
use serde_json::json;

mesh_store::statements! {
    DISABLE = "UPDATE people SET disabled_at = 1 WHERE id = $1";
}

/// Attack 33.
#[tokio::test]
async fn every_sign_in_is_a_new_session() {
    let world = World::new().await;
    let first = world.person("ann").await;
    let second = world.login("ann").await;
    for name in ["session_id", "access_token", "refresh_token"] {
        assert_ne!(field(&first.session, name), field(&second.session, name));
    }
    let listed = world.ok(&second, "session.list", json!({})).await;
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(items.iter().filter(|item| item["current"] == json!(true)).count(), 1);
    assert_eq!(field(&items[0], "id"), field(&second.session, "session_id"));
    assert_eq!(field(&items[0], "address"), "192.0.2.1");
    let page = world.ok(&second, "session.list", json!({ "limit": 1 })).await;
    let next = field(&page, "next_cursor");
    let page = world
        .ok(&second, "session.list", json!({ "limit": 1, "cursor": next }))
        .await;
    assert_eq!(field(&page["items"][0], "id"), field(&first.session, "session_id"));
    assert!(page["next_cursor"].is_null());
}

#[tokio::test]
async fn a_refresh_gives_new_tokens_and_ends_the_old_ones() {
    let world = World::new().await;
    let ann = world.person("ann").await;
    let refresh = field(&ann.session, "refresh_token");
    let renewed = world
        .nobody("auth.refresh", json!({ "refresh_token": refresh }))
        .await
        .unwrap();
    assert_eq!(field(&renewed, "session_id"), field(&ann.session, "session_id"));
    let old = world.by_token(&field(&ann.session, "access_token")).await.unwrap_err();
    assert_eq!(old.code, Code::Unauthenticated);
    let renewed = world.signed_in(renewed).await;
    let again = json!({ "refresh_token": field(&renewed.session, "refresh_token") });
    world.nobody("auth.refresh", again).await.unwrap();
}

#[tokio::test]
async fn a_used_up_refresh_token_ends_the_session() {
    let world = World::new().await;
    let ann = world.person("ann").await;
    let used = json!({ "refresh_token": field(&ann.session, "refresh_token") });
    let renewed = world.nobody("auth.refresh", used.clone()).await.unwrap();
    world.signed_in(renewed.clone()).await;
    let reused = world.nobody("auth.refresh", used).await.unwrap_err();
    assert_eq!(reused.code, Code::TokenRevoked);
    // Also for whoever had the newer tokens, at once, although they were in memory.
    let access = world.by_token(&field(&renewed, "access_token")).await.unwrap_err();
    assert_eq!(access.code, Code::TokenRevoked);
    let newer = json!({ "refresh_token": field(&renewed, "refresh_token") });
    assert_eq!(
        world.nobody("auth.refresh", newer).await.unwrap_err().code,
        Code::TokenRevoked
    );
    assert!(
        world
            .events(&format!("person:{}", ann.id()))
            .await
            .contains(&"session.ended".to_owned())
    );
}

/// A session's id is no secret. Whoever knows it must not be able to end the session with it.
#[tokio::test]
async fn a_made_up_refresh_token_ends_nothing() {
    let world = World::new().await;
    let (ann, eve) = (world.person("ann").await, world.person("eve").await);
    let (id, theirs) = (field(&ann.session, "session_id"), field(&eve.session, "refresh_token"));
    let (their_secrets, _) = theirs.rsplit_once('.').unwrap();
    for forged in [
        format!("mrt_x.{id}"),
        format!("mrt_x.y.{id}"),
        format!("{their_secrets}.{id}"),
        id,
        String::new(),
    ] {
        let fields = json!({ "refresh_token": forged });
        let refused = world.nobody("auth.refresh", fields).await.unwrap_err();
        assert_eq!(refused.code, Code::Unauthenticated, "{forged}");
    }
    let refresh = json!({ "refresh_token": field(&ann.session, "refresh_token") });
    world.nobody("auth.refresh", refresh).await.unwrap();
}

#[tokio::test]
async fn only_one_of_many_refreshes_at_once_wins() {
    let world = World::new().await;
    let ann = world.person("ann").await;
    let fields = json!({ "refresh_token": field(&ann.session, "refresh_token") });
    let calls = (0..8).map(|_| world.nobody("auth.refresh", fields.clone()));
    let answers = futures_util::future::join_all(calls).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
}

#[tokio::test]
async fn an_ended_session_is_over_at_once_and_only_ones_own() {
    let world = World::new().await;
    let (ann, eve) = (world.person("ann").await, world.person("eve").await);
    let other = world.login("ann").await;
    let end = json!({ "session_id": field(&other.session, "session_id") });
    assert_eq!(world.refused(&eve, "session.end", end.clone()).await.0, "not_found");
    world.ok(&ann, "session.end", end.clone()).await;
    let over = world
        .by_token(&field(&other.session, "access_token"))
        .await
        .unwrap_err();
    assert_eq!(over.code, Code::TokenRevoked);
    assert_eq!(world.refused(&ann, "session.end", end).await.0, "not_found");
    world.ok(&ann, "auth.logout", json!({})).await;
    let over = world.by_token(&field(&ann.session, "access_token")).await.unwrap_err();
    assert_eq!(over.code, Code::TokenRevoked);
    let refresh = json!({ "refresh_token": field(&ann.session, "refresh_token") });
    assert_eq!(
        world.nobody("auth.refresh", refresh).await.unwrap_err().code,
        Code::TokenRevoked
    );
}

#[tokio::test]
async fn a_disabled_account_gets_nothing_new() {
    let world = World::new().await;
    let ann = world.person("ann").await;
    let end = world.host.clock.now().plus_seconds(3600);
    let pat = json!({ "name": "script", "permissions": ["mesh.read"], "expires_at": end });
    let pat = field(&world.ok(&ann, "pat.create", pat).await, "token");
    world.behind(vec![(DISABLE, vec![ann.id()])]).await;
    let refresh = json!({ "refresh_token": field(&ann.session, "refresh_token") });
    assert_eq!(
        world.nobody("auth.refresh", refresh).await.unwrap_err().code,
        Code::TokenRevoked
    );
    assert_eq!(world.by_token(&pat).await.unwrap_err().code, Code::TokenRevoked);
}
