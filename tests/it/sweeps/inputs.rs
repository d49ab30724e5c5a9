//! No operation takes what it does not know.

use super::scene::{People, Scene};
use mesh_service::{Body, Method, OPS};
use mesh_tests::{Engine, TestServer, send};
use serde_json::json;

#[tokio::test]
async fn unknown_fields_are_refused_by_every_operation() {
    let server = TestServer::start(Engine::Sqlite).await;
    let people = People::new(&server).await;
    let scene = Scene::new(&server, &people, "home").await;
    for op in OPS {
        let Some(http) = op.spec.http.filter(|_| op.spec.own_door.is_none()) else {
            continue;
        };
        let mut input = scene.input(op.spec.name);
        // Attack 3: nobody becomes what it says it is.
        input["role_of_caller"] = json!("creator");
        let answer = send(people.creator.op(op.spec.name, &input).header("if-match", "*")).await;
        let told = (answer.status, answer.json["code"].as_str());
        assert_eq!(told, (422, Some("validation_failed")), "{}: {}", op.spec, answer.json);
        if http.method != Method::Get && http.body == Body::Json {
            let wrong = people
                .creator
                .op(op.spec.name, &scene.input(op.spec.name))
                .body("{\"")
                .header("if-match", "*");
            send(wrong).await.refused(400, "bad_request");
        }
    }
}
