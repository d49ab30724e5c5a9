//! What a bot says, followed as it says it.

use futures_util::future::join_all;
use mesh_authz::{Caller, Credential, Who};
use mesh_service::{
    Door, Envelope,
    bot::{WriteBotLog, WriteBotLogIn, WriteLine},
    call,
};
use mesh_tests::{Client, Engine, Machine, Mesh, PASSWORD, Sent, TestServer, on_both_engines, send};
use mesh_types::{LogLevel, RequestId};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};

async fn bot(mesh: &Mesh) -> String {
    let bot = json!({ "mesh_id": mesh.id, "name": "Talker", "runtime": "external" });
    let bot = mesh.creator.call("bot.create", bot).await.expect(201);
    bot["id"].as_str().unwrap().to_owned()
}

/// What the host of components does with what a bot says.
async fn say(server: &TestServer, mesh: &Mesh, bot: &str, lines: &[(LogLevel, String)]) {
    let who = Who::Bot {
        id: bot.parse().unwrap(),
        mesh: mesh.id.parse().unwrap(),
    };
    let caller = Caller {
        who,
        credential: Credential::Component,
    };
    let lines = lines.iter().map(|(level, text)| WriteLine {
        level: *level,
        text: text.clone(),
    });
    let lines = lines.collect();
    let envelope = Envelope::new(caller, Door::Wasm, RequestId::new(server.host.ids.next()));
    call::<WriteBotLog>(&server.host, envelope, WriteBotLogIn { lines })
        .await
        .unwrap();
}

async fn say_one(server: &TestServer, mesh: &Mesh, bot: &str, text: &str) {
    say(server, mesh, bot, &[(LogLevel::Info, text.to_owned())]).await;
}

async fn tail(who: &Client, bot: &str, query: &str, last: Option<&str>) -> Sent {
    let mut request = who.request(Method::GET, &format!("/bots/{bot}/logs/tail{query}"));
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    Sent::open(request).await
}

/// The next line, with its id.
async fn line(sent: &mut Sent) -> (String, String) {
    loop {
        let block = sent.next().await.expect("the stream goes on");
        assert_eq!(block.event, None, "{block:?}");
        if let Some(text) = block.data["text"].as_str() {
            let id = block.id.expect("a line has an id");
            assert_eq!(block.data["id"], id);
            return (text.to_owned(), id);
        }
    }
}

/// Why the stream ended.
async fn end(sent: &mut Sent) -> Value {
    loop {
        let block = sent.next().await.expect("it says why it ends");
        if block.event.as_deref() == Some("closing") {
            assert!(sent.next().await.is_none());
            return block.data["code"].clone();
        }
    }
}

