//! Rooms in which a fixed few talk.

use crate::world::{Person, World, field};
use futures_util::future::join;
use mesh_service::Code;
use serde_json::{Value, json};

/// A mesh of Ann's; Bob and Cat are members, Gus is a Guest, and nobody shares a room with anybody.
struct Scene {
    mesh: String,
    ann: Person,
    bob: Person,
    cat: Person,
    gus: Person,
    anns: String,
    bobs: String,
    cats: String,
    guests: String,
}

async fn scene(world: &World) -> Scene {
    let (ann, bob, cat, gus) = (
        world.person("ann").await,
        world.person("bob").await,
        world.person("cat").await,
        world.person("gus").await,
    );
    let mesh = world.mesh(&ann).await;
    Scene {
        anns: world.me(&ann).await,
        bobs: world.join(&mesh, &ann, &bob, "member").await,
        cats: world.join(&mesh, &ann, &cat, "member").await,
        guests: world.join(&mesh, &ann, &gus, "guest").await,
        mesh,
        ann,
        bob,
        cat,
        gus,
    }
}

impl Scene {
    fn with(&self, members: &[&String]) -> Value {
        json!({ "mesh_id": self.mesh, "member_ids": members })
    }

    async fn open(&self, world: &World, who: &Person, members: &[&String]) -> String {
        field(&world.ok(who, "direct_room.open", self.with(members)).await, "id")
    }
}

