//! A mesh's settings, what members say of themselves, and how one leaves or a mesh ends.

use crate::world::{Person, World, field};
use futures_util::future::join;
use mesh_service::{Code, authority::Stale};
use mesh_store::presences;
use serde_json::{Value, json};

mesh_store::statements! {
    STALE_SIGN_IN = "UPDATE sessions SET fresh_until = 0 WHERE person_id = $1";
}

/// A mesh of Ann's with Bob as a member, Gus as a Guest, and Eve outside.
struct Scene {
    ann: Person,
    bob: Person,
    gus: Person,
    eve: Person,
    mesh: String,
    anns: String,
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
    Scene {
        anns: world.me(&ann).await,
        bobs: world.join(&mesh, &ann, &bob, "member").await,
        guests: world.join(&mesh, &ann, &gus, "guest").await,
        mesh,
        ann,
        bob,
        gus,
        eve,
    }
}

impl Scene {
    fn here(&self) -> Value {
        json!({ "mesh_id": self.mesh })
    }

    /// Ann changes the settings as they are now.
    async fn set(&self, world: &World, fields: Value) -> Result<Value, mesh_service::Error> {
        let now = world.ok(&self.ann, "mesh_settings.get", self.here()).await;
        self.set_at(world, &now["revision"], fields).await
    }

    async fn set_at(&self, world: &World, revision: &Value, mut fields: Value) -> Result<Value, mesh_service::Error> {
        fields["mesh_id"] = json!(self.mesh);
        world.matched(&self.ann, revision, "mesh_settings.update", fields).await
    }
}

