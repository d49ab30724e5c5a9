//! The inbox: who is told of a message by name.

use crate::world::{Person, World, field};
use futures_util::future::{join, join_all};
use serde_json::{Value, json};

/// A private room of Ann's with Bob and Cat in it.
struct Scene {
    ann: Person,
    bob: Person,
    cat: Person,
    mesh: String,
    bobs: String,
    room: String,
}

async fn scene(world: &World) -> Scene {
    let (ann, bob, cat) = (
        world.person("ann").await,
        world.person("bob").await,
        world.person("cat").await,
    );
    let mesh = world.mesh(&ann).await;
    let bobs = world.join(&mesh, &ann, &bob, "member").await;
    let cats = world.join(&mesh, &ann, &cat, "member").await;
    let room = world.room(&mesh, &ann, "kitchen", "private").await;
    world.add(&room, &ann, &bobs).await;
    world.add(&room, &ann, &cats).await;
    Scene {
        ann,
        bob,
        cat,
        mesh,
        bobs,
        room,
    }
}

impl Scene {
    async fn post(&self, world: &World, who: &Person, mut fields: Value) -> String {
        fields["room_id"] = json!(self.room);
        field(&world.ok(who, "message.post", fields).await, "id")
    }
}

/// Kinds and messages of somebody's inbox, newest first.
async fn inbox(world: &World, who: &Person, fields: Value) -> Vec<(String, String)> {
    let page = world.ok(who, "notification.list", fields).await;
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|one| (field(one, "kind"), field(one, "message_id")))
        .collect()
}

async fn all(world: &World, who: &Person) -> Vec<(String, String)> {
    inbox(world, who, json!({})).await
}

fn told(kind: &str, message: &str) -> (String, String) {
    (kind.into(), message.into())
}

