//! Who asks too often, who guesses, and who may not decide.

use super::{decision, poll, start};
use mesh_service::rate::Rates;
use mesh_tests::{Engine, Options, TestServer};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn asking_too_often() {
    let server = TestServer::start(Engine::Sqlite).await;
    let ann = server.person("ann").await;
    let device = start(&server, json!([])).await;
    poll(&server, &device).await.refused(400, "authorization_pending");
    poll(&server, &device).await.refused(400, "slow_down");
    // Another device is not slowed down by it, and what was decided is told at once.
    let other = start(&server, json!([])).await;
    poll(&server, &other).await.refused(400, "authorization_pending");
    ann.call("device.decide", decision(&device, "approve"))
        .await
        .expect(204);
    poll(&server, &device).await.expect(200);
    let unknown = json!({ "device_code": "mdt_unknown" });
    poll(&server, &unknown).await.refused(400, "invalid_grant");
}

/// Whoever guesses codes is stopped, also at the one that is right.
#[tokio::test]
async fn guessing() {
    let rates = Rates {
        sign_in_per_minute: 6,
        ..Options::default().rates
    };
    let options = Options {
        rates,
        // Each call of the guesser comes from another address, so that only the account counts.
        proxies: vec!["127.0.0.1".into()],
        ..Options::default()
    };
    let server = TestServer::start_with(Engine::Sqlite, options).await;
    let (eve, ann) = (server.person("eve").await, server.person("ann").await);
    let device = start(&server, json!([])).await;
    let from = |n: u8| format!("192.0.2.{n}");
    for (n, last) in (0..6).zip(["B", "C", "D", "F", "G", "H"]) {
        let code = json!({ "user_code": format!("BBBB-BBB{last}") });
        let guess = match n % 2 {
            0 => eve.op("device.lookup", &code),
            _ => eve.op("device.decide", &decision(&code, "approve")),
        };
        mesh_tests::send(guess.header("x-forwarded-for", from(n)))
            .await
            .refused(404, "not_found");
    }
    let right = eve
        .op("device.decide", &decision(&device, "approve"))
        .header("x-forwarded-for", from(7));
    mesh_tests::send(right).await.refused(429, "rate_limited");
    // Others are not in the way of each other, until their address is.
    let look = json!({ "user_code": device["user_code"] });
    mesh_tests::send(ann.op("device.lookup", &look).header("x-forwarded-for", from(8)))
        .await
        .expect(200);
    for n in 0..6 {
        let who = server.person(&format!("p{n}")).await;
        mesh_tests::send(who.op("device.lookup", &look).header("x-forwarded-for", from(9)))
            .await
            .expect(200);
    }
    let who = server.person("last").await;
    let refused = mesh_tests::send(who.op("device.lookup", &look).header("x-forwarded-for", from(9))).await;
    refused.refused(429, "rate_limited");
    // Nor is anybody's memory filled with codes.
    let mut started = 0;
    let name = json!({ "name": "x" });
    while mesh_tests::send(
        server
            .anonymous()
            .op("device.start", &name)
            .header("x-forwarded-for", from(10)),
    )
    .await
    .status
        == 200
    {
        started += 1;
    }
    assert_eq!(started, 6);
}

#[tokio::test]
async fn deciding_needs_a_person_who_signed_in_just_now() {
    let server = TestServer::start(Engine::Sqlite).await;
    let ann = server.person("ann").await;
    let end = serde_json::to_value(server.host.clock.now().plus_seconds(3600)).unwrap();
    let token = json!({ "name": "t", "permissions": ["message.read", "member.read"], "expires_at": end });
    let token = ann.call("pat.create", token).await.expect(201);
    let token = server.with_token(token["token"].as_str().unwrap());
    server.host.let_pass(Duration::from_mins(11));
    let device = start(&server, json!([])).await;
    let look = json!({ "user_code": device["user_code"] });
    ann.call("device.lookup", look.clone()).await.expect(200);
    for what in ["approve", "deny"] {
        ann.call("device.decide", decision(&device, what))
            .await
            .refused(403, "fresh_login_required");
    }
    for refused in [
        token.call("device.lookup", look.clone()).await,
        token.call("device.decide", decision(&device, "approve")).await,
    ] {
        assert_eq!(refused.status, 403, "{}", refused.json);
    }
    server
        .anonymous()
        .call("device.lookup", look)
        .await
        .refused(401, "unauthenticated");
    poll(&server, &device).await.refused(400, "authorization_pending");
    let ann = server.sign_in(&ann).await;
    ann.call("device.decide", decision(&device, "approve"))
        .await
        .expect(204);
}

#[tokio::test]
async fn names_are_shown_as_they_are() {
    let server = TestServer::start(Engine::Sqlite).await;
    for name in ["", " ", "a\u{202E}b", &"x".repeat(81)] {
        let refused = server.anonymous().call("device.start", json!({ "name": name })).await;
        refused.refused(422, "validation_failed");
    }
    let unknown = json!({ "name": "x", "permissions": ["everything"] });
    server
        .anonymous()
        .call("device.start", unknown)
        .await
        .refused(422, "validation_failed");
}
