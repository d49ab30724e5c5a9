//! What somebody has not read yet.

use crate::world::{Person, World, field};
use futures_util::future::{join, join_all};
use serde_json::{Value, json};

/// A private room of Ann's with Bob in it.
struct Scene {
    ann: Person,
    bob: Person,
    mesh: String,
    bobs: String,
    room: String,
}

async fn scene(world: &World) -> Scene {
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let mesh = world.mesh(&ann).await;
    let bobs = world.join(&mesh, &ann, &bob, "member").await;
    let room = world.room(&mesh, &ann, "kitchen", "private").await;
    world.add(&room, &ann, &bobs).await;
    Scene {
        ann,
        bob,
        mesh,
        bobs,
        room,
    }
}

impl Scene {
    async fn post(&self, world: &World, who: &Person, text: &str) -> String {
        let fields = json!({ "room_id": self.room, "text": text });
        field(&world.ok(who, "message.post", fields).await, "id")
    }

    /// Unread messages and mentions of somebody.
    async fn left(&self, world: &World, who: &Person) -> (u64, u64) {
        let page = world.ok(who, "read_state.list", json!({ "mesh_id": self.mesh })).await;
        let state = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|state| state["room_id"] == json!(self.room));
        let state = state.unwrap_or_else(|| panic!("no state of the room in {page}"));
        (state["unread"].as_u64().unwrap(), state["mentions"].as_u64().unwrap())
    }

    async fn read(&self, world: &World, who: &Person, message: &str) -> Value {
        let fields = json!({ "room_id": self.room, "message_id": message });
        world.ok(who, "read_state.set", fields).await
    }
}

