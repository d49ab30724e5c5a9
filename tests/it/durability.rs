//! SIGKILL at random moments: nothing acknowledged is lost, nothing is torn, nothing happens twice.

use futures_util::future::join_all;
use mesh_tests::{Client, LANGUAGES, Program, conformance_bot, deploy, messages_until};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

/// How often the server is killed, unless `MESH_KILLS` says otherwise.
const KILLS: u32 = 8;
/// Clients that post at once.
const CLIENTS: u32 = 8;

/// Asks the bot of one language to say the number, at once or bit by bit.
fn mention(n: u32) -> String {
    let language = LANGUAGES[n as usize % LANGUAGES.len()];
    let command = if (n / 4).is_multiple_of(2) { "echo" } else { "stream" };
    format!("@conform-{language} {command} {}", answer(n))
}

/// What the bot says then, and nothing less.
fn answer(n: u32) -> String {
    if (n / 4).is_multiple_of(2) {
        n.to_string()
    } else {
        format!("{n} and {n} and {n}")
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_mention_gets_exactly_one_reply() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    // Long runs read thousands of messages.
    let rates = "[rates]\nactor_per_second = 100000\nactor_burst = 100000\n";
    std::fs::write(folder.path().join("mesh.toml"), rates).unwrap();
    let mut program = Program::start(&data);
    let person = program.first_person().await;
    let mesh = text(&person.post("/meshes", json!({ "name": "home" })).await.expect(201)["id"]);
    let room = text(
        &person
            .post(&format!("/meshes/{mesh}/rooms"), json!({ "name": "r" }))
            .await
            .expect(201)["id"],
    );
    // One bot in each language; they are mentioned in turn.
    let mut bots = Vec::new();
    for language in LANGUAGES {
        let bot = deploy(
            &person,
            &mesh,
            &format!("conform-{language}"),
            conformance_bot(language),
        )
        .await;
        let body = json!({ "bot_id": bot });
        person.post(&format!("/rooms/{room}/bots"), body).await.expect(201);
        bots.push(bot);
    }
    let token = person.token().unwrap().to_owned();

    let next = Arc::new(AtomicU32::new(0));
    let mut acknowledged = Vec::new();
    let kills = std::env::var("MESH_KILLS").map_or(KILLS, |kills| kills.parse().expect("a number"));
    for kill in 0..kills {
        let down = Arc::new(AtomicBool::new(false));
        let posting = (0..CLIENTS).map(|_| {
            let (client, room, next, down) = (program.client(Some(&token)), room.clone(), next.clone(), down.clone());
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                while !down.load(Ordering::Relaxed) {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let request = client.request(reqwest::Method::POST, &format!("/rooms/{room}/messages"));
                    let body = json!({ "text": mention(n) });
                    match request.json(&body).send().await {
                        Ok(answer) if answer.status() == 201 => acknowledged.push(n),
                        _ => break,
                    }
                    if n.is_multiple_of(7) {
                        tokio::task::yield_now().await;
                    }
                }
                acknowledged
            })
        });
        let posting: Vec<_> = posting.collect();
        // Another moment each time: after a number of posts, not after a time.
        let until = next.load(Ordering::Relaxed) + 20 + kill % 8 * 7;
        while next.load(Ordering::Relaxed) < until {
            tokio::task::yield_now().await;
        }
        program = program.kill_and_restart();
        down.store(true, Ordering::Relaxed);
        for posted in join_all(posting).await {
            acknowledged.extend(posted.unwrap());
        }
    }

    let client = program.client(Some(&token));
    let reply_to = |all: &[Value]| {
        let mut replies: BTreeMap<String, u32> = BTreeMap::new();
        let theirs = |message: &&Value| {
            message["streaming"] != true && bots.iter().any(|bot| message["author"]["id"] == bot.as_str())
        };
        for message in all.iter().filter(theirs) {
            *replies.entry(text(&message["text"])).or_default() += 1;
        }
        replies
    };
    let all = messages_until(&client, &room, |all| {
        let replies = reply_to(all);
        acknowledged.iter().all(|n| replies.contains_key(&answer(*n)))
    })
    .await;
    let posted: Vec<String> = all
        .iter()
        .filter(|message| message["author"]["id"] == person.id.as_str())
        .map(|message| text(&message["text"]))
        .collect();
    for n in &acknowledged {
        assert_eq!(
            posted.iter().filter(|text| **text == mention(*n)).count(),
            1,
            "message {n}"
        );
    }
    for (reply, count) in reply_to(&all) {
        assert_eq!(count, 1, "{reply:?} was said {count} times");
    }
    assert!(acknowledged.len() > 100, "only {} posts", acknowledged.len());
    no_position_is_missing(&client, &room).await;
}

