use crate::world::{World, field};
use serde_json::json;

mesh_store::statements! {
    SET_ROLE = "UPDATE members SET role = $2 WHERE id = $1";
}

/// Attack 38.
#[tokio::test]
async fn rank_decides_who_acts_on_whom() {
    let world = World::new().await;
    let people = ["ann", "bob", "cat", "dan", "eve"];
    let mut them = Vec::new();
    for name in people {
        them.push(world.person(name).await);
    }
    let [ann, bob, cat, dan, eve] = &them[..] else {
        unreachable!()
    };
    let mesh = world.mesh(ann).await;
    let creator = world.me(ann).await;
    let admin = world.join(&mesh, ann, bob, "admin").await;
    let second = world.join(&mesh, ann, cat, "admin").await;
    let moderator = world.join(&mesh, ann, dan, "moderator").await;
    let member = world.join(&mesh, ann, eve, "member").await;
    let give = |member: &str, role: &str| json!({ "member_id": member, "role": role });
    for (who, subject, role, expected) in [
        (bob, &creator, "member", ("forbidden", Some("rank"))),
        (ann, &creator, "member", ("forbidden", Some("rank"))),
        (bob, &second, "member", ("forbidden", Some("rank"))),
        (bob, &member, "admin", ("forbidden", Some("rank"))),
        (bob, &admin, "creator", ("forbidden", Some("rank"))),
        (dan, &moderator, "admin", ("forbidden", Some("role"))),
        (eve, &member, "moderator", ("forbidden", Some("role"))),
        (ann, &member, "creator", ("forbidden", Some("rank"))),
        (ann, &member, "pending", ("validation_failed", None)),
        (ann, &member, "bot", ("forbidden", Some("rank"))),
    ] {
        let refused = world.refused(who, "member.set_role", give(subject, role)).await;
        assert_eq!(refused, expected, "{subject} as {role}");
    }
    for (who, subject) in [
        (bob, &creator),
        (ann, &creator),
        (bob, &second),
        (dan, &admin),
        (dan, &creator),
    ] {
        let refused = world
            .refused(who, "member.remove", json!({ "member_id": subject }))
            .await;
        assert_eq!(refused, ("forbidden", Some("rank")), "{subject}");
    }
    let promoted = world.ok(bob, "member.set_role", give(&member, "moderator")).await;
    assert_eq!(
        (&promoted["role"], &promoted["revision"]),
        (&json!("moderator"), &json!(2))
    );
    assert!(
        world
            .events(&format!("mesh:{mesh}"))
            .await
            .contains(&"member.changed".to_owned())
    );
}

/// The decision is made on what is known in memory; the transaction looks again.
#[tokio::test]
async fn a_role_that_was_lost_meanwhile_gives_nothing() {
    let world = World::new().await;
    let (ann, bob, eve) = (
        world.person("ann").await,
        world.person("bob").await,
        world.person("eve").await,
    );
    let mesh = world.mesh(&ann).await;
    let admin = world.join(&mesh, &ann, &bob, "admin").await;
    let member = world.join(&mesh, &ann, &eve, "member").await;
    world.ok(&bob, "mesh.get", json!({ "mesh_id": mesh })).await;
    // Still an Admin in memory, but by now a Moderator, and that one must not make another.
    world
        .behind(vec![(SET_ROLE, vec![admin.clone(), "moderator".into()])])
        .await;
    let give = json!({ "member_id": member, "role": "moderator" });
    assert_eq!(
        world.refused(&bob, "member.set_role", give).await,
        ("forbidden", Some("role"))
    );
    world.behind(vec![(SET_ROLE, vec![admin, "member".into()])]).await;
    let gone = world
        .refused(&bob, "member.remove", json!({ "member_id": member }))
        .await;
    assert_eq!(gone, ("forbidden", Some("role")));
    let invite = json!({ "mesh_id": mesh, "role": "moderator" });
    assert_eq!(
        world.refused(&bob, "invite.create", invite).await,
        ("forbidden", Some("rank"))
    );
}

