use crate::world::{World, field};
use mesh_authz::Permission;
use mesh_service::Code;
use serde_json::{Value, json};

#[tokio::test]
async fn whoever_makes_a_mesh_is_its_creator() {
    let world = World::new().await;
    let ann = world.person("ann").await;
    let (mesh, reply) = world
        .send(
            world.envelope(&ann.caller),
            "mesh.create",
            json!({ "name": "Über Uns" }),
        )
        .await
        .unwrap();
    assert_eq!(
        (&mesh["slug"], &mesh["my_role"]),
        (&json!("ber-uns"), &json!("creator"))
    );
    let id = field(&mesh, "id");
    assert_eq!(reply.location, Some(format!("/meshes/{id}")));
    assert_eq!(world.events(&format!("mesh:{id}")).await, ["member.joined"]);
    let again = json!({ "name": "Another", "slug": "ber-uns" });
    assert_eq!(world.refused(&ann, "mesh.create", again).await.0, "already_exists");
    let listed = world.ok(&ann, "mesh.list", json!({})).await;
    assert_eq!(listed["items"][0]["my_role"], "creator");
}

#[tokio::test]
async fn a_patch_changes_what_it_names() {
    let world = World::new().await;
    let ann = world.person("ann").await;
    let mesh = world.mesh(&ann).await;
    let patch = |mut fields: Value| {
        fields["mesh_id"] = json!(mesh);
        fields
    };
    let about = patch(json!({ "description": "for tests", "listed": true }));
    let changed = world.ok(&ann, "mesh.update", about).await;
    assert_eq!((&changed["name"], &changed["revision"]), (&json!("Test"), &json!(2)));
    let cleared = world
        .ok(&ann, "mesh.update", patch(json!({ "description": null })))
        .await;
    assert_eq!((&cleared["description"], &cleared["revision"]), (&json!(""), &json!(3)));
    for field in ["name", "slug", "listed"] {
        let refused = world.refused(&ann, "mesh.update", patch(json!({ field: null }))).await;
        assert_eq!(refused.0, "validation_failed", "{field}");
    }
    // What stays as it was is no news.
    let same = world.ok(&ann, "mesh.update", patch(json!({ "name": "Test" }))).await;
    assert_eq!(same["revision"], 3);
    assert_eq!(world.events(&format!("mesh:{mesh}")).await.len(), 3);
    let mut envelope = world.envelope(&ann.caller);
    envelope.if_match = Some("\"1\"".into());
    let late = world
        .send(envelope, "mesh.update", patch(json!({ "name": "Late" })))
        .await
        .unwrap_err();
    assert_eq!(late.code, Code::PreconditionFailed);
}

/// Attack 40: a mesh one is not in is no other than one that is not there.
#[tokio::test]
async fn strangers_see_no_mesh() {
    let world = World::new().await;
    let (ann, eve) = (world.person("ann").await, world.person("eve").await);
    let mesh = world.mesh(&ann).await;
    let random = mesh_types::MeshId::new(world.host.ids.next()).to_string();
    for op in ["mesh.get", "role.list", "member.list", "invite.list"] {
        let mut answers = Vec::new();
        for id in [&mesh, &random] {
            let refused = world.call(&eve.caller, op, json!({ "mesh_id": id })).await.unwrap_err();
            answers.push((refused.code, refused.detail));
        }
        assert_eq!(answers[0], answers[1], "{op}");
        assert_eq!(answers[0].0, Code::NotFound, "{op}");
    }
}

#[tokio::test]
async fn the_matrix_is_told_as_data() {
    let world = World::new().await;
    let ann = world.person("ann").await;
    let mesh = world.mesh(&ann).await;
    let roles = world.ok(&ann, "role.list", json!({ "mesh_id": mesh })).await;
    let items = roles["items"].as_array().unwrap();
    assert_eq!(items.len(), 7);
    assert_eq!(
        (&items[0]["role"], &items[0]["permissions"]["mesh.own"]),
        (&json!("creator"), &json!("yes"))
    );
    assert_eq!(
        (&items[5]["role"], &items[5]["permissions"]["room.read"]),
        (&json!("guest"), &json!("invited"))
    );
    assert_eq!(items[6]["permissions"]["mesh.read"], "no");
}

