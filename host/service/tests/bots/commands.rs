//! Slash commands: whose there are in a room, and what comes of them.

use crate::world::{World, id_of, manifest};
use mesh_authz::Caller;
use mesh_service::event::next_for_bot;
use mesh_store::log::Stream;
use mesh_types::{ActorId, BotId};
use serde_json::{Value, json};

const DEPLOY: &str = r#"
[[commands]]
name = "deploy"
description = "Deploys."
arguments = { type = "object", required = ["where"], properties = { where = { type = "string" } } }
"#;

async fn room(world: &World, name: &str) -> Value {
    let fields = json!({ "mesh_id": world.mesh, "name": name, "join_rule": "private" });
    let room = world.ok("room.create", fields).await["id"].clone();
    let members = world.ok("member.list", json!({ "mesh_id": world.mesh })).await;
    let members = members["items"].as_array().unwrap();
    let ben = members.iter().find(|member| member["handle"] == "ben").unwrap();
    world
        .ok("room_member.add", json!({ "room_id": room, "member_id": ben["id"] }))
        .await;
    room
}

/// A bot that runs in a room, with this in its manifest.
async fn bot(world: &World, room: &Value, name: &str, rest: &str) -> (String, Caller) {
    let (bot, caller) = world.bot(name).await;
    let version = world.upload(&bot, &manifest(name, &[], rest), &[]).await;
    world.activate(&version).await.unwrap();
    world.ok("bot.start", json!({ "bot_id": bot })).await;
    let fields = json!({ "room_id": room, "bot_id": bot, "hears": "commands" });
    world.ok("room_bot.add", fields).await;
    (bot, caller)
}