/// Attack 6, as far as it is about what the next call may do.
#[tokio::test]
async fn a_removed_member_is_out_of_everything_at_once() {
    let world = World::new().await;
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let mesh = world.mesh(&ann).await;
    let member = world.join(&mesh, &ann, &bob, "member").await;
    let room = world.room(&mesh, &ann, "secret", "private").await;
    world.add(&room, &ann, &member).await;
    let post = json!({ "room_id": room, "text": "hello" });
    world.ok(&bob, "message.post", post.clone()).await;
    world.ok(&ann, "member.remove", json!({ "member_id": member })).await;
    assert_eq!(world.refused(&bob, "message.post", post).await.0, "not_found");
    assert_eq!(
        world.refused(&bob, "mesh.get", json!({ "mesh_id": mesh })).await.0,
        "not_found"
    );
    assert_eq!(world.seats(&room, &ann).await, [("ann".into(), "owner".into())]);
    assert_eq!(
        world.events(&format!("mesh:{mesh}")).await.last().unwrap(),
        "member.left"
    );
    assert_eq!(
        world.events(&format!("room:{room}")).await.last().unwrap(),
        "room_member.left"
    );
    assert_eq!(
        world.events(&format!("person:{}", bob.id())).await.last().unwrap(),
        "room.closed"
    );
    let again = world
        .refused(&ann, "member.remove", json!({ "member_id": member }))
        .await;
    assert_eq!(again.0, "wrong_state");
    // An invitation brings them back, as the same member.
    let code = world.invite(&ann, json!({ "mesh_id": mesh, "role": "guest" })).await;
    let back = world.ok(&bob, "invite.accept", json!({ "code": code })).await;
    assert_eq!((field(&back, "id"), field(&back, "role")), (member, "guest".into()));
}

#[tokio::test]
async fn a_room_without_its_owner_goes_to_who_may_lead_it() {
    let world = World::new().await;
    let (ann, bob, gus) = (
        world.person("ann").await,
        world.person("bob").await,
        world.person("gus").await,
    );
    let (rea, sue) = (world.person("rea").await, world.person("sue").await);
    let mesh = world.mesh(&ann).await;
    let owner = world.join(&mesh, &ann, &bob, "member").await;
    let guest = world.join(&mesh, &ann, &gus, "guest").await;
    let reader = world.join(&mesh, &ann, &rea, "member").await;
    let other = world.join(&mesh, &ann, &sue, "member").await;
    let room = world.room(&mesh, &bob, "bobs", "public").await;
    for member in [&guest, &reader, &other] {
        world.add(&room, &bob, member).await;
    }
    let read_only = json!({ "room_id": room, "member_id": reader, "room_role": "read_only" });
    world.ok(&bob, "room_member.set_role", read_only).await;
    world.ok(&ann, "member.remove", json!({ "member_id": owner })).await;
    let seats = [("gus", "participant"), ("rea", "read_only"), ("sue", "owner")];
    let seats: Vec<(String, String)> = seats.map(|(who, role)| (who.into(), role.into())).into();
    assert_eq!(world.seats(&room, &sue).await, seats);
    let kinds = world.events(&format!("room:{room}")).await;
    assert_eq!(kinds[kinds.len() - 2..], ["room_member.changed", "room_member.left"]);
    // The new owner really is one, at once.
    world
        .ok(&sue, "room.update", json!({ "room_id": room, "purpose": "mine now" }))
        .await;
    // With only a Guest and a reader left, nobody inherits.
    world.ok(&ann, "member.remove", json!({ "member_id": other })).await;
    let owners = world.seats(&room, &rea).await;
    assert!(owners.iter().all(|(_, role)| role != "owner"), "{owners:?}");
}

#[tokio::test]
async fn a_guest_leads_no_room() {
    let world = World::new().await;
    let (ann, bob, sue) = (
        world.person("ann").await,
        world.person("bob").await,
        world.person("sue").await,
    );
    let mesh = world.mesh(&ann).await;
    let owner = world.join(&mesh, &ann, &bob, "member").await;
    let other = world.join(&mesh, &ann, &sue, "member").await;
    let room = world.room(&mesh, &bob, "bobs", "private").await;
    world.add(&room, &bob, &other).await;
    let update = json!({ "room_id": room, "purpose": "x" });
    world.ok(&bob, "room.update", update.clone()).await;
    world
        .ok(&ann, "member.set_role", json!({ "member_id": owner, "role": "guest" }))
        .await;
    assert_eq!(world.refused(&bob, "room.update", update.clone()).await.0, "forbidden");
    world.ok(&sue, "room.update", update).await;
    let seats = [("bob", "participant"), ("sue", "owner")];
    let seats: Vec<(String, String)> = seats.map(|(who, role)| (who.into(), role.into())).into();
    assert_eq!(world.seats(&room, &sue).await, seats);
}

