//! Bots, from upload to reply, in the program as users run it.

use mesh_tests::{Person, Program, component, deploy, messages_until, upload};
use serde_json::{Value, json};

/// A program with one person, a mesh and a room.
pub(crate) struct Stage {
    pub(crate) program: Program,
    pub(crate) person: Person,
    pub(crate) mesh: String,
    pub(crate) room: String,
    _folder: tempfile::TempDir,
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

pub(crate) async fn stage() -> Stage {
    stage_with("").await
}

/// With this in `mesh.toml`.
pub(crate) async fn stage_with(config: &str) -> Stage {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mesh.toml"), config).unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let program = Program::start(&data);
    let person = program.first_person().await;
    let mesh = text(&person.post("/meshes", json!({ "name": "home" })).await.expect(201)["id"]);
    let body = json!({ "name": "general" });
    let room = text(&person.post(&format!("/meshes/{mesh}/rooms"), body).await.expect(201)["id"]);
    Stage {
        program,
        person,
        mesh,
        room,
        _folder: folder,
    }
}

impl Stage {
    pub(crate) async fn bot(&self, name: &str) -> String {
        let bot = deploy(&self.person, &self.mesh, name, component(name)).await;
        let body = json!({ "bot_id": bot });
        self.person
            .post(&format!("/rooms/{}/bots", self.room), body)
            .await
            .expect(201);
        bot
    }

    pub(crate) async fn say(&self, words: &str) {
        self.say_in(&self.room, words).await;
    }

    pub(crate) async fn say_in(&self, room: &str, words: &str) {
        let body = json!({ "text": words });
        self.person
            .post(&format!("/rooms/{room}/messages"), body)
            .await
            .expect(201);
    }

    /// Another room with this bot in it.
    pub(crate) async fn second_room(&self, bot: &str) -> String {
        let rooms = format!("/meshes/{}/rooms", self.mesh);
        let room = text(&self.person.post(&rooms, json!({ "name": "second" })).await.expect(201)["id"]);
        let body = json!({ "bot_id": bot });
        self.person.post(&format!("/rooms/{room}/bots"), body).await.expect(201);
        room
    }

    /// A bot's status once it is like this.
    pub(crate) async fn status_until(&self, bot: &str, like: impl Fn(&Value) -> bool) -> Value {
        self.until(&format!("/bots/{bot}/status"), like).await
    }

    /// What is read there once it is like this. For what there is no event to wait for, such as instances that start
    /// and end by themselves.
    pub(crate) async fn until(&self, path: &str, like: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let wanted = async {
            loop {
                let found = self.person.get(path).await.expect(200);
                if like(&found) {
                    return found;
                }
                last = found;
                let sync = self.person.post("/me/sync", json!({})).await.expect(200);
                let wait = json!({ "cursor": sync["cursor"], "wait_s": 1 });
                self.person.post("/me/events/poll", wait).await.expect(200);
            }
        };
        let found = tokio::time::timeout(std::time::Duration::from_mins(1), wanted).await;
        found.unwrap_or_else(|_| panic!("{path} stays {last}"))
    }