async fn names(world: &World, who: &Caller, room: &Value) -> Vec<String> {
    let list = world
        .call(who, "command.list", json!({ "room_id": room }))
        .await
        .unwrap();
    let items = list["items"].as_array().unwrap().iter();
    items.map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

fn command(room: &Value, name: &str, text: &str) -> Value {
    json!({ "room_id": room, "name": name, "text": text })
}

/// What a bot is told of its commands.
async fn told(world: &World, bot: &str) -> Vec<Value> {
    let bot: BotId = bot.parse().unwrap();
    let stream = Stream::Actor(ActorId::Bot(bot));
    let found = next_for_bot(&world.host, (bot, world.mesh), stream, 0, 200)
        .await
        .unwrap();
    let events = found.into_iter().filter_map(|delivery| delivery.event);
    events
        .filter(|event| event.kind == "command.invoked")
        .map(|event| event.data)
        .collect()
}

#[tokio::test]
async fn a_room_has_the_commands_of_its_running_bots() {
    let world = World::new().await;
    let room = room(&world, "kitchen").await;
    assert_eq!(
        names(&world, &world.creator, &room).await,
        ["help", "invite", "leave", "me", "topic"]
    );
    // The room is not Ben's, so what it is for is not his to say.
    assert_eq!(
        names(&world, &world.member, &room).await,
        ["help", "invite", "leave", "me"]
    );
    let (first, _) = bot(&world, &room, "one", DEPLOY).await;
    let list = world.ok("command.list", json!({ "room_id": room })).await;
    let deploy = &list["items"][0];
    assert_eq!(deploy["name"], "deploy");
    assert_eq!(deploy["bot"]["id"], first.as_str());
    assert_eq!(deploy["arguments"]["required"], json!(["where"]));
    // Two of the same name, and one that is called like the server's.
    let (second, _) = bot(
        &world,
        &room,
        "two",
        &format!("{DEPLOY}[[commands]]\nname = \"help\"\n"),
    )
    .await;
    let all = [
        "help",
        "invite",
        "leave",
        "me",
        "one:deploy",
        "topic",
        "two:deploy",
        "two:help",
    ];
    assert_eq!(names(&world, &world.creator, &room).await, all);
    world.ok("bot.stop", json!({ "bot_id": first })).await;
    assert!(names(&world, &world.creator, &room).await.contains(&"deploy".into()));
    let fields = json!({ "room_id": room, "bot_id": second });
    world.ok("room_bot.remove", fields).await;
    assert_eq!(
        names(&world, &world.creator, &room).await,
        ["help", "invite", "leave", "me", "topic"]
    );
}

#[tokio::test]
async fn a_bot_is_told_of_its_commands() {
    let world = World::new().await;
    let room = room(&world, "kitchen").await;
    let (one, _) = bot(&world, &room, "one", DEPLOY).await;
    let call = json!({ "room_id": room, "name": "deploy", "text": "to prod", "arguments": { "where": "prod" } });
    let answer = world.call(&world.member, "command.invoke", call).await.unwrap();
    assert_eq!(
        (&answer["kind"], &answer["text"]),
        (&json!("sent"), &json!("one was told."))
    );
    let told_one = told(&world, &one).await;
    let expected = json!({
        "command": "deploy", "text": "to prod", "arguments": { "where": "prod" }, "room_id": room, "hops": 0,
        "who": { "id": id_of(&world.member), "kind": "person", "name": "ben" }, "reply_handle": answer["reply_handle"],
    });
    assert_eq!(told_one, [expected]);
    // What was typed is not in the log.
    let mut view = world.host.store.view().await.unwrap();
    let stream: Stream = format!("bot:{one}").parse().unwrap();
    let entries = mesh_store::log::after(&mut view.tx(), stream, 0, 200).await.unwrap();
    drop(view);
    let invoked = entries.iter().find(|entry| entry.kind == "command.invoked").unwrap();
    assert!(!invoked.data.contains("prod"), "{}", invoked.data);
    let wrong = json!({ "room_id": room, "name": "deploy", "arguments": { "where": 1 } });
    assert_eq!(
        world
            .refused(&world.member, "command.invoke", wrong)
            .await
            .code
            .as_str(),
        "validation_failed"
    );
    let (two, _) = bot(&world, &room, "two", DEPLOY).await;
    let refused = world
        .refused(&world.member, "command.invoke", command(&room, "deploy", ""))
        .await;
    assert_eq!(refused.code.as_str(), "validation_failed", "two bots have it");
    world
        .call(&world.member, "command.invoke", command(&room, "/two:deploy", "x"))
        .await
        .unwrap();
    assert_eq!((told(&world, &one).await.len(), told(&world, &two).await.len()), (1, 1));
    let refused = world
        .refused(&world.member, "command.invoke", command(&room, "destroy", ""))
        .await;
    assert_eq!(refused.code.as_str(), "not_found");
    // A bot that was taken out of the room does not hear what was said to it there.
    world
        .ok("room_bot.remove", json!({ "room_id": room, "bot_id": two }))
        .await;
    assert_eq!(told(&world, &two).await, [Value::Null; 0]);
    world.ok("room.archive", json!({ "room_id": room })).await;
    let refused = world
        .refused(&world.member, "command.invoke", command(&room, "one:deploy", ""))
        .await;
    assert_eq!(refused.code.as_str(), "wrong_state");
}

#[tokio::test]
async fn bots_command_those_who_hear_bots() {
    let world = World::new().await;
    let room = room(&world, "kitchen").await;
    let asks = "[[capabilities]]\npermission = \"command.invoke\"\non = \"*\"\n";
    let (boss, caller) = bot(&world, &room, "boss", &format!("{DEPLOY}{asks}")).await;
    bot(&world, &room, "deaf", "[[commands]]\nname = \"sing\"\n").await;
    let (hearing, _) = bot(
        &world,
        &room,
        "hearing",
        "[events]\nfrom_bots = true\n[[commands]]\nname = \"dance\"\n",
    )
    .await;
    let refused = world
        .refused(&caller, "command.invoke", command(&room, "dance", ""))
        .await;
    assert_eq!(refused.reason.map(mesh_authz::Reason::as_str), Some("grant"));
    world.grant(&boss, "command.invoke", "allow").await;
    let seen = names(&world, &caller, &room).await;
    assert!(
        seen.contains(&"dance".into()) && !seen.contains(&"sing".into()) && !seen.contains(&"deploy".into()),
        "{seen:?}"
    );
    world
        .call(&caller, "command.invoke", command(&room, "dance", ""))
        .await
        .unwrap();
    assert_eq!(told(&world, &hearing).await.len(), 1);
    for name in ["sing", "deploy"] {
        let refused = world.refused(&caller, "command.invoke", command(&room, name, "")).await;
        assert_eq!(refused.code.as_str(), "not_found", "{name}");
    }
}

#[tokio::test]
async fn the_servers_commands_do_what_operations_do() {
    let world = World::new().await;
    let kitchen = room(&world, "kitchen").await;
    let help = world
        .call(&world.member, "command.invoke", command(&kitchen, "help", ""))
        .await
        .unwrap();
    assert!(
        help["text"].as_str().unwrap().contains("/me: Says what you are doing."),
        "{help}"
    );
    let posted = world
        .call(&world.member, "command.invoke", command(&kitchen, "me", " waves "))
        .await
        .unwrap();
    assert_eq!(
        (&posted["kind"], &posted["message"]["text"]),
        (&json!("message"), &json!("_waves_"))
    );
    let message = json!({ "message_id": posted["message"]["id"] });
    let read = world.ok("message.get", message).await;
    assert_eq!(read["author"]["name"], "ben");
    // Each needs what its operation needs.
    let refused = world
        .refused(&world.member, "command.invoke", command(&kitchen, "topic", "food"))
        .await;
    assert_eq!(refused.code.as_str(), "forbidden");
    world.ok("command.invoke", command(&kitchen, "topic", "food")).await;
    assert_eq!(
        world.ok("room.get", json!({ "room_id": kitchen })).await["purpose"],
        "food"
    );
    let fields = json!({ "mesh_id": world.mesh, "name": "cellar", "join_rule": "private" });
    let cellar = world.ok("room.create", fields).await["id"].clone();
    let refused = world
        .refused(&world.member, "command.invoke", command(&cellar, "me", "hides"))
        .await;
    assert_eq!(refused.code.as_str(), "not_found");
    let refused = world
        .refused(&world.creator, "command.invoke", command(&cellar, "invite", "@nobody"))
        .await;
    assert_eq!(refused.code.as_str(), "validation_failed");
    world.ok("command.invoke", command(&cellar, "invite", "@Ben")).await;
    world
        .call(&world.member, "command.invoke", command(&cellar, "leave", ""))
        .await
        .unwrap();
    let refused = world
        .refused(&world.member, "command.invoke", command(&cellar, "help", ""))
        .await;
    assert_eq!(refused.code.as_str(), "not_found");
    world.ok("room.archive", json!({ "room_id": kitchen })).await;
    let refused = world
        .refused(&world.member, "command.invoke", command(&kitchen, "me", "waves"))
        .await;
    assert_eq!(refused.code.as_str(), "wrong_state");
}

#[tokio::test]
async fn manifests_declare_commands_that_can_be_called() {
    let world = World::new().await;
    let (bot, _) = world.bot("x").await;
    let many: Vec<_> = (0..51).map(|n| format!("[[commands]]\nname = \"c{n}\"\n")).collect();
    let many = many.concat();
    for wrong in [
        "[[commands]]\nname = \"\"\n",
        "[[commands]]\nname = \"Deploy\"\n",
        "[[commands]]\nname = \"a:b\"\n",
        "[[commands]]\nname = \"a\"\n[[commands]]\nname = \"a\"\n",
        "[[commands]]\nname = \"a\"\nacts_for = \"invoker\"\n",
        "[[commands]]\nname = \"a\"\narguments = { type = 1 }\n",
        "[[commands]]\nname = \"a\"\nsurprise = 1\n",
        &many,
    ] {
        let refused = world
            .try_upload(&bot, Some(&manifest("", &[], wrong)), &[])
            .await
            .unwrap_err();
        assert_eq!(refused.code.as_str(), "manifest_invalid", "{wrong}");
    }
    // The mesh hears which commands come and go.
    let first = world
        .upload(
            &bot,
            &manifest("", &[], "[[commands]]\nname = \"a\"\n[[commands]]\nname = \"b\"\n"),
            &[],
        )
        .await;
    let second = world
        .upload(
            &bot,
            &manifest("", &[], "[[commands]]\nname = \"b\"\n[[commands]]\nname = \"c\"\n"),
            &[],
        )
        .await;
    for version in [&first, &second] {
        world.activate(version).await.unwrap();
    }
    let stream: Stream = format!("mesh:{}", world.mesh).parse().unwrap();
    let mut view = world.host.store.view().await.unwrap();
    let entries = mesh_store::log::after(&mut view.tx(), stream, 0, 200).await.unwrap();
    let changed = entries.iter().filter(|entry| entry.kind == "command.changed");
    let changed: Vec<Value> = changed
        .map(|entry| serde_json::from_str(&entry.data).unwrap())
        .collect();
    assert_eq!(
        changed,
        [
            json!({ "bot_id": bot, "added": ["a", "b"], "removed": [] }),
            json!({ "bot_id": bot, "added": ["c"], "removed": ["a"] }),
        ]
    );
}
