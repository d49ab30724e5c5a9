//! What a bot may find.

use crate::world::{World, manifest};
use serde_json::{Value, json};

#[tokio::test]
async fn a_bot_finds_what_it_was_granted() {
    let world = World::new().await;
    let (bot, caller) = world.bot("finder").await;
    let mut rooms = Vec::new();
    for name in ["kitchen", "cellar"] {
        let fields = json!({ "mesh_id": world.mesh, "name": name, "join_rule": "private" });
        let room = world.ok("room.create", fields).await["id"].clone();
        world
            .ok("room_bot.add", json!({ "room_id": room, "bot_id": bot }))
            .await;
        let text = format!("apples in the {name}");
        world.ok("message.post", json!({ "room_id": room, "text": text })).await;
        rooms.push(room);
    }
    let version = world
        .upload(&bot, &manifest("", &[("message.read", "*", false)], ""), &[])
        .await;
    world.activate(&version).await.unwrap();
    let ask = json!({ "mesh_id": world.mesh, "q": "apples" });
    let refused = world.refused(&caller, "search.messages", ask.clone()).await;
    assert_eq!(refused.reason.map(mesh_authz::Reason::as_str), Some("grant"));
    let grant = |room: &Value, effect: &str| json!({ "bot_id": bot, "permission": "message.read", "on": room, "effect": effect });
    let found = async || {
        let page = world.call(&caller, "search.messages", ask.clone()).await.unwrap();
        let items = page["items"].as_array().unwrap().iter();
        let texts = items.map(|found| found["message"]["text"].as_str().unwrap().to_owned());
        texts.collect::<Vec<_>>()
    };
    world.ok("bot_grant.put", grant(&rooms[0], "allow")).await;
    assert_eq!(found().await, ["apples in the kitchen"]);
    world.ok("bot_grant.put", grant(&json!("*"), "allow")).await;
    assert_eq!(found().await, ["apples in the cellar", "apples in the kitchen"]);
    world.ok("bot_grant.put", grant(&rooms[1], "deny")).await;
    assert_eq!(found().await, ["apples in the kitchen"]);
}