on_both_engines! {
    async fn whoever_is_mentioned_or_answered_is_told(world) {
        let scene = scene(world).await;
        let Scene { ann, bob, cat, .. } = &scene;
        let root = scene.post(world, bob, json!({ "text": "a question" })).await;
        let named = scene.post(world, ann, json!({ "text": "@bob @bob @ann @nobody" })).await;
        let answer = scene.post(world, ann, json!({ "text": "an answer", "reply_to": root })).await;
        let thread = root.replace("msg_", "thread_");
        let reply = |text: &str| json!({ "text": text, "thread_id": thread });
        let in_thread = scene.post(world, cat, reply("me too")).await;
        let own = scene.post(world, bob, reply("thanks @bob")).await;
        assert!(!own.is_empty());
        // Both named and answered is one notification.
        let both = scene.post(world, cat, json!({ "text": "@bob yes", "reply_to": root })).await;
        let expected = [
            told("mention", &both),
            told("reply", &in_thread),
            told("reply", &answer),
            told("mention", &named),
        ];
        assert_eq!(all(world, bob).await, expected);
        assert_eq!(all(world, ann).await, []);
        assert_eq!(all(world, cat).await, []);
        let mine = format!("person:{}", bob.id());
        assert_eq!(world.times(&mine, "notification.created").await, 4);
        let page = world.ok(bob, "notification.list", json!({ "limit": 1 })).await;
        assert_eq!(world.newest(&mine, "notification.created").await, page["items"][0]);
        assert_eq!(page["items"][0]["from"]["name"], "cat");
        let next = json!({ "limit": 1, "cursor": page["next_cursor"] });
        assert_eq!(inbox(world, bob, next).await, [told("reply", &in_thread)]);
        // Whoever follows a thread hears of it; whoever began it may stop that.
        let follow = |following: bool| json!({ "thread_id": thread, "following": following });
        world.ok(bob, "thread.follow", follow(false)).await;
        world.ok(ann, "thread.follow", follow(true)).await;
        let later = scene.post(world, cat, reply("later")).await;
        assert_eq!(all(world, bob).await.len(), 4);
        assert_eq!(all(world, ann).await, [told("reply", &later)]);
    }

    async fn edits_and_deletes_keep_the_inbox_right(world) {
        let scene = scene(world).await;
        let Scene { ann, bob, cat, .. } = &scene;
        let message = scene.post(world, ann, json!({ "text": "hello @bob" })).await;
        let edit = |text: &str| json!({ "message_id": message, "text": text });
        world.ok(ann, "message.edit", edit("hello @cat")).await;
        assert_eq!(all(world, bob).await, []);
        assert_eq!(all(world, cat).await, [told("mention", &message)]);
        assert_eq!(world.newest(&format!("person:{}", cat.id()), "notification.created").await["message_id"], json!(message));
        // Who is mentioned before and after is told once.
        world.ok(ann, "message.edit", edit("hello again @cat")).await;
        assert_eq!(world.times(&format!("person:{}", cat.id()), "notification.created").await, 1);
        world.ok(ann, "message.delete", json!({ "message_id": message })).await;
        assert_eq!(all(world, cat).await, []);
    }

    async fn levels_and_mutes_are_kept(world) {
        let scene = scene(world).await;
        let Scene { ann, bob, .. } = &scene;
        let root = scene.post(world, bob, json!({ "text": "root" })).await;
        let now = world.host.clock.now();
        let set = |level: &str, until: Option<i64>| {
            json!({ "room_id": scene.room, "level": level, "muted_until": until.map(|s| now.plus_seconds(s)) })
        };
        for (level, until, heard) in [
            ("none", None, 0),
            ("all", Some(3600), 0),
            ("mentions", Some(-3600), 2),
            ("all", None, 4),
        ] {
            world.ok(bob, "room_notify.set", set(level, until)).await;
            scene.post(world, ann, json!({ "text": "@bob" })).await;
            scene.post(world, ann, json!({ "text": "an answer", "reply_to": root })).await;
            assert_eq!(all(world, bob).await.len(), heard, "{level} {until:?}");
        }
        // The mentions count all the same.
        let states = world.ok(bob, "read_state.list", json!({ "mesh_id": scene.mesh })).await;
        assert_eq!(states["items"][0]["mentions"], 4);
    }

    async fn what_was_read_is_read_once(world) {
        let scene = scene(world).await;
        let Scene { ann, bob, cat, .. } = &scene;
        let mut messages = Vec::new();
        for text in ["@bob one", "@bob two", "@bob three", "@bob @cat four"] {
            messages.push(scene.post(world, ann, json!({ "text": text })).await);
            // `before` is a time, so each has its own.
            let posted = world.host.clock.now();
            while world.host.clock.now() == posted {
                tokio::task::yield_now().await;
            }
        }
        let page = world.ok(bob, "notification.list", json!({})).await;
        let ids: Vec<_> = page["items"].as_array().unwrap().iter().map(|one| field(one, "id")).collect();
        let mark = async |who: &Person, fields: Value| world.ok(who, "notification.mark_read", fields).await["marked"].clone();
        // Somebody else's are passed over.
        assert_eq!(mark(cat, json!({ "ids": ids })).await, 0);
        let (one, two) = join(mark(bob, json!({ "ids": [ids[3]] })), mark(bob, json!({ "ids": [ids[3]] }))).await;
        assert_eq!(one.as_u64().unwrap() + two.as_u64().unwrap(), 1);
        let mine = format!("person:{}", bob.id());
        assert_eq!(world.times(&mine, "notification.read").await, 1);
        assert_eq!(world.newest(&mine, "notification.read").await, json!({ "ids": [ids[3]] }));
        assert_eq!(inbox(world, bob, json!({ "unread": true })).await.len(), 3);
        assert_eq!(all(world, bob).await.len(), 4);
        assert_eq!(mark(bob, json!({ "before": page["items"][2]["created_at"] })).await, 1);
        let other = world.room(&scene.mesh, ann, "other", "public").await;
        assert_eq!(mark(bob, json!({ "room_id": other })).await, 0);
        assert_eq!(mark(bob, json!({ "room_id": scene.room })).await, 2);
        assert_eq!(inbox(world, bob, json!({ "unread": true })).await, []);
        assert_eq!(mark(cat, json!({})).await, 1);
        for wrong in [json!({ "ids": ids, "room_id": other }), json!({ "ids": vec![&ids[0]; 201] })] {
            assert_eq!(world.refused(bob, "notification.mark_read", wrong).await.0, "validation_failed");
        }
    }

    /// The inbox shows nothing of rooms that one cannot read any more.
    async fn rooms_that_are_left_are_not_in_the_inbox(world) {
        let scene = scene(world).await;
        let Scene { ann, bob, cat, .. } = &scene;
        scene.post(world, ann, json!({ "text": "@bob @cat" })).await;
        let seat = json!({ "room_id": scene.room, "member_id": scene.bobs });
        world.ok(ann, "room_member.remove", seat).await;
        assert_eq!(all(world, bob).await, []);
        scene.post(world, ann, json!({ "text": "@bob" })).await;
        world.add(&scene.room, ann, &scene.bobs).await;
        assert_eq!(all(world, bob).await.len(), 1);
        // A token tells only of the rooms that it names.
        let end = world.host.clock.now().plus_seconds(3600);
        let other = world.room(&scene.mesh, cat, "other", "public").await;
        for (room, seen) in [(&scene.room, 1), (&other, 0)] {
            let token = json!({ "name": "t", "permissions": ["message.read"], "room_ids": [room], "expires_at": end });
            let token = world.ok(cat, "pat.create", token).await;
            let caller = world.by_token(&field(&token, "token")).await.unwrap();
            let page = world.call(&caller, "notification.list", json!({})).await.unwrap();
            assert_eq!(page["items"].as_array().unwrap().len(), seen);
        }
        world.matched(ann, &json!(1), "room.delete", json!({ "room_id": scene.room })).await.unwrap();
        assert_eq!(all(world, cat).await, []);
        assert_eq!(world.nobody("notification.list", json!({})).await.unwrap_err().code.as_str(), "unauthenticated");
    }

    /// Many who write to the same two at once wait for each other, but nobody is told twice or not at all.
    async fn many_messages_at_once_tell_everybody_once(world) {
        let scene = scene(world).await;
        let mut posts = Vec::new();
        for n in 0..6 {
            let room = world.room(&scene.mesh, &scene.ann, &format!("room {n}"), "private").await;
            for who in [&scene.bob, &scene.cat] {
                let member = world.me(who).await;
                world.add(&room, &scene.ann, &member).await;
            }
            let text = if n % 2 == 0 { "@bob @cat" } else { "@cat @bob" };
            posts.push(json!({ "room_id": room, "text": text }));
        }
        let ann = &scene.ann.caller;
        let answers = join_all(posts.into_iter().map(|post| world.call(ann, "message.post", post))).await;
        for answer in answers {
            answer.unwrap();
        }
        for who in [&scene.bob, &scene.cat] {
            assert_eq!(all(world, who).await.len(), 6);
            assert_eq!(world.times(&format!("person:{}", who.id()), "notification.created").await, 6);
        }
    }
}
