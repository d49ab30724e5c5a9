//! A mesh with one of everything, and an input for every operation on it.

use mesh_store::log::Stream;
use mesh_tests::{Mesh, PASSWORD, Person, TestServer, op, required_fields};
use mesh_types::{BotCallId, BotVersionId, RoomId};
use serde_json::{Map, Value, json};

/// Everybody who is needed, once per server, since accounts take time to make.
pub(crate) struct People {
    pub(crate) creator: Person,
    pub(crate) bob: Person,
    pub(crate) carl: Person,
    pub(crate) guest: Person,
    pub(crate) stranger: Person,
}

impl People {
    pub(crate) async fn new(server: &TestServer) -> Self {
        Self {
            creator: server.person("creator").await,
            bob: server.person("bob").await,
            carl: server.person("carl").await,
            guest: server.person("guest").await,
            stranger: server.person("stranger").await,
        }
    }
}

/// A mesh with one of everything: what its fields are called in inputs, with their values.
pub(crate) struct Scene {
    things: Map<String, Value>,
    /// The operation-wide values win over these.
    special: Vec<(&'static str, &'static str, Value)>,
}

fn id(value: &Value) -> Value {
    assert!(value["id"].is_string(), "{value}");
    value["id"].clone()
}

/// A question to people, the terms of a rule, and the rule.
async fn ask(people: &People, mesh: &Mesh) -> (Value, Value, Value) {
    let question = json!({ "mesh_id": mesh.id, "question": "Shall we?" });
    let approval = people.bob.call("approval.request", question).await.expect(201);
    let terms = json!({ "about": "message.delete" });
    let rule = json!({ "mesh_id": mesh.id, "rule": "careful", "terms": terms });
    let rule = mesh.creator.call("approval_rule.put", rule).await.expect(200);
    (approval, terms, rule)
}

/// A second session of this person.
async fn log_in(server: &TestServer, person: &Person) -> Value {
    let login = json!({ "email": person.email, "password": PASSWORD });
    server.anonymous().call("auth.login", login).await.expect(200)
}

/// Two devices that ask to be signed in: the user code is of one that waits, the device code of one that was approved.
async fn devices(server: &TestServer, approves: &Person) -> Value {
    let start = async || {
        let device = json!({ "name": "a device" });
        server.anonymous().call("device.start", device).await.expect(200)
    };
    let (waits, let_in) = (start().await, start().await);
    let decision = json!({ "user_code": let_in["user_code"], "decision": "approve" });
    approves.call("device.decide", decision).await.expect(204);
    json!({ "user_code": waits["user_code"], "device_code": let_in["device_code"], "decision": "approve" })
}

/// A bot that has one of everything; gives its timer.
async fn furnish(creator: &Person, bot: &Value, soon: &Value) -> Value {
    for (op, input) in [
        ("kv.put", json!({ "bot_id": bot, "key": "k" })),
        (
            "bot_secret.put",
            json!({ "bot_id": bot, "name": "Thing", "value": "unheard of" }),
        ),
        (
            "bot_grant.put",
            json!({ "bot_id": bot, "permission": "message.post", "effect": "allow" }),
        ),
    ] {
        creator.call(op, input).await.expect(200);
    }
    let timer = json!({ "bot_id": bot, "at": soon });
    creator.call("timer.create", timer).await.expect(201)
}