    /// The words of the first `count` messages that others wrote; cards are the server's.
    pub(crate) async fn answers(&self, count: usize) -> Vec<String> {
        let mine =
            |message: &&Value| message["author"]["id"] != self.person.id.as_str() && message["approval_id"].is_null();
        let all = messages_until(&self.person, &self.room, |all| all.iter().filter(mine).count() >= count).await;
        all.iter().filter(mine).map(|message| text(&message["text"])).collect()
    }
}

#[tokio::test]
async fn the_bots_that_ship_answer() {
    let stage = stage().await;
    for bot in ["echo", "counter", "polite"] {
        stage.bot(bot).await;
    }
    stage.say("@echo hello").await;
    assert_eq!(stage.answers(1).await, ["echo: hello"]);
    stage.say("@counter one").await;
    stage.answers(2).await;
    stage.say("@counter two").await;
    let answers = stage.answers(3).await;
    assert!(answers[1].contains('1') && answers[2].contains('2'), "{answers:?}");
}

/// A bot that hears mentions hears one that comes bit by bit, once it is there.
#[tokio::test]
async fn a_mention_that_comes_bit_by_bit_is_answered_once() {
    let stage = stage().await;
    stage.bot("echo").await;
    let body = json!({ "text": "@echo", "streaming": true });
    let path = format!("/rooms/{}/messages", stage.room);
    let begun = stage.person.post(&path, body).await.expect(201);
    stage.say("@echo meanwhile").await;
    assert_eq!(stage.answers(1).await, ["echo: meanwhile"]);
    let append = format!("/messages/{}/append", text(&begun["id"]));
    for (piece, last) in [(" bit", false), (" by bit", true)] {
        let body = json!({ "text": piece, "final": last });
        stage.person.post(&append, body).await.expect(200);
    }
    stage.say("@echo after").await;
    assert_eq!(
        stage.answers(3).await,
        ["echo: meanwhile", "echo: bit by bit", "echo: after"]
    );
}

/// An answer that a bot had begun when its event came again is the one that it finishes, whatever it writes then.
#[tokio::test]
async fn an_answer_that_was_begun_is_finished() {
    let stage = stage().await;
    let bot = stage.bot("lab").await;
    for (words, expected) in [("half half-and-more", "half-and-more"), ("one other", "other")] {
        stage.say(&format!("@lab twice {words}")).await;
        let mine = |one: &&Value| one["author"]["id"] == bot.as_str() && one["streaming"] != true;
        let all = messages_until(&stage.person, &stage.room, |all| {
            all.iter().filter(mine).any(|one| one["text"] == expected)
        })
        .await;
        let answers = all.iter().filter(|one| one["author"]["id"] == bot.as_str());
        assert_eq!(answers.filter(|one| one["text"] == expected).count(), 1);
    }
    assert_eq!(stage.answers(2).await, ["half-and-more", "other"]);
}

#[tokio::test]
async fn a_bot_answers_its_command() {
    let stage = stage().await;
    stage.bot("lab").await;
    let commands = format!("/rooms/{}/commands", stage.room);
    let list = stage.person.get(&commands).await.expect(200);
    let names: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| text(&one["name"]))
        .collect();
    assert_eq!(names, ["help", "invite", "leave", "me", "measure", "topic"]);
    let body = json!({ "text": "twice", "arguments": { "depth": 3 } });
    let answer = stage
        .person
        .post(&format!("{commands}/measure"), body)
        .await
        .expect(200);
    assert_eq!(answer["kind"], "sent", "{answer}");
    let answers = stage.answers(1).await;
    assert!(answers[0].contains("called measure with \"twice\""), "{answers:?}");
    assert!(answers[0].contains("\"depth\": Number(3)"), "{answers:?}");
}

