//! Bodies, queries and paths become one input, or are refused.

use mesh_tests::{Engine, Mesh, TestServer, send};
use reqwest::Method;
use serde_json::{Value, json};

async fn start() -> (TestServer, Mesh, String) {
    let server = TestServer::start(Engine::Sqlite).await;
    let mesh = server.mesh("home").await;
    let room = mesh.room("kitchen").await["id"].as_str().unwrap().to_owned();
    (server, mesh, room)
}

#[tokio::test]
async fn malformed_json_is_refused() {
    let (_server, mesh, room) = start().await;
    for body in [
        "{",
        "[]",
        "\"text\"",
        "nul",
        "{\"text\":\"a\"} {}",
        "{\"text\": \"\\ud800\"}",
        "{\"text\":1e999}",
    ] {
        let request = mesh.creator.request(Method::POST, &format!("/rooms/{room}/messages"));
        let request = request.header("content-type", "application/json").body(body);
        send(request).await.refused(400, "bad_request");
    }
}

#[tokio::test]
async fn deep_nesting_is_refused_and_harms_nobody() {
    let (_server, mesh, room) = start().await;
    let body = format!("{{\"text\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let request = mesh.creator.request(Method::POST, &format!("/rooms/{room}/messages"));
    send(request.header("content-type", "application/json").body(body))
        .await
        .refused(400, "bad_request");
    mesh.creator.get(&format!("/rooms/{room}")).await.expect(200);
}

#[tokio::test]
async fn unknown_and_mistyped_fields_are_named() {
    let (_server, mesh, room) = start().await;
    let path = format!("/rooms/{room}/messages");
    let problem = mesh
        .creator
        .post(&path, json!({ "text": "a", "colour": "red" }))
        .await
        .refused(422, "validation_failed");
    assert!(problem["detail"].as_str().unwrap().contains("colour"), "{problem}");
    let problem = mesh
        .creator
        .post(&path, json!({ "text": 7 }))
        .await
        .refused(422, "validation_failed");
    assert_eq!(problem["errors"][0]["pointer"], "/text", "{problem}");
    mesh.creator
        .post(&path, json!({}))
        .await
        .refused(422, "validation_failed");
    mesh.creator
        .get(&format!("{path}?colour=red"))
        .await
        .refused(422, "validation_failed");
    mesh.creator
        .get(&format!("{path}?limit=many"))
        .await
        .refused(422, "validation_failed");
    mesh.creator
        .get(&format!("{path}?limit=0"))
        .await
        .refused(422, "validation_failed");
    mesh.creator.get(&format!("{path}?limit=2")).await.expect(200);
}

/// Attack 23.
#[tokio::test]
async fn the_path_and_the_body_must_agree() {
    let (_server, mesh, room) = start().await;
    let other = mesh.room("garden").await["id"].clone();
    let path = format!("/rooms/{room}/messages");
    mesh.creator
        .post(&path, json!({ "text": "a", "room_id": other }))
        .await
        .refused(400, "bad_request");
    mesh.creator
        .post(&path, json!({ "text": "a", "room_id": room }))
        .await
        .expect(201);
    mesh.creator
        .post(&format!("{path}?text=b"), json!({ "text": "a" }))
        .await
        .refused(400, "bad_request");
    let garden = mesh
        .creator
        .get(&format!("/rooms/{}/messages", other.as_str().unwrap()))
        .await
        .expect(200);
    assert_eq!(garden["items"], json!([]));
}

#[tokio::test]
async fn only_json_is_json() {
    let (_server, mesh, room) = start().await;
    let path = format!("/rooms/{room}/messages");
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/merge-patch+json",
    ] {
        let request = mesh
            .creator
            .request(Method::POST, &path)
            .header("content-type", kind)
            .body("{\"text\":\"a\"}");
        send(request).await.refused(415, "unsupported_media_type");
    }
    send(mesh.creator.request(Method::POST, &path).body("{\"text\":\"a\"}"))
        .await
        .refused(415, "unsupported_media_type");
    for kind in ["application/json", "Application/JSON; charset=utf-8"] {
        let request = mesh
            .creator
            .request(Method::POST, &path)
            .header("content-type", kind)
            .body("{\"text\":\"a\"}");
        send(request).await.expect(201);
    }
    let edit = mesh.creator.request(Method::PATCH, &format!("/rooms/{room}"));
    send(
        edit.header("content-type", "application/merge-patch+json")
            .body("{\"name\":\"hall\"}"),
    )
    .await
    .expect(200);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let (_server, mesh, room) = start().await;
    let path = format!("/rooms/{room}/messages");
    mesh.creator
        .post(&path, json!({ "text": "x".repeat(1 << 20) }))
        .await
        .refused(413, "too_large");
    mesh.creator
        .post(&path, json!({ "text": "x".repeat((64 << 10) + 1) }))
        .await
        .refused(413, "too_large");
    mesh.creator
        .post(&path, json!({ "text": "x".repeat(64 << 10) }))
        .await
        .expect(201);
    // Without a length nobody knows before the bytes are there.
    let chunks = (0..40).map(|_| Ok::<_, std::io::Error>(vec![b' '; 64 << 10]));
    let request = mesh
        .creator
        .request(Method::POST, &path)
        .header("content-type", "application/json");
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks));
    if let Ok(answer) = request.body(body).send().await {
        assert_eq!(answer.status(), 413);
    }
}

#[tokio::test]
async fn what_stands_in_a_query_is_decoded() {
    let (_server, mesh, room) = start().await;
    let path = format!("/rooms/{room}/messages");
    mesh.creator.post(&path, json!({ "text": "a" })).await.expect(201);
    mesh.creator.get(&format!("{path}?%6cimit=%31")).await.expect(200);
    mesh.creator
        .get(&format!("{path}?limit=%ff"))
        .await
        .refused(400, "bad_request");
}

#[tokio::test]
async fn the_first_answer_is_given_again_for_the_same_key() {
    let (_server, mesh, room) = start().await;
    let path = format!("/rooms/{room}/messages");
    let first = mesh.creator.post_keyed(&path, "once", json!({ "text": "a" })).await;
    assert_eq!(first.header("idempotent-replayed"), "");
    let again = mesh.creator.post_keyed(&path, "once", json!({ "text": "a" })).await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!((again.status, again.bytes), (first.status, first.bytes));
    mesh.creator
        .post_keyed(&path, "once", json!({ "text": "b" }))
        .await
        .refused(422, "idempotency_mismatch");
    mesh.creator
        .post_keyed(&path, &"x".repeat(256), json!({ "text": "b" }))
        .await
        .refused(400, "bad_request");
    let all = mesh.creator.get(&path).await.expect(200);
    assert_eq!(all["items"].as_array().map(Vec::len), Some(1), "{all}");
    assert_ne!(all["items"][0]["id"], Value::Null);
}
