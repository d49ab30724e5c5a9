//! Messages that come bit by bit.

use mesh_service::message::close_idle;
use mesh_tests::{Client, Engine, Live, Mesh, Person, Response, Sent, TestServer, on_both_engines};
use reqwest::Method;
use serde_json::{Value, json};

/// A room of Ann, who writes, and Bob, who reads.
struct Scene {
    mesh: Mesh,
    bob: Person,
    room: String,
}

fn id(value: &Value) -> String {
    value["id"].as_str().expect("an id").to_owned()
}

async fn scene(server: &TestServer) -> Scene {
    let mesh = server.mesh("home").await;
    let bob = server.person("bob").await;
    mesh.join(&bob, "member").await;
    let room = id(&mesh.room("general").await);
    bob.post(&format!("/rooms/{room}/join"), json!({})).await;
    Scene { mesh, bob, room }
}

impl Scene {
    fn ann(&self) -> &Client {
        &self.mesh.creator
    }

    /// Ann begins a message; gives its id.
    async fn begin(&self, text: &str) -> String {
        let body = json!({ "text": text, "streaming": true });
        let path = format!("/rooms/{}/messages", self.room);
        let begun = self.ann().post(&path, body).await.expect(201);
        assert_eq!((&begun["text"], &begun["streaming"]), (&json!(text), &json!(true)));
        id(&begun)
    }

    async fn append(&self, message: &str, body: Value) -> Response {
        self.ann().post(&format!("/messages/{message}/append"), body).await
    }

    async fn read(&self, message: &str) -> Value {
        self.bob.get(&format!("/messages/{message}")).await.expect(200)
    }

    /// What the log of the room says of messages.
    async fn logged(&self) -> Vec<Value> {
        let path = format!("/rooms/{}/events?after=0", self.room);
        let page = self.bob.get(&path).await.expect(200);
        let of_messages = |event: &&Value| event["type"].as_str().unwrap().starts_with("message.");
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(of_messages)
            .cloned()
            .collect()
    }

    async fn notified(&self) -> usize {
        let page = self.bob.get("/me/notifications").await.expect(200);
        page["items"].as_array().unwrap().len()
    }

    async fn found(&self, word: &str) -> usize {
        let path = format!("/meshes/{}/search/messages?q={word}", self.mesh.id);
        let page = self.bob.get(&path).await.expect(200);
        page["items"].as_array().unwrap().len()
    }
}