/// Attack 45: a component decides its own request, or another one's, or asks that it may.
#[tokio::test]
async fn a_component_decides_nothing() {
    let stage = stage().await;
    let lab = stage.bot("lab").await;
    let grant = json!({ "effect": "ask", "on": "*" });
    let path = format!("/bots/{lab}/grants/message.react");
    stage.person.put(&path, grant).await.expect(200);
    // What is imported beside the contract is refused before it could be tried.
    let wat = r#"(component (import "mesh:bot/approvals@0.1.0" (instance (export "approve" (func (param "approval" string))))))"#;
    let told = upload(&stage.person, &lab, wat::parse_str(wat).unwrap()).await;
    assert_eq!(
        (told.status, told.json["code"].as_str()),
        (422, Some("imports_denied")),
        "{}",
        told.json
    );

    let body = json!({ "question": "May I?" });
    let path = format!("/meshes/{}/approvals", stage.mesh);
    let approval = text(&stage.person.post(&path, body).await.expect(201)["id"]);
    let terms = json!({ "about": "*" });
    let wishes = [
        ("approval.approve", json!({ "approval_id": approval })),
        ("approval.reject", json!({ "approval_id": approval })),
        (
            "approval.delegate",
            json!({ "approval_id": approval, "person_id": stage.person.id }),
        ),
        (
            "approval_rule.put",
            json!({ "mesh_id": stage.mesh, "rule": "mine", "terms": terms }),
        ),
        ("autonomy.set", json!({ "bot_id": lab, "level": "act" })),
    ];
    for (n, (op, input)) in wishes.iter().enumerate() {
        stage.say(&format!("@lab askfor {op} {input}")).await;
        let answers = stage.answers(n + 1).await;
        let last = answers.last().unwrap();
        assert!(
            last.contains("human_only") || last.contains("for people"),
            "{op}: {last}"
        );
    }
    let asked = stage.person.get(&format!("/approvals/{approval}")).await.expect(200);
    assert_eq!(asked["state"], "pending");
}

#[tokio::test]
async fn a_refused_bot_says_so_and_the_refusal_can_be_explained() {
    let stage = stage().await;
    let bot = stage.bot("polite").await;
    let body = json!({ "effect": "deny", "on": "*" });
    stage
        .person
        .put(&format!("/bots/{bot}/grants/member.read"), body)
        .await
        .expect(200);
    stage.say("@polite who is here?").await;
    let answers = stage.answers(1).await;
    assert!(answers[0].contains("may not list the members"), "{answers:?}");
    let body = json!({ "op": "member.list", "resource": stage.mesh });
    let explained = stage
        .person
        .post(&format!("/bots/{bot}/explain"), body)
        .await
        .expect(200);
    assert_eq!(explained["decided_by"], "grant", "{explained}");
}

/// A bot that loops, hoards, recurses or panics fails alone; another one answers meanwhile.
#[tokio::test]
async fn harmful_bots_are_contained() {
    let stage = stage().await;
    stage.bot("echo").await;
    let lab = stage.bot("lab").await;
    let mut expected = 0;
    for harm in ["loop", "hog", "recurse", "panic", "exit 3", "logforever"] {
        stage.say(&format!("@lab {harm}")).await;
        stage.say(&format!("@echo after {harm}")).await;
        expected += 1;
        let answers = stage.answers(expected).await;
        assert!(answers.contains(&format!("echo: after {harm}")), "{answers:?}");
    }
    let status = stage
        .status_until(&lab, |status| status["restarts"].as_u64() > Some(0))
        .await;
    assert!(status["last_error"].is_string(), "{status}");
    stage.program.client(None).get("//readyz").await.expect(200);
}

#[tokio::test]
async fn what_is_no_component_is_refused_with_a_reason() {
    let stage = stage().await;
    let bot = stage
        .person
        .post(&format!("/meshes/{}/bots", stage.mesh), json!({ "name": "x" }))
        .await
        .expect(201);
    let bot = text(&bot["id"]);
    let whole = component("echo");
    let mut mutated = whole.clone();
    mutated[whole.len() / 2] ^= 0xff;
    let core = b"\0asm\x01\0\0\0".to_vec();
    for (what, bytes) in [
        ("nothing", Vec::new()),
        ("text", b"hello".to_vec()),
        ("a core module", core),
        ("half a component", whole[..whole.len() / 2].to_vec()),
    ] {
        let answer = upload(&stage.person, &bot, bytes).await;
        assert_eq!(answer.status, 422, "{what}: {}", answer.json);
        assert_eq!(answer.json["code"], "component_invalid", "{what}");
    }
    let answer = upload(&stage.person, &bot, mutated).await;
    assert!(matches!(answer.status, 201 | 422), "{}", answer.json);
    let answer = upload(&stage.person, &bot, component("no_manifest")).await;
    assert_eq!(
        (answer.status, &answer.json["code"]),
        (422, &json!("manifest_invalid")),
        "{}",
        answer.json
    );
    stage.program.client(None).get("//readyz").await.expect(200);
}