on_both_engines! {
    async fn the_same_people_have_one_room(world) {
        let scene = scene(world).await;
        let (ann, bob, cat) = (&scene.ann, &scene.bob, &scene.cat);
        let opened = world.ok(ann, "direct_room.open", scene.with(&[&scene.bobs])).await;
        let room = field(&opened, "id");
        assert_eq!(
            (&opened["kind"], &opened["join_rule"], &opened["member_count"], &opened["my_role"]),
            (&json!("direct"), &json!("direct"), &json!(2), &json!("participant"))
        );
        // Bob now shares a room with Ann: this one.
        assert_eq!(scene.open(world, bob, &[&scene.anns]).await, room);
        assert_eq!(scene.open(world, ann, &[&scene.bobs, &scene.bobs, &scene.anns]).await, room);
        for who in [ann, bob] {
            assert_eq!(world.times(&format!("person:{}", who.id()), "room.opened").await, 1);
        }
        assert_eq!(world.times(&format!("mesh:{}", scene.mesh), "room.created").await, 0);
        let wider = scene.open(world, ann, &[&scene.cats, &scene.bobs]).await;
        assert_ne!(wider, room);
        assert_eq!(scene.open(world, cat, &[&scene.anns, &scene.bobs]).await, wider);
        world.ok(bob, "message.post", json!({ "room_id": room, "text": "hello" })).await;
        // Nobody else sees it, and nobody is brought in.
        let here = json!({ "room_id": room });
        for op in ["room.get", "message.list", "room.join", "room.archive", "room_settings.get"] {
            assert_eq!(world.refused(cat, op, here.clone()).await.0, "not_found", "{op}");
        }
        let add = json!({ "room_id": room, "member_id": scene.cats });
        assert_eq!(world.refused(ann, "room_member.add", add).await.0, "forbidden");
    }

    /// Ann may write to anybody; others only to those they share a room with.
    async fn one_writes_to_whom_one_shares_a_room_with(world) {
        let scene = scene(world).await;
        let (bob, gus) = (&scene.bob, &scene.gus);
        let open = "direct_room.open";
        assert_eq!(world.refused(bob, open, scene.with(&[&scene.cats])).await, ("forbidden", Some("ownership")));
        // To a Guest, a member it shares no room with is none at all.
        let nobody = mesh_types::MemberId::new(world.host.ids.next()).to_string();
        let mut told = Vec::new();
        for member in [&scene.cats, &nobody] {
            let refused = world.call(&gus.caller, open, scene.with(&[member])).await.unwrap_err();
            told.push((refused.code, refused.detail));
        }
        assert_eq!(told[0], told[1]);
        assert_eq!(told[0].0, Code::ValidationFailed);
        let room = world.room(&scene.mesh, &scene.ann, "den", "private").await;
        for member in [&scene.bobs, &scene.cats, &scene.guests] {
            world.add(&room, &scene.ann, member).await;
        }
        let direct = scene.open(world, gus, &[&scene.cats]).await;
        assert_eq!(scene.open(world, &scene.cat, &[&scene.guests]).await, direct);
        scene.open(world, bob, &[&scene.cats]).await;
        let eve = world.person("eve").await;
        assert_eq!(world.refused(&eve, open, scene.with(&[&scene.bobs])).await.0, "not_found");
        for wrong in [vec![], vec![&scene.bobs], vec![&nobody]] {
            assert_eq!(world.refused(bob, open, scene.with(&wrong)).await.0, "validation_failed", "{wrong:?}");
        }
        world.ok(&scene.ann, "member.remove", json!({ "member_id": scene.cats })).await;
        assert_eq!(world.refused(bob, open, scene.with(&[&scene.cats])).await.0, "validation_failed");
    }

    async fn eight_others_at_most(world) {
        let scene = scene(world).await;
        let mut members = vec![];
        for n in 0..9 {
            let person = world.person(&format!("p{n}")).await;
            members.push(world.join(&scene.mesh, &scene.ann, &person, "member").await);
        }
        let all: Vec<_> = members.iter().collect();
        let refused = world.refused(&scene.ann, "direct_room.open", scene.with(&all)).await;
        assert_eq!(refused.0, "validation_failed");
        let opened = world.ok(&scene.ann, "direct_room.open", scene.with(&all[..8])).await;
        assert_eq!(opened["member_count"], 9);
    }

    /// Two who open it at the same moment open one.
    async fn opening_at_once_opens_one(world) {
        let scene = scene(world).await;
        let admin = world.person("admin").await;
        let admins = world.join(&scene.mesh, &scene.ann, &admin, "admin").await;
        let (one, two) = join(
            world.call(&scene.ann.caller, "direct_room.open", scene.with(&[&admins])),
            world.call(&admin.caller, "direct_room.open", scene.with(&[&scene.anns])),
        )
        .await;
        assert_eq!(one.unwrap()["id"], two.unwrap()["id"]);
        for who in [&scene.ann, &admin] {
            assert_eq!(world.times(&format!("person:{}", who.id()), "room.opened").await, 1);
        }
    }

    async fn whoever_left_comes_back_by_opening(world) {
        let scene = scene(world).await;
        let room = scene.open(world, &scene.ann, &[&scene.bobs]).await;
        let here = json!({ "room_id": room });
        world.ok(&scene.bob, "room.leave", here.clone()).await;
        assert_eq!(world.refused(&scene.bob, "room.get", here.clone()).await.0, "not_found");
        assert_eq!(scene.open(world, &scene.ann, &[&scene.bobs]).await, room);
        world.ok(&scene.bob, "room.get", here.clone()).await;
        // A deleted one does not come back; they get another.
        let now = world.ok(&scene.ann, "room.get", here.clone()).await["revision"].clone();
        world.matched(&scene.ann, &now, "room.delete", here).await.unwrap();
        assert_ne!(scene.open(world, &scene.ann, &[&scene.bobs]).await, room);
    }

    async fn a_bot_hears_what_is_said_to_it(world) {
        let scene = scene(world).await;
        let bot = json!({ "mesh_id": scene.mesh, "name": "Echo", "runtime": "external" });
        let bot = world.ok(&scene.ann, "bot.create", bot).await;
        let room = scene.open(world, &scene.ann, &[&field(&bot, "member_id")]).await;
        let bots = world.ok(&scene.ann, "room_bot.list", json!({ "room_id": room })).await;
        assert_eq!(
            (&bots["items"][0]["bot_id"], &bots["items"][0]["hears"], &bots["items"][0]["may_post"]),
            (&bot["id"], &json!("all"), &json!(true))
        );
        let id = field(&bot, "id").parse().unwrap();
        let streams = mesh_service::inbox::streams(&world.host, id).await.unwrap();
        let names: Vec<_> = streams.iter().map(|(stream, _)| stream.to_string()).collect();
        assert!(names.contains(&format!("room:{room}")), "{names:?}");
    }
}