on_both_engines! {
    async fn only_those_who_run_a_mesh_set_its_rules(world) {
        let scene = scene(world).await;
        let first = world.ok(&scene.ann, "mesh_settings.get", scene.here()).await;
        assert_eq!(
            (&first["room_creators"], &first["default_room_ids"], &first["locale"]),
            (&json!("member"), &json!([]), &json!("en"))
        );
        for (who, code) in [(&scene.bob, "forbidden"), (&scene.gus, "forbidden"), (&scene.eve, "not_found")] {
            assert_eq!(world.refused(who, "mesh_settings.get", scene.here()).await.0, code);
            assert_eq!(world.refused(who, "mesh_settings.update", scene.here()).await.0, code);
        }
        assert_eq!(world.refused(&scene.ann, "mesh_settings.update", scene.here()).await.0, "precondition_required");
        let private = world.room(&scene.mesh, &scene.ann, "den", "private").await;
        for wrong in [
            json!({ "room_creators": "guest" }),
            json!({ "locale": "x" }),
            json!({ "locale": "de_CH" }),
            json!({ "profile_fields": ["a", "a"] }),
            json!({ "profile_fields": [""] }),
            json!({ "default_room_ids": [private] }),
            json!({ "default_room_ids": ["room_01h455vb4pex5vsknk084sn02q"] }),
        ] {
            let told = scene.set(world, wrong.clone()).await.unwrap_err();
            assert_eq!(told.code, Code::ValidationFailed, "{wrong}");
        }
        let set = scene.set(world, json!({ "locale": "de-CH" })).await.unwrap();
        assert_eq!((&set["locale"], &set["room_creators"]), (&json!("de-CH"), &json!("member")));
        assert_eq!(set["revision"], json!(first["revision"].as_i64().unwrap() + 1));
        scene.set(world, json!({ "locale": "de-CH" })).await.unwrap();
        for stream in [format!("mesh:{}", scene.mesh), format!("person:{}", scene.gus.id())] {
            assert_eq!(world.times(&stream, "mesh.changed").await, 1);
            let told = world.newest(&stream, "mesh.changed").await;
            assert_eq!(told, json!({ "mesh_id": scene.mesh, "settings": ["locale"] }));
        }
        let now = world.ok(&scene.ann, "mesh_settings.get", scene.here()).await;
        let (a, b) = join(
            scene.set_at(world, &now["revision"], json!({ "locale": "fr" })),
            scene.set_at(world, &now["revision"], json!({ "profile_fields": ["pronouns"] })),
        )
        .await;
        let refused = [a, b].into_iter().filter_map(Result::err).map(|error| error.code);
        assert_eq!(refused.collect::<Vec<_>>(), [Code::PreconditionFailed]);
    }

    async fn the_rules_are_kept(world) {
        let scene = scene(world).await;
        let room = json!({ "mesh_id": scene.mesh, "name": "Bobs" });
        scene.set(world, json!({ "room_creators": "moderator" })).await.unwrap();
        assert_eq!(world.refused(&scene.bob, "room.create", room.clone()).await, ("forbidden", Some("policy")));
        let hall = world.room(&scene.mesh, &scene.ann, "hall", "public").await;
        scene.set(world, json!({ "room_creators": "member", "default_room_ids": [hall] })).await.unwrap();
        world.ok(&scene.bob, "room.create", room).await;
        world.join(&scene.mesh, &scene.ann, &scene.eve, "member").await;
        let hal = world.person("hal").await;
        world.join(&scene.mesh, &scene.ann, &hal, "guest").await;
        let seats: Vec<_> = world.seats(&hall, &scene.ann).await.into_iter().map(|(name, _)| name).collect();
        assert_eq!(seats, ["ann", "eve"]);
        // A room that is gone stops nobody from coming.
        world.matched(&scene.ann, &json!(1), "room.delete", json!({ "room_id": hall })).await.unwrap();
        let ivy = world.person("ivy").await;
        world.join(&scene.mesh, &scene.ann, &ivy, "member").await;
    }

    async fn people_say_who_they_are(world) {
        let scene = scene(world).await;
        let (ann, bob) = (&scene.ann, &scene.bob);
        let room = world.room(&scene.mesh, ann, "kitchen", "private").await;
        world.add(&room, ann, &scene.bobs).await;
        let patch = |member: &str, mut fields: Value| {
            fields["member_id"] = json!(member);
            fields
        };
        scene.set(world, json!({ "profile_fields": ["pronouns"] })).await.unwrap();
        let about = json!({ "handle": "bobby", "display_name": "Bob B.", "title": "Cook", "fields": { "pronouns": "he" } });
        let now = world.ok(bob, "member.update", patch(&scene.bobs, about.clone())).await;
        assert_eq!(
            (&now["handle"], &now["actor"]["name"], &now["title"], &now["fields"], &now["revision"]),
            (&json!("bobby"), &json!("Bob B."), &json!("Cook"), &json!({ "pronouns": "he" }), &json!(2))
        );
        assert_eq!(world.ok(bob, "member.update", patch(&scene.bobs, about)).await["revision"], 2);
        let stream = format!("mesh:{}", scene.mesh);
        assert_eq!(world.times(&stream, "member.changed").await, 1);
        let told = world.newest(&stream, "member.changed").await;
        assert_eq!(told, json!({ "member_id": scene.bobs, "changed": ["display_name", "fields", "handle", "title"] }));
        // They are mentioned by the new handle and found by both.
        world.ok(ann, "message.post", json!({ "room_id": room, "text": "@bobby" })).await;
        assert_eq!(world.ok(bob, "notification.list", json!({})).await["items"].as_array().unwrap().len(), 1);
        for handle in ["bob", "bobby", "BOBBY"] {
            let at = json!({ "mesh_id": scene.mesh, "handle": handle });
            assert_eq!(world.ok(ann, "member.resolve", at).await["id"], json!(scene.bobs), "{handle}");
        }
        let cleared = json!({ "title": null, "fields": { "pronouns": null } });
        let now = world.ok(ann, "member.update", patch(&scene.bobs, cleared)).await;
        assert_eq!((now.get("title"), now.get("fields")), (None, None));
        for (member, wrong, code) in [
            (&scene.bobs, json!({ "handle": "ann" }), "already_exists"),
            (&scene.bobs, json!({ "handle": "Bob" }), "validation_failed"),
            (&scene.bobs, json!({ "handle": "" }), "validation_failed"),
            (&scene.bobs, json!({ "handle": null }), "validation_failed"),
            (&scene.bobs, json!({ "display_name": " " }), "validation_failed"),
            (&scene.bobs, json!({ "fields": { "shoes": "42" } }), "validation_failed"),
            (&scene.anns, json!({ "title": "Boss" }), "forbidden"),
        ] {
            assert_eq!(world.refused(bob, "member.update", patch(member, wrong.clone())).await.0, code, "{wrong}");
        }
        // A Guest does not see whom it shares no room with; nobody takes the handle that Bob had.
        let title = patch(&scene.bobs, json!({ "title": "x" }));
        for who in [&scene.gus, &scene.eve] {
            assert_eq!(world.refused(who, "member.update", title.clone()).await.0, "not_found");
            let at = json!({ "mesh_id": scene.mesh, "handle": "bob" });
            assert_eq!(world.refused(who, "member.resolve", at).await.0, "not_found");
        }
        let old = patch(&scene.guests, json!({ "handle": "bob" }));
        assert_eq!(world.refused(&scene.gus, "member.update", old).await.0, "already_exists");
        let own = json!({ "mesh_id": scene.mesh, "handle": "gus" });
        assert_eq!(world.ok(&scene.gus, "member.resolve", own).await["id"], json!(scene.guests));
        // An Admin is not above another, nor above Ann.
        let admin = world.person("admin").await;
        world.join(&scene.mesh, ann, &admin, "admin").await;
        let creator = patch(&scene.anns, json!({ "title": "x" }));
        assert_eq!(world.refused(&admin, "member.update", creator).await, ("forbidden", Some("rank")));
        let late = world.matched(bob, &json!(1), "member.update", title).await.unwrap_err();
        assert_eq!(late.code, Code::PreconditionFailed);
        let back = patch(&scene.bobs, json!({ "handle": "bob" }));
        assert_eq!(world.ok(bob, "member.update", back).await["handle"], "bob");
    }

    async fn one_of_two_gets_a_handle(world) {
        let scene = scene(world).await;
        let take = |who: &Person, member: &str| {
            let (caller, fields) = (who.caller.clone(), json!({ "member_id": member, "handle": "best" }));
            async move { world.call(&caller, "member.update", fields).await }
        };
        let (a, b) = join(take(&scene.ann, &scene.anns), take(&scene.bob, &scene.bobs)).await;
        let refused = [a, b].into_iter().filter_map(Result::err).map(|error| error.code);
        assert_eq!(refused.collect::<Vec<_>>(), [Code::AlreadyExists]);
        // Two changes of one member at once are both kept.
        let change = |fields: Value| {
            let (caller, mut fields) = (scene.bob.caller.clone(), fields);
            fields["member_id"] = json!(scene.bobs);
            async move { world.call(&caller, "member.update", fields).await }
        };
        for n in 0..5 {
            let (name, title) = (format!("Bob {n}"), format!("Cook {n}"));
            let (a, b) = join(change(json!({ "display_name": name })), change(json!({ "title": title }))).await;
            a.unwrap();
            b.unwrap();
            let now = world.ok(&scene.bob, "member.get", json!({ "member_id": scene.bobs })).await;
            assert_eq!((&now["actor"]["name"], &now["title"]), (&json!(name), &json!(title)));
        }
    }

    async fn bots_are_named_elsewhere(world) {
        let scene = scene(world).await;
        let bot = json!({ "mesh_id": scene.mesh, "name": "Echo", "runtime": "external" });
        let bot = world.ok(&scene.ann, "bot.create", bot).await;
        let patch = |fields: Value| {
            let mut fields = fields;
            fields["member_id"] = bot["member_id"].clone();
            fields
        };
        let named = patch(json!({ "display_name": "Ohce" }));
        assert_eq!(world.refused(&scene.ann, "member.update", named).await.0, "validation_failed");
        let title = patch(json!({ "title": "Repeats" }));
        assert_eq!(world.ok(&scene.ann, "member.update", title.clone()).await["title"], "Repeats");
        assert_eq!(world.refused(&scene.bob, "member.update", title).await.0, "forbidden");
    }

    async fn whoever_leaves_is_out_and_may_come_back(world) {
        let scene = scene(world).await;
        let (ann, bob) = (&scene.ann, &scene.bob);
        let room = world.room(&scene.mesh, bob, "bobs", "private").await;
        world.add(&room, bob, &scene.guests).await;
        world.add(&room, bob, &scene.anns).await;
        let den = world.room(&scene.mesh, ann, "den", "private").await;
        world.ok(bob, "member.update", json!({ "member_id": scene.bobs, "title": "Cook" })).await;
        assert_eq!(world.refused(ann, "member.leave", scene.here()).await, ("forbidden", Some("rank")));
        assert_eq!(world.refused(&scene.eve, "member.leave", scene.here()).await.0, "not_found");
        let end = world.host.clock.now().plus_seconds(3600);
        let token = json!({ "name": "t", "permissions": ["mesh.read"], "expires_at": end });
        let token = world.ok(bob, "pat.create", token).await;
        let caller = world.by_token(&field(&token, "token")).await.unwrap();
        let told = world.call(&caller, "member.leave", scene.here()).await.unwrap_err();
        assert_eq!(told.code, Code::Forbidden);
        world.ok(bob, "member.leave", scene.here()).await;
        assert_eq!(world.refused(bob, "mesh.get", scene.here()).await.0, "not_found");
        assert_eq!(world.refused(bob, "member.leave", scene.here()).await.0, "not_found");
        assert_eq!(world.newest(&format!("mesh:{}", scene.mesh), "member.left").await, json!({ "member_id": scene.bobs, "reason": "left" }));
        assert_eq!(world.newest(&format!("person:{}", bob.id()), "room.closed").await["reason"], "left");
        // The room has another owner.
        let seats = world.seats(&room, ann).await;
        assert_eq!(seats, [("ann".into(), "owner".into()), ("gus".into(), "participant".into())]);
        let code = world.invite(ann, json!({ "mesh_id": scene.mesh, "room_ids": [den] })).await;
        let back = world.ok(bob, "invite.accept", json!({ "code": code })).await;
        assert_eq!((&back["id"], &back["title"]), (&json!(scene.bobs), &json!("Cook")));
        let role = json!({ "room_id": den, "member_id": scene.bobs, "room_role": "moderator" });
        world.ok(ann, "room_member.set_role", role).await;
        // Events leave out what he says of himself.
        for (stream, kind) in [
            (format!("mesh:{}", scene.mesh), "member.joined"),
            (format!("room:{den}"), "room_member.joined"),
            (format!("room:{den}"), "room_member.changed"),
        ] {
            let told = world.newest(&stream, kind).await.to_string();
            assert!(told.contains(&scene.bobs) && !told.contains("Cook"), "{told}");
        }
    }

    /// Whoever is removed while leaving is out once.
    async fn one_goes_once(world) {
        let scene = scene(world).await;
        let room = world.room(&scene.mesh, &scene.ann, "den", "private").await;
        for n in 1..=10 {
            world.add(&room, &scene.ann, &scene.bobs).await;
            let leaving = world.call(&scene.bob.caller, "member.leave", scene.here());
            let removing = world.call(&scene.ann.caller, "member.remove", json!({ "member_id": scene.bobs }));
            let (left, removed) = if n % 2 == 0 {
                join(leaving, removing).await
            } else {
                let (removed, left) = join(removing, leaving).await;
                (left, removed)
            };
            assert!(left.is_ok() ^ removed.is_ok());
            assert_eq!(world.times(&format!("mesh:{}", scene.mesh), "member.left").await, n);
            assert_eq!(world.times(&format!("room:{room}"), "room_member.left").await, n);
            world.join(&scene.mesh, &scene.ann, &scene.bob, "member").await;
        }
    }

    async fn a_deleted_mesh_is_gone_for_everybody(world) {
        let scene = scene(world).await;
        let (ann, bob) = (&scene.ann, &scene.bob);
        let room = world.room(&scene.mesh, ann, "kitchen", "public").await;
        world.add(&room, ann, &scene.bobs).await;
        world.ok(ann, "message.post", json!({ "room_id": room, "text": "@bob" })).await;
        let code = world.invite(ann, json!({ "mesh_id": scene.mesh })).await;
        let bot = json!({ "mesh_id": scene.mesh, "name": "Echo", "runtime": "external" });
        let bot = field(&world.ok(ann, "bot.create", bot).await, "id");
        world.ok(ann, "bot.start", json!({ "bot_id": bot })).await;
        let admin = world.person("admin").await;
        world.join(&scene.mesh, ann, &admin, "admin").await;
        let now = world.ok(ann, "mesh.get", scene.here()).await["revision"].clone();
        for (who, code) in [(&admin, Code::Forbidden), (bob, Code::Forbidden), (&scene.eve, Code::NotFound)] {
            let told = world.matched(who, &now, "mesh.delete", scene.here()).await.unwrap_err();
            assert_eq!(told.code, code);
        }
        assert_eq!(world.refused(ann, "mesh.delete", scene.here()).await.0, "precondition_required");
        let late = world.matched(ann, &json!(99), "mesh.delete", scene.here()).await.unwrap_err();
        assert_eq!(late.code, Code::PreconditionFailed);
        let (a, b) = join(
            world.matched(ann, &now, "mesh.delete", scene.here()),
            world.matched(ann, &now, "mesh.delete", scene.here()),
        )
        .await;
        let refused = [a, b].into_iter().filter_map(Result::err).map(|error| error.code);
        assert_eq!(refused.collect::<Vec<_>>(), [Code::NotFound]);
        for who in [ann, bob] {
            for (op, fields) in [
                ("mesh.get", scene.here()),
                ("room.get", json!({ "room_id": room })),
                ("message.post", json!({ "room_id": room, "text": "x" })),
                ("member.leave", scene.here()),
                ("bot.get", json!({ "bot_id": bot })),
            ] {
                assert_eq!(world.refused(who, op, fields).await.0, "not_found", "{op}");
            }
            assert_eq!(world.ok(who, "mesh.list", json!({})).await["items"], json!([]));
            assert_eq!(world.ok(who, "event.sync", json!({})).await["rooms"], json!([]));
            assert_eq!(world.ok(who, "auth.whoami", json!({})).await["memberships"], json!([]));
            assert_eq!(world.times(&format!("person:{}", who.id()), "mesh.state_changed").await, 1);
        }
        assert_eq!(world.ok(bob, "notification.list", json!({})).await["items"], json!([]));
        let mut view = world.host.store.view().await.unwrap();
        let shows_in = presences::meshes(&mut view.tx(), bob.caller.actor().unwrap()).await.unwrap();
        assert_eq!(shows_in, []);
        let stream = format!("mesh:{}", scene.mesh);
        assert_eq!(world.newest(&stream, "bot.changed").await, json!({ "bot_id": bot, "state": "stopped" }));
        assert_eq!(world.refused(&scene.eve, "invite.accept", json!({ "code": code })).await.0, "not_found");
        // Its name stays taken, since it may come back.
        assert_eq!(world.refused(ann, "mesh.create", json!({ "name": "Test" })).await.0, "already_exists");
    }

    async fn deleting_a_mesh_needs_a_recent_sign_in(world) {
        let scene = scene(world).await;
        world.behind(vec![(STALE_SIGN_IN, vec![scene.ann.id()])]).await;
        // What is known of the session in memory is from before.
        let session = field(&scene.ann.session, "session_id").parse().unwrap();
        world.host.authority.forget(&[Stale::Session(session)]);
        let stale = world.by_token(&field(&scene.ann.session, "access_token")).await.unwrap();
        let mut envelope = world.envelope(&stale);
        envelope.if_match = Some("*".into());
        let told = world.send(envelope, "mesh.delete", scene.here()).await.unwrap_err();
        assert_eq!(told.code, Code::FreshLoginRequired);
    }
}