/// What is exported has the right names and the wrong types, so only the host can tell.
#[tokio::test]
async fn a_component_that_does_not_fit_the_contract_is_not_activated() {
    let stage = stage().await;
    let bot = stage
        .person
        .post(&format!("/meshes/{}/bots", stage.mesh), json!({ "name": "odd" }))
        .await
        .expect(201);
    let bot = text(&bot["id"]);
    for (what, start) in [
        ("start", "(func $start (canon lift (core func $i \"start\")))"),
        (
            "on-event",
            r#"(func $start (result (result (error string)))
                (canon lift (core func $i "nothing") (memory $i "memory")))"#,
        ),
    ] {
        let odd = wat::parse_str(format!(
            r#"(component
                (core module $m
                    (memory (export "memory") 1)
                    (func (export "start"))
                    (func (export "nothing") (result i32) (i32.const 0))
                    (func (export "on-event")))
                (core instance $i (instantiate $m))
                {start}
                (func $on-event (canon lift (core func $i "on-event")))
                (instance $handler (export "start" (func $start)) (export "on-event" (func $on-event)))
                (export "mesh:bot/handler@0.1.0" (instance $handler))
                (@custom "mesh:bot" "schema = 1\n[bot]\nname = \"odd\"\nversion = \"1.0.0\"\n"))"#,
        ));
        let odd = upload(&stage.person, &bot, odd.unwrap()).await.expect(201);
        let path = format!("/bot-versions/{}/activate", text(&odd["id"]));
        let refused = stage.person.post(&path, json!({})).await;
        let (code, detail) = (&refused.json["code"], refused.json["detail"].to_string());
        assert_eq!((refused.status, code), (422, &json!("component_invalid")), "{detail}");
        assert!(detail.contains(&format!("`{what}`")), "{detail}");
    }
    let bot = stage.person.get(&format!("/bots/{bot}")).await.expect(200);
    assert_eq!(
        (&bot["active_version"], &bot["state"]),
        (&Value::Null, &json!("uploaded"))
    );
}

/// A bot that has to ask waits for a person, and its words come when somebody agrees.
#[tokio::test]
async fn a_bot_waits_for_a_person() {
    let stage = stage().await;
    let bot = stage.bot("echo").await;
    let grant = format!("/bots/{bot}/grants/message.post");
    let body = json!({ "effect": "ask", "on": "*" });
    stage.person.put(&grant, body).await.expect(200);
    let mut seen = stage.person.post("/me/sync", json!({})).await.expect(200);
    stage.say("@echo hello").await;
    let approval = loop {
        let body = json!({ "cursor": seen["cursor"], "wait_s": 20 });
        seen = stage.person.post("/me/events/poll", body).await.expect(200);
        let path = format!("/meshes/{}/approvals?state=pending", stage.mesh);
        let pending = stage.person.get(&path).await.expect(200);
        if let Some(asked) = pending["items"].as_array().unwrap().first() {
            break text(&asked["id"]);
        }
    };
    let path = format!("/approvals/{approval}/approve");
    stage.person.post(&path, json!({ "scope": "always" })).await.expect(200);
    assert_eq!(stage.answers(1).await, ["echo: hello"]);
    stage.say("@echo again").await;
    assert_eq!(stage.answers(2).await, ["echo: hello", "echo: again"]);
}

