//! Components are streamed, counted and compared with their digest before anybody sees them.

use mesh_tests::{Engine, Mesh, Person, Raw, TestServer, content_digest, send};
use reqwest::Method;
use serde_json::json;
use std::{path::Path, time::Duration};

async fn start() -> (TestServer, Mesh, String) {
    let server = TestServer::start(Engine::Sqlite).await;
    let mesh = server.mesh("home").await;
    let bot = mesh
        .creator
        .post(&format!("/meshes/{}/bots", mesh.id), json!({ "name": "Echo" }))
        .await
        .expect(201);
    let path = format!("/bots/{}/versions/wasm", bot["id"].as_str().unwrap());
    (server, mesh, path)
}

fn upload(person: &Person, path: &str, digest: Option<&str>, body: &'static [u8]) -> reqwest::RequestBuilder {
    let request = person
        .request(Method::POST, path)
        .header("content-type", "application/wasm")
        .body(body);
    match digest {
        Some(digest) => request.header("content-digest", digest),
        None => request,
    }
}

/// Files below the blobs' folder.
fn blobs(data: &Path) -> Vec<String> {
    fn walk(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => walk(&entry.path(), found),
                _ => found.push(entry.file_name().to_string_lossy().into_owned()),
            }
        }
    }
    let mut found = Vec::new();
    walk(&data.join("blobs"), &mut found);
    found
}

#[tokio::test]
async fn the_digest_must_be_there_and_right() {
    let (server, mesh, path) = start().await;
    let person = &mesh.creator;
    let sha512 = "sha-512=:z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==:";
    for digest in [
        None,
        Some("sha-256=:short:"),
        Some("x"),
        Some("sha-256=:AAAA:"),
        Some(sha512),
    ] {
        send(upload(person, &path, digest, b"a"))
            .await
            .refused(400, "bad_request");
    }
    send(upload(person, &path, Some(&content_digest(b"b")), b"a"))
        .await
        .refused(400, "digest_mismatch");
    assert_eq!(blobs(&server.data), Vec::<String>::new());
    let text = person
        .request(Method::POST, &path)
        .header("content-digest", content_digest(b"a"))
        .body("a");
    send(text).await.refused(415, "unsupported_media_type");
    // The right digest gets as far as the operation, which cannot run components here.
    send(upload(person, &path, Some(&content_digest(b"a")), b"a"))
        .await
        .refused(501, "not_supported");
}

#[tokio::test]
async fn who_may_not_upload_sends_nothing() {
    let (server, mesh, path) = start().await;
    let eve = server.person("eve").await;
    send(upload(&eve, &path, Some("x"), b"a"))
        .await
        .refused(404, "not_found");
    mesh.join(&eve, "member").await;
    let bob = server.person("bob").await;
    mesh.join(&bob, "member").await;
    send(upload(&bob, &path, Some("x"), b"a"))
        .await
        .refused(403, "forbidden");
    assert_eq!(blobs(&server.data), Vec::<String>::new());
}

#[tokio::test]
async fn too_much_is_refused_before_it_is_sent() {
    let (server, mesh, path) = start().await;
    let mut connection = Raw::connect(server.address).await;
    let head = format!(
        "POST /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: application/wasm\r\n\
         Content-Digest: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        mesh.creator.token().unwrap(),
        content_digest(b"a"),
        (64 << 20) + 1,
    );
    connection.write(head).await;
    let answer = connection.read(Duration::from_secs(2)).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let (server, mesh, path) = start().await;
    let mut connection = Raw::connect(server.address).await;
    let head = format!(
        "POST /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: application/wasm\r\n\
         Content-Digest: {}\r\nContent-Length: 1000\r\n\r\nabc",
        mesh.creator.token().unwrap(),
        content_digest(b"a"),
    );
    connection.write(head).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(blobs(&server.data).len(), 1);
    drop(connection);
    for _ in 0..50 {
        if blobs(&server.data).is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{:?}", blobs(&server.data));
}
