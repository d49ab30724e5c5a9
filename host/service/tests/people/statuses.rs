//! What people and bots say that they do just now.

use crate::world::{Person, World, field};
use mesh_service::Code;
use serde_json::{Value, json};

mesh_store::statements! {
    IS_OVER = "UPDATE statuses SET ends_at = 1 WHERE actor_id = $1";
}

async fn status_of(world: &World, who: &Person, member: &str) -> Value {
    let member = world.ok(who, "member.get", json!({ "member_id": member })).await;
    member.get("status").cloned().unwrap_or_default()
}

on_both_engines! {
    async fn a_status_is_the_same_everywhere_until_it_ends(world) {
        let (ann, bob, gus) = (world.person("ann").await, world.person("bob").await, world.person("gus").await);
        let mesh = world.mesh(&ann).await;
        let bobs = world.join(&mesh, &ann, &bob, "member").await;
        let guests = world.join(&mesh, &ann, &gus, "guest").await;
        let other = json!({ "name": "Other", "slug": "other" });
        let other = field(&world.ok(&bob, "mesh.create", other).await, "id");
        let room = world.room(&mesh, &ann, "kitchen", "private").await;
        world.add(&room, &ann, &bobs).await;
        world.add(&room, &ann, &guests).await;
        let until = world.host.clock.now().plus_seconds(3600);
        let lunch = json!({ "emoji": "🍜", "text": "Lunch", "until": until });
        assert_eq!(world.ok(&bob, "status.set", lunch.clone()).await, lunch);
        // Whoever reads the member reads it, in whatever way.
        assert_eq!(status_of(world, &ann, &bobs).await, lunch);
        let at = json!({ "mesh_id": mesh, "handle": "bob" });
        assert_eq!(world.ok(&ann, "member.resolve", at).await["status"], lunch);
        for (who, op, fields) in [
            (&ann, "member.list", json!({ "mesh_id": mesh })),
            (&gus, "member.list", json!({ "mesh_id": mesh })),
            (&ann, "room_member.list", json!({ "room_id": room })),
            (&bob, "member.list", json!({ "mesh_id": other })),
        ] {
            let page = world.ok(who, op, fields).await;
            let members: Vec<_> = page["items"].as_array().unwrap().iter().map(|item| item.get("member").unwrap_or(item)).collect();
            let his = |member: &&&Value| member["actor"]["name"] == "bob";
            assert_eq!(members.iter().find(his).unwrap()["status"], lunch, "{op}");
            assert!(members.iter().all(|member| his(&member) || member.get("status").is_none()), "{op}");
        }
        for (op, fields) in [
            ("member.update", json!({ "member_id": bobs, "title": "Cook" })),
            ("member.update", json!({ "member_id": bobs, "title": "Cook" })),
            ("member.set_role", json!({ "member_id": bobs, "role": "moderator" })),
            ("member.set_role", json!({ "member_id": bobs, "role": "moderator" })),
        ] {
            assert_eq!(world.ok(&ann, op, fields).await["status"], lunch, "{op}");
        }
        let public = world.room(&mesh, &ann, "hall", "public").await;
        for (who, op, fields) in [
            (&bob, "room.join", json!({ "room_id": public })),
            (&bob, "room.join", json!({ "room_id": public })),
            (&ann, "room_member.add", json!({ "room_id": public, "member_id": bobs })),
            (&ann, "room_member.set_role", json!({ "room_id": public, "member_id": bobs, "room_role": "moderator" })),
        ] {
            assert_eq!(world.ok(who, op, fields).await["member"]["status"], lunch, "{op}");
        }
        let last = world.newest(&format!("room:{public}"), "room_member.changed").await;
        assert_eq!(last["member"].get("status"), None);
        world.behind(vec![(IS_OVER, vec![bob.id()])]).await;
        assert_eq!(status_of(world, &ann, &bobs).await, Value::Null);
        let page = world.ok(&ann, "member.list", json!({ "mesh_id": mesh })).await;
        let seats = world.ok(&ann, "room_member.list", json!({ "room_id": room })).await;
        assert!(![page, seats].iter().any(|page| page.to_string().contains("Lunch")));
        // The same once more is news again.
        world.ok(&bob, "status.set", lunch.clone()).await;
        assert_eq!(status_of(world, &ann, &bobs).await, lunch);
    }

    async fn those_who_see_the_member_are_told(world) {
        let (ann, bob, gus, eve) = (
            world.person("ann").await, world.person("bob").await, world.person("gus").await, world.person("eve").await,
        );
        let mesh = world.mesh(&ann).await;
        let bobs = world.join(&mesh, &ann, &bob, "member").await;
        let guests = world.join(&mesh, &ann, &gus, "guest").await;
        world.join(&mesh, &ann, &eve, "guest").await;
        let other = json!({ "name": "Other", "slug": "other" });
        let other = field(&world.ok(&bob, "mesh.create", other).await, "id");
        let left = json!({ "name": "Left", "slug": "left" });
        let left = field(&world.ok(&ann, "mesh.create", left).await, "id");
        world.join(&left, &ann, &bob, "member").await;
        world.ok(&bob, "member.leave", json!({ "mesh_id": left })).await;
        let room = world.room(&mesh, &ann, "kitchen", "private").await;
        world.add(&room, &ann, &bobs).await;
        world.add(&room, &ann, &guests).await;
        let (here, there, gone) = (format!("mesh:{mesh}"), format!("mesh:{other}"), format!("mesh:{left}"));
        let (guest, stranger) = (format!("person:{}", gus.id()), format!("person:{}", eve.id()));
        let times = async |expected: [usize; 3]| {
            for (stream, expected) in [&here, &there, &guest].into_iter().zip(expected) {
                assert_eq!(world.times(stream, "member.changed").await, expected, "{stream}");
            }
            for stream in [&gone, &stranger] {
                assert_eq!(world.times(stream, "member.changed").await, 0, "{stream}");
            }
        };
        world.ok(&bob, "status.set", json!({ "text": "Lunch" })).await;
        times([1, 1, 1]).await;
        let told = json!({ "member_id": bobs, "changed": ["status"] });
        assert_eq!(world.newest(&here, "member.changed").await, told);
        assert_eq!(world.newest(&guest, "member.changed").await, told);
        world.ok(&bob, "status.set", json!({ "text": " Lunch " })).await;
        times([1, 1, 1]).await;
        assert_eq!(world.ok(&bob, "status.set", json!({})).await, json!({ "text": "" }));
        times([2, 2, 2]).await;
        assert_eq!(status_of(world, &ann, &bobs).await, Value::Null);
        world.ok(&bob, "status.set", json!({})).await;
        times([2, 2, 2]).await;
        // A Guest hears of its own.
        world.ok(&gus, "status.set", json!({ "emoji": "🎧" })).await;
        times([3, 2, 3]).await;
    }

    async fn a_status_is_short_and_ends_later(world) {
        let ann = world.person("ann").await;
        let now = world.host.clock.now();
        for (wrong, pointer) in [
            (json!({ "text": "x".repeat(101) }), "/text"),
            (json!({ "text": "a\nb" }), "/text"),
            (json!({ "emoji": "" }), "/emoji"),
            (json!({ "emoji": "a b" }), "/emoji"),
            (json!({ "text": "x", "until": now }), "/until"),
            (json!({ "until": now.plus_seconds(60) }), "/until"),
        ] {
            let told = world.call(&ann.caller, "status.set", wrong.clone()).await.unwrap_err();
            assert_eq!(told.code, Code::ValidationFailed, "{wrong}");
            assert_eq!(told.fields[0].pointer, pointer, "{wrong}");
        }
        // Somebody without a mesh may have one too.
        world.ok(&ann, "status.set", json!({ "text": "x".repeat(100), "until": null })).await;
        let end = now.plus_seconds(3600);
        let token = json!({ "name": "t", "permissions": ["mesh.read"], "expires_at": end });
        let token = world.ok(&ann, "pat.create", token).await;
        let caller = world.by_token(&field(&token, "token")).await.unwrap();
        let told = world.call(&caller, "status.set", json!({})).await.unwrap_err();
        assert_eq!(told.code, Code::Forbidden);
    }

    async fn bots_have_one_too(world) {
        let ann = world.person("ann").await;
        let mesh = world.mesh(&ann).await;
        let bot = json!({ "mesh_id": mesh, "name": "Echo", "runtime": "external" });
        let bot = world.ok(&ann, "bot.create", bot).await;
        let token = world.ok(&ann, "bot_token.rotate", json!({ "bot_id": bot["id"] })).await;
        let caller = world.by_token(&field(&token, "token")).await.unwrap();
        let busy = json!({ "text": "Indexing" });
        assert_eq!(world.call(&caller, "status.set", busy.clone()).await.unwrap(), busy);
        assert_eq!(status_of(world, &ann, &field(&bot, "member_id")).await, busy);
    }

    /// Whoever is in several meshes tells them in one order, so that two of them never block each other.
    async fn everybody_tells_in_the_same_order(world) {
        let (ann, bob, gus, ivy) = (
            world.person("ann").await, world.person("bob").await, world.person("gus").await, world.person("ivy").await,
        );
        let mut meshes = Vec::new();
        for slug in ["a", "b", "c"] {
            let mesh = json!({ "name": "Mesh", "slug": slug });
            meshes.push(field(&world.ok(&bob, "mesh.create", mesh).await, "id"));
        }
        // Ann comes into the newest first.
        for (mesh, guest) in meshes.iter().rev().zip([&ivy, &gus, &ivy]) {
            let anns = world.join(mesh, &bob, &ann, "member").await;
            let guests = world.join(mesh, &bob, guest, "guest").await;
            let room = world.room(mesh, &bob, "kitchen", "private").await;
            world.add(&room, &bob, &anns).await;
            world.add(&room, &bob, &guests).await;
        }
        let mut news = world.host.live.subscribe();
        world.ok(&ann, "status.set", json!({ "text": "Here" })).await;
        let told = loop {
            let commit = news.recv().await.unwrap();
            if let Some(news) = commit.iter().find(|news| news.entries[0].op == "status.set") {
                break news.entries.iter().map(|entry| entry.event.unwrap().0.to_string()).collect::<Vec<_>>();
            }
        };
        let mut expected: Vec<_> = meshes.iter().map(|mesh| format!("mesh:{mesh}")).collect();
        expected.extend([&gus, &ivy, &ivy].map(|guest| format!("person:{}", guest.id())));
        assert_eq!(told, expected);
    }
}