/// Attacks 42 and 43: a secret reaches its bot and nobody else, not even by what the bot says.
#[tokio::test]
async fn a_secret_is_for_its_bot_alone() {
    const SECRET: &str = "xoxb-unheard-of";
    let stage = stage().await;
    let bot = stage.bot("lab").await;
    let (secrets, secret) = (format!("/bots/{bot}/secrets"), format!("/bots/{bot}/secrets/TOKEN"));
    assert_eq!(
        stage.person.get(&secrets).await.expect(200)["missing"],
        json!(["TOKEN"])
    );
    stage.say("@lab secret TOKEN").await;
    assert!(stage.answers(1).await[0].starts_with("done: not found"));

    let kept = stage.person.put(&secret, json!({ "value": SECRET })).await.expect(200);
    assert_eq!((&kept["name"], &kept["revision"]), (&json!("TOKEN"), &json!(1)));
    stage.say("@lab secret TOKEN").await;
    assert_eq!(stage.answers(2).await[1], format!("done: {}", SECRET.len()));
    stage.say("@lab secret OTHER").await;
    assert!(
        stage.answers(3).await[2].contains("denied by grant"),
        "bot.toml does not name it"
    );
    stage.say("@lab secretpanic TOKEN").await;
    stage.say("@lab count").await;
    // No event says that something is in the log.
    let said = async |text: &str| loop {
        let path = format!("/bots/{bot}/logs?text={text}");
        let lines = stage.person.get(&path).await.expect(200);
        if lines["items"].as_array().is_some_and(|lines| !lines.is_empty()) {
            break;
        }
    };
    let both = async {
        said("panicked").await;
        said("the%20secret%20is%20Ok").await;
    };
    let minute = std::time::Duration::from_mins(1);
    tokio::time::timeout(minute, both).await.expect("lines in the log");

    // Whatever anybody can ask for, and what the program wrote, is without it.
    let mut told = String::new();
    for path in ["logs?limit=200", "status", "secrets", "config", "explain"] {
        told += &stage.person.get(&format!("/bots/{bot}/{path}")).await.json.to_string();
    }
    assert!(told.contains("[secret TOKEN]") && !told.contains(SECRET), "{told}");
    let log = stage
        .person
        .get(&format!("/meshes/{}/audit", stage.mesh))
        .await
        .expect(200);
    assert!(log.to_string().contains("bot_secret.put") && !log.to_string().contains(SECRET));
    for file in walk(&stage.program.data) {
        let bytes = std::fs::read(&file).unwrap();
        let found = bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
        assert!(!found, "{} has it", file.display());
    }

    for (name, value, at) in [
        ("TOKEN", "", "/value"),
        ("OTHER", "x", "/name"),
        ("a%20b", "x", "/name"),
    ] {
        let path = format!("/bots/{bot}/secrets/{name}");
        let refused = stage.person.put(&path, json!({ "value": value })).await;
        let refused = refused.refused(422, "validation_failed");
        assert_eq!(refused["errors"][0]["pointer"], at, "{refused}");
    }
    stage.person.delete(&secret).await.expect(204);
    stage.person.delete(&secret).await.refused(404, "not_found");
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] })
        .collect()
}

/// A bot hears only what it, or somebody for it, chose of what its manifest offers.
#[tokio::test]
async fn a_subscription_narrows_what_a_bot_hears() {
    let stage = stage().await;
    let bot = stage.bot("lab").await;
    let path = format!("/bots/{bot}/subscriptions");
    let first = stage.person.get(&path).await.expect(200);
    assert_eq!(
        first["offered"],
        json!(["message-created", "message-edited", "reaction-added"])
    );
    let other = json!({ "name": "other" });
    let other = stage
        .person
        .post(&format!("/meshes/{}/rooms", stage.mesh), other)
        .await
        .expect(201);
    let other = text(&other["id"]);

    for (body, at) in [
        (json!({ "events": ["room-closed"] }), "/events"),
        (json!({ "events": ["message.created"] }), "/events"),
        (json!({ "rooms": [other] }), "/rooms"),
    ] {
        let refused = stage.person.put(&path, body).await.refused(422, "validation_failed");
        assert_eq!(refused["errors"][0]["pointer"], at);
    }
    stage
        .person
        .post(&format!("/rooms/{other}/bots"), json!({ "bot_id": bot }))
        .await
        .expect(201);
    // The bot asks for it itself: only the other room.
    stage.say(&format!("@lab subscribe message-created {other}")).await;
    assert_eq!(stage.answers(1).await, ["done: ()"]);
    let narrowed = stage.person.get(&path).await.expect(200);
    assert_eq!(
        (&narrowed["rooms"], &narrowed["events"]),
        (&json!([other]), &json!(["message-created"]))
    );
    stage.say("@lab whoami").await;
    let body = json!({ "text": "@lab whoami" });
    stage
        .person
        .post(&format!("/rooms/{other}/messages"), body)
        .await
        .expect(201);
    messages_until(&stage.person, &other, |all| all.len() >= 2).await;
    // All of it again; what it was not handed does not come later.
    stage.person.put(&path, json!({})).await.expect(200);
    stage.say("@lab count").await;
    assert_eq!(stage.answers(2).await, ["done: ()", "done: 3"]);
}

