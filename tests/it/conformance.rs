//! The same bot in every language, and the same words to each of them: `tests/conformance/README.md`.

use mesh_tests::{Person, Program, conformance_bot, deploy, messages_until};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpListener,
};

const TOKEN: &str = "xoxb-unheard-of";

struct Stage {
    program: Program,
    person: Person,
    mesh: String,
    room: String,
    bot: String,
    handle: String,
    site: String,
    _folder: tempfile::TempDir,
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
        .to_owned()
}

/// Answers every request with its method, its path and what it brought as authorization; `/moved` leads inside, and
/// `/large` has 5,000 bytes.
async fn site() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            let (mut first, mut proof) = (String::new(), String::new());
            loop {
                let mut line = String::new();
                if stream.read_line(&mut line).await.is_err() || line.trim().is_empty() {
                    break;
                }
                if first.is_empty() {
                    first = line;
                } else if let Some((_, value)) = line.split_once(": ").filter(|(name, _)| *name == "authorization") {
                    value.trim().clone_into(&mut proof);
                }
            }
            let mut parts = first.split(' ');
            let (method, path) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
            let mut body = format!("{method} {path} {proof}");
            let status = match path {
                "/moved" => "302 Found\r\nlocation: http://169.254.169.254/",
                "/large" => {
                    body = "x".repeat(5000);
                    "200 OK"
                }
                _ => "200 OK",
            };
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    format!("http://localhost:{}", address.port())
}

impl Stage {
    async fn new(language: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let site = site().await;
        // The script is long, and looks often.
        let rates = "[rates]\nactor_per_second = 100000\nactor_burst = 100000\n";
        let config = format!("[bots]\ninternal_origins = [\"{site}\"]\n\n{rates}");
        std::fs::write(folder.path().join("mesh.toml"), config).unwrap();
        let program = Program::start(&data);
        let person = program.first_person().await;
        let mesh = text(&person.post("/meshes", json!({ "name": "home" })).await.expect(201)["id"]);
        let body = json!({ "name": "general" });
        let room = text(&person.post(&format!("/meshes/{mesh}/rooms"), body).await.expect(201)["id"]);
        let bot = deploy(
            &person,
            &mesh,
            &format!("conform-{language}"),
            conformance_bot(language),
        )
        .await;
        let body = json!({ "bot_id": bot, "hears": "all" });
        person.post(&format!("/rooms/{room}/bots"), body).await.expect(201);
        let handle = text(&person.get(&format!("/bots/{bot}")).await.expect(200)["handle"]);
        Self {
            program,
            person,
            mesh,
            room,
            bot,
            handle,
            site,
            _folder: folder,
        }
    }

    async fn say(&self, words: &str) -> Value {
        let body = json!({ "text": words });
        self.person
            .post(&format!("/rooms/{}/messages", self.room), body)
            .await
            .expect(201)
    }

    async fn mention(&self, words: &str) -> Value {
        self.say(&format!("@{} {words}", self.handle)).await
    }

    /// What the bot says next after this message, other than what it has deleted again, and cards.
    async fn next(&self, after: &Value) -> Value {
        self.first(|one| {
            let said = one["redacted"] != true && one["text"] != "gone" && one["approval_id"].is_null();
            said && one["seq"].as_i64() > after["seq"].as_i64()
        })
        .await
    }

    /// The bot's first message that is like this.
    async fn first(&self, like: impl Fn(&Value) -> bool) -> Value {
        let wanted = |one: &&Value| one["author"]["id"] == self.bot.as_str() && like(one);
        let all = messages_until(&self.person, &self.room, |all| all.iter().any(|one| wanted(&one))).await;
        all.iter().find(wanted).expect("an answer").clone()
    }

    /// Says it and takes the answer, which is a reply to it.
    async fn ask(&self, words: &str) -> String {
        let asked = self.mention(words).await;
        text(&self.first(|one| one["reply_to"] == asked["id"]).await["text"])
    }

