//! From a code to a token, or to none.

use super::{decision, poll, start};
use futures_util::future::join_all;
use mesh_service::housekeeping::forget_old;
use mesh_tests::on_both_engines;
use serde_json::{Value, json};
use std::time::Duration;

/// A text of an answer.
fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}"))
}

on_both_engines! {
    /// The device gets a session, once, and it is not a recent sign-in.
    async fn a_device_is_signed_in_once(server) {
        let ann = server.person("ann").await;
        let device = start(server, json!([])).await;
        let page = format!("http://{}/device", server.address);
        assert_eq!(text(&device, "verification_uri"), page);
        assert_eq!(text(&device, "verification_uri_complete"), format!("{page}?user_code={}", text(&device, "user_code")));
        poll(server, &device).await.refused(400, "authorization_pending");

        let typed = text(&device, "user_code").replace('-', "").to_lowercase();
        let seen = ann.call("device.lookup", json!({ "user_code": typed })).await.expect(200);
        assert_eq!(seen["user_code"], device["user_code"]);
        assert_eq!((text(&seen, "name"), text(&seen, "address")), ("mesh on <laptop>", "127.0.0.1"));
        assert_eq!(seen["permissions"], json!([]));
        ann.call("device.decide", decision(&device, "approve")).await.expect(204);

        let tokens = poll(server, &device).await.expect(200);
        assert_eq!((text(&tokens, "token_type"), text(&tokens, "scope")), ("Bearer", ""));
        assert_eq!(text(&tokens, "person_id"), ann.id);
        let laptop = server.with_token(text(&tokens, "access_token"));
        assert_eq!(laptop.get("/me").await.expect(200)["actor_id"], ann.id);
        let sessions = ann.get("/me/sessions").await.expect(200);
        assert_eq!(sessions["items"][0]["device"], "mesh on <laptop>");
        let soon = serde_json::to_value(server.host.clock.now().plus_seconds(60)).unwrap();
        let token = json!({ "name": "t", "permissions": ["message.read"], "expires_at": soon });
        laptop.call("pat.create", token).await.refused(403, "fresh_login_required");
        let refresh = json!({ "refresh_token": tokens["refresh_token"] });
        laptop.call("auth.refresh", refresh).await.expect(200);

        poll(server, &device).await.refused(400, "invalid_grant");
        ann.call("device.lookup", json!({ "user_code": device["user_code"] })).await.refused(404, "not_found");
        ann.call("device.decide", decision(&device, "approve")).await.refused(404, "not_found");
    }

    /// Of many who show the same device code at once, one gets in.
    async fn a_device_code_is_used_once(server) {
        let ann = server.person("ann").await;
        let device = start(server, json!([])).await;
        ann.call("device.decide", decision(&device, "approve")).await.expect(204);
        let answers = join_all((0..8).map(|_| poll(server, &device))).await;
        let mut told: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        told.sort_unstable();
        assert_eq!(told, [200, 400, 400, 400, 400, 400, 400, 400]);
        assert_eq!(ann.get("/me/sessions").await.expect(200)["items"].as_array().unwrap().len(), 2);
    }

    /// Of many who decide at once, one does.
    async fn a_device_is_decided_once(server) {
        let (ann, bob) = (server.person("ann").await, server.person("bob").await);
        let device = start(server, json!([])).await;
        let decide = |n: usize| {
            let (who, what) = if n.is_multiple_of(2) { (&ann, "approve") } else { (&bob, "deny") };
            who.call("device.decide", decision(&device, what))
        };
        let answers = join_all((0..6).map(decide)).await;
        let done: Vec<usize> = (0..6).filter(|n| answers[*n].status == 204).collect();
        assert_eq!(done.len(), 1, "{answers:?}");
        let told = poll(server, &device).await.status;
        assert_eq!(told, if done[0].is_multiple_of(2) { 200 } else { 400 });
    }

    /// A device that asks for some permissions gets a token that names them, or fewer.
    async fn a_token_has_no_more_than_was_asked_for_and_approved(server) {
        let mesh = server.mesh("home").await;
        let room = mesh.room("general").await;
        let posts = json!({ "room_id": room["id"], "text": "hello" });
        let asked = json!(["message.post", "message.read", "message.post"]);
        let device = start(server, asked).await;
        let seen = mesh.creator.call("device.lookup", json!({ "user_code": device["user_code"] })).await.expect(200);
        assert_eq!(seen["permissions"].as_array().unwrap().len(), 2, "{seen}");
        let mut approval = decision(&device, "approve");
        for wrong in [json!([]), json!(["message.read", "room.create"])] {
            approval["permissions"] = wrong;
            mesh.creator.call("device.decide", approval.clone()).await.refused(422, "validation_failed");
        }
        approval["permissions"] = json!(["message.read"]);
        mesh.creator.call("device.decide", approval).await.expect(204);
        let tokens = poll(server, &device).await.expect(200);
        assert_eq!((text(&tokens, "scope"), &tokens["refresh_token"]), ("message.read", &Value::Null));
        let laptop = server.with_token(text(&tokens, "access_token"));
        laptop.call("message.list", json!({ "room_id": room["id"] })).await.expect(200);
        assert_eq!(laptop.call("message.post", posts.clone()).await.refused(403, "forbidden")["reason"], "scope");
        let listed = mesh.creator.get("/me/tokens").await.expect(200);
        assert_eq!(listed["items"][0]["name"], "mesh on <laptop>");
        // Who asks for nothing in particular can be given something in particular.
        let device = start(server, json!([])).await;
        let mut approval = decision(&device, "approve");
        approval["permissions"] = json!(["message.post", "message.read"]);
        mesh.creator.call("device.decide", approval).await.expect(204);
        let tokens = poll(server, &device).await.expect(200);
        server.with_token(text(&tokens, "access_token")).call("message.post", posts).await.expect(201);
    }

    /// A device hears that it was denied, for as long as its code lasts.
    async fn denied(server) {
        let ann = server.person("ann").await;
        let device = start(server, json!([])).await;
        ann.call("device.decide", decision(&device, "deny")).await.expect(204);
        for _ in 0..2 {
            poll(server, &device).await.refused(400, "access_denied");
        }
        ann.call("device.decide", decision(&device, "approve")).await.refused(404, "not_found");
    }

    /// After ten minutes nobody decides any more, and what was decided is worth nothing.
    async fn over(server) {
        let ann = server.person("ann").await;
        let (waits, approved) = (start(server, json!([])).await, start(server, json!([])).await);
        ann.call("device.decide", decision(&approved, "approve")).await.expect(204);
        server.host.let_pass(Duration::from_mins(10));
        for device in [&waits, &approved] {
            poll(server, device).await.refused(400, "expired_token");
        }
        let ann = server.sign_in(&ann).await;
        ann.call("device.lookup", json!({ "user_code": waits["user_code"] })).await.refused(404, "not_found");
        ann.call("device.decide", decision(&waits, "approve")).await.refused(404, "not_found");
        // An hour later there never was such a code.
        server.host.let_pass(Duration::from_mins(61));
        forget_old(&server.host);
        while poll(server, &waits).await.json["code"] != "invalid_grant" {}
    }
}