/// A bot that fails is looked into, helped, and goes on; one that is no longer wanted loses what it had.
#[tokio::test]
async fn a_bot_in_trouble_is_helped() {
    let stage = stage().await;
    let bot = stage.bot("lab").await;
    let (post, get) = (
        async |path: &str, body: Value| stage.person.post(&format!("/bots/{bot}/{path}"), body).await,
        async |path: &str| stage.person.get(&format!("/bots/{bot}/{path}")).await.expect(200),
    );
    let letters = async |count: usize| {
        let letters = async {
            loop {
                let letters = get("dead-letters").await;
                if letters["items"].as_array().is_some_and(|items| items.len() == count) {
                    return letters["items"].clone();
                }
                let sync = stage.person.post("/me/sync", json!({})).await.expect(200);
                let wait = json!({ "cursor": sync["cursor"], "wait_s": 1 });
                stage.person.post("/me/events/poll", wait).await.expect(200);
            }
        };
        let minute = std::time::Duration::from_mins(1);
        tokio::time::timeout(minute, letters).await.expect("dead letters")
    };
    // It rejects the event, and rejects it again when it is handed over once more.
    stage.say("@lab reject not mine").await;
    let dead = letters(1).await;
    assert!(text(&dead[0]["error"]).contains("not mine"), "{dead}");
    assert_eq!(get("backlog").await["dead"], 1);
    assert_eq!(post("dead-letters/redrive", json!({})).await.expect(200)["count"], 1);
    stage.say("@lab count").await;
    assert_eq!(stage.answers(1).await, ["done: 3"]);
    let again = letters(1).await;
    assert_ne!(again[0]["id"], dead[0]["id"]);
    let ids = json!({ "ids": [again[0]["id"]] });
    assert_eq!(post("dead-letters/drop", ids.clone()).await.expect(200)["count"], 1);
    assert_eq!(post("dead-letters/drop", ids).await.expect(200)["count"], 0);
    letters(0).await;

    // It trips, stays down, and a person forgives it.
    assert_eq!(post("restart", json!({})).await.expect(200)["wanted"], "running");
    stage.say("@lab count").await;
    assert_eq!(stage.answers(2).await[1], "done: 1", "a fresh instance");
}

