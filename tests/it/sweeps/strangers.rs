//! Who nobody knows is told to sign in; who is no member is told that there is nothing.

use super::scene::{People, Scene};
use mesh_authz::Access;
use mesh_service::OPS;
use mesh_tests::{Engine, TestServer};

#[tokio::test]
async fn without_an_account_only_public_operations_answer() {
    let server = TestServer::start(Engine::Sqlite).await;
    let people = People::new(&server).await;
    let scene = Scene::new(&server, &people, "home").await;
    for op in OPS.iter().filter(|op| op.spec.http.is_some()) {
        let answer = server.anonymous().call(op.spec.name, scene.input(op.spec.name)).await;
        match op.spec.access {
            Access::Public(_) => assert_ne!(answer.status, 401, "{}", op.spec),
            _ => assert_eq!(
                (answer.status, answer.json["code"].as_str()),
                (401, Some("unauthenticated")),
                "{}",
                op.spec
            ),
        }
    }
}

/// Attack 40, for every operation on something in a mesh.
#[tokio::test]
async fn a_stranger_cannot_tell_what_is_there_from_what_is_not() {
    let server = TestServer::start(Engine::Sqlite).await;
    let people = People::new(&server).await;
    let scene = Scene::new(&server, &people, "home").await;
    let mut looked = 0;
    for op in OPS
        .iter()
        .filter(|op| op.spec.http.is_some() && matches!(op.spec.access, Access::Needs(_)))
    {
        let there = people.stranger.call(op.spec.name, scene.input(op.spec.name)).await;
        let absent = people
            .stranger
            .call(op.spec.name, scene.random(&server, op.spec.name))
            .await;
        assert_eq!(
            (there.status, there.json["code"].as_str()),
            (404, Some("not_found")),
            "{}",
            op.spec
        );
        assert_eq!(there.bytes, absent.bytes, "{}", op.spec);
        looked += 1;
    }
    assert!(looked > 50, "only {looked} operations were looked at");
}

#[tokio::test]
async fn operators_only() {
    let server = TestServer::start(Engine::Sqlite).await;
    let people = People::new(&server).await;
    let scene = Scene::new(&server, &people, "home").await;
    for op in OPS
        .iter()
        .filter(|op| op.spec.http.is_some() && op.spec.access == Access::Operator)
    {
        people
            .creator
            .call(op.spec.name, scene.input(op.spec.name))
            .await
            .refused(403, "forbidden");
    }
}
