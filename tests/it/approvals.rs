//! Humans in charge: what waits for a person, who decides, and what comes of it.

use mesh_tests::{Client, Live, Mesh, TestServer, messages_until, on_both_engines, send};
use reqwest::Method;
use serde_json::{Value, json};

pub(crate) fn id(value: &Value) -> String {
    value["id"]
        .as_str()
        .unwrap_or_else(|| panic!("{value} has no id"))
        .to_owned()
}

/// A mesh with a room in which a bot has to ask before it posts.
pub(crate) struct Stage {
    pub(crate) mesh: Mesh,
    pub(crate) room: String,
    pub(crate) bot: String,
    /// The bot, over REST.
    pub(crate) client: Client,
}

impl Stage {
    pub(crate) async fn new(server: &TestServer) -> Self {
        let mesh = server.mesh("home").await;
        let room = id(&mesh.room("general").await);
        let body = json!({ "name": "Rob", "runtime": "external" });
        let bot = mesh.creator.post(&format!("/meshes/{}/bots", mesh.id), body).await;
        let bot = id(&bot.expect(201));
        let body = json!({ "bot_id": bot });
        mesh.creator
            .post(&format!("/rooms/{room}/bots"), body)
            .await
            .expect(201);
        let token = mesh
            .creator
            .post(&format!("/bots/{bot}/token/rotate"), json!({}))
            .await
            .expect(201);
        let client = server.with_token(token["token"].as_str().unwrap());
        let stage = Self {
            mesh,
            room,
            bot,
            client,
        };
        stage.grant("message.post", "ask", "*").await;
        stage.grant("approval.request", "allow", "*").await;
        stage
    }

    pub(crate) async fn grant(&self, permission: &str, effect: &str, on: &str) {
        let path = format!("/bots/{}/grants/{permission}", self.bot);
        let body = json!({ "effect": effect, "on": on });
        self.mesh.creator.put(&path, body).await.expect(200);
    }

    /// The bot posts, and has to wait; gives the approval's id.
    pub(crate) async fn held(&self, text: &str) -> String {
        let body = json!({ "text": text });
        let told = self.client.post(&format!("/rooms/{}/messages", self.room), body).await;
        let location = told.header("location").to_owned();
        let approval = told.expect(202)["approval_id"].as_str().unwrap().to_owned();
        assert_eq!(location, format!("/api/v1/approvals/{approval}"));
        approval
    }

    pub(crate) async fn approve(&self, approval: &str, body: Value) -> Value {
        let path = format!("/approvals/{approval}/approve");
        self.mesh.creator.post(&path, body).await.expect(200)
    }

