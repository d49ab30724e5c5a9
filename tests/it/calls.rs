//! Bots that are asked for something and answer, by people and by each other.

use crate::bots::{Stage, stage, stage_with, text};
use mesh_tests::{component, deploy, messages_until};
use serde_json::{Value, json};

/// Two bots of the same making in one room, which answer each other.
async fn two() -> (Stage, String, String) {
    let stage = stage().await;
    let first = stage.bot("lab").await;
    let second = deploy(&stage.person, &stage.mesh, "other", component("lab")).await;
    let body = json!({ "bot_id": second });
    stage
        .person
        .post(&format!("/rooms/{}/bots", stage.room), body)
        .await
        .expect(201);
    (stage, first, second)
}

impl Stage {
    async fn start(&self, bot: &str) {
        self.person
            .post(&format!("/bots/{bot}/start"), json!({}))
            .await
            .expect(200);
    }

    /// Stops a bot, and waits until nothing of it is in memory.
    async fn stop(&self, bot: &str) {
        self.person
            .post(&format!("/bots/{bot}/stop"), json!({}))
            .await
            .expect(200);
        self.status_until(bot, |status| status["since"].is_null()).await;
    }

    async fn ask(&self, bot: &str, method: &str) -> mesh_tests::Response {
        let body = json!({ "method": method, "input": { "stone": 7 } });
        self.person.post(&format!("/bots/{bot}/call"), body).await
    }
}

#[tokio::test]
async fn a_bot_answers_what_it_is_asked() {
    let (stage, first, second) = two().await;
    let answer = stage.ask(&first, "weigh").await.expect(200);
    let members = stage
        .person
        .get(&format!("/meshes/{}/members", stage.mesh))
        .await
        .expect(200);
    let name = text(&members["items"][0]["actor"]["name"]);
    assert_eq!(answer["answer"], json!({ "by": name, "weight": 11 }), "{answer}");
    let through = stage.ask(&first, &format!("forward {second}")).await.expect(200);
    assert_eq!(through["answer"], json!({ "by": "lab", "weight": 11 }), "{through}");
    let refused = stage.ask(&first, "boil").await.expect(200);
    assert_eq!(
        (&refused["answer"], &refused["error"]),
        (&Value::Null, &json!("what is `boil`?"))
    );
    stage.say(&format!("@lab ask {second} weigh")).await;
    let said = stage.answers(1).await;
    assert!(said[0].contains("\"by\": String(\"lab\")"), "{said:?}");
}

/// What would never be answered is refused at once, or is over when nobody waits any more.
#[tokio::test]
async fn nobody_waits_for_what_cannot_come() {
    let (stage, first, second) = two().await;
    let circle = stage.ask(&first, &format!("forward {first}")).await.expect(200);
    assert!(text(&circle["error"]).starts_with("conflict"), "{circle}");
    let limits = json!({ "limits": { "event_ms": 500 } });
    stage
        .person
        .put(&format!("/bots/{second}/limits"), limits)
        .await
        .expect(200);
    let body = json!({ "method": "hang", "timeout_ms": 300 });
    let late = stage.person.post(&format!("/bots/{second}/call"), body).await;
    assert_eq!(
        (late.status, &late.json["code"]),
        (504, &json!("peer_timeout")),
        "{}",
        late.json
    );
    stage
        .person
        .post(&format!("/bots/{second}/stop"), json!({}))
        .await
        .expect(200);
    let stopped = stage.ask(&second, "weigh").await;
    assert_eq!((stopped.status, &stopped.json["code"]), (503, &json!("bot_stopped")));
    for (body, pointer) in [
        (json!({ "method": "" }), "/method"),
        (json!({ "method": "weigh", "timeout_ms": 30_001 }), "/timeout_ms"),
        (json!({ "method": "weigh", "input": "x".repeat(300_000) }), "/input"),
    ] {
        let wrong = stage
            .person
            .post(&format!("/bots/{first}/call"), body)
            .await
            .expect(422);
        assert_eq!(wrong["errors"][0]["pointer"], pointer, "{wrong}");
    }
    let forged = json!({ "answer": 1 });
    let path = format!("/bots/{first}/calls/{}/answer", text(&circle["call_id"]));
    let forged = stage.person.post(&path, forged).await;
    assert_eq!(
        (forged.status, &forged.json["reason"]),
        (403, &json!("ownership")),
        "{}",
        forged.json
    );
}