/// No position of the room's stream is missing or taken twice.
async fn no_position_is_missing(client: &Client, room: &str) {
    let mut events = Vec::new();
    loop {
        let after = events.len();
        let page = client
            .get(&format!("/rooms/{room}/events?after={after}&limit=200"))
            .await
            .expect(200);
        let items = page["items"].as_array().unwrap().clone();
        if items.is_empty() {
            break;
        }
        events.extend(items.iter().map(|event| event["seq"].as_i64().unwrap()));
    }
    assert_eq!(events, (1..=i64::try_from(events.len()).unwrap()).collect::<Vec<_>>());
}

/// Search goes on where it stopped: each message is found once, with the words that it has now.
#[tokio::test]
async fn search_outlives_its_server() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let mut program = Program::start(&data);
    let token = program.first_person().await.token().unwrap().to_owned();
    let mut person = program.client(Some(&token));
    let mesh = text(&person.post("/meshes", json!({ "name": "home" })).await.expect(201)["id"]);
    let body = json!({ "name": "r" });
    let room = text(&person.post(&format!("/meshes/{mesh}/rooms"), body).await.expect(201)["id"]);
    let messages = format!("/rooms/{room}/messages");
    let mut expected = Vec::new();
    let mut last = String::new();
    for round in 0..3 {
        for n in 0..5 {
            let words = format!("apple {round} {n}");
            let posted = person.post(&messages, json!({ "text": words })).await.expect(201);
            last = text(&posted["id"]);
            expected.push(words);
            if n == 2 {
                // Half of them are taken in before the server is killed, the others after.
                person
                    .get(&format!("/meshes/{mesh}/search/messages?q=apple"))
                    .await
                    .expect(200);
            }
        }
        program = program.kill_and_restart();
        person = program.client(Some(&token));
        let body = json!({ "text": format!("apple {round} changed") });
        person.patch(&format!("/messages/{last}"), body).await.expect(200);
        expected.pop();
        expected.push(format!("apple {round} changed"));
    }
    let found = person
        .get(&format!("/meshes/{mesh}/search/messages?q=apple"))
        .await
        .expect(200);
    let items = found["items"].as_array().unwrap().iter();
    let mut found: Vec<_> = items.map(|one| text(&one["message"]["text"])).collect();
    found.reverse();
    assert_eq!(found, expected);
    let changed = person
        .get(&format!("/meshes/{mesh}/search/messages?q=changed"))
        .await
        .expect(200);
    assert_eq!(changed["items"].as_array().unwrap().len(), 3);
}

/// What was appended is there after the server was killed, and the author goes on as if nothing had been.
#[tokio::test]
async fn acknowledged_pieces_outlive_their_server() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let mut program = Program::start(&data);
    let token = program.first_person().await.token().unwrap().to_owned();
    let mut person = program.client(Some(&token));
    let mesh = text(&person.post("/meshes", json!({ "name": "home" })).await.expect(201)["id"]);
    let body = json!({ "name": "r" });
    let room = text(&person.post(&format!("/meshes/{mesh}/rooms"), body).await.expect(201)["id"]);
    let body = json!({ "text": "", "streaming": true });
    let begun = person.post(&format!("/rooms/{room}/messages"), body).await.expect(201);
    let message = format!("/messages/{}", text(&begun["id"]));
    let append = format!("{message}/append");
    let mut written = String::new();
    for round in 0..5 {
        let mut last = json!(null);
        for n in 0..10 {
            let piece = format!("{round}.{n} ");
            last = json!({ "text": piece, "offset": written.len() });
            let told = person.post(&append, last.clone()).await.expect(200);
            written += &piece;
            assert_eq!(told["length"], written.len());
        }
        program = program.kill_and_restart();
        person = program.client(Some(&token));
        let found = person.get(&message).await.expect(200);
        assert_eq!((&found["text"], &found["streaming"]), (&json!(written), &json!(true)));
        // As if the answer had not come.
        person.post(&append, last).await.expect(200);
    }
    let end = json!({ "text": "end", "offset": written.len(), "final": true });
    for _ in 0..2 {
        person.post(&append, end.clone()).await.expect(200);
        program = program.kill_and_restart();
        person = program.client(Some(&token));
    }
    let found = person.get(&message).await.expect(200);
    assert_eq!(
        (&found["text"], &found["streaming"]),
        (&json!(written + "end"), &Value::Null)
    );
    no_position_is_missing(&person, &room).await;
}
