//! A bot beside eight that do their worst.

use mesh_tests::{Program, component, deploy, messages_until};
use serde_json::json;

/// What each hostile bot is told, and whether it lives on.
const HARMS: [(&str, bool); 8] = [
    ("loop", false),
    ("hog", false),
    ("recurse", false),
    ("logforever", false),
    ("spam", false),
    ("cpu 50", true),
    ("memory 40", true),
    ("post 30", false),
];
/// Mentions of the healthy bot, some of them after each word to a hostile one.
const MENTIONS: usize = 48;

/// All of them at once, again and again; the echo bot answers every mention, once and in order.
#[tokio::test]
async fn an_echo_bot_answers_everything_beside_eight_hostile_ones() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let program = Program::start(&data);
    let person = program.first_person().await;
    let mesh = person.post("/meshes", json!({ "name": "home" })).await.expect(201);
    let mesh = mesh["id"].as_str().unwrap().to_owned();
    let room_of = async |name: &str, guest: &str| {
        let room = person
            .post(&format!("/meshes/{mesh}/rooms"), json!({ "name": name }))
            .await
            .expect(201);
        let room = room["id"].as_str().unwrap().to_owned();
        let bot = deploy(&person, &mesh, name, component(guest)).await;
        person
            .post(&format!("/rooms/{room}/bots"), json!({ "bot_id": bot, "hears": "all" }))
            .await
            .expect(201);
        (room, bot)
    };
    let say = async |room: &str, words: &str| {
        person
            .post(&format!("/rooms/{room}/messages"), json!({ "text": words }))
            .await
            .expect(201);
    };
    let (home, _) = room_of("echo", "echo").await;
    let mut hostile = Vec::new();
    for n in 0..HARMS.len() {
        hostile.push(room_of(&format!("lab{n}"), "lab").await);
    }
    for mention in 0..MENTIONS {
        let at = mention % HARMS.len();
        say(&hostile[at].0, HARMS[at].0).await;
        say(&home, &format!("@echo {mention}")).await;
    }
    let by_bots = |message: &&serde_json::Value| message["author"]["kind"] == "bot";
    let all = messages_until(&person, &home, |all| all.iter().filter(by_bots).count() >= MENTIONS).await;
    let answers: Vec<_> = all
        .iter()
        .filter(by_bots)
        .map(|message| message["text"].as_str().unwrap())
        .collect();
    let expected: Vec<_> = (0..MENTIONS).map(|mention| format!("echo: {mention}")).collect();
    assert_eq!(answers, expected);

    for ((room, bot), (harm, lives)) in hostile.iter().zip(HARMS) {
        if lives {
            messages_until(&person, room, |all| all.iter().any(|message| by_bots(&message))).await;
            continue;
        }
        let ended = async {
            loop {
                let status = person.get(&format!("/bots/{bot}/status")).await.expect(200);
                if status["last_error"].is_string() {
                    return;
                }
                // There is no event for a crash; something else happens soon, or the poll ends.
                let sync = person.post("/me/sync", json!({})).await.expect(200);
                let wait = json!({ "cursor": sync["cursor"], "wait_s": 1 });
                person.post("/me/events/poll", wait).await.expect(200);
            }
        };
        let ended = tokio::time::timeout(std::time::Duration::from_mins(1), ended).await;
        ended.unwrap_or_else(|_| panic!("{harm} goes on"));
    }
    program.client(None).get("//readyz").await.expect(200);
}
