//! What ends a right ends the events that came by it, with the same commit.

use mesh_tests::{Live, TestServer, on_both_engines};
use serde_json::{Value, json};

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

/// Everything of a room that came before an event of this kind.
async fn before(live: &mut Live, kind: &str, stream: &str) -> Vec<Value> {
    let mut found = Vec::new();
    loop {
        let event = live.until("event").await;
        if event["type"] == kind {
            return found;
        }
        if event["stream"] == stream {
            found.push(event);
        }
    }
}

on_both_engines! {
    /// Attack 6.
    async fn whoever_is_removed_hears_nothing_more(server) {
        let mesh = server.mesh("home").await;
        let bob = server.person("bob").await;
        let member = mesh.join(&bob, "member").await;
        let room = mesh.private_room("secret").await;
        let seats = format!("/rooms/{}/members", id(&room));
        mesh.creator.post(&seats, json!({ "member_id": member })).await.expect(201);
        let mut live = Live::follow(server, &bob).await;
        let stream = format!("room:{}", id(&room));
        assert_eq!(live.hello["heads"][&stream], 2);
        mesh.creator.delete(&format!("{seats}/{member}")).await.expect(204);
        let path = format!("/rooms/{}/messages", id(&room));
        for _ in 0..20 {
            mesh.creator.post(&path, json!({ "text": "among ourselves" })).await.expect(201);
        }
        // A room that everybody hears of comes last.
        mesh.room("last").await;
        let found = before(&mut live, "room.created", &stream).await;
        assert_eq!(found, Vec::<Value>::new());
        assert_eq!(live.op("message.post", json!({ "room_id": room["id"], "text": "?" })).await["problem"]["code"], "not_found");
        let resumed = live.resume(json!({ &stream: 2 })).await;
        assert_eq!(resumed["forbidden"], json!([stream]));
    }

    /// Attack 5.
    async fn a_session_that_is_ended_ends_its_connections(server) {
        let mesh = server.mesh("home").await;
        let other = server.sign_in(&mesh.creator).await;
        let mut live = Live::follow(server, &other).await;
        let mut mine = Live::follow(server, &mesh.creator).await;
        let session = live.hello["session_id"].as_str().unwrap().to_owned();
        mesh.creator.delete(&format!("/sessions/{session}")).await.expect(204);
        let (frames, closed) = live.end().await;
        assert_eq!(closed, Some(4010), "{frames:?}");
        assert_eq!(frames.last().unwrap()["problem"]["code"], "token_revoked");
        // The same person's other connection goes on.
        assert_eq!(mine.event("session.ended").await["data"]["session_id"], session);
    }

    /// A token hears what it names and nothing of the account.
    async fn a_token_hears_only_its_rooms(server) {
        let mesh = server.mesh("home").await;
        let (one, two) = (mesh.room("one").await, mesh.room("two").await);
        let end = server.host.clock.now().plus_seconds(3600);
        let wish = json!({ "name": "t", "permissions": ["message.read"], "room_ids": [one["id"]], "expires_at": end });
        let made = mesh.creator.post("/me/tokens", wish).await.expect(201);
        let token = server.with_token(made["token"].as_str().unwrap());
        let mut live = Live::follow(server, &token).await;
        let streams: Vec<_> = live.hello["heads"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(streams, [format!("room:{}", id(&one))]);
        for room in [&two, &one] {
            let path = format!("/rooms/{}/messages", id(room));
            mesh.creator.post(&path, json!({ "text": "hi" })).await.expect(201);
        }
        assert_eq!(live.event("message.created").await["data"]["room_id"], one["id"]);
        mesh.creator.delete(&format!("/tokens/{}", id(&made))).await.expect(204);
        assert_eq!(live.end().await.1, Some(4010));
    }

    /// A ticket opens one connection.
    async fn tickets_are_good_once(server) {
        let mesh = server.mesh("home").await;
        let ticket = mesh.creator.post("/auth/socket-tickets", json!({})).await.expect(201);
        let path = format!("/api/v1/socket?ticket={}", ticket["ticket"].as_str().unwrap());
        for closed in [None, Some(Some(4001))] {
            let mut live = Live::shake(server.address, &path, None).await.unwrap();
            live.send(json!({ "frame": "hello", "protocol": 1 })).await;
            match closed {
                None => drop(live.until("hello").await),
                Some(code) => assert_eq!(live.end().await.1, code),
            }
        }
    }
}

/// Attack 1.
#[tokio::test]
async fn pages_elsewhere_cannot_connect() {
    let options = mesh_tests::Options {
        origins: vec!["https://chat.example".into()],
        ..mesh_tests::Options::default()
    };
    let server = TestServer::start_with(mesh_tests::Engine::Sqlite, options).await;
    let own = format!("http://{}", server.address);
    for (origin, refused) in [
        (None, None),
        (Some(own.as_str()), None),
        (Some("https://chat.example"), None),
        (Some("https://evil.example"), Some(403)),
        (Some("null"), Some(403)),
    ] {
        for path in ["/api/v1/socket", "/socket.io/?EIO=4&transport=websocket"] {
            let shaken = Live::shake(server.address, path, origin).await;
            assert_eq!(shaken.err(), refused, "{origin:?} {path}");
        }
    }
}
