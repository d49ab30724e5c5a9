//! Messages that a room keeps in view.

use crate::world::{Person, World, field};
use futures_util::future::join_all;
use serde_json::{Value, json};

/// A private room of Ann's with Bob, and its first message, by Bob.
struct Scene {
    ann: Person,
    bob: Person,
    mesh: String,
    bobs: String,
    room: String,
    message: String,
}

async fn scene(world: &World) -> Scene {
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let mesh = world.mesh(&ann).await;
    let bobs = world.join(&mesh, &ann, &bob, "member").await;
    let room = world.room(&mesh, &ann, "kitchen", "private").await;
    world.add(&room, &ann, &bobs).await;
    let message = post(world, &bob, &room).await;
    Scene {
        ann,
        bob,
        mesh,
        bobs,
        room,
        message,
    }
}

async fn post(world: &World, who: &Person, room: &str) -> String {
    field(
        &world
            .ok(who, "message.post", json!({ "room_id": room, "text": "hello" }))
            .await,
        "id",
    )
}

async fn pinned(world: &World, who: &Person, room: &str) -> Vec<String> {
    let pins = world.ok(who, "pin.list", json!({ "room_id": room })).await;
    let items = pins["items"].as_array().unwrap().iter();
    items.map(|pin| field(&pin["message"], "id")).collect()
}

fn of(message: &str) -> Value {
    json!({ "message_id": message })
}

on_both_engines! {
    async fn a_pin_is_seen_by_all_until_it_is_removed(world) {
        let scene = scene(world).await;
        let Scene { ann, bob, room, message, .. } = &scene;
        let stream = format!("room:{room}");
        for who in [bob, ann] {
            world.ok(who, "pin.add", of(message)).await;
        }
        assert_eq!(world.times(&stream, "pin.added").await, 1);
        assert_eq!(world.newest(&stream, "pin.added").await, json!({ "room_id": room, "message_id": message }));
        let second = post(world, ann, room).await;
        world.ok(bob, "pin.add", of(&second)).await;
        assert_eq!(pinned(world, ann, room).await, [second.clone(), message.clone()]);
        let pins = world.ok(ann, "pin.list", json!({ "room_id": room })).await;
        assert_eq!((&pins["items"][1]["pinned_by"], &pins["items"][1]["message"]["text"]), (&json!(bob.id()), &json!("hello")));
        // Whoever may pin may take the pins of others away.
        for _ in 0..2 {
            world.ok(bob, "pin.remove", of(&second)).await;
        }
        assert_eq!(world.times(&stream, "pin.removed").await, 1);
        assert_eq!(pinned(world, bob, room).await, [message.as_str()]);
    }

    async fn not_everybody_pins(world) {
        let scene = scene(world).await;
        let (gus, eve, cat) = (world.person("gus").await, world.person("eve").await, world.person("cat").await);
        let guest = world.join(&scene.mesh, &scene.ann, &gus, "guest").await;
        world.join(&scene.mesh, &scene.ann, &cat, "member").await;
        world.add(&scene.room, &scene.ann, &guest).await;
        for op in ["pin.add", "pin.remove"] {
            assert_eq!(world.refused(&gus, op, of(&scene.message)).await, ("forbidden", Some("role")), "{op}");
            for who in [&eve, &cat] {
                assert_eq!(world.refused(who, op, of(&scene.message)).await.0, "not_found", "{op}");
            }
        }
        let here = json!({ "room_id": scene.room });
        world.ok(&gus, "pin.list", here.clone()).await;
        assert_eq!(world.refused(&eve, "pin.list", here.clone()).await.0, "not_found");
        let reader = json!({ "room_id": scene.room, "member_id": scene.bobs, "room_role": "read_only" });
        world.ok(&scene.ann, "room_member.set_role", reader).await;
        assert_eq!(world.refused(&scene.bob, "pin.add", of(&scene.message)).await, ("forbidden", Some("room_role")));
        world.ok(&scene.ann, "room.archive", here).await;
        for op in ["pin.add", "pin.remove"] {
            assert_eq!(world.refused(&scene.ann, op, of(&scene.message)).await.0, "wrong_state", "{op}");
        }
    }

    async fn a_deleted_message_is_pinned_no_more(world) {
        let scene = scene(world).await;
        world.ok(&scene.bob, "pin.add", of(&scene.message)).await;
        world.ok(&scene.bob, "message.delete", of(&scene.message)).await;
        assert!(pinned(world, &scene.ann, &scene.room).await.is_empty());
        assert_eq!(world.refused(&scene.ann, "pin.add", of(&scene.message)).await.0, "wrong_state");
    }

    /// However many pin at once: one event a message, and no more messages than a room may have.
    async fn pins_are_counted_one_by_one(world) {
        let scene = scene(world).await;
        let ann = &scene.ann.caller;
        let pin = |message: String| async move { world.call(ann, "pin.add", of(&message)).await };
        let pin = &pin;
        let answers = join_all((0..5).map(|_| pin(scene.message.clone()))).await;
        assert!(answers.iter().all(Result::is_ok));
        assert_eq!(world.times(&format!("room:{}", scene.room), "pin.added").await, 1);
        let mut messages = Vec::new();
        for _ in 0..53 {
            messages.push(post(world, &scene.bob, &scene.room).await);
        }
        let last = messages.split_off(47);
        for message in messages {
            pin(message).await.unwrap();
        }
        // 48 are pinned, and six people want to pin two more.
        let answers = join_all(last.iter().cloned().map(pin)).await;
        let refused: Vec<_> = answers.into_iter().filter_map(Result::err).map(|error| error.code.as_str()).collect();
        assert_eq!(refused, ["limit_reached"; 4]);
        assert_eq!(pinned(world, &scene.bob, &scene.room).await.len(), 50);
    }
}
