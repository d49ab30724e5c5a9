//! Dry runs of bots: everything is decided as ever, and nothing stays.

use mesh_tests::{Person, Program, component, deploy, upload};
use serde_json::{Value, json};

struct Stage {
    _program: Program,
    person: Person,
    room: String,
    bot: String,
    _folder: tempfile::TempDir,
}

async fn stage() -> Stage {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let program = Program::start(&data);
    let person = program.first_person().await;
    let mesh = person.post("/meshes", json!({ "name": "home" })).await.expect(201);
    let mesh = mesh["id"].as_str().unwrap().to_owned();
    let room = person
        .post(&format!("/meshes/{mesh}/rooms"), json!({ "name": "general" }))
        .await
        .expect(201);
    let room = room["id"].as_str().unwrap().to_owned();
    let bot = deploy(&person, &mesh, "lab", component("lab")).await;
    person
        .post(&format!("/rooms/{room}/bots"), json!({ "bot_id": bot }))
        .await
        .expect(201);
    Stage {
        _program: program,
        person,
        room,
        bot,
        _folder: folder,
    }
}

impl Stage {
    async fn try_with(&self, words: &str, more: Value) -> Value {
        let mut body = json!({ "room_id": self.room, "data": { "text": words } });
        for (field, value) in more.as_object().unwrap() {
            body[field] = value.clone();
        }
        let path = format!("/bots/{}/test-events", self.bot);
        self.person.post(&path, body).await.expect(200)
    }

    async fn try_out(&self, words: &str) -> Value {
        self.try_with(words, json!({})).await
    }

    async fn messages(&self) -> usize {
        let page = self
            .person
            .get(&format!("/rooms/{}/messages", self.room))
            .await
            .expect(200);
        page["items"].as_array().unwrap().len()
    }
}

/// The operations that were called, and how they were answered.
fn calls(trial: &Value) -> Vec<(&str, &str)> {
    let calls = trial["calls"].as_array().unwrap().iter();
    calls
        .map(|call| (call["op"].as_str().unwrap(), call["outcome"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn what_a_bot_would_write_is_shown_and_not_done() {
    let stage = stage().await;
    let trial = stage.try_out("post 2").await;
    assert_eq!(trial["end"], "done", "{trial}");
    assert_eq!(calls(&trial), [("message.post", "done"); 2]);
    let [first, second] = [0_usize, 1].map(|n| &trial["calls"][n]);
    assert_eq!(
        (&first["input"]["text"], &first["writes"]),
        (&json!("post 1"), &json!(true))
    );
    assert_eq!(second["input"]["room_id"], stage.room.as_str());
    assert!(trial["fuel"].as_i64() > Some(0), "{trial}");
    assert_eq!(stage.messages().await, 0);

    // What it stores is forgotten too: the next run counts from the beginning again.
    for _ in 0..2 {
        let trial = stage.try_out("add").await;
        let last = trial["calls"].as_array().unwrap().last().unwrap();
        assert_eq!(last["input"]["text"], "done: 1", "{trial}");
    }
    let logs = stage.person.get(&format!("/bots/{}/logs", stage.bot)).await.expect(200);
    assert!(
        !logs.to_string().contains("posting ended"),
        "what it said is kept: {logs}"
    );
}

#[tokio::test]
async fn reads_are_real_and_refusals_are_told() {
    let stage = stage().await;
    let trial = stage.try_out(&format!("read {}", stage.room)).await;
    assert_eq!(calls(&trial), [("message.list", "done"), ("message.post", "done")]);
    assert_eq!(trial["calls"][0]["writes"], false);
    assert_eq!(trial["calls"][1]["input"]["text"], "done: 0");

    let deny = json!({ "effect": "deny", "on": "*" });
    stage
        .person
        .put(&format!("/bots/{}/grants/message.post", stage.bot), deny)
        .await
        .expect(200);
    let trial = stage.try_out("post 1").await;
    assert!(
        calls(&trial).is_empty() || calls(&trial) == [("message.post", "forbidden")],
        "{trial}"
    );
    let decisions = stage
        .person
        .get(&format!("/bots/{}/decisions", stage.bot))
        .await
        .expect(200);
    assert_eq!(decisions["items"], json!([]), "a dry refusal is not kept");

    // What waits for a person is not asked for.
    let ask = json!({ "effect": "ask", "on": "*" });
    stage
        .person
        .put(&format!("/bots/{}/grants/message.post", stage.bot), ask)
        .await
        .expect(200);
    let trial = stage.try_out("post 1").await;
    assert_eq!(calls(&trial), [("message.post", "approval_pending")], "{trial}");
}

#[tokio::test]
async fn how_it_ends_is_told_and_the_running_bot_knows_nothing() {
    let stage = stage().await;
    for (words, end) in [
        ("retry 5", "retry"),
        ("reject no", "rejected"),
        ("err no", "failed"),
        ("loop", "failed"),
    ] {
        let trial = stage.try_out(words).await;
        assert_eq!(trial["end"], end, "{trial}");
        assert!(trial["detail"].as_str().is_some_and(|why| !why.is_empty()), "{trial}");
    }
    let trial = stage.try_out("log 3").await;
    let lines = trial["log"].as_array().unwrap();
    assert!(lines.iter().any(|line| line["text"] == "line 2"), "{trial}");
    let status = stage
        .person
        .get(&format!("/bots/{}/status", stage.bot))
        .await
        .expect(200);
    assert_eq!(
        (&status["restarts"], &status["last_error"]),
        (&json!(0), &Value::Null),
        "{status}"
    );
}

#[tokio::test]
async fn a_version_can_be_tried_before_it_runs_and_secrets_are_not_shown() {
    let stage = stage().await;
    let staged = upload(&stage.person, &stage.bot, component("echo")).await.expect(201);
    let with = json!({ "version_id": staged["id"] });
    let trial = stage.try_with("@lab hello", with).await;
    assert_eq!(trial["version_id"], staged["id"]);
    assert_eq!(trial["calls"][0]["input"]["text"], "echo: hello", "{trial}");

    let secret = json!({ "value": "xoxb-123456" });
    stage
        .person
        .put(&format!("/bots/{}/secrets/TOKEN", stage.bot), secret)
        .await
        .expect(200);
    let trial = stage.try_out("secret TOKEN").await;
    assert_eq!(calls(&trial)[0], ("bot_secret.read", "done"), "{trial}");
    assert!(!trial.to_string().contains("xoxb-123456"), "{trial}");

    let body = json!({ "room_id": stage.room });
    let path = format!("/bots/{}/test-events", stage.bot);
    let refused = stage.person.post(&path, body).await;
    refused.refused(422, "validation_failed");
}
