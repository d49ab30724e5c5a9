//! What the caller may not see does not exist, to the byte (attack 40). Who nobody knows is told so first (attack 4).

use mesh_service::rate::Rates;
use mesh_tests::{Engine, Options, TestServer, send};
use mesh_types::RoomId;
use reqwest::Method;
use serde_json::json;

/// Where the id may stand; each also with a method that writes.
const PATHS: &[(Method, &str)] = &[
    (Method::GET, "/rooms/{}"),
    (Method::PATCH, "/rooms/{}"),
    (Method::GET, "/rooms/{}/messages"),
    (Method::POST, "/rooms/{}/messages"),
    (Method::GET, "/rooms/{}/members"),
];

#[tokio::test]
async fn a_hidden_room_is_as_absent_as_a_random_one() {
    let server = TestServer::start(Engine::Sqlite).await;
    let (mesh, eve, stranger) = (
        server.mesh("home").await,
        server.person("eve").await,
        server.person("bob").await,
    );
    mesh.join(&eve, "member").await;
    let hidden = mesh.private_room("vault").await["id"].as_str().unwrap().to_owned();
    let random = RoomId::new(server.host.ids.next()).to_string();
    let wrong = [
        random,
        "room_1".into(),
        "msg_01h455vb4pex5vsknk084sn02q".into(),
        hidden.to_uppercase(),
        "%2e%2e".into(),
    ];
    for person in [&eve, &stranger] {
        for (method, path) in PATHS {
            let body = json!({ "text": "a" });
            let ask = |id: &str| {
                let request = person.request(method.clone(), &path.replace("{}", id));
                let with_body = matches!(*method, Method::POST | Method::PATCH);
                let body = if *method == Method::PATCH {
                    json!({ "name": "a" })
                } else {
                    body.clone()
                };
                send(if with_body { request.json(&body) } else { request })
            };
            let told = ask(&hidden).await;
            for id in &wrong {
                let absent = ask(id).await;
                assert_eq!(told.bytes, absent.bytes, "{method} {path} {id}");
                let names = |answer: &mesh_tests::Response| answer.headers.keys().cloned().collect::<Vec<_>>();
                assert_eq!(names(&told), names(&absent), "{method} {path} {id}");
            }
            told.refused(404, "not_found");
        }
    }
    mesh.creator.get(&format!("/rooms/{hidden}")).await.expect(200);
}

#[tokio::test]
async fn strangers_are_told_to_sign_in_whatever_they_send() {
    let server = TestServer::start(Engine::Sqlite).await;
    let mesh = server.mesh("home").await;
    let room = mesh.room("kitchen").await["id"].as_str().unwrap().to_owned();
    for id in [room.as_str(), "room_1", "room_01h455vb4pex5vsknk084sn02q"] {
        let answer = server.anonymous().get(&format!("/rooms/{id}")).await;
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
        answer.refused(401, "unauthenticated");
    }
    let request = server
        .anonymous()
        .request(Method::POST, &format!("/rooms/{room}/messages"))
        .body("{");
    send(request).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn a_wrong_token_is_refused_even_where_none_is_needed() {
    let server = TestServer::start(Engine::Sqlite).await;
    let known = server.person("eve").await;
    let good = known.token().unwrap();
    for value in [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic eDp5",
        "",
        "mst_x",
        &format!("Bearer {good}x"),
        &format!("Token {good}"),
    ] {
        for path in ["/server", "/ops", "//livez"] {
            let request = server
                .anonymous()
                .request(Method::GET, path)
                .header("authorization", value);
            send(request).await.refused(401, "unauthenticated");
        }
    }
    let twice = server
        .with_token(good)
        .request(Method::GET, "/server")
        .header("authorization", "Bearer x");
    send(twice).await.refused(401, "unauthenticated");
    let request = server
        .anonymous()
        .request(Method::GET, "/ops")
        .header("authorization", format!("bearer {good}"));
    send(request).await.expect(200);
}

/// Attack 2.
#[tokio::test]
async fn a_token_in_the_address_is_not_looked_at() {
    let server = TestServer::start(Engine::Sqlite).await;
    let good = server.person("eve").await.token().unwrap().to_owned();
    for name in ["token", "access_token", "authorization"] {
        server
            .anonymous()
            .get(&format!("/ops?{name}={good}"))
            .await
            .refused(401, "unauthenticated");
    }
}

#[tokio::test]
async fn trying_tokens_is_limited() {
    let server = TestServer::start_with(
        Engine::Sqlite,
        Options {
            rates: Rates::default(),
            ..Options::default()
        },
    )
    .await;
    let guesser = server.with_token("mst_guess");
    let mut statuses = Vec::new();
    for _ in 0..400 {
        statuses.push(guesser.get("/server").await.status);
    }
    assert!(statuses.contains(&401) && statuses.contains(&429), "{statuses:?}");
}