/// While an event waits, so does what comes behind it in its room; what is too much to keep, the bot is told of.
#[tokio::test]
async fn what_is_too_much_to_keep_is_a_gap() {
    let stage = stage_with("[rates]\nactor_per_second = 100000\nactor_burst = 100000\n").await;
    let bot = deploy(&stage.person, &stage.mesh, "lab", component("lab")).await;
    let body = json!({ "bot_id": bot, "hears": "all" });
    stage
        .person
        .post(&format!("/rooms/{}/bots", stage.room), body)
        .await
        .expect(201);
    let second = stage.second_room(&bot).await;
    let messages = format!("/rooms/{}/messages", stage.room);
    let body = json!({ "text": "@lab retry 1000" });
    let blocks = text(&stage.person.post(&messages, body).await.expect(201)["id"]);
    let backlog = format!("/bots/{bot}/backlog");
    stage.until(&backlog, |backlog| backlog["parked"] == 1).await;
    for _ in 0..101 {
        let posts = (0..10).map(|_| stage.say("nothing"));
        futures_util::future::join_all(posts).await;
    }
    stage.until(&backlog, |backlog| backlog["parked"] == 1001).await;
    stage.say_in(&second, "@lab count").await;
    messages_until(&stage.person, &second, |all| all.len() == 2).await;
    stage.person.delete(&format!("/messages/{blocks}")).await.expect(204);
    let said = stage.answers(1).await;
    let seqs: Vec<i64> = said[0].split(' ').filter_map(|word| word.parse().ok()).collect();
    let [from, to] = seqs[..] else { panic!("{said:?}") };
    assert_eq!(
        to - from,
        10,
        "999 waited behind the first, and 11 are in the gap: {said:?}"
    );
    stage.until(&backlog, |backlog| backlog["parked"] == 0).await;
}

/// A stopped bot can be made to handle events again, or to skip some.
#[tokio::test]
async fn a_cursor_is_set_back_and_ahead() {
    let stage = stage().await;
    let bot = stage.bot("lab").await;
    let path = format!("/bots/{bot}/cursor");
    let running = stage
        .person
        .put(&path, json!({ "at": "2026-01-01T00:00:00Z" }))
        .await
        .expect(409);
    assert_eq!(running["state"], "running", "{running}");
    stage.say("@lab log 1").await;
    stage.answers(1).await;
    stage.stop(&bot).await;
    stage
        .person
        .put(&path, json!({ "at": "2026-01-01T00:00:00Z" }))
        .await
        .expect(200);
    stage.start(&bot).await;
    let lines = format!("/bots/{bot}/logs");
    let twice = |found: &Value| {
        let items = found["items"].as_array().expect("a list").iter();
        items.filter(|line| line["text"] == "line 0").count() == 2
    };
    stage.until(&lines, twice).await;
    stage.stop(&bot).await;
    stage.say("@lab add").await;
    for (body, pointer) in [
        (json!({}), "/at"),
        (json!({ "stream": format!("bot:{bot}"), "seq": 1000 }), "/seq"),
        (
            json!({ "stream": "room:room_01h455vb4pex5vsknk084sn02q", "seq": 0 }),
            "/stream",
        ),
    ] {
        let wrong = stage.person.put(&path, body).await.expect(422);
        assert_eq!(wrong["errors"][0]["pointer"], pointer, "{wrong}");
    }
    let skipped = stage
        .person
        .put(&path, json!({ "at": "2126-01-01T00:00:00Z" }))
        .await
        .expect(200);
    assert_eq!(skipped["waiting"], 0, "{skipped}");
    stage.start(&bot).await;
    stage.say("@lab keys 0").await;
    assert_eq!(stage.answers(2).await, ["done: 1 lines", "done: ()"]);
}
