//! Rooms that are archived, renamed, ruled and deleted.

use crate::world::{Person, World, field};
use futures_util::future::join;
use mesh_service::Code;
use serde_json::{Value, json};

/// A mesh of Ann's with Bob as a member, Gus as a Guest, and Eve outside.
struct Scene {
    ann: Person,
    bob: Person,
    gus: Person,
    eve: Person,
    mesh: String,
    bobs: String,
    guests: String,
}

async fn scene(world: &World) -> Scene {
    let (ann, bob, gus, eve) = (
        world.person("ann").await,
        world.person("bob").await,
        world.person("gus").await,
        world.person("eve").await,
    );
    let mesh = world.mesh(&ann).await;
    let bobs = world.join(&mesh, &ann, &bob, "member").await;
    let guests = world.join(&mesh, &ann, &gus, "guest").await;
    Scene {
        ann,
        bob,
        gus,
        eve,
        mesh,
        bobs,
        guests,
    }
}

async fn revision(world: &World, who: &Person, room: &str) -> Value {
    world.ok(who, "room.get", json!({ "room_id": room })).await["revision"].clone()
}

on_both_engines! {
    async fn an_archived_room_is_read_only(world) {
        let scene = scene(world).await;
        let (ann, bob) = (&scene.ann, &scene.bob);
        let room = world.room(&scene.mesh, ann, "kitchen", "public").await;
        world.add(&room, ann, &scene.bobs).await;
        let (here, post) = (json!({ "room_id": room }), json!({ "room_id": room, "text": "hello" }));
        let message = field(&world.ok(bob, "message.post", post.clone()).await, "id");
        assert_eq!(world.refused(bob, "room.archive", here.clone()).await, ("forbidden", Some("room_role")));
        assert_eq!(world.refused(&scene.gus, "room.archive", here.clone()).await.0, "not_found");
        assert_eq!(world.refused(&scene.eve, "room.archive", here.clone()).await.0, "not_found");
        let archived = world.ok(ann, "room.archive", here.clone()).await;
        assert!(archived["archived_at"].is_string());
        let again = world.ok(ann, "room.archive", here.clone()).await;
        assert_eq!(archived["archived_at"], again["archived_at"]);
        assert_eq!(world.times(&format!("room:{room}"), "room.changed").await, 1);
        assert_eq!(world.times(&format!("mesh:{}", scene.mesh), "room.changed").await, 1);
        let react = json!({ "message_id": message, "emoji": "👍" });
        for (op, fields) in [
            ("message.post", post.clone()),
            ("message.edit", json!({ "message_id": message, "text": "other" })),
            ("reaction.add", react),
        ] {
            assert_eq!(world.refused(bob, op, fields).await.0, "wrong_state", "{op}");
        }
        assert_eq!(world.ok(bob, "message.list", here.clone()).await["items"].as_array().unwrap().len(), 1);
        let open = world.ok(ann, "room.unarchive", here.clone()).await;
        assert_eq!(open["archived_at"], Value::Null);
        world.ok(ann, "room.unarchive", here).await;
        assert_eq!(world.times(&format!("room:{room}"), "room.changed").await, 2);
        world.ok(bob, "message.post", post).await;
    }

    /// Of two who archive at once one does it; nothing is posted behind it.
    async fn archiving_is_told_once(world) {
        let scene = scene(world).await;
        let room = world.room(&scene.mesh, &scene.ann, "kitchen", "public").await;
        let admin = world.person("admin").await;
        world.join(&scene.mesh, &scene.ann, &admin, "admin").await;
        world.add(&room, &scene.ann, &scene.bobs).await;
        let here = json!({ "room_id": room });
        let (one, two) = join(
            world.call(&scene.ann.caller, "room.archive", here.clone()),
            world.call(&admin.caller, "room.archive", here.clone()),
        )
        .await;
        assert_eq!(one.unwrap()["archived_at"], two.unwrap()["archived_at"]);
        assert_eq!(world.times(&format!("room:{room}"), "room.changed").await, 1);
        for _ in 0..10 {
            world.ok(&scene.ann, "room.unarchive", here.clone()).await;
            let post = json!({ "room_id": room, "text": "hello" });
            let (archived, _) = join(
                world.call(&scene.ann.caller, "room.archive", here.clone()),
                world.call(&scene.bob.caller, "message.post", post),
            )
            .await;
            archived.unwrap();
            assert_eq!(world.events(&format!("room:{room}")).await.last().unwrap(), "room.changed");
        }
    }

    /// Who may enter any room may close one without entering it, and still not read it.
    async fn an_admin_archives_from_outside(world) {
        let scene = scene(world).await;
        let admin = world.person("admin").await;
        world.join(&scene.mesh, &scene.ann, &admin, "admin").await;
        let room = world.room(&scene.mesh, &scene.bob, "secret", "private").await;
        let here = json!({ "room_id": room });
        world.ok(&admin, "room.archive", here.clone()).await;
        for op in ["room.unarchive", "room_settings.get"] {
            assert_eq!(world.refused(&admin, op, here.clone()).await, ("forbidden", Some("room_role")), "{op}");
        }
        world.ok(&scene.bob, "room.unarchive", here).await;
    }

    async fn a_deleted_room_is_gone_for_everybody(world) {
        let scene = scene(world).await;
        let (ann, bob) = (&scene.ann, &scene.bob);
        let room = world.room(&scene.mesh, ann, "kitchen", "public").await;
        world.add(&room, ann, &scene.bobs).await;
        let here = json!({ "room_id": room });
        let post = json!({ "room_id": room, "text": "hello" });
        let message = field(&world.ok(bob, "message.post", post.clone()).await, "id");
        assert_eq!(world.refused(ann, "room.delete", here.clone()).await.0, "precondition_required");
        let one = json!(1);
        let told = world.matched(bob, &one, "room.delete", here.clone()).await.unwrap_err();
        assert_eq!(told.code, Code::Forbidden);
        let told = world.matched(&scene.eve, &one, "room.delete", here.clone()).await.unwrap_err();
        assert_eq!(told.code, Code::NotFound);
        world.ok(ann, "room.update", json!({ "room_id": room, "name": "Galley" })).await;
        let late = world.matched(ann, &one, "room.delete", here.clone()).await.unwrap_err();
        assert_eq!(late.code, Code::PreconditionFailed);
        let now = revision(world, ann, &room).await;
        world.matched(ann, &now, "room.delete", here.clone()).await.unwrap();
        for who in [ann, bob] {
            for (op, fields) in [
                ("room.get", here.clone()),
                ("message.post", post.clone()),
                ("message.get", json!({ "message_id": message })),
            ] {
                assert_eq!(world.refused(who, op, fields).await.0, "not_found", "{op}");
            }
        }
        let again = world.matched(ann, &now, "room.delete", here).await.unwrap_err();
        assert_eq!(again.code, Code::NotFound);
        assert_eq!(world.events(&format!("mesh:{}", scene.mesh)).await.last().unwrap(), "room.deleted");
        let closed = world.newest(&format!("person:{}", bob.id()), "room.closed").await;
        let last = world.events(&format!("room:{room}")).await.len();
        assert_eq!(closed, json!({ "room_id": room, "reason": "deleted", "last_seq": last }));
        let listed = world.ok(ann, "room.list", json!({ "mesh_id": scene.mesh })).await;
        assert_eq!(listed["items"], json!([]));
    }

    async fn of_two_who_delete_one_does(world) {
        let scene = scene(world).await;
        let room = world.room(&scene.mesh, &scene.ann, "kitchen", "public").await;
        let (here, one) = (json!({ "room_id": room }), json!(1));
        let (a, b) = join(
            world.matched(&scene.ann, &one, "room.delete", here.clone()),
            world.matched(&scene.ann, &one, "room.delete", here),
        )
        .await;
        let refused = [a, b].into_iter().filter_map(Result::err).map(|error| error.code);
        assert_eq!(refused.collect::<Vec<_>>(), [Code::NotFound]);
        assert_eq!(world.times(&format!("room:{room}"), "room.deleted").await, 1);
        assert_eq!(world.times(&format!("person:{}", scene.ann.id()), "room.closed").await, 1);
    }

    async fn a_slug_leads_to_its_room_also_after_a_new_name(world) {
        let scene = scene(world).await;
        let (ann, bob) = (&scene.ann, &scene.bob);
        let room = world.room(&scene.mesh, ann, "kitchen", "public").await;
        let at = |slug: &str| json!({ "mesh_id": scene.mesh, "slug": slug });
        assert_eq!(world.ok(bob, "room.resolve", at("kitchen")).await["id"], json!(room));
        world.ok(ann, "room.update", json!({ "room_id": room, "slug": "galley" })).await;
        for slug in ["kitchen", "galley"] {
            assert_eq!(world.ok(bob, "room.resolve", at(slug)).await["id"], json!(room), "{slug}");
        }
        // A room that has the slug now comes before one that had it.
        let other = world.room(&scene.mesh, ann, "kitchen", "private").await;
        assert_eq!(world.ok(ann, "room.resolve", at("kitchen")).await["id"], json!(other));
        for (who, slug) in [(bob, "kitchen"), (bob, "nothing"), (&scene.gus, "galley"), (&scene.eve, "galley")] {
            assert_eq!(world.refused(who, "room.resolve", at(slug)).await.0, "not_found", "{slug}");
        }
        world.add(&room, ann, &scene.guests).await;
        assert_eq!(world.ok(&scene.gus, "room.resolve", at("galley")).await["id"], json!(room));
    }

    async fn a_room_has_its_rules(world) {
        let scene = scene(world).await;
        let (ann, bob) = (&scene.ann, &scene.bob);
        let room = world.room(&scene.mesh, ann, "kitchen", "public").await;
        world.add(&room, ann, &scene.bobs).await;
        let here = json!({ "room_id": room });
        let rules = world.ok(bob, "room_settings.get", here.clone()).await;
        assert_eq!(
            (&rules["who_may_post"], &rules["slow_mode_s"], &rules["join_rule"]),
            (&json!("everyone"), &json!(0), &json!("public"))
        );
        assert_eq!(world.refused(&scene.eve, "room_settings.get", here).await.0, "not_found");
        let patch = |mut fields: Value| {
            fields["room_id"] = json!(room);
            fields
        };
        let one = json!(1);
        let none = world.refused(ann, "room_settings.update", patch(json!({ "slow_mode_s": 5 }))).await;
        assert_eq!(none.0, "precondition_required");
        let told = world.matched(bob, &one, "room_settings.update", patch(json!({}))).await.unwrap_err();
        assert_eq!(told.code, Code::Forbidden);
        for wrong in [json!({ "slow_mode_s": -1 }), json!({ "slow_mode_s": 99_999 }), json!({ "threads_only": null })] {
            let told = world.matched(ann, &one, "room_settings.update", patch(wrong)).await.unwrap_err();
            assert_eq!(told.code, Code::ValidationFailed);
        }
        // Nothing new is no news.
        let same = patch(json!({ "who_may_post": "everyone" }));
        assert_eq!(world.matched(ann, &one, "room_settings.update", same).await.unwrap()["revision"], 1);
        let post = |thread: Option<&str>| json!({ "room_id": room, "text": "hello", "thread_id": thread });
        let root = field(&world.ok(bob, "message.post", post(None)).await, "id");
        let thread = root.replace("msg_", "thread_");
        let set = async |fields: Value| {
            let now = revision(world, ann, &room).await;
            world.matched(ann, &now, "room_settings.update", patch(fields)).await.unwrap()
        };
        set(json!({ "who_may_post": "leads" })).await;
        assert_eq!(world.refused(bob, "message.post", post(Some(&thread))).await, ("forbidden", Some("policy")));
        world.ok(ann, "message.post", post(None)).await;
        set(json!({ "who_may_post": "everyone", "threads_only": true })).await;
        assert_eq!(world.refused(bob, "message.post", post(None)).await, ("forbidden", Some("policy")));
        world.ok(bob, "message.post", post(Some(&thread))).await;
        let changed = world.newest(&format!("room:{room}"), "room.changed").await;
        assert_eq!(changed, json!({ "room_id": room, "who_may_post": "everyone", "threads_only": true }));
        set(json!({ "threads_only": false, "slow_mode_s": 3600 })).await;
        world.ok(bob, "message.post", post(None)).await;
        assert_eq!(world.refused(bob, "message.post", post(None)).await.0, "slow_mode");
        for _ in 0..2 {
            world.ok(ann, "message.post", post(None)).await;
        }
        // What readers may do holds from the next call on.
        let reader = json!({ "room_id": room, "member_id": scene.bobs, "room_role": "read_only" });
        world.ok(ann, "room_member.set_role", reader).await;
        let react = json!({ "message_id": root, "emoji": "👍" });
        assert_eq!(world.refused(bob, "reaction.add", react.clone()).await.0, "forbidden");
        set(json!({ "readers_may_react": true })).await;
        world.ok(bob, "reaction.add", react).await;
    }

    /// Of two who change the rules they read, one is told to read them again.
    async fn rules_are_not_overwritten_unseen(world) {
        let scene = scene(world).await;
        let room = world.room(&scene.mesh, &scene.ann, "kitchen", "public").await;
        let one = json!(1);
        let change = |fields: Value| {
            let mut fields = fields;
            fields["room_id"] = json!(room);
            world.matched(&scene.ann, &one, "room_settings.update", fields)
        };
        let (a, b) = join(change(json!({ "slow_mode_s": 5 })), change(json!({ "threads_only": true }))).await;
        let refused = [a, b].into_iter().filter_map(Result::err).map(|error| error.code);
        assert_eq!(refused.collect::<Vec<_>>(), [Code::PreconditionFailed]);
        assert_eq!(revision(world, &scene.ann, &room).await, 2);
    }
}
