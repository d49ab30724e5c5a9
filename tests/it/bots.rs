//! Bots, from upload to reply, in the program as users run it.

use mesh_tests::{Person, Program, component, deploy, messages_until, upload};
use serde_json::{Value, json};

struct Stage {
    program: Program,
    person: Person,
    mesh: String,
    room: String,
    _folder: tempfile::TempDir,
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

async fn stage() -> Stage {
    let folder = tempfile::tempdir().unwrap();
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
    async fn bot(&self, name: &str) -> String {
        let bot = deploy(&self.person, &self.mesh, name, component(name)).await;
        let body = json!({ "bot_id": bot });
        self.person
            .post(&format!("/rooms/{}/bots", self.room), body)
            .await
            .expect(201);
        bot
    }

    async fn say(&self, words: &str) {
        let body = json!({ "text": words });
        self.person
            .post(&format!("/rooms/{}/messages", self.room), body)
            .await
            .expect(201);
    }

    /// The words of the first `count` messages of others.
    async fn answers(&self, count: usize) -> Vec<String> {
        let mine = |message: &&Value| message["author"]["id"] != self.person.id.as_str();
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
    // The host needs a moment to compile and to crash it; there is no event for that to wait for.
    let crashed = async {
        loop {
            let status = stage.person.get(&format!("/bots/{lab}/status")).await.expect(200);
            if status["restarts"].as_u64() > Some(0) {
                return status;
            }
            let sync = stage.person.post("/me/sync", json!({})).await.expect(200);
            let wait = json!({ "cursor": sync["cursor"], "wait_s": 1 });
            stage.person.post("/me/events/poll", wait).await.expect(200);
        }
    };
    let status = tokio::time::timeout(std::time::Duration::from_mins(1), crashed)
        .await
        .expect("the bot crashes");
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
