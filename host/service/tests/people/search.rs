//! Finding messages: the same ones on both engines, and only those that the caller may read.

use crate::world::{Person, World, field};
use serde_json::{Value, json};

/// A mesh of Ann's with Bob in it, and a private room of both.
struct Scene {
    ann: Person,
    bob: Person,
    mesh: String,
    room: String,
}

async fn scene(world: &World) -> Scene {
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let mesh = world.mesh(&ann).await;
    let bobs = world.join(&mesh, &ann, &bob, "member").await;
    let room = world.room(&mesh, &ann, "kitchen", "private").await;
    world.add(&room, &ann, &bobs).await;
    Scene { ann, bob, mesh, room }
}

async fn post(world: &World, who: &Person, room: &str, text: &str) -> String {
    let fields = json!({ "room_id": room, "text": text });
    field(&world.ok(who, "message.post", fields).await, "id")
}

impl Scene {
    async fn post(&self, world: &World, text: &str) -> String {
        post(world, &self.ann, &self.room, text).await
    }

    async fn search(&self, world: &World, who: &Person, q: &str) -> Value {
        world
            .ok(who, "search.messages", json!({ "mesh_id": self.mesh, "q": q }))
            .await
    }

    /// The texts that somebody finds, newest first.
    async fn finds(&self, world: &World, who: &Person, q: &str) -> Vec<String> {
        texts(&self.search(world, who, q).await)
    }
}

fn texts(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|found| field(&found["message"], "text")).collect()
}

const TEXTS: &[&str] = &[
    "Lunch at the Café de l'Été",
    "lunch tomorrow? see https://example.org/menu?a=1",
    "tomorrow there is no LUNCH",
    "東京都の天気です",
    "京都の天気です",
    "shipping it 🎉🎉 well done 👍🏽",
    "fn main() { let x_y = \"a\"; }",
    "It's 100% O'Reilly & Sons; DROP TABLE messages; --",
    "Straße nach İzmir",
    "NEAR and OR are words, NOT operators*",
    "v1.2.3-rc4",
    "Привет, ёлка",
    "ภาษาไทยง่าย",
];

/// What is asked, and which of the texts are found, newest first.
const ASKED: &[(&str, &[usize])] = &[
    ("lunch", &[2, 1, 0]),
    ("LUNCH tomorrow", &[2, 1]),
    ("\"lunch tomorrow\"", &[1]),
    ("\"tomorrow lunch\"", &[]),
    ("cafe ete", &[0]),
    ("CAFE\u{301}", &[0]),
    ("caf", &[]),
    ("lunch has:link", &[1]),
    ("has:link", &[1]),
    ("example.org", &[1]),
    ("京都", &[4, 3]),
    ("東京", &[3]),
    ("天気", &[4, 3]),
    ("気天", &[]),
    ("🎉", &[5]),
    ("🎉🎉🎉", &[]),
    ("👍", &[5]),
    ("x_y", &[6]),
    ("\"let x\"", &[6]),
    ("o'reilly", &[7]),
    ("100%", &[7]),
    ("'; DROP TABLE messages; --", &[7]),
    ("strasse izmir", &[8]),
    ("near or not", &[9]),
    ("NEAR(words operators)", &[]),
    ("words OR lunch", &[]),
    ("wor*", &[]),
    ("v1.2.3", &[10]),
    ("2.3-RC4", &[10]),
    ("rc4 v1", &[10]),
    ("елка", &[11]),
    ("ПРИВЕТ", &[11]),
    ("ไทย", &[12]),
    ("from:ann привет", &[11]),
    ("from:bob привет", &[]),
    ("from:nobody", &[]),
    ("in:kitchen привет", &[11]),
    ("in:nowhere привет", &[]),
    ("before:2020-01-01 lunch", &[]),
    ("after:2999-01-01 lunch", &[]),
    ("after:2020-01-01 before:2999-01-01 strasse", &[8]),
];

/// What somebody types to break something: an answer comes, whatever it is.
const HOSTILE: &[&str] = &[
    "\"",
    "\"\"\"",
    "'",
    "a'b",
    "a\\",
    "\\' | 'a",
    "a & b",
    "a | !b",
    "!a",
    "a <-> b",
    "a:*",
    "'a':A",
    "(((",
    "a)",
    "{words}: a",
    "words : a",
    "-a",
    "^a",
    "+a",
    "a AND",
    "OR",
    "NOT NOT",
    "NEAR(",
    "NEAR(a, 5)",
    "rank:a",
    "a\u{0}b",
    "\u{feff}a",
    "room_",
    "has_link",
    "% _ ? $1 ?1 :a @a",
    "\u{202e}a",
    "from:\"",
    "in:''",
    "from:\"a' OR 1=1\"",
    "a;b",
    "/*sqlite: a*/",
    "ﷺ",
];