on_both_engines! {
    /// However often the stream breaks, each line comes once and in order.
    async fn no_line_is_lost_or_doubled(server) {
        let mesh = server.mesh("home").await;
        let bot = bot(&mesh).await;
        say_one(server, &mesh, &bot, "before").await;
        let mut sent = tail(&mesh.creator, &bot, "?after=0", None).await;
        let texts = |n: usize| (0..=n % 7).map(move |m| format!("{n}.{m}"));
        let speaking = async {
            // A bot may speak in several rooms at once.
            for n in (0..60_usize).step_by(6) {
                let at_once = (n..n + 6).map(async |n| {
                    let lines: Vec<_> = texts(n).map(|text| (LogLevel::Info, text)).collect();
                    say(server, &mesh, &bot, &lines).await;
                });
                join_all(at_once).await;
            }
        };
        let mut said: Vec<String> = (0..60).flat_map(texts).chain(["before".to_owned()]).collect();
        said.sort();
        let hearing = async {
            let (mut heard, mut last) = (Vec::new(), String::new());
            while heard.len() < said.len() {
                if heard.len() % 17 == 16 {
                    // Sometimes with the header, as browsers do, sometimes with the field.
                    sent = match heard.len() % 2 {
                        0 => tail(&mesh.creator, &bot, "", Some(&last)).await,
                        _ => tail(&mesh.creator, &bot, &format!("?after={last}"), None).await,
                    };
                }
                let (text, id) = line(&mut sent).await;
                assert!(id > last);
                heard.push(text);
                last = id;
            }
            heard
        };
        let ((), mut heard) = tokio::join!(speaking, hearing);
        heard.sort();
        assert_eq!(heard, said);
    }

    /// Without a position it begins now; with a level it leaves out what matters less.
    async fn from_now_on_and_what_matters(server) {
        let mesh = server.mesh("home").await;
        let bot = bot(&mesh).await;
        say_one(server, &mesh, &bot, "before").await;
        let mut all = tail(&mesh.creator, &bot, "", None).await;
        let mut grave = tail(&mesh.creator, &bot, "?level=warn", None).await;
        // The first block of each says where it is, so both are there.
        let here = all.next().await.unwrap().id.unwrap();
        grave.next().await.unwrap();
        say_one(server, &mesh, &bot, "small").await;
        say(server, &mesh, &bot, &[(LogLevel::Debug, "smaller".into()), (LogLevel::Error, "great".into())]).await;
        for text in ["small", "smaller", "great"] {
            assert_eq!(line(&mut all).await.0, text);
        }
        assert_eq!(line(&mut grave).await.0, "great");
        let mut again = tail(&mesh.creator, &bot, "?level=error", Some(&here)).await;
        assert_eq!(line(&mut again).await.0, "great");
        for wrong in ["?after=", "?after=x", "?after=0G", &format!("?after={}", "0".repeat(33))] {
            let path = format!("/bots/{bot}/logs/tail{wrong}");
            mesh.creator.get(&path).await.refused(400, "invalid_cursor");
        }
        for wrong in ["?level=loud", "?loud=1"] {
            let path = format!("/bots/{bot}/logs/tail{wrong}");
            mesh.creator.get(&path).await.refused(422, "validation_failed");
        }
    }

    /// Attack 6, for logs: the right that opened it ends it, with the same commit.
    async fn whoever_may_not_operate_the_bot_hears_no_more(server) {
        let mesh = server.mesh("home").await;
        let (bob, bot) = (server.person("bob").await, bot(&mesh).await);
        let path = format!("/bots/{bot}/logs/tail");
        bob.get(&path).await.refused(404, "not_found");
        let member = mesh.join(&bob, "member").await;
        bob.get(&path).await.refused(403, "forbidden");
        let role = format!("/members/{member}/role");
        mesh.creator.put(&role, json!({ "role": "admin" })).await.expect(200);
        let mut sent = tail(&bob, &bot, "", None).await;
        sent.next().await.unwrap();
        say_one(server, &mesh, &bot, "for admins").await;
        assert_eq!(line(&mut sent).await.0, "for admins");
        mesh.creator.put(&role, json!({ "role": "member" })).await.expect(200);
        say_one(server, &mesh, &bot, "for others").await;
        assert_eq!(end(&mut sent).await, "forbidden");

        let mut sent = tail(&mesh.creator, &bot, "", None).await;
        sent.next().await.unwrap();
        let delete = mesh.creator.op("bot.delete", &json!({ "bot_id": bot })).header("if-match", "*");
        send(delete).await.expect(204);
        assert_eq!(end(&mut sent).await, "not_found");
    }

    /// A stream lasts as long as what opened it.
    async fn a_credential_that_ends_ends_its_stream(server) {
        let mesh = server.mesh("home").await;
        let bot = bot(&mesh).await;
        let path = format!("/bots/{bot}/logs/tail");
        server.anonymous().get(&path).await.refused(401, "unauthenticated");
        let expires = serde_json::to_value(server.host.clock.now().plus_seconds(3600)).unwrap();
        let wish = json!({ "name": "t", "permissions": ["bot.operate"], "expires_at": expires });
        let made = mesh.creator.call("pat.create", wish).await.expect(201);
        let token = server.with_token(made["token"].as_str().unwrap());
        let mut sent = tail(&token, &bot, "", None).await;
        mesh.creator.call("pat.revoke", json!({ "token_id": made["id"] })).await.expect(204);
        assert_eq!(end(&mut sent).await, "token_revoked");

        let other = server.sign_in(&mesh.creator).await;
        let mut sent = tail(&other, &bot, "", None).await;
        other.call("auth.logout", json!({})).await.expect(204);
        assert_eq!(end(&mut sent).await, "token_revoked");

        let ticket = mesh.creator.call("auth.socket_ticket", json!({})).await.expect(201);
        let mut sent = tail(&server.anonymous(), &bot, &format!("?ticket={}", ticket["ticket"].as_str().unwrap()), None).await;
        say_one(server, &mesh, &bot, "for a page").await;
        assert_eq!(line(&mut sent).await.0, "for a page");
        server.host.let_pass(Duration::from_mins(15));
        assert_eq!(end(&mut sent).await, "token_expired");
    }
}

/// `mesh bot logs -f`, over a restart of the server and the end of its token.
#[tokio::test]
async fn the_command_shows_each_line_once() {
    let server = TestServer::start(Engine::Sqlite).await;
    let mesh = server.mesh("home").await;
    let bot = bot(&mesh).await;
    let (machine, url) = (Machine::new(), format!("http://{}", server.address));
    let login = ["login", "--url", &url, "--email", &mesh.creator.email];
    assert_eq!(machine.run(&login, &format!("{PASSWORD}\n")).await.0, 0);
    for n in 0..3 {
        say_one(&server, &mesh, &bot, &format!("line {n}")).await;
    }
    let (exit, said, _) = machine.run(&["bot", "logs", "talker"], "").await;
    assert!(
        exit == 0 && said.lines().count() == 3 && said.ends_with(" info  line 2\n"),
        "{said}"
    );
    let mut child = machine
        .command(&["--json", "bot", "logs", "talker", "--follow"])
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = async || {
        let line = tokio::time::timeout(Duration::from_secs(30), lines.next_line()).await;
        let line: Value = serde_json::from_str(&line.unwrap().unwrap().unwrap()).unwrap();
        line["text"].as_str().unwrap().to_owned()
    };
    for n in 0..3 {
        assert_eq!(next().await, format!("line {n}"));
    }
    say_one(&server, &mesh, &bot, "line 3").await;
    assert_eq!(next().await, "line 3");
    let server = server.restart().await;
    say_one(&server, &mesh, &bot, "line 4").await;
    assert_eq!(next().await, "line 4");
    // Its token's time is over; it gets another one.
    server.host.let_pass(Duration::from_mins(16));
    say_one(&server, &mesh, &bot, "line 5").await;
    assert_eq!(next().await, "line 5");
    let interrupted = tokio::process::Command::new("kill")
        .args(["-INT", &child.id().unwrap().to_string()])
        .status()
        .await;
    assert!(interrupted.unwrap().success() && child.wait().await.unwrap().success());
}