#[tokio::test]
async fn guests_see_whom_they_share_a_room_of_this_mesh_with() {
    let world = World::new().await;
    let (ann, bob, gus) = (
        world.person("ann").await,
        world.person("bob").await,
        world.person("gus").await,
    );
    let mesh = world.mesh(&ann).await;
    let bobs = world.join(&mesh, &ann, &bob, "member").await;
    let guest = world.join(&mesh, &ann, &gus, "guest").await;
    // In another mesh they share a room, which is nobody's business here.
    let other = field(&world.ok(&bob, "mesh.create", json!({ "name": "Other" })).await, "id");
    let there = world.join(&other, &bob, &gus, "member").await;
    let elsewhere = world.room(&other, &bob, "elsewhere", "private").await;
    world.add(&elsewhere, &bob, &there).await;
    let names = |page: serde_json::Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|member| field(&member["actor"], "name")).collect()
    };
    let list = json!({ "mesh_id": mesh });
    assert_eq!(names(world.ok(&gus, "member.list", list.clone()).await), ["gus"]);
    assert_eq!(
        world.refused(&gus, "member.get", json!({ "member_id": bobs })).await.0,
        "not_found"
    );
    let room = world.room(&mesh, &ann, "shared", "private").await;
    world.add(&room, &ann, &guest).await;
    assert_eq!(names(world.ok(&gus, "member.list", list.clone()).await), ["ann", "gus"]);
    assert_eq!(names(world.ok(&bob, "member.list", list).await), ["ann", "bob", "gus"]);
    for (filter, expected) in [
        (json!({ "role": "guest" }), vec!["gus"]),
        (json!({ "kind": "person" }), vec!["ann", "bob", "gus"]),
        (json!({ "kind": "bot" }), vec![]),
    ] {
        let mut fields = json!({ "mesh_id": mesh });
        fields
            .as_object_mut()
            .unwrap()
            .extend(filter.as_object().unwrap().clone());
        assert_eq!(names(world.ok(&bob, "member.list", fields).await), expected, "{filter}");
    }
}

/// Two who have one name are told apart by their handles.
#[tokio::test]
async fn handles_are_free_ones() {
    let world = World::new().await;
    let ann = world.person("ann").await;
    let mesh = world.mesh(&ann).await;
    let mut handles = Vec::new();
    for email in ["a", "b"] {
        let fields =
            json!({ "email": format!("{email}@example.net"), "password": crate::world::PASSWORD, "name": "Ann" });
        let session = world.nobody("auth.register", fields).await.unwrap();
        let person = world.signed_in(session).await;
        let code = world.invite(&ann, json!({ "mesh_id": mesh })).await;
        handles.push(field(
            &world.ok(&person, "invite.accept", json!({ "code": code })).await,
            "handle",
        ));
    }
    assert_eq!(handles, ["ann-2", "ann-3"]);
}

/// Guests are not on the stream of the mesh, so what concerns them comes to their own.
#[tokio::test]
async fn guests_get_copies_of_changes() {
    let world = World::new().await;
    let (ann, bob, gus, hal) = (
        world.person("ann").await,
        world.person("bob").await,
        world.person("gus").await,
        world.person("hal").await,
    );
    let mesh = world.mesh(&ann).await;
    let bob_there = world.join(&mesh, &ann, &bob, "member").await;
    let gus_there = world.join(&mesh, &ann, &gus, "guest").await;
    world.join(&mesh, &ann, &hal, "guest").await;
    // Elsewhere they are no Guests of this mesh.
    let other = world.ok(&ann, "mesh.create", json!({ "name": "Other" })).await;
    let eve = world.person("eve").await;
    world.join(&field(&other, "id"), &ann, &eve, "guest").await;
    let room = world.room(&mesh, &ann, "den", "private").await;
    for member in [&bob_there, &gus_there] {
        world.add(&room, &ann, member).await;
    }
    let start = world.ok(&gus, "event.sync", json!({})).await;
    let about = json!({ "mesh_id": mesh, "name": "New" });
    world.ok(&ann, "mesh.update", about).await;
    let give = |member: &str, role: &str| json!({ "member_id": member, "role": role });
    for (member, role) in [(&bob_there, "moderator"), (&bob_there, "guest"), (&gus_there, "member")] {
        world.ok(&ann, "member.set_role", give(member, role)).await;
    }
    for (who, expected) in [
        (&ann, ""),
        (&eve, ""),
        (&hal, "mesh.changed"),
        (&bob, "member.changed member.changed"),
        (&gus, "mesh.changed member.changed member.changed member.changed"),
    ] {
        let mut own = world.events(&format!("person:{}", who.id())).await;
        own.retain(|kind| kind.ends_with(".changed"));
        assert_eq!(own.join(" "), expected, "{}", field(&who.session, "person_id"));
    }
    let sync = json!({ "cursor": start["cursor"] });
    let seen = world.ok(&gus, "event.sync", sync).await;
    let seen = seen["events"].as_array().unwrap().iter();
    let own = seen.filter(|event| field(event, "stream").starts_with("person:"));
    let told: Vec<_> = own.map(|event| (field(event, "type"), event["data"].clone())).collect();
    assert_eq!(
        told[0],
        ("mesh.changed".into(), json!({ "mesh_id": mesh, "name": "New" }))
    );
    let changed = json!({ "member_id": bob_there, "role": "moderator" });
    assert_eq!(told[1], ("member.changed".into(), changed));
}