impl Scene {
    pub(crate) async fn new(server: &TestServer, people: &People, name: &str) -> Self {
        let creator = &people.creator;
        let mesh = creator.call("mesh.create", json!({ "name": name })).await.expect(201);
        let mesh = Mesh {
            id: id(&mesh).as_str().unwrap().to_owned(),
            creator: creator.clone(),
        };
        let bob = mesh.join(&people.bob, "member").await;
        let carl = mesh.join(&people.carl, "member").await;
        let guest = mesh.join(&people.guest, "guest").await;
        let room = id(&mesh.room("kitchen").await);
        for member in [&bob, &guest] {
            let place = json!({ "room_id": room, "member_id": member });
            creator.call("room_member.add", place).await.expect(201);
        }
        let hello = json!({ "room_id": room, "text": "hello", "actions": [{ "id": "yes", "label": "Yes" }] });
        let message = creator.call("message.post", hello).await.expect(201);
        let begun = json!({ "room_id": room, "text": "I am", "streaming": true });
        let begun = creator.call("message.post", begun).await.expect(201);
        let thread = id(&message).as_str().unwrap().replace("msg_", "thread_");
        let reply = json!({ "room_id": room, "text": "a reply", "thread_id": thread });
        creator.call("message.post", reply).await.expect(201);
        let bot = async |name: &str, runtime: &str| {
            let bot = json!({ "mesh_id": mesh.id, "name": name, "runtime": runtime });
            id(&creator.call("bot.create", bot).await.expect(201))
        };
        let (present, spare) = (bot("Present", "external").await, bot("Spare", "external").await);
        let component = bot("Component", "wasm").await;
        let place = json!({ "room_id": room, "bot_id": present });
        creator.call("room_bot.add", place).await.expect(201);
        let soon = serde_json::to_value(server.host.clock.now().plus_seconds(3600)).unwrap();
        let timer = furnish(creator, &present, &soon).await;
        let file = json!({ "room_id": room, "name": "notes.txt" });
        let file = creator.call("file.upload", file).await.expect(201);
        let picture = json!({ "member_id": bob });
        creator.call("avatar.put", picture).await.expect(200);
        let invite = json!({ "mesh_id": mesh.id });
        let invite = creator.call("invite.create", invite).await.expect(201);
        let token = json!({ "name": "t", "permissions": ["message.read"], "expires_at": soon });
        let token = creator.call("pat.create", token).await.expect(201);
        let session = log_in(server, creator).await;
        let devices = devices(server, creator).await;
        let sync = creator.call("event.sync", json!({})).await.expect(200);
        let (approval, terms, rule) = ask(people, &mesh).await;
        let things = json!({
            "approval_id": approval["id"], "timer_id": timer["id"], "question": "Or shall we not?", "action_id": "yes",
            "mesh_id": mesh.id, "room_id": room, "message_id": message["id"], "file_id": file["id"], "thread_id": thread,
            "bot_id": present, "member_id": bob, "invite_id": invite["invite"]["id"],
            "session_id": session["session_id"], "token_id": token["id"],
            "version_id": BotVersionId::new(server.host.ids.next()).to_string(),
            "text": "words", "q": "words", "name": "Thing", "emoji": "👍", "key": "k", "following": true, "role": "moderator",
            "room_role": "moderator", "permission": "message.post", "effect": "allow", "limits": {}, "config": {}, "value": "unheard of",
            "questions": [{ "permission": "message.post", "resource": room }], "permissions": ["message.read"], "expires_at": soon,
            "code": invite["code"], "presence": "away", "slug": "kitchen", "member_ids": [bob], "level": "mentions", "handle": "bob", "email": format!("{name}@example.net"), "password": PASSWORD,
            "refresh_token": session["refresh_token"], "cursor": sync["cursor"],
        });
        let things: Map<String, Value> = [things, devices]
            .iter()
            .filter_map(Value::as_object)
            .flat_map(Map::clone)
            .collect();
        for (field, value) in &things {
            assert!(!value.is_null(), "{field} is not where it was looked for");
        }
        let special = vec![
            ("auth.login", "email", creator.email.clone().into()),
            ("room_member.add", "member_id", carl.into()),
            ("room_bot.add", "bot_id", spare),
            ("bot_subscription.put", "bot_id", component),
            ("timer.create", "at", soon.clone()),
            ("autonomy.set", "level", "suggest".into()),
            ("bot_cursor.set", "at", soon),
            ("bot.call", "method", "weigh".into()),
            (
                "bot_call.answer",
                "call_id",
                BotCallId::new(server.host.ids.next()).to_string().into(),
            ),
            ("command.invoke", "name", "help".into()),
            ("message.append", "message_id", id(&begun)),
            ("message.append", "final", true.into()),
            ("message.edit", "text", "other words".into()),
            ("approval_rule.delete", "rule", rule["rule"].clone()),
            ("approval_rule.put", "rule", "another".into()),
            ("approval_rule.put", "terms", terms),
            ("approval.delegate", "person_id", json!(people.carl.id)),
            ("mcp.call", "jsonrpc", "2.0".into()),
            ("mcp.call", "method", "ping".into()),
        ];
        Self { things, special }
    }

    /// The streams of the room and of the bot.
    pub(crate) fn streams(&self) -> [Stream; 2] {
        [("room", "room_id"), ("bot", "bot_id")].map(|(kind, field)| {
            let id = self.things[field].as_str().expect("an id");
            format!("{kind}:{id}").parse().expect("a stream")
        })
    }

    /// The fields that an operation needs, with what is in the scene.
    pub(crate) fn input(&self, name: &str) -> Value {
        let field = |field: String| {
            let special = self.special.iter().find(|(op, of, _)| *op == name && *of == field);
            let value = special.map(|(.., value)| value).or_else(|| self.things.get(&field));
            let value = value.unwrap_or_else(|| panic!("the scene has no `{field}`, which {name} needs"));
            (field, value.clone())
        };
        let special = self.special.iter().filter(|(op, ..)| *op == name);
        required_fields(op(name))
            .into_iter()
            .chain(special.map(|(_, field, _)| (*field).to_owned()))
            .map(field)
            .collect::<Map<_, _>>()
            .into()
    }

    /// The same with ids that stand for nothing.
    pub(crate) fn random(&self, server: &TestServer, name: &str) -> Value {
        let mut input = self.input(name);
        for (field, value) in input.as_object_mut().into_iter().flatten() {
            let prefix = value.as_str().and_then(mesh_types::id::prefix_of).map(str::to_owned);
            if let (true, Some(prefix)) = (field.ends_with("_id"), prefix) {
                let any = RoomId::new(server.host.ids.next()).to_string();
                *value = any.replace("room_", &format!("{prefix}_")).into();
            }
        }
        input
    }
}