    async fn log_has(&self, words: &str) -> Value {
        let wait = async {
            loop {
                let path = format!("/bots/{}/logs?text={words}", self.bot);
                let lines = self.person.get(&path).await.expect(200);
                if lines["items"].as_array().is_some_and(|lines| !lines.is_empty()) {
                    return lines["items"][0].clone();
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), wait)
            .await
            .expect("a line in the log")
    }

    /// The script, in parts; each begins and ends with a bot that answers.
    async fn play(&self) {
        self.words().await;
        self.writing().await;
        self.buttons().await;
        self.store().await;
        self.room_and_people().await;
        self.files_and_errors().await;
        self.later().await;
        self.outside().await;
        self.failures().await;
    }

    async fn words(&self) {
        assert_eq!(self.ask("echo Grüße, Welt 👋").await, "Grüße, Welt 👋");
        self.say("not to you").await;
        self.say("nor this").await;
        assert_eq!(self.ask("heard").await, "2");

        let asked = self.mention("thread below").await;
        let posted = self.next(&asked).await;
        let thread = text(&asked["id"]).replace("msg_", "thread_");
        assert_eq!(
            (&posted["text"], &posted["thread_id"]),
            (&json!("below"), &json!(thread))
        );

        let asked = self.mention("edit").await;
        let edited = |all: &[Value]| {
            all.iter()
                .any(|one| one["reply_to"] == asked["id"] && one["text"] == "second")
        };
        messages_until(&self.person, &self.room, edited).await;
        let asked = self.mention("delete").await;
        assert_eq!(self.ask("echo after").await, "after");
        let all = messages_until(&self.person, &self.room, |_| true).await;
        assert!(
            !all.iter()
                .any(|one| one["reply_to"] == asked["id"] && one["text"] == "gone")
        );

        let asked = self.mention("react 👍").await;
        let reacted = |all: &[Value]| {
            all.iter()
                .any(|one| one["id"] == asked["id"] && one["reactions"][0]["emoji"] == "👍")
        };
        assert_eq!(self.ask("echo done").await, "done");
        let all = messages_until(&self.person, &self.room, |_| true).await;
        assert!(reacted(&all), "{all:?}");

        // What somebody else does to messages.
        let said = self.say("draft").await;
        let path = format!("/messages/{}", text(&said["id"]));
        self.person
            .patch(&path, json!({ "text": "watch this" }))
            .await
            .expect(200);
        assert_eq!(self.next(&said).await["text"], "edited: this");
        let said = self.say("nice").await;
        let path = format!("/messages/{}/reactions/%F0%9F%8E%89", text(&said["id"]));
        self.person.put(&path, json!({})).await;
        let name = text(&said["author"]["name"]);
        assert_eq!(self.next(&said).await["text"], format!("🎉 by {name}"));

        let said = self.say("now a command").await;
        let body = json!({ "text": "twice", "arguments": { "depth": 3 } });
        let path = format!("/rooms/{}/commands/measure", self.room);
        self.person.post(&path, body).await.expect(200);
        let expected = format!("{name} called measure with twice and {{\"depth\":3}}");
        assert_eq!(self.next(&said).await["text"], expected);
        let said = self.say("and without arguments").await;
        self.person.post(&path, json!({ "text": "once" })).await.expect(200);
        assert_eq!(
            self.next(&said).await["text"],
            format!("{name} called measure with once and null")
        );
    }

    /// Messages that come bit by bit, from the bot and to it.
    async fn writing(&self) {
        let words = "Grüße, einige Wörter 👋 und eins";
        let asked = self.mention(&format!("stream {words}")).await;
        let answers = |one: &Value| one["reply_to"] == asked["id"];
        let answer = self
            .first(|one| answers(one) && one["streaming"] != true && one["text"] == words)
            .await;
        let path = format!("/rooms/{}/events?after={}", self.room, asked["seq"]);
        let logged = self.person.get(&path).await.expect(200);
        let of_answer = |event: &&Value| event["data"]["id"] == answer["id"];
        let logged = logged["items"].as_array().unwrap().iter().filter(of_answer);
        let kinds: Vec<_> = logged.map(|event| text(&event["type"])).collect();
        assert_eq!(kinds, ["message.created", "message.completed"]);

        let heard: u32 = self.ask("heard").await.parse().unwrap();
        let mention = self
            .write(&[&format!("@{}", self.handle), " echo", " bit", " by bit"])
            .await;
        self.write(&["not", " to", " you"]).await;
        assert_eq!(self.ask("heard").await, (heard + 1).to_string());
        let all = messages_until(&self.person, &self.room, |_| true).await;
        let answers = all.iter().filter(|one| one["reply_to"] == mention.as_str());
        let answers: Vec<_> = answers.map(|one| text(&one["text"])).collect();
        assert_eq!(answers, ["bit by bit"]);
    }

    /// The person says it piece by piece; gives the id of the message.
    async fn write(&self, pieces: &[&str]) -> String {
        let body = json!({ "text": pieces[0], "streaming": true });
        let path = format!("/rooms/{}/messages", self.room);
        let message = text(&self.person.post(&path, body).await.expect(201)["id"]);
        for (at, piece) in pieces.iter().enumerate().skip(1) {
            let body = json!({ "text": piece, "final": at + 1 == pieces.len() });
            self.person
                .post(&format!("/messages/{message}/append"), body)
                .await
                .expect(200);
        }
        message
    }

    async fn buttons(&self) {
        let name = text(&self.say("buttons, please").await["author"]["name"]);
        let values = json!({ "values": { "b": 1, "a": "ä" } });
        for (button, body, expected) in [
            ("yes", values, r#"yes with 1 and {"a":"ä","b":1}"#),
            ("no", json!({}), "no with nothing and null"),
        ] {
            let asked = self.mention("buttons").await;
            let posted = self.first(|one| one["reply_to"] == asked["id"]).await;
            let actions = json!([
                { "id": "yes", "label": "Yes", "style": "primary", "value": "1" },
                { "id": "no", "label": "No", "style": "plain" },
            ]);
            assert_eq!((&posted["text"], &posted["actions"]), (&json!("choose"), &actions));
            let path = format!("/messages/{}/actions/{button}", text(&posted["id"]));
            self.person.post(&path, body.clone()).await.expect(204);
            let pressed = format!("{name} pressed {expected}");
            let changed = self
                .first(|one| one["id"] == posted["id"] && one["text"] == pressed.as_str())
                .await;
            assert_eq!(changed["actions"], Value::Null);
            self.person.post(&path, body).await.refused(409, "wrong_state");
        }
        let body = json!({ "text": "Well?", "actions": [{ "id": "yes", "label": "Yes" }] });
        let path = format!("/rooms/{}/messages", self.room);
        let mine = text(&self.person.post(&path, body).await.expect(201)["id"]);
        assert_eq!(self.ask(&format!("press {mine}")).await, "pressed");
        let body = json!({ "actions": [] });
        self.person.patch(&format!("/messages/{mine}"), body).await.expect(200);
        assert_eq!(self.ask(&format!("press {mine}")).await, "conflict");
    }

    async fn store(&self) {
        for (command, answer) in [
            ("count", "1"),
            ("count", "2"),
            ("recall tea", "nothing"),
            ("remember tea Earl \"Grey\" ☕", "ok"),
            ("recall tea", "Earl \"Grey\" ☕"),
            ("remember team us", "ok"),
            ("keys te", "tea, team"),
            ("forget team", "true"),
            ("forget team", "false"),
            ("bytes 3000", "3000 of 3000"),
            ("claim seat", "mine"),
            ("claim seat", "conflict"),
            ("greeting", "none"),
        ] {
            assert_eq!(self.ask(command).await, answer, "{command}");
        }
        let path = format!("/bots/{}/config", self.bot);
        let request = self.person.request(reqwest::Method::PUT, &path).header("if-match", "*");
        let body = json!({ "config": { "greeting": "Moin" } });
        mesh_tests::send(request.json(&body)).await.expect(200);
        assert_eq!(self.ask("greeting").await, "Moin");

        assert_eq!(self.ask("secret TOKEN").await, "not found");
        let path = format!("/bots/{}/secrets/TOKEN", self.bot);
        self.person.put(&path, json!({ "value": TOKEN })).await.expect(200);
        assert_eq!(self.ask("secret TOKEN").await, "15 characters");
        assert_eq!(self.ask("secret OTHER").await, "denied");
        assert_eq!(self.log_has("secret%20TOKEN").await["level"], "info");
    }

    async fn room_and_people(&self) {
        assert_eq!(self.ask("whoami").await, self.handle);
        assert_eq!(self.ask("may message.post").await, "true");
        assert_eq!(self.ask("may room.create").await, "false");
        let members = self
            .person
            .get(&format!("/meshes/{}/members", self.mesh))
            .await
            .expect(200);
        let mut names: Vec<_> = members["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| text(&one["actor"]["name"]))
            .collect();
        names.sort();
        assert_eq!(self.ask("members").await, names.join(", "));
        for words in ["one", "two", "three"] {
            self.say(words).await;
        }
        assert_eq!(self.ask("history 3").await, "one / two / three");
        assert_eq!(self.ask("room lounge").await, "denied");
        let asked = self.mention("post out loud").await;
        let posted = self.next(&asked).await;
        assert_eq!(
            (&posted["text"], &posted["reply_to"]),
            (&json!("out loud"), &Value::Null)
        );
        assert_eq!(self.ask("post").await, "invalid");
        assert_eq!(
            self.ask(&format!("get {}", text(&asked["id"]))).await,
            text(&asked["text"])
        );
    }

    async fn files_and_errors(&self) {
        assert_eq!(self.ask("get msg_01h455vb4pex5vsknk084sn02q").await, "not found");
        assert_eq!(self.ask("get nonsense").await, "invalid");
        let words = "so many words ".repeat(200);
        let asked = self.mention(&format!("file notes.txt {}", words.trim())).await;
        let posted = self.next(&asked).await;
        assert_eq!(
            (&posted["text"], &posted["files"][0]["name"]),
            (&json!("here"), &json!("notes.txt"))
        );
        let file = text(&posted["files"][0]["id"]);
        let (with, without) = (text(&posted["id"]), text(&asked["id"]));
        assert_eq!(self.ask(&format!("shown {with}")).await, "notes.txt");
        assert_eq!(self.ask(&format!("shown {without}")).await, "none");
        assert_eq!(self.ask(&format!("size {file}")).await, words.trim().len().to_string());
        assert_eq!(self.ask("size file_01h455vb4pex5vsknk084sn02q").await, "not found");
    }

    async fn later(&self) {
        self.mention("remind 3600 go home").await;
        assert_eq!(self.ask("timers").await, "1");
        let asked = self.mention("remind 1 drink water").await;
        assert_eq!(self.next(&asked).await["text"], "reminder: drink water");
        let (first, second) = (self.ask("random").await, self.ask("random").await);
        assert_ne!(first, second);
        let whole: u64 = first.parse().expect("a whole number");
        assert!(whole < 1 << 53);

        let asked = self.mention("ask May I?").await;
        let approval = self.pending().await;
        // The bot asked, so the mesh's Creator decides.
        let path = format!("/approvals/{approval}/approve");
        self.person.post(&path, json!({})).await.expect(200);
        assert_eq!(self.next(&asked).await["text"], "it is approved");

        let grant = format!("/bots/{}/grants/message.react", self.bot);
        self.person
            .put(&grant, json!({ "effect": "ask", "on": "*" }))
            .await
            .expect(200);
        let asked = self.mention("react 🚀").await;
        let path = format!("/approvals/{}/approve", self.pending().await);
        self.person.post(&path, json!({})).await.expect(200);
        let there = |all: &[Value]| {
            all.iter()
                .any(|one| one["id"] == asked["id"] && one["reactions"][0]["emoji"] == "🚀")
        };
        messages_until(&self.person, &self.room, there).await;
        self.person
            .put(&grant, json!({ "effect": "allow", "on": "*" }))
            .await
            .expect(200);
    }

    /// The approval that waits.
    async fn pending(&self) -> String {
        let mut seen = self.person.post("/me/sync", json!({})).await.expect(200);
        loop {
            let path = format!("/meshes/{}/approvals?state=pending", self.mesh);
            let pending = self.person.get(&path).await.expect(200);
            if let Some(asked) = pending["items"].as_array().unwrap().first() {
                return text(&asked["id"]);
            }
            let body = json!({ "cursor": seen["cursor"], "wait_s": 20 });
            seen = self.person.post("/me/events/poll", body).await.expect(200);
        }
    }

    async fn outside(&self) {
        let site = &self.site;
        assert_eq!(self.ask(&format!("fetch {site}/a?b=c")).await, "200: GET /a?b=c ");
        assert_eq!(
            self.ask("fetch https://example.org/").await,
            "denied",
            "bot.toml does not name it"
        );
        assert_eq!(
            self.ask("fetch https://localhost/").await,
            "invalid",
            "a name that leads inside"
        );
        assert_eq!(self.ask("fetch https://169.254.169.254/").await, "invalid");
        assert_eq!(self.ask("fetch nonsense").await, "invalid");
        let sent = format!("200: GET / Bearer {TOKEN}");
        assert_eq!(self.ask(&format!("sendsecret {site}/ TOKEN")).await, sent);
        assert_eq!(self.ask(&format!("sendsecret {site}/ OTHER")).await, "denied");
        // Attack 27: a redirect is an answer, and an answer has an end.
        assert_eq!(self.ask(&format!("fetch {site}/moved")).await, "302: GET /moved ");
        let limits = json!({ "limits": { "http_bytes": 4096 } });
        self.person
            .put(&format!("/bots/{}/limits", self.bot), limits)
            .await
            .expect(200);
        assert_eq!(self.ask(&format!("fetch {site}/large")).await, "unavailable");
        assert_eq!(self.ask("echo still here").await, "still here");
    }

    async fn failures(&self) {
        assert_eq!(self.ask("log attention").await, "logged");
        assert_eq!(self.log_has("attention").await["level"], "warn");
        assert_eq!(self.ask("retry").await, "again");
        self.mention("reject not mine").await;
        self.mention("fail on purpose").await;
        self.log_has("on%20purpose").await;
        // It is tried again in its room after a second; a room of its own goes on.
        let other = json!({ "name": "other" });
        let other = self
            .person
            .post(&format!("/meshes/{}/rooms", self.mesh), other)
            .await
            .expect(201);
        let other = text(&other["id"]);
        let body = json!({ "bot_id": self.bot, "hears": "all" });
        self.person
            .post(&format!("/rooms/{other}/bots"), body)
            .await
            .expect(201);
        for words in ["heard", "panic", "heard"] {
            let body = json!({ "text": format!("@{} {words}", self.handle) });
            self.person
                .post(&format!("/rooms/{other}/messages"), body)
                .await
                .expect(201);
        }
        self.program.client(None).get("//readyz").await.expect(200);
        let crashed = async {
            loop {
                let status = self.person.get(&format!("/bots/{}/status", self.bot)).await.expect(200);
                if status["restarts"].as_u64() > Some(0) {
                    return;
                }
                let sync = self.person.post("/me/sync", json!({})).await.expect(200);
                let wait = json!({ "cursor": sync["cursor"], "wait_s": 1 });
                self.person.post("/me/events/poll", wait).await.expect(200);
            }
        };
        tokio::time::timeout(Duration::from_mins(1), crashed)
            .await
            .expect("a crash");
    }
}

async fn conforms(language: &str) {
    Stage::new(language).await.play().await;
}

#[tokio::test]
async fn rust_conforms() {
    conforms("rust").await;
}

#[tokio::test]
async fn go_conforms() {
    conforms("go").await;
}

#[tokio::test]
async fn js_conforms() {
    conforms("js").await;
}

#[tokio::test]
async fn python_conforms() {
    conforms("python").await;
}