on_both_engines! {
    /// Whoever follows sees each piece, whoever looks sees the text so far, and the log has the two ends.
    async fn a_message_comes_bit_by_bit(server) {
        let scene = scene(server).await;
        let mut live = Live::follow(server, &scene.bob).await;
        let mut sent = Sent::open(scene.bob.request(Method::GET, "/me/events/stream")).await;
        let message = scene.begin("").await;
        let created = live.event("message.created").await;
        assert_eq!((&created["data"]["id"], &created["data"]["streaming"]), (&json!(message), &json!(true)));

        let first = scene.append(&message, json!({ "text": "Grüße, ", "offset": 0 })).await.expect(200);
        assert_eq!(first, json!({ "message_id": message, "length": 9, "streaming": true }));
        let delta = live.event("message.delta").await;
        let piece = json!({ "room_id": scene.room, "message_id": message, "offset": 0, "text": "Grüße, " });
        assert_eq!((&delta["data"], &delta["seq"]), (&piece, &Value::Null));
        assert_eq!(delta["actor"]["id"], scene.mesh.creator.id.as_str());
        let told = loop {
            let block = sent.next().await.expect("more");
            if block.data["type"] == "message.delta" {
                break block;
            }
        };
        assert_eq!((&told.data["data"], told.id), (&piece, None));
        let so_far = scene.read(&message).await;
        assert_eq!((&so_far["text"], &so_far["streaming"]), (&json!("Grüße, "), &json!(true)));
        scene.append(&message, json!({ "text": "@bob", "offset": 9 })).await.expect(200);
        assert_eq!(live.event("message.delta").await["data"]["offset"], 9);
        assert_eq!((scene.notified().await, scene.found("gruesse").await + scene.found("grüße").await), (0, 0));

        let last = scene.append(&message, json!({ "text": "!", "offset": 13, "final": true })).await.expect(200);
        assert_eq!(last, json!({ "message_id": message, "length": 14, "streaming": false }));
        let completed = live.event("message.completed").await;
        assert_eq!(completed["data"], scene.read(&message).await);
        assert_eq!((&completed["data"]["text"], &completed["data"]["streaming"]), (&json!("Grüße, @bob!"), &Value::Null));
        assert_eq!((scene.notified().await, scene.found("grüße").await), (1, 1));
        let logged = scene.logged().await;
        let kinds: Vec<_> = logged.iter().map(|event| event["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["message.created", "message.completed"]);
        let late = scene.append(&message, json!({ "text": " And more." })).await;
        assert_eq!(late.refused(409, "wrong_state")["state"], "complete");
    }

    /// The offset says whether a call was made before, also in other pieces.
    async fn appending_can_be_repeated(server) {
        let scene = scene(server).await;
        let message = scene.begin("one ").await;
        let add = async |offset: u64, text: &str| {
            let answer = scene.append(&message, json!({ "offset": offset, "text": text })).await;
            (answer.status, answer.json["length"].as_u64())
        };
        assert_eq!(add(4, "two ").await, (200, Some(8)));
        assert_eq!(add(4, "two ").await, (200, Some(8)));
        assert_eq!(add(4, "two three ").await, (200, Some(14)));
        assert_eq!(add(0, "one").await, (200, Some(14)));
        assert_eq!(add(14, "").await, (200, Some(14)));
        assert_eq!(scene.read(&message).await["text"], "one two three ");
        // Something else than what is there, or behind what is not.
        for (offset, text) in [(4, "2 "), (15, "four"), (u64::MAX, "x"), (0, "two")] {
            let answer = scene.append(&message, json!({ "offset": offset, "text": text })).await;
            answer.refused(409, "conflict");
        }
        // An end before the end.
        let end = json!({ "offset": 4, "text": "two ", "final": true });
        scene.append(&message, end).await.refused(409, "conflict");
        let end = json!({ "offset": 8, "text": "three four", "final": true });
        for _ in 0..2 {
            let answer = scene.append(&message, end.clone()).await.expect(200);
            assert_eq!((&answer["length"], &answer["streaming"]), (&json!(18), &json!(false)));
        }
        scene.append(&message, json!({ "offset": 18, "text": "!", "final": true })).await.refused(409, "wrong_state");
        assert_eq!(scene.read(&message).await["text"], "one two three four");
        assert_eq!(scene.logged().await.len(), 2);
        // With a key instead, to the end of the text.
        let (message, path) = (scene.begin("").await, "append");
        for _ in 0..2 {
            let path = format!("/messages/{message}/{path}");
            scene.ann().post_keyed(&path, "k", json!({ "text": "once" })).await.expect(200);
        }
        assert_eq!(scene.read(&message).await["text"], "once");
    }

    /// Only the author, only so much, and only as long as there is something to add to.
    async fn appending_has_bounds(server) {
        let scene = scene(server).await;
        let message = scene.begin("x").await;
        let append = format!("/messages/{message}/append");
        scene.bob.post(&append, json!({ "text": "y" })).await.refused(403, "forbidden");
        server.person("eve").await.post(&append, json!({ "text": "y" })).await.refused(404, "not_found");
        scene.append(&message, json!({ "text": "\0" })).await.refused(422, "validation_failed");
        scene.append(&message, json!({ "text": "x".repeat(64 << 10) })).await.refused(413, "too_large");
        scene.append(&message, json!({ "text": "x".repeat((64 << 10) - 1) })).await.expect(200);
        scene.append(&message, json!({ "text": "x" })).await.refused(413, "too_large");
        scene.append(&message, json!({ "final": true })).await.expect(200);

        let silent = scene.begin("").await;
        scene.append(&silent, json!({ "text": " \n" })).await.expect(200);
        scene.append(&silent, json!({ "final": true })).await.refused(422, "validation_failed");
        scene.ann().delete(&format!("/messages/{silent}")).await.expect(204);
        let late = scene.append(&silent, json!({ "text": "late" })).await;
        assert_eq!(late.refused(409, "wrong_state")["state"], "deleted");
        let path = format!("/rooms/{}/messages", scene.room);
        let said = id(&scene.ann().post(&path, json!({ "text": "said" })).await.expect(201));
        scene.append(&said, json!({ "text": "more" })).await.refused(409, "wrong_state");

        let archived = scene.begin("").await;
        scene.ann().post(&format!("/rooms/{}/archive", scene.room), json!({})).await;
        let late = scene.append(&archived, json!({ "text": "late" })).await;
        assert_eq!(late.refused(409, "wrong_state")["state"], "archived");
    }

    /// An edit says what the whole text is, and so it is complete.
    async fn an_edit_completes(server) {
        let scene = scene(server).await;
        let message = scene.begin("one, two").await;
        let buttons = json!({ "actions": [{ "id": "a", "label": "A" }] });
        let refused = scene.ann().patch(&format!("/messages/{message}"), buttons).await;
        assert_eq!(refused.refused(409, "wrong_state")["state"], "streaming");
        let edited = scene.ann().patch(&format!("/messages/{message}"), json!({ "text": "@bob" })).await.expect(200);
        assert_eq!((&edited["text"], &edited["streaming"]), (&json!("@bob"), &Value::Null));
        scene.append(&message, json!({ "text": ", three" })).await.refused(409, "wrong_state");
        let kinds: Vec<_> = scene.logged().await.iter().map(|event| event["type"].clone()).collect();
        assert_eq!(kinds, ["message.created", "message.completed"]);
        assert_eq!(scene.notified().await, 1);
    }
}

/// The server completes what its author left, also after a restart, once a minute has passed.
async fn whoever_falls_silent_is_completed(engine: Engine) {
    let server = TestServer::start(engine).await;
    let scene = scene(&server).await;
    let (left, kept) = (scene.begin("@bob, I").await, scene.begin("still ").await);
    let mut live = Live::follow(&server, &scene.bob).await;
    let server = {
        let server = server.restart().await;
        live.end().await;
        server
    };
    let begun = server.host.clock.now();
    close_idle(&server.host, begun.plus_seconds(50)).await.unwrap();
    assert_eq!((scene.logged().await.len(), scene.notified().await), (2, 0));
    let mut live = Live::follow(&server, &scene.bob).await;
    close_idle(&server.host, begun.plus_seconds(61)).await.unwrap();
    close_idle(&server.host, begun.plus_seconds(62)).await.unwrap();
    for message in [&left, &kept] {
        let completed = live.event("message.completed").await;
        assert_eq!(
            (&completed["data"]["id"], &completed["actor"]),
            (&json!(message), &Value::Null)
        );
    }
    assert_eq!(scene.read(&left).await["streaming"], Value::Null);
    assert_eq!((scene.logged().await.len(), scene.notified().await), (4, 1));
    scene
        .append(&left, json!({ "text": " was late" }))
        .await
        .refused(409, "wrong_state");
}

#[tokio::test]
async fn whoever_falls_silent_is_completed_on_sqlite() {
    whoever_falls_silent_is_completed(Engine::Sqlite).await;
}

#[tokio::test]
async fn whoever_falls_silent_is_completed_on_postgres() {
    whoever_falls_silent_is_completed(Engine::Postgres).await;
}
