//! A bot with caps does so much by itself, and then it asks.

use super::{approve, read};
use crate::approvals::{Stage, id};
use mesh_tests::{Engine, Response, TestServer, on_both_engines};
use serde_json::{Value, json};

impl Stage {
    /// A bot that may post, within these caps.
    async fn capped(server: &TestServer, caps: Value) -> Self {
        let stage = Self::new(server).await;
        stage.grant("message.post", "allow", "*").await;
        stage.caps(caps).await.expect(200);
        stage
    }

    async fn caps(&self, caps: Value) -> Response {
        let path = format!("/bots/{}/autonomy", self.bot);
        let body = json!({ "level": "act_limited", "caps": caps });
        self.mesh.creator.put(&path, body).await
    }

    async fn used(&self) -> Value {
        let path = format!("/bots/{}/autonomy", self.bot);
        self.mesh.creator.get(&path).await.expect(200)["used"].clone()
    }

    async fn post(&self, text: &str) -> Response {
        let path = format!("/rooms/{}/messages", self.room);
        self.client.post(&path, json!({ "text": text })).await
    }
}

on_both_engines! {
    /// Past its cap a bot asks; what people let through does not count.
    async fn past_its_cap_a_bot_asks(server) {
        let stage = Stage::capped(server, json!({ "messages_per_hour": 2 })).await;
        stage.post("one").await.expect(201);
        stage.post("two").await.expect(201);
        let approval = stage.held("three").await;
        assert_eq!(stage.used().await, json!({ "messages": 2, "writes": 2, "requests": 0 }));
        approve(&stage.mesh.creator, &approval).await.expect(200);
        assert_eq!(stage.words(3).await, ["one", "two", "three"]);
        assert_eq!(stage.used().await["messages"], 2);
        // The bot reads, looks after its own things and asks as before.
        stage.client.get(&format!("/rooms/{}", stage.room)).await.refused(403, "forbidden");
        stage.grant("room.read", "allow", "*").await;
        stage.client.get(&format!("/rooms/{}", stage.room)).await.expect(200);
        stage.ask(&stage.client, json!({ "question": "More?" })).await.expect(201);
        stage.caps(json!({ "messages_per_hour": 3 })).await.expect(200);
        stage.post("four").await.expect(201);
        // An unlimited bot is not counted.
        let path = format!("/bots/{}/autonomy", stage.bot);
        stage.mesh.creator.put(&path, json!({ "level": "act" })).await.expect(200);
        stage.post("five").await.expect(201);
        let now = stage.mesh.creator.get(&path).await.expect(200);
        assert_eq!((&now["used"]["messages"], &now["caps"]["messages_per_hour"]), (&json!(3), &json!(3)));
    }

    /// However many calls come at once, no more than the cap are made.
    async fn the_cap_holds_at_once(server) {
        let stage = Stage::capped(server, json!({ "messages_per_hour": 5 })).await;
        let texts: Vec<_> = (0..20).map(|n| n.to_string()).collect();
        let posts = texts.iter().map(|text| stage.post(text));
        let all = futures_util::future::join_all(posts).await;
        let with = |status| all.iter().filter(|told| told.status == status).count();
        assert_eq!((with(201), with(202)), (5, 15));
    }

    /// Everything counts as a write; what cannot wait is refused.
    async fn writes_are_counted(server) {
        let stage = Stage::capped(server, json!({ "writes_per_hour": 2 })).await;
        for permission in ["message.react", "file.upload"] {
            stage.grant(permission, "allow", "*").await;
        }
        let message = id(&stage.post("one").await.expect(201));
        let reacts = format!("/messages/{message}/reactions/👍");
        assert_eq!(stage.client.put(&reacts, json!({})).await.status / 100, 2);
        let waits = stage.client.put(&format!("/messages/{message}/reactions/🎉"), json!({})).await.expect(202);
        assert_eq!(read(&stage.client, waits["approval_id"].as_str().unwrap()).await["held"]["operation"], "reaction.add");
        let file = json!({ "room_id": stage.room, "name": "notes.txt" });
        let told = stage.client.call("file.upload", file).await.refused(429, "rate_limited");
        assert!(told["retry_after_ms"].as_u64() > Some(0), "{told}");
        assert_eq!(stage.used().await["writes"], 2);
    }

    /// A bot may be let loose in some rooms only.
    async fn in_some_rooms_only(server) {
        let stage = Stage::capped(server, json!({})).await;
        let other = id(&stage.mesh.room("other").await);
        let body = json!({ "bot_id": stage.bot });
        stage.mesh.creator.post(&format!("/rooms/{other}/bots"), body).await.expect(201);
        stage.caps(json!({ "room_ids": [stage.room] })).await.expect(200);
        stage.post("here").await.expect(201);
        let posts = format!("/rooms/{other}/messages");
        stage.client.post(&posts, json!({ "text": "there" })).await.expect(202);
        stage.caps(json!({})).await.expect(200);
        stage.client.post(&posts, json!({ "text": "there" })).await.expect(201);
    }

    /// A repeated call counts once and gets its first answer, also past the cap.
    async fn a_repeated_call_counts_once(server) {
        let stage = Stage::capped(server, json!({ "messages_per_hour": 1 })).await;
        let path = format!("/rooms/{}/messages", stage.room);
        let first = stage.client.post_keyed(&path, "k", json!({ "text": "once" })).await.expect(201);
        let again = stage.client.post_keyed(&path, "k", json!({ "text": "once" })).await.expect(201);
        assert_eq!(first, again);
        stage.client.post_keyed(&path, "l", json!({ "text": "twice" })).await.expect(202);
    }

    /// Wrong caps say where they are wrong, and only people set them.
    async fn wrong_caps(server) {
        let stage = Stage::capped(server, json!({})).await;
        let told = stage.caps(json!({ "writes_per_hour": 100_001 })).await.refused(422, "validation_failed");
        assert_eq!(told["errors"][0]["pointer"], "/caps/writes_per_hour");
        stage.caps(json!({ "sofas_per_hour": 1 })).await.refused(422, "validation_failed");
        let path = format!("/bots/{}/autonomy", stage.bot);
        let told = stage.client.put(&path, json!({ "level": "act" })).await.refused(403, "forbidden");
        assert_eq!(told["reason"], "human_only");
        assert_eq!(stage.client.get(&path).await.expect(200)["level"], "act_limited");
    }
}

/// What was used is used, whatever happens to the server.
#[tokio::test]
async fn a_restart_forgets_no_use() {
    let server = TestServer::start(Engine::Sqlite).await;
    let stage = Stage::capped(&server, json!({ "messages_per_hour": 1 })).await;
    stage.post("one").await.expect(201);
    let server = server.restart().await;
    stage.post("two").await.expect(202);
    drop(server);
}