on_both_engines! {
    async fn what_others_post_is_unread_until_it_is_read(world) {
        let scene = scene(world).await;
        let (ann, bob) = (&scene.ann, &scene.bob);
        let first = scene.post(world, ann, "one").await;
        scene.post(world, bob, "my own").await;
        let second = scene.post(world, ann, "hello @bob and @bob, not @ann").await;
        assert_eq!(scene.left(world, bob).await, (2, 1));
        assert_eq!(scene.left(world, ann).await, (1, 0));
        let state = scene.read(world, bob, &first).await;
        assert_eq!((&state["unread"], &state["mentions"]), (&json!(1), &json!(1)));
        scene.read(world, bob, &second).await;
        assert_eq!(scene.left(world, bob).await, (0, 0));
        let mine = format!("person:{}", bob.id());
        assert_eq!(world.newest(&mine, "read_state.changed").await["unread"], 0);
        // Reading the same again is no news, and to nobody else it is any.
        scene.read(world, bob, &second).await;
        assert_eq!(world.times(&mine, "read_state.changed").await, 2);
        assert_eq!(world.times(&format!("person:{}", ann.id()), "read_state.changed").await, 0);
        // Back to before the first.
        let fields = json!({ "room_id": scene.room, "message_id": first, "unread": true });
        let state = world.ok(bob, "read_state.set", fields).await;
        assert_eq!((&state["unread"], &state["mentions"]), (&json!(2), &json!(1)));
        let room = world.ok(bob, "room.get", json!({ "room_id": scene.room })).await;
        assert_eq!(room["read_seq"], state["read_seq"]);
        // Who comes later has read what was there.
        let cat = world.person("cat").await;
        let cats = world.join(&scene.mesh, ann, &cat, "member").await;
        world.add(&scene.room, ann, &cats).await;
        assert_eq!(scene.left(world, &cat).await, (0, 0));
    }

    async fn edits_and_deletes_keep_the_counts_right(world) {
        let scene = scene(world).await;
        let (ann, bob) = (&scene.ann, &scene.bob);
        let message = scene.post(world, ann, "hello").await;
        let other = scene.post(world, ann, "again @bob").await;
        assert_eq!(scene.left(world, bob).await, (2, 1));
        for (text, mentions) in [("hello @bob", 2), ("hello @bob!", 2), ("hello", 1), ("`@bob`", 1), ("@bob", 2)] {
            world.ok(ann, "message.edit", json!({ "message_id": message, "text": text })).await;
            assert_eq!(scene.left(world, bob).await, (2, mentions), "{text}");
        }
        for (gone, left) in [(&message, (1, 1)), (&other, (0, 0))] {
            world.ok(ann, "message.delete", json!({ "message_id": gone })).await;
            assert_eq!(scene.left(world, bob).await, left);
        }
        // Nor does a read one come back when it is deleted.
        let read = scene.post(world, ann, "@bob").await;
        let unread = scene.post(world, ann, "@bob").await;
        scene.read(world, bob, &read).await;
        world.ok(ann, "message.delete", json!({ "message_id": read })).await;
        assert_eq!(scene.left(world, bob).await, (1, 1));
        scene.read(world, bob, &unread).await;
        assert_eq!(scene.left(world, bob).await, (0, 0));
    }

    /// Editing a message that is being edited or deleted leaves what the last one said, and its mentions.
    async fn edits_that_meet_leave_the_mentions_of_the_last(world) {
        let scene = scene(world).await;
        let ann = &scene.ann;
        for _ in 0..8 {
            let message = scene.post(world, ann, "hello").await;
            let edit = |text: String| {
                let fields = json!({ "message_id": message, "text": text });
                world.call(&ann.caller, "message.edit", fields)
            };
            let answers = join_all((0..6).map(|n| edit(if n % 2 == 0 { format!("@bob {n}") } else { format!("{n}") }))).await;
            for answer in answers {
                answer.unwrap();
            }
            let now = world.ok(ann, "message.get", json!({ "message_id": message })).await;
            assert_eq!(now["revision"], 7);
            let named = u64::from(field(&now, "text").contains("@bob"));
            assert_eq!(scene.left(world, &scene.bob).await, (1, named), "{now}");
            let gone = json!({ "message_id": message });
            let (deleted, _) = join(world.call(&ann.caller, "message.delete", gone.clone()), edit("@bob".into())).await;
            deleted.unwrap();
            let now = world.ok(ann, "message.get", gone).await;
            assert_eq!((&now["text"], &now["redacted"]), (&json!(""), &json!(true)));
            assert_eq!(scene.left(world, &scene.bob).await, (0, 0));
        }
    }

    async fn followed_threads_count_their_replies(world) {
        let scene = scene(world).await;
        let (ann, bob) = (&scene.ann, &scene.bob);
        let root = scene.post(world, bob, "root").await;
        let thread = root.replace("msg_", "thread_");
        let reply = |text: &str| json!({ "room_id": scene.room, "thread_id": thread, "text": text });
        world.ok(ann, "message.post", reply("one")).await;
        let threads = async || {
            let page = world.ok(bob, "read_state.list", json!({ "mesh_id": scene.mesh })).await;
            page["items"][0]["threads"].clone()
        };
        assert_eq!(threads().await, json!([]));
        world.ok(bob, "thread.follow", json!({ "thread_id": thread, "following": true })).await;
        let last = world.ok(ann, "message.post", reply("two @bob")).await;
        world.ok(bob, "message.post", reply("mine")).await;
        assert_eq!(threads().await, json!([{ "thread_id": thread, "unread": 2, "mentions": 1 }]));
        assert_eq!(scene.left(world, bob).await, (2, 1));
        scene.read(world, bob, &field(&last, "id")).await;
        assert_eq!(threads().await, json!([]));
    }

    async fn only_those_in_a_room_keep_a_read_state(world) {
        let scene = scene(world).await;
        let (cat, eve) = (world.person("cat").await, world.person("eve").await);
        world.join(&scene.mesh, &scene.ann, &cat, "member").await;
        let message = scene.post(world, &scene.ann, "hello").await;
        let open = world.room(&scene.mesh, &scene.ann, "open", "public").await;
        let there = field(&world.ok(&scene.ann, "message.post", json!({ "room_id": open, "text": "x" })).await, "id");
        let set = |room: &str, message: &str| json!({ "room_id": room, "message_id": message });
        let level = |room: &str| json!({ "room_id": room, "level": "none" });
        assert_eq!(world.refused(&cat, "read_state.set", set(&open, &there)).await, ("forbidden", Some("room_role")));
        assert_eq!(world.refused(&cat, "room_notify.set", level(&open)).await, ("forbidden", Some("room_role")));
        for who in [&cat, &eve] {
            assert_eq!(world.refused(who, "read_state.set", set(&scene.room, &message)).await.0, "not_found");
            assert_eq!(world.refused(who, "room_notify.set", level(&scene.room)).await.0, "not_found");
        }
        assert_eq!(world.refused(&eve, "read_state.list", json!({ "mesh_id": scene.mesh })).await.0, "not_found");
        assert_eq!(world.ok(&cat, "read_state.list", json!({ "mesh_id": scene.mesh })).await["items"], json!([]));
        // A message of another room says nothing about this one.
        assert_eq!(world.refused(&scene.bob, "read_state.set", set(&scene.room, &there)).await.0, "validation_failed");
        assert_eq!(world.refused(&scene.bob, "room_notify.set", json!({ "room_id": scene.room, "level": "loud" })).await.0, "validation_failed");
        // Rooms that are gone are not listed, nor those one left.
        let page = json!({ "mesh_id": scene.mesh, "limit": 1 });
        let first = world.ok(&scene.ann, "read_state.list", page.clone()).await;
        assert!(first["next_cursor"].is_string());
        world.ok(&scene.bob, "room.leave", json!({ "room_id": scene.room })).await;
        assert_eq!(world.ok(&scene.bob, "read_state.list", page.clone()).await["items"], json!([]));
        world.matched(&scene.ann, &json!(1), "room.delete", json!({ "room_id": open })).await.unwrap();
        assert_eq!(world.ok(&scene.ann, "read_state.list", page).await["next_cursor"], Value::Null);
        assert!(!scene.bobs.is_empty());
    }

    async fn levels_are_ones_own(world) {
        let scene = scene(world).await;
        let (ann, bob) = (&scene.ann, &scene.bob);
        let until = world.host.clock.now().plus_seconds(3600);
        let set = json!({ "room_id": scene.room, "level": "mentions", "muted_until": until });
        for _ in 0..2 {
            let state = world.ok(bob, "room_notify.set", set.clone()).await;
            assert_eq!((&state["level"], &state["muted_until"]), (&json!("mentions"), &json!(until)));
        }
        let mine = format!("person:{}", bob.id());
        assert_eq!(world.times(&mine, "personal.changed").await, 1);
        assert_eq!(world.newest(&mine, "personal.changed").await["what"], "levels");
        let page = world.ok(ann, "read_state.list", json!({ "mesh_id": scene.mesh })).await;
        assert_eq!(page["items"][0]["level"], "all");
        let state = world.ok(bob, "room_notify.set", json!({ "room_id": scene.room, "level": "all" })).await;
        assert_eq!(state["muted_until"], Value::Null);
    }

    /// A device that acknowledges late does not take back what another did.
    async fn positions_only_move_on(world) {
        let scene = scene(world).await;
        let (ann, bob) = (&scene.ann, &scene.bob);
        let start = world.ok(bob, "event.sync", json!({})).await;
        assert_eq!(start["acked_cursor"], Value::Null);
        scene.post(world, ann, "one").await;
        let since = |cursor: &Value| json!({ "cursor": cursor });
        let later = world.ok(bob, "event.sync", since(&start["cursor"])).await;
        assert_eq!(later["acked_cursor"], Value::Null);
        let (one, two) = join(
            world.call(&bob.caller, "event.ack", since(&later["cursor"])),
            world.call(&bob.caller, "event.ack", since(&start["cursor"])),
        )
        .await;
        one.unwrap();
        two.unwrap();
        let again = world.ok(bob, "event.ack", since(&start["cursor"])).await;
        assert_eq!(again["cursor"], later["cursor"]);
        scene.post(world, ann, "two").await;
        let back = world.ok(bob, "event.sync", json!({})).await;
        let missed = world.ok(bob, "event.sync", since(&back["acked_cursor"])).await;
        let texts: Vec<_> = missed["events"].as_array().unwrap().iter().map(|event| &event["data"]["text"]).collect();
        assert_eq!(texts, ["two"]);
        // Streams of others are passed over, and what has not happened yet is refused.
        let cat = world.person("cat").await;
        let cats = world.ok(&cat, "event.ack", since(&later["cursor"])).await;
        assert_eq!(world.ok(&cat, "event.sync", json!({})).await["acked_cursor"], Value::Null);
        assert_eq!(cats["cursor"], later["cursor"]);
        let far = base64_of(&json!({ format!("room:{}", scene.room): 999 }));
        assert_eq!(world.refused(bob, "event.ack", json!({ "cursor": far })).await.0, "cursor_expired");
        assert_eq!(world.refused(bob, "event.ack", json!({ "cursor": "?" })).await.0, "invalid_cursor");
    }
}

/// A cursor as the server packs it.
fn base64_of(positions: &Value) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.encode(positions.to_string())
}