    /// The words of all messages that somebody wrote, once there are so many; cards are the server's.
    pub(crate) async fn words(&self, count: usize) -> Vec<String> {
        let written = |message: &&Value| message["approval_id"].is_null();
        let all = messages_until(&self.mesh.creator, &self.room, |all| {
            all.iter().filter(written).count() >= count
        });
        let all = all.await;
        let words = all.iter().filter(written);
        words
            .map(|message| message["text"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(crate) async fn ask(&self, who: &Client, body: Value) -> mesh_tests::Response {
        who.post(&format!("/meshes/{}/approvals", self.mesh.id), body).await
    }
}

/// What the stream of somebody says of an approval, when it says it.
pub(crate) async fn told(live: &mut Live, kind: &str, approval: &str) -> Value {
    loop {
        let event = live.event(kind).await;
        if event["data"]["approval_id"] == approval {
            return event["data"].clone();
        }
    }
}

on_both_engines! {
    /// A bot's call waits, is let go, and is made as the bot's own.
    async fn a_call_waits_for_a_person(server) {
        let stage = Stage::new(server).await;
        let mut creator = Live::follow(server, &stage.mesh.creator).await;
        let mut robs = Live::follow(server, &stage.client).await;
        let approval = stage.held("May I?").await;
        let asked = told(&mut creator, "approval.requested", &approval).await;
        assert_eq!((&asked["operation"], &asked["room_id"]), (&json!("message.post"), &json!(stage.room)));
        assert_eq!(stage.words(0).await, Vec::<String>::new());

        let shown = stage.mesh.creator.get(&format!("/approvals/{approval}")).await.expect(200);
        assert_eq!(shown["held"]["input"]["text"], "May I?");
        assert_eq!((&shown["state"], &shown["requester"]["id"]), (&json!("pending"), &json!(stage.bot)));
        // The same call again is the same question.
        assert_eq!(stage.held("May I?").await, approval);

        assert_eq!(stage.approve(&approval, json!({})).await["state"], "approved");
        let decided = told(&mut robs, "approval.decided", &approval).await;
        assert_eq!((&decided["state"], &decided["status"]), (&json!("approved"), &json!(201)));
        assert_eq!(stage.words(1).await, ["May I?"]);
        let shown = stage.client.get(&format!("/approvals/{approval}")).await.expect(200);
        assert_eq!(shown["held"]["result"]["body"]["author"]["id"], json!(stage.bot));
        // What was decided stays decided.
        let path = format!("/approvals/{approval}/reject");
        let late = stage.mesh.creator.post(&path, json!({})).await.refused(409, "wrong_state");
        assert_eq!(late["state"], "approved");
        // It was let through once. The next one waits.
        assert_ne!(stage.held("May I?").await, approval);
    }

    /// A key names the call, also while it waits and after it was made.
    async fn a_keyed_call_is_asked_about_once(server) {
        let stage = Stage::new(server).await;
        let path = format!("/rooms/{}/messages", stage.room);
        let post = async || {
            let told = stage.client.post_keyed(&path, "k1", json!({ "text": "once" })).await.expect(202);
            told["approval_id"].as_str().unwrap().to_owned()
        };
        let approval = post().await;
        stage.approve(&approval, json!({})).await;
        stage.words(1).await;
        assert_eq!(post().await, approval);
        assert_eq!(stage.words(1).await, ["once"]);
    }

    /// A no goes back with its reason, and nothing is done.
    async fn a_no_is_a_no(server) {
        let stage = Stage::new(server).await;
        let mut robs = Live::follow(server, &stage.client).await;
        let approval = stage.held("Buy now").await;
        let path = format!("/approvals/{approval}/reject");
        let rejected = stage.mesh.creator.post(&path, json!({ "reason": "No advertising." })).await.expect(200);
        assert_eq!((&rejected["state"], &rejected["reason"]), (&json!("rejected"), &json!("No advertising.")));
        assert_eq!(told(&mut robs, "approval.decided", &approval).await["state"], "rejected");
        let shown = stage.client.get(&format!("/approvals/{approval}")).await.expect(200);
        assert_eq!((&shown["reason"], &shown["held"]["result"]), (&json!("No advertising."), &Value::Null));
        let path = format!("/approvals/{}/cancel", stage.held("Buy later").await);
        assert_eq!(stage.client.post(&path, json!({})).await.expect(200)["state"], "cancelled");
        assert_eq!(stage.words(0).await, Vec::<String>::new());
    }

    /// Only people who may decide do, and nobody for themselves.
    async fn who_decides(server) {
        let stage = Stage::new(server).await;
        let approval = stage.held("May I?").await;
        let path = format!("/approvals/{approval}");
        let approve = format!("{path}/approve");

        let member = server.person("member").await;
        stage.mesh.join(&member, "member").await;
        member.get(&path).await.refused(403, "forbidden");
        member.post(&approve, json!({})).await.refused(403, "forbidden");
        let told = stage.client.post(&approve, json!({})).await.refused(403, "forbidden");
        assert_eq!(told["reason"], "human_only");
        let stranger = server.person("stranger").await;
        stranger.get(&path).await.refused(404, "not_found");
        stranger.post(&approve, json!({})).await.refused(404, "not_found");

        let asked = stage.ask(&stage.mesh.creator, json!({ "question": "A new sofa?" })).await.expect(201);
        let own = format!("/approvals/{}/approve", id(&asked));
        stage.mesh.creator.post(&own, json!({})).await.refused(403, "forbidden");
        let admin = server.person("admin").await;
        stage.mesh.join(&admin, "admin").await;
        assert_eq!(admin.post(&own, json!({})).await.expect(200)["decided_by"]["id"], json!(admin.id));
        // Whoever did not ask takes nothing back.
        admin.post(&format!("{path}/cancel"), json!({})).await.refused(403, "forbidden");
        // `always` grants something, which a keeper of order may not.
        assert_eq!(admin.post(&approve, json!({ "scope": "always" })).await.expect(200)["scope"], "always");
    }

    /// What was let through for a room, or for good, is not asked about again.
    async fn for_this_room_and_for_good(server) {
        let stage = Stage::new(server).await;
        let other = id(&stage.mesh.room("other").await);
        let body = json!({ "bot_id": stage.bot });
        stage.mesh.creator.post(&format!("/rooms/{other}/bots"), body).await.expect(201);
        let approval = stage.held("one").await;
        stage.approve(&approval, json!({ "scope": "room" })).await;
        stage.words(1).await;
        let (here, there) = (format!("/rooms/{}/messages", stage.room), format!("/rooms/{other}/messages"));
        stage.client.post(&here, json!({ "text": "two" })).await.expect(201);
        let waits = stage.client.post(&there, json!({ "text": "three" })).await.expect(202);
        stage.approve(waits["approval_id"].as_str().unwrap(), json!({ "scope": "always" })).await;
        stage.client.post(&there, json!({ "text": "four" })).await.expect(201);
        let list = stage.mesh.creator.get(&format!("/bots/{}/grants", stage.bot)).await.expect(200);
        let decided = list["decided"].as_array().unwrap();
        let posting = decided.iter().filter(|grant| grant["permission"] == "message.post");
        assert!(posting.clone().all(|grant| grant["effect"] == "allow"), "{list}");
        assert_eq!(posting.count(), 2);
    }

    /// What was right when it was asked may be wrong when it is let go.
    async fn rights_are_looked_at_again(server) {
        let stage = Stage::new(server).await;
        let mut robs = Live::follow(server, &stage.client).await;
        let approval = stage.held("May I?").await;
        stage.grant("message.post", "deny", "*").await;
        stage.approve(&approval, json!({})).await;
        let decided = told(&mut robs, "approval.decided", &approval).await;
        assert_eq!((&decided["state"], &decided["status"]), (&json!("approved"), &json!(403)));
        let shown = stage.mesh.creator.get(&format!("/approvals/{approval}")).await.expect(200);
        assert_eq!(shown["held"]["result"]["body"]["code"], "forbidden", "{shown}");
        assert_eq!(stage.words(0).await, Vec::<String>::new());
    }

    /// Questions with answers to choose from, and calls that somebody holds on purpose.
    async fn questions(server) {
        let stage = Stage::new(server).await;
        let body = json!({ "question": "Which colour?", "choices": ["red", "green"], "room_id": stage.room });
        let asked = stage.ask(&stage.client, body).await.expect(201);
        let path = format!("/approvals/{}/approve", id(&asked));
        stage.mesh.creator.post(&path, json!({})).await.refused(422, "validation_failed");
        stage.mesh.creator.post(&path, json!({ "choice": "blue" })).await.refused(422, "validation_failed");
        let told = stage.mesh.creator.post(&path, json!({ "choice": "green", "scope": "always" })).await;
        told.refused(422, "validation_failed");
        let decided = stage.mesh.creator.post(&path, json!({ "choice": "green" })).await.expect(200);
        assert_eq!(decided["choice"], "green");

        let member = server.person("member").await;
        let seat = stage.mesh.join(&member, "member").await;
        let body = json!({ "room_id": stage.room });
        member.post(&format!("/rooms/{}/join", stage.room), body).await;
        let call = json!({ "room_id": stage.room, "text": "with permission" });
        let wish = json!({ "question": "", "operation": "message.post", "input": call });
        let asked = stage.ask(&member, wish.clone()).await.expect(201);
        assert_eq!((&asked["question"], &asked["room_id"]), (&json!("May I call `message.post`?"), &json!(stage.room)));
        stage.approve(&id(&asked), json!({})).await;
        assert_eq!(stage.words(1).await, ["with permission"]);
        // Nobody holds what they may not call.
        let wrong = json!({ "question": "", "operation": "mesh.update", "input": { "mesh_id": stage.mesh.id, "name": "mine" } });
        stage.ask(&member, wrong).await.refused(403, "forbidden");
        assert!(!seat.is_empty());
    }

    /// Wrong input says where it is wrong.
    async fn wrong_questions(server) {
        let stage = Stage::new(server).await;
        let elsewhere = server.mesh("elsewhere").await;
        let other = id(&elsewhere.room("other").await);
        for (body, at) in [
            (json!({ "question": " " }), "/question"),
            (json!({ "question": "x".repeat(2001) }), "/question"),
            (json!({ "question": "a\u{0}" }), "/question"),
            (json!({ "question": "?", "choices": ["one"] }), "/choices"),
            (json!({ "question": "?", "choices": ["one", "one"] }), "/choices"),
            (json!({ "question": "?", "choices": ["one", ""] }), "/choices"),
            (json!({ "question": "?", "room_id": other }), "/room_id"),
            (json!({ "question": "?", "expires_in_s": 59 }), "/expires_in_s"),
            (json!({ "question": "?", "operation": "no.such" }), "/operation"),
            (json!({ "question": "?", "operation": "message.list" }), "/operation"),
            (json!({ "question": "?", "operation": "file.upload" }), "/operation"),
            (json!({ "question": "?", "operation": "pat.create" }), "/operation"),
            (json!({ "question": "?", "operation": "message.post", "input": { "room_id": "no" } }), "/input/room_id"),
        ] {
            let told = stage.ask(&stage.mesh.creator, body.clone()).await.refused(422, "validation_failed");
            assert_eq!(told["errors"][0]["pointer"], at, "{body}: {told}");
        }
        let call = json!({ "room_id": other, "text": "x" });
        let wish = json!({ "question": "?", "operation": "message.post", "input": call });
        stage.ask(&stage.mesh.creator, wish).await.refused(404, "not_found");
    }

    /// A question has a time, and an end when that is over.
    async fn questions_expire(server) {
        let stage = Stage::new(server).await;
        let asked = stage.ask(&stage.client, json!({ "question": "Now?", "expires_in_s": 60 })).await.expect(201);
        let approval = id(&asked);
        let (now, settle) = (server.host.clock.now(), mesh_service::approval::settle);
        settle(&server.host, now.plus_seconds(58)).await.unwrap();
        let path = format!("/approvals/{approval}");
        assert_eq!(stage.client.get(&path).await.expect(200)["state"], "pending");
        settle(&server.host, now.plus_seconds(61)).await.unwrap();
        let late = stage.mesh.creator.post(&format!("{path}/approve"), json!({})).await.refused(409, "wrong_state");
        assert_eq!(late["state"], "expired");
        let shown = stage.client.get(&path).await.expect(200);
        assert_eq!((&shown["state"], &shown["decided_by"]), (&json!("expired"), &Value::Null));
    }

    /// A bot cannot bury people in questions.
    async fn a_flood_of_questions_ends(server) {
        let stage = Stage::new(server).await;
        let mut refused = None;
        for n in 0..=100 {
            let told = stage.ask(&stage.client, json!({ "question": format!("{n}?") })).await;
            if told.status != 201 {
                refused = Some((n, told));
                break;
            }
        }
        let (n, told) = refused.expect("a limit");
        assert_eq!(n, 100);
        told.refused(409, "limit_reached");
        let path = format!("/meshes/{}/approvals?mine=true&state=pending&limit=200", stage.mesh.id);
        assert_eq!(stage.client.get(&path).await.expect(200)["items"].as_array().unwrap().len(), 100);
    }

    /// Bots see what they asked; those who may decide see everything, page by page.
    async fn lists(server) {
        let stage = Stage::new(server).await;
        for n in 0..3 {
            stage.held(&format!("{n}")).await;
        }
        stage.ask(&stage.mesh.creator, json!({ "question": "A new sofa?" })).await.expect(201);
        let path = format!("/meshes/{}/approvals", stage.mesh.id);
        stage.client.get(&path).await.refused(403, "forbidden");
        let mine = stage.client.get(&format!("{path}?mine=true")).await.expect(200);
        assert_eq!(mine["items"].as_array().unwrap().len(), 3);
        let first = stage.mesh.creator.get(&format!("{path}?limit=3")).await.expect(200);
        assert_eq!(first["items"][0]["question"], "A new sofa?");
        let cursor = first["next_cursor"].as_str().unwrap();
        let rest = stage.mesh.creator.get(&format!("{path}?limit=3&cursor={cursor}")).await.expect(200);
        assert_eq!(rest["items"].as_array().unwrap().len(), 1);
        let none = stage.mesh.creator.get(&format!("{path}?state=approved")).await.expect(200);
        assert_eq!(none["items"], json!([]));
    }

    /// Every door says that it waits.
    async fn every_door_says_that_it_waits(server) {
        let stage = Stage::new(server).await;
        let mut live = Live::open(server, &stage.client).await;
        let input = json!({ "room_id": stage.room, "text": "over the socket" });
        live.send(json!({ "frame": "op", "id": 1, "op": "message.post", "input": input })).await;
        let result = live.until("result").await;
        assert_eq!(result["status"], 202, "{result}");
        let approval = result["data"]["approval_id"].as_str().unwrap();
        stage.client.get(&format!("/approvals/{approval}")).await.expect(200);

        let arguments = json!({ "room_id": stage.room, "text": "over MCP" });
        let params = json!({ "name": "message_post", "arguments": arguments });
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let request = stage.client.request(Method::POST, "//mcp");
        let request = request.header("accept", "application/json, text/event-stream").json(&message);
        let told = send(request).await.expect(200);
        assert!(told["result"]["structuredContent"]["approval_id"].is_string(), "{told}");
    }
}

/// What was let go is made even if the server ended in between.
#[tokio::test]
async fn what_was_let_go_is_made_after_a_restart() {
    use mesh_tests::Engine;
    let server = TestServer::start(Engine::Sqlite).await;
    let stage = Stage::new(&server).await;
    let approval = stage.held("May I?").await;
    stage.approve(&approval, json!({})).await;
    let server = server.restart().await;
    assert_eq!(stage.words(1).await, ["May I?"]);
    drop(server);
}
