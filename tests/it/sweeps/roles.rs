//! What the matrix refuses a role is refused at the door.

use super::scene::{People, Scene};
use mesh_authz::{Access, Value, value};
use mesh_service::{OPS, OpSpec};
use mesh_tests::{Engine, TestServer, send};
use mesh_types::Role;

fn refused(spec: &OpSpec, role: Role) -> bool {
    matches!(spec.access, Access::Needs(permission) if value(permission, role) == Value::No)
}

/// Versions of bots need a component that runs, so they are looked at elsewhere.
fn about_versions(spec: &OpSpec) -> bool {
    spec.http.is_some_and(|http| http.path.contains("{version_id}"))
}

#[tokio::test]
async fn what_the_matrix_refuses_is_refused() {
    let server = TestServer::start(Engine::Sqlite).await;
    let people = People::new(&server).await;
    let scene = Scene::new(&server, &people, "home").await;
    let mut looked = 0;
    for (role, person) in [(Role::Member, &people.bob), (Role::Guest, &people.guest)] {
        for op in OPS
            .iter()
            .filter(|op| op.spec.http.is_some() && refused(op.spec, role) && !about_versions(op.spec))
        {
            let request = person
                .op(op.spec.name, &scene.input(op.spec.name))
                .header("if-match", "*");
            let answer = send(request).await;
            // A guest does not even see whom it shares no room with.
            let told = (answer.status, answer.json["code"].as_str());
            assert!(
                matches!(told, (403, Some("forbidden")) | (404, Some("not_found"))),
                "{} as {role}: {told:?}",
                op.spec
            );
            assert!(
                answer.status == 403 || role == Role::Guest,
                "{} as {role}: {told:?}",
                op.spec
            );
            looked += 1;
        }
    }
    assert!(looked > 20, "only {looked} refusals were looked at");
}