#[tokio::test]
async fn permissions_are_checked_as_they_would_be_used() {
    let world = World::new().await;
    let (ann, ben) = (world.person("ann").await, world.person("ben").await);
    let mesh = world.mesh(&ann).await;
    let member = world.join(&mesh, &ann, &ben, "member").await;
    let private = world.room(&mesh, &ann, "secret", "private").await;
    let public = world.room(&mesh, &ann, "open", "public").await;
    let other = world.ok(&ben, "mesh.create", json!({ "name": "Other" })).await;
    let ask = |permission: &str, resource: &str| json!({ "permission": permission, "resource": resource });
    let questions = [
        (ask("mesh.read", &mesh), true),
        (ask("mesh.manage", &mesh), false),
        (ask("room.read", &public), true),
        (ask("room.read", &private), false),
        (ask("member.profile", &member), true),
        // Its own, but of another mesh than the one asked about.
        (ask("mesh.manage", &field(&other, "id")), false),
        (ask("room.read", "room_01h455vb4pex5vsknk084sn02q"), false),
        (ask("room.read", "nonsense"), false),
    ];
    let asked: Vec<_> = questions.iter().map(|(question, _)| question).collect();
    let answers = world
        .ok(&ben, "permission.check", json!({ "mesh_id": mesh, "questions": asked }))
        .await;
    let expected: Vec<_> = questions.iter().map(|(_, allowed)| allowed).collect();
    assert_eq!(answers["items"], json!(expected));
    let many = vec![ask("mesh.read", &mesh); 101];
    let many = json!({ "mesh_id": mesh, "questions": many });
    assert_eq!(
        world.refused(&ben, "permission.check", many).await.0,
        "validation_failed"
    );
}

/// What the answer says is what the policy answers to each question, for every role.
#[tokio::test]
async fn a_mesh_tells_what_its_reader_may_do_there() {
    let world = World::new().await;
    let ann = world.person("ann").await;
    let mesh = world.mesh(&ann).await;
    let here = json!({ "mesh_id": mesh });
    let mut people = vec![("creator", ann.clone())];
    for role in ["admin", "moderator", "member", "guest"] {
        let person = world.person(role).await;
        world.join(&mesh, &ann, &person, role).await;
        people.push((role, person));
    }
    let all: Vec<_> = Permission::ALL.iter().map(|one| json!(one)).collect();
    for (role, person) in &people {
        let read = world.ok(person, "mesh.get", here.clone()).await;
        assert_eq!(read["my_role"], *role);
        let ask = |permission: &Value| json!({ "permission": permission, "resource": mesh });
        let questions: Vec<_> = all.iter().map(ask).collect();
        let questions = json!({ "mesh_id": mesh, "questions": questions });
        let answers = world.ok(person, "permission.check", questions).await;
        let answers = answers["items"].as_array().unwrap().iter();
        let may = all.iter().zip(answers).filter(|(_, yes)| **yes == true);
        let may: Vec<_> = may.map(|(permission, _)| permission.clone()).collect();
        assert_eq!(read["permissions"], json!(may), "{role}");
        for (permission, least) in [
            ("mesh.own", 0),
            ("mesh.manage", 1),
            ("member.invite", 2),
            ("room.create", 3),
        ] {
            let rank = people.iter().position(|(other, _)| other == role).unwrap();
            assert_eq!(may.contains(&json!(permission)), rank <= least, "{role}: {permission}");
        }
    }
    let (_, admin) = &people[1];
    let fields = json!({ "member_id": world.me(admin).await, "role": "member" });
    world.ok(&ann, "member.set_role", fields).await;
    let (admin, member) = (
        world.ok(admin, "mesh.get", here.clone()).await,
        world.ok(&people[3].1, "mesh.get", here.clone()).await,
    );
    assert_eq!(admin["permissions"], member["permissions"]);
    let end = world.host.clock.now().plus_seconds(3600);
    let token = json!({ "name": "script", "permissions": ["mesh.read", "mesh.manage"], "expires_at": end });
    let token = world.ok(&ann, "pat.create", token).await;
    let caller = world.by_token(&field(&token, "token")).await.unwrap();
    let read = world.call(&caller, "mesh.get", here).await.unwrap();
    assert_eq!(read["permissions"], json!(["mesh.read", "mesh.manage"]));
    // The others who give meshes do not say it.
    let listed = world.ok(&ann, "mesh.list", json!({})).await;
    assert_eq!(listed["items"][0].get("permissions"), None);
}
