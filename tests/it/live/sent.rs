//! Server-sent events: the same stream for whoever can only read.

use mesh_tests::{Block, Client, Sent, TestServer, on_both_engines, send};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

fn stream(who: &Client, query: &str) -> RequestBuilder {
    who.request(Method::GET, &format!("/me/events/stream{query}"))
}

async fn post(who: &Client, room: &Value, text: &str) -> Value {
    let path = format!("/rooms/{}/messages", room["id"].as_str().unwrap());
    who.post(&path, json!({ "text": text })).await.expect(201)
}

/// The texts of so many messages, each with its block.
async fn texts(sent: &mut Sent, count: usize) -> Vec<(String, Block)> {
    let mut texts: Vec<(String, Block)> = Vec::new();
    while texts.len() < count {
        let block = sent.next().await.expect("more");
        if block.data["type"] == "message.created" {
            texts.push((block.data["data"]["text"].as_str().unwrap().to_owned(), block));
        }
    }
    texts
}

on_both_engines! {
    /// Whoever comes back with the last `id` gets the rest, and the same events as over the other doors.
    async fn the_last_id_resumes(server) {
        let mesh = server.mesh("home").await;
        let (room, other) = (mesh.room("general").await, mesh.room("other").await);
        post(&mesh.creator, &room, "before").await;
        let mut sent = Sent::open(stream(&mesh.creator, "")).await;
        let ready = sent.next().await.unwrap();
        assert_eq!(ready.event.as_deref(), Some("ready"));
        assert_eq!(ready.data["heads"][format!("room:{}", room["id"].as_str().unwrap())], 2);
        let posted = post(&mesh.creator, &room, "first").await;
        post(&mesh.creator, &other, "second").await;
        let found = texts(&mut sent, 2).await;
        assert_eq!((&found[0].1.data["data"], &found[0].1.event), (&posted, &None));
        let id = found[0].1.id.clone().unwrap();
        assert_ne!(found[1].1.id.as_ref(), Some(&id));
        drop(sent);
        for n in 0..30 {
            post(&mesh.creator, if n % 3 == 0 { &room } else { &other }, &format!("{n}")).await;
        }
        let mut sent = Sent::open(stream(&mesh.creator, "").header("last-event-id", &id)).await;
        let found = texts(&mut sent, 31).await.into_iter().map(|(text, _)| text);
        let mut found: Vec<_> = found.filter(|text| text != "second").collect();
        found.sort_by_key(|text| text.parse::<u32>().unwrap());
        assert_eq!(found, (0..30).map(|n| n.to_string()).collect::<Vec<_>>());
    }

    /// A cursor of `event.sync` goes on as a stream.
    async fn a_cursor_goes_on(server) {
        let mesh = server.mesh("home").await;
        let room = mesh.room("general").await;
        let cursor = mesh.creator.post("/me/sync", json!({})).await.expect(200)["cursor"].clone();
        post(&mesh.creator, &room, "in between").await;
        let mut sent = Sent::open(stream(&mesh.creator, &format!("?cursor={}", cursor.as_str().unwrap()))).await;
        assert_eq!(texts(&mut sent, 1).await[0].0, "in between");
    }
}

/// Refused before anything is sent: what no program of ours asks for, and who nobody knows.
#[tokio::test]
async fn wrong_requests_are_refused() {
    let server = TestServer::start(mesh_tests::Engine::Sqlite).await;
    let mesh = server.mesh("home").await;
    send(stream(&mesh.creator, "?role=creator"))
        .await
        .refused(422, "validation_failed");
    send(stream(&mesh.creator, "?cursor=x"))
        .await
        .refused(400, "invalid_cursor");
    let behind = |id: &str| stream(&mesh.creator, "").header("last-event-id", id);
    send(behind("x")).await.refused(400, "invalid_cursor");
    send(behind("-1")).await.refused(410, "cursor_expired");
    send(behind("999999999")).await.refused(410, "cursor_expired");
    send(stream(&server.anonymous(), ""))
        .await
        .refused(401, "unauthenticated");
    send(stream(&server.anonymous(), "?ticket=mtk_x"))
        .await
        .refused(401, "unauthenticated");
    let elsewhere = stream(&mesh.creator, "").header("origin", "https://evil.example");
    send(elsewhere).await.refused(403, "forbidden");
}

/// The end of a session ends its stream and says so; a ticket opens one.
#[tokio::test]
async fn a_stream_ends_with_its_session() {
    let server = TestServer::start(mesh_tests::Engine::Sqlite).await;
    let mesh = server.mesh("home").await;
    let other = server.sign_in(&mesh.creator).await;
    let ticket = other.post("/auth/socket-tickets", json!({})).await.expect(201);
    let query = format!("?ticket={}", ticket["ticket"].as_str().unwrap());
    let mut sent = Sent::open(stream(&server.anonymous(), &query)).await;
    let ready = sent.next().await.unwrap();
    let session = ready.data["session_id"].as_str().unwrap();
    mesh.creator.delete(&format!("/sessions/{session}")).await.expect(204);
    let closing = loop {
        let block = sent.next().await.unwrap();
        if block.event.as_deref() == Some("closing") {
            break block;
        }
    };
    assert_eq!(closing.data["code"], "token_revoked");
    assert_eq!(sent.next().await, None);
    send(stream(&server.anonymous(), &query))
        .await
        .refused(401, "unauthenticated");
}