/// A bot acts by itself as far as people let it, and what they decided is taken back.
#[tokio::test]
async fn people_decide_how_far_a_bot_goes() {
    let stage = stage().await;
    let bot = stage.bot("lab").await;
    let get = async |path: &str| stage.person.get(&format!("/bots/{bot}/{path}")).await.expect(200);
    let autonomy = format!("/bots/{bot}/autonomy");
    let level = stage
        .person
        .put(&autonomy, json!({ "level": "suggest" }))
        .await
        .expect(200);
    assert_eq!(level["autonomy"], "suggest");
    stage.say("@lab count").await;
    let path = format!("/meshes/{}/approvals?state=pending", stage.mesh);
    let mut seen = stage.person.post("/me/sync", json!({})).await.expect(200);
    let approval = loop {
        let pending = stage.person.get(&path).await.expect(200);
        if let Some(asked) = pending["items"].as_array().unwrap().first() {
            break text(&asked["id"]);
        }
        let body = json!({ "cursor": seen["cursor"], "wait_s": 20 });
        seen = stage.person.post("/me/events/poll", body).await.expect(200);
    };
    stage
        .person
        .post(&format!("/approvals/{approval}/approve"), json!({}))
        .await
        .expect(200);
    assert_eq!(stage.answers(1).await[0], "done: 1");
    stage.person.put(&autonomy, json!({ "level": "act" })).await.expect(200);
    stage
        .person
        .put(&autonomy, json!({ "level": "rule" }))
        .await
        .refused(422, "validation_failed");

    // What was decided is taken back, and the refusal is kept where its keeper looks.
    let grant = format!("/bots/{bot}/grants/message.post");
    stage.person.delete(&grant).await.expect(204);
    stage.person.delete(&grant).await.refused(404, "not_found");
    stage.say("@lab whoami").await;
    let refused = async {
        loop {
            let lines = get("logs?text=refused").await;
            if lines["items"].as_array().is_some_and(|lines| !lines.is_empty()) {
                return text(&lines["items"][0]["text"]);
            }
        }
    };
    let minute = std::time::Duration::from_mins(1);
    let refused = tokio::time::timeout(minute, refused).await.expect("a line");
    assert!(refused.ends_with("message.post"), "{refused}");

    let version = text(&get("status").await["active_version"]);
    let version = format!("/bot-versions/{version}");
    assert_eq!(
        stage.person.delete(&version).await.refused(409, "wrong_state")["state"],
        "active"
    );
}

/// A bot with two instances that waits in one room for what it does in another.
#[tokio::test]
async fn rooms_are_served_side_by_side_and_each_in_order() {
    let stage = stage().await;
    let bot = stage.bot("lab").await;
    let second = stage.second_room(&bot).await;
    stage.say("@lab await sum").await;
    stage.say("@lab add").await;
    stage.say_in(&second, "@lab add").await;
    assert_eq!(stage.answers(2).await, ["done: there", "done: 2"]);
    // With one instance it waits in vain, until its time is over and the other room's turn comes.
    let body = json!({ "limits": { "instances": 1, "event_ms": 1000 } });
    stage.person.put(&format!("/bots/{bot}/limits"), body).await.expect(200);
    stage.say("@lab await key/0").await;
    stage.say_in(&second, "@lab keys 1").await;
    assert_eq!(stage.answers(3).await[2], "done: there");
    let status = stage.person.get(&format!("/bots/{bot}/status")).await.expect(200);
    assert_ne!(status["restarts"], 0, "{status}");
}

/// Whoever is in a hurry does not wait for what a bot has in hand; that comes again.
#[tokio::test]
async fn a_bot_is_stopped_at_once() {
    let stage = stage().await;
    let bot = stage.bot("lab").await;
    let body = json!({ "limits": { "event_ms": 120_000, "host_calls": 10_000 } });
    stage.person.put(&format!("/bots/{bot}/limits"), body).await.expect(200);
    stage.say("@lab await key/0").await;
    stage.status_until(&bot, |status| status["state"] == "ready").await;
    stage
        .person
        .post(&format!("/bots/{bot}/stop"), json!({ "now": true }))
        .await
        .expect(200);
    stage
        .status_until(&bot, |status| status["instance"].is_null() && status["since"].is_null())
        .await;
    let second = stage.second_room(&bot).await;
    stage.say_in(&second, "@lab keys 1").await;
    stage
        .person
        .post(&format!("/bots/{bot}/start"), json!({}))
        .await
        .expect(200);
    assert_eq!(stage.answers(1).await, ["done: there"]);
}