on_both_engines! {
    async fn both_engines_find_the_same(world) {
        let scene = scene(world).await;
        for text in TEXTS {
            scene.post(world, text).await;
        }
        for (asked, expected) in ASKED {
            let expected: Vec<_> = expected.iter().map(|at| TEXTS[*at]).collect();
            assert_eq!(scene.finds(world, &scene.bob, asked).await, expected, "{asked}");
        }
    }

    async fn nothing_that_is_typed_breaks_a_search(world) {
        let scene = scene(world).await;
        scene.post(world, "a b words").await;
        let letters: String = (0..500).filter_map(|n| char::from_u32(0x4E00 + n)).collect();
        let long = "x".repeat(500);
        for asked in HOSTILE.iter().copied().chain([&*letters, &*long]) {
            let fields = json!({ "mesh_id": scene.mesh, "q": asked });
            if let Err(error) = world.call(&scene.bob.caller, "search.messages", fields).await {
                assert_eq!(error.code.as_str(), "validation_failed", "{asked}: {error}");
            }
        }
        let (ids, links) = (format!("{} {}", scene.room, scene.ann.id()), "has_link");
        for key in [&*ids, links] {
            assert_eq!(scene.finds(world, &scene.bob, key).await, [""; 0], "keys are no words: {key}");
        }
    }

    /// What one posts is there for the next search, as it is now.
    async fn a_search_knows_what_was_written_before_it(world) {
        let scene = scene(world).await;
        let id = scene.post(world, "first words").await;
        assert_eq!(scene.finds(world, &scene.ann, "first").await, ["first words"]);
        world.ok(&scene.ann, "message.edit", json!({ "message_id": id, "text": "second words" })).await;
        assert_eq!(scene.finds(world, &scene.ann, "first").await, [""; 0]);
        assert_eq!(scene.finds(world, &scene.ann, "second").await, ["second words"]);
        world.ok(&scene.ann, "message.delete", json!({ "message_id": id })).await;
        for word in ["first", "second", "in:kitchen"] {
            assert_eq!(scene.finds(world, &scene.ann, word).await, [""; 0], "{word}");
        }
        // Written, changed and deleted between two searches.
        let (kept, gone) = (scene.post(world, "one").await, scene.post(world, "two").await);
        world.ok(&scene.ann, "message.edit", json!({ "message_id": kept, "text": "one three" })).await;
        world.ok(&scene.ann, "message.delete", json!({ "message_id": gone })).await;
        assert_eq!(scene.finds(world, &scene.ann, "from:me").await, ["one three"]);
    }

    async fn highlights_say_where_the_words_are(world) {
        let scene = scene(world).await;
        scene.post(world, "🎉 Crème brûlée, crème").await;
        let page = scene.search(world, &scene.bob, "creme").await;
        let expected = json!([{ "start": 3, "end": 8 }, { "start": 17, "end": 22 }]);
        assert_eq!(page["items"][0]["highlights"], expected);
        let page = scene.search(world, &scene.bob, "\"creme brulee\"").await;
        assert_eq!(page["items"][0]["highlights"], json!([{ "start": 3, "end": 15 }]));
    }

    async fn pages_neither_skip_nor_repeat(world) {
        let scene = scene(world).await;
        for n in 0..7 {
            // The phrase is in every other message that has its words.
            let text = if n % 2 == 0 { format!("red apple {n}") } else { format!("apple red {n}") };
            scene.post(world, &text).await;
        }
        let (mut seen, mut cursor) = (Vec::new(), Value::Null);
        loop {
            let fields = json!({ "mesh_id": scene.mesh, "q": "\"red apple\"", "limit": 1, "cursor": cursor });
            let page = world.ok(&scene.bob, "search.messages", fields).await;
            seen.extend(texts(&page));
            // What comes meanwhile is newer than every page.
            scene.post(world, "red apple, too late").await;
            cursor = page["next_cursor"].clone();
            if cursor.is_null() {
                break;
            }
        }
        assert_eq!(seen, ["red apple 6", "red apple 4", "red apple 2", "red apple 0"]);
        let page = scene.search(world, &scene.bob, "from:ann").await;
        let fields = json!({ "mesh_id": scene.mesh, "q": "from:ann", "limit": 1 });
        let first = world.ok(&scene.bob, "search.messages", fields).await;
        assert_eq!(first["items"][0], page["items"][0]);
        let other = json!({ "mesh_id": scene.mesh, "q": "from:bob", "cursor": first["next_cursor"] });
        assert_eq!(world.refused(&scene.bob, "search.messages", other).await.0, "invalid_cursor");
    }

    async fn only_what_one_may_read_is_found(world) {
        let scene = scene(world).await;
        let (cat, guest, stranger) = (world.person("cat").await, world.person("guest").await, world.person("eve").await);
        world.join(&scene.mesh, &scene.ann, &cat, "member").await;
        let seat = world.join(&scene.mesh, &scene.ann, &guest, "guest").await;
        let rooms = [("open", "public"), ("ask", "request"), ("den", "private"), ("porch", "public")];
        let mut ids = Vec::new();
        for (name, rule) in rooms {
            let room = world.room(&scene.mesh, &scene.ann, name, rule).await;
            post(world, &scene.ann, &room, &format!("secret in {name}")).await;
            ids.push(room);
        }
        world.add(&ids[3], &scene.ann, &seat).await;
        scene.post(world, "secret in kitchen").await;
        let all = ["kitchen", "porch", "den", "ask", "open"].map(|name| format!("secret in {name}"));
        assert_eq!(scene.finds(world, &scene.ann, "secret").await, all);
        assert_eq!(scene.finds(world, &scene.bob, "secret").await, ["secret in kitchen", "secret in porch", "secret in open"]);
        assert_eq!(scene.finds(world, &cat, "secret").await, ["secret in porch", "secret in open"]);
        assert_eq!(scene.finds(world, &guest, "secret").await, ["secret in porch"]);
        for named in ["den", &*ids[2]] {
            assert_eq!(scene.finds(world, &cat, &format!("secret in:{named}")).await, [""; 0], "{named}");
        }
        let fields = json!({ "mesh_id": scene.mesh, "q": "secret" });
        assert_eq!(world.refused(&stranger, "search.messages", fields).await, ("not_found", None));
        // Rooms of other meshes stay there.
        let other = world.ok(&scene.ann, "mesh.create", json!({ "name": "Other" })).await;
        let elsewhere = world.room(&field(&other, "id"), &scene.ann, "elsewhere", "public").await;
        post(world, &scene.ann, &elsewhere, "secret elsewhere").await;
        for asked in ["secret".to_owned(), format!("secret in:{elsewhere} in:den in:open in:porch in:ask in:kitchen")] {
            assert_eq!(scene.finds(world, &scene.ann, &asked).await, all, "{asked}");
        }
        // A token for rooms finds what is in them.
        let soon = serde_json::to_value(world.host.clock.now().plus_seconds(3600)).unwrap();
        let asks = json!({ "name": "t", "permissions": ["message.read"], "room_ids": [ids[0], ids[2]], "expires_at": soon });
        let token = world.ok(&scene.ann, "pat.create", asks).await;
        let caller = world.by_token(&field(&token, "token")).await.unwrap();
        let page = world.call(&caller, "search.messages", json!({ "mesh_id": scene.mesh, "q": "secret" })).await.unwrap();
        assert_eq!(texts(&page), ["secret in den", "secret in open"]);
        // Whoever leaves finds nothing more there, and nobody finds what is in a deleted room.
        world.ok(&scene.bob, "room.leave", json!({ "room_id": scene.room })).await;
        assert_eq!(scene.finds(world, &scene.bob, "secret").await, ["secret in porch", "secret in open"]);
        world.matched(&scene.ann, &json!(1), "room.delete", json!({ "room_id": ids[0] })).await.unwrap();
        assert_eq!(scene.finds(world, &scene.bob, "secret").await, ["secret in porch"]);
    }

    async fn what_a_message_has(world) {
        let scene = scene(world).await;
        let [named, pinned, liked, root, plain] =
            ["@bob look", "look pinned", "look liked", "look thread", "look plain"];
        let mut ids = Vec::new();
        for text in [named, pinned, liked, root, plain] {
            ids.push(scene.post(world, text).await);
        }
        world.ok(&scene.ann, "pin.add", json!({ "message_id": ids[1] })).await;
        world.ok(&scene.bob, "reaction.add", json!({ "message_id": ids[2], "emoji": "👍" })).await;
        let thread = ids[3].replace("msg_", "thread_");
        world.ok(&scene.bob, "message.post", json!({ "room_id": scene.room, "text": "yes", "thread_id": thread })).await;
        for (has, expected) in [("mention", named), ("pin", pinned), ("reaction", liked), ("thread", root)] {
            assert_eq!(scene.finds(world, &scene.bob, &format!("look has:{has}")).await, [expected], "{has}");
        }
        assert_eq!(scene.finds(world, &scene.bob, "has:pin has:reaction").await, [""; 0]);
        let page = scene.search(world, &scene.bob, "liked").await;
        let reaction = &page["items"][0]["message"]["reactions"][0];
        assert_eq!((&reaction["emoji"], &reaction["mine"]), (&json!("👍"), &json!(true)));
    }

    /// More than one transaction takes in.
    async fn many_messages_are_taken_in_step_by_step(world) {
        let scene = scene(world).await;
        let words: Vec<_> = (0..3000).map(|n| format!("w{n}")).collect();
        for n in 0..4 {
            scene.post(world, &format!("long {n} {}", words.join(" "))).await;
        }
        for n in 0..300 {
            scene.post(world, &format!("short {n}")).await;
        }
        assert_eq!(scene.finds(world, &scene.bob, "long w2999").await.len(), 4);
        assert_eq!(scene.finds(world, &scene.bob, "short 299").await, ["short 299"]);
        let page = scene.search(world, &scene.bob, "short").await;
        assert_eq!(page["items"].as_array().unwrap().len(), 50);
        assert_ne!(page["next_cursor"], Value::Null);
    }
}
