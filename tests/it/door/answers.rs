//! Statuses and headers of good and bad answers.

use mesh_service::rate::{Rate, Rates};
use mesh_tests::{Engine, Options, TestServer, send};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn every_answer_has_the_same_headers() {
    let server = TestServer::start(Engine::Sqlite).await;
    let mesh = server.mesh("home").await;
    let good = mesh.creator.get(&format!("/meshes/{}/rooms", mesh.id)).await;
    let created = mesh
        .creator
        .post(&format!("/meshes/{}/rooms", mesh.id), json!({ "name": "kitchen" }))
        .await;
    let bad = server.anonymous().get("/nothing").await;
    for answer in [&good, &created, &bad] {
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(
            answer
                .header("content-security-policy")
                .starts_with("default-src 'none'")
        );
        assert!(answer.header("x-request-id").starts_with("req_"));
        assert!(
            !answer
                .headers
                .keys()
                .any(|name| name.as_str().starts_with("access-control-"))
        );
    }
    assert_eq!(
        created.header("location"),
        format!("/api/v1/rooms/{}", created.json["id"].as_str().unwrap())
    );
    assert_ne!(created.header("etag"), "");
    let refused = mesh.creator.post("/meshes", json!({ "colour": "red" })).await;
    for answer in [&good, &created, &refused] {
        for name in ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"] {
            assert!(
                answer.header(name).parse::<u32>().is_ok(),
                "{name}: {:?}",
                answer.header(name)
            );
        }
        assert!(answer.header("ratelimit-policy").contains(";w="));
    }
}

#[tokio::test]
async fn a_request_id_is_never_taken_from_outside() {
    let server = TestServer::start(Engine::Sqlite).await;
    let request = server
        .anonymous()
        .request(Method::GET, "//livez")
        .header("x-request-id", "mine");
    let answer = send(request).await;
    assert!(answer.header("x-request-id").starts_with("req_"));
}

#[tokio::test]
async fn unknown_paths_and_methods() {
    let server = TestServer::start(Engine::Sqlite).await;
    let mesh = server.mesh("home").await;
    server.anonymous().get("/nothing").await.refused(404, "not_found");
    server.anonymous().get("//").await.refused(404, "not_found");
    let path = format!("/meshes/{}/rooms", mesh.id);
    for method in [Method::DELETE, Method::PATCH, Method::OPTIONS, Method::TRACE] {
        let answer = send(mesh.creator.request(method, &path)).await;
        let allow = answer.header("allow").to_owned();
        answer.refused(405, "method_not_allowed");
        assert_eq!(allow, "GET, POST, HEAD");
    }
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let server = TestServer::start(Engine::Sqlite).await;
    let mesh = server.mesh("home").await;
    let room = mesh.room("kitchen").await;
    let path = format!("/rooms/{}", room["id"].as_str().unwrap());
    let (get, head) = (
        mesh.creator.get(&path).await,
        send(mesh.creator.request(Method::HEAD, &path)).await,
    );
    assert_eq!((head.status, head.header("etag")), (200, get.header("etag")));
    assert_eq!(head.header("content-length"), get.bytes.len().to_string());
    assert!(head.bytes.is_empty());
}

#[tokio::test]
async fn what_did_not_change_is_not_sent_again() {
    let server = TestServer::start(Engine::Sqlite).await;
    let mesh = server.mesh("home").await;
    let room = format!("/rooms/{}", mesh.room("kitchen").await["id"].as_str().unwrap());
    let path = format!("{room}/settings");
    let etag = mesh.creator.get(&path).await.header("etag").to_owned();
    let with = |tags: &str| send(mesh.creator.request(Method::GET, &path).header("if-none-match", tags));
    for tags in [etag.as_str(), &format!("\"x\", {etag}"), "*"] {
        let answer = with(tags).await;
        assert_eq!(
            (answer.status, answer.bytes.len(), answer.header("etag")),
            (304, 0, etag.as_str())
        );
    }
    mesh.creator.patch(&room, json!({ "name": "hall" })).await.expect(200);
    let answer = with(&etag).await;
    assert_eq!(answer.status, 200);
    assert_ne!(answer.header("etag"), etag);
}

/// What changes without a new version is always sent: one's own role, reactions, a status, what runs.
#[tokio::test]
async fn what_has_more_than_its_version_is_sent_again() {
    let server = TestServer::start(Engine::Sqlite).await;
    let mesh = server.mesh("home").await;
    let (creator, bob) = (&mesh.creator, server.person("bob").await);
    let id = |answer: &Value| answer["id"].as_str().unwrap().to_owned();
    let member = mesh.join(&bob, "member").await;
    let room = id(&mesh.room("kitchen").await);
    let post = json!({ "text": "hello" });
    let message = id(&creator.post(&format!("/rooms/{room}/messages"), post).await.expect(201));
    let bot = json!({ "name": "Echo", "runtime": "external" });
    let bot = id(&creator
        .post(&format!("/meshes/{}/bots", mesh.id), bot)
        .await
        .expect(201));
    for (path, change, field) in [
        (
            format!("/rooms/{room}"),
            ("room.join", json!({ "room_id": room })),
            "my_role",
        ),
        (
            format!("/messages/{message}"),
            ("reaction.add", json!({ "message_id": message, "emoji": "👍" })),
            "reactions",
        ),
        (
            format!("/members/{member}"),
            ("status.set", json!({ "text": "Here" })),
            "status",
        ),
    ] {
        let before = bob.get(&path).await;
        let etag = before.header("etag").to_owned();
        assert!(bob.call(change.0, change.1).await.status < 300, "{path}");
        let again = send(bob.request(Method::GET, &path).header("if-none-match", &etag)).await;
        assert_eq!((again.status, again.header("etag")), (200, etag.as_str()), "{path}");
        assert_ne!(again.json[field], before.json[field], "{path}");
    }
    for path in [format!("/meshes/{}", mesh.id), format!("/bots/{bot}")] {
        let etag = creator.get(&path).await.header("etag").to_owned();
        let again = send(creator.request(Method::GET, &path).header("if-none-match", &etag)).await;
        assert_eq!((again.status, again.header("etag")), (200, etag.as_str()), "{path}");
    }
}

#[tokio::test]
async fn an_edit_of_an_old_version_is_refused() {
    let server = TestServer::start(Engine::Sqlite).await;
    let mesh = server.mesh("home").await;
    let path = format!("/rooms/{}", mesh.room("kitchen").await["id"].as_str().unwrap());
    let etag = mesh.creator.get(&path).await.header("etag").to_owned();
    let edit = |name: &str| {
        mesh.creator
            .request(Method::PATCH, &path)
            .json(&json!({ "name": name }))
            .header("if-match", &etag)
    };
    send(edit("hall")).await.expect(200);
    send(edit("attic")).await.refused(412, "precondition_failed");
}

#[tokio::test]
async fn too_many_calls_are_told_when_to_come_back() {
    let rates = Rates {
        actor: Rate {
            per_second: 1,
            burst: 3,
        },
        ..Rates::default()
    };
    let server = TestServer::start_with(
        Engine::Sqlite,
        Options {
            rates,
            ..Options::default()
        },
    )
    .await;
    let (person, other) = (server.person("eve").await, server.person("bob").await);
    let mut last = person.get("/ops").await;
    for _ in 0..5 {
        last = person.get("/ops").await;
    }
    assert_eq!(last.header("retry-after"), "1");
    let problem = last.refused(429, "rate_limited");
    assert!(problem["retry_after_ms"].as_u64().is_some_and(|millis| millis <= 1000));
    other.get("/ops").await.expect(200);
}
