//! Clients that do not keep to the rules end alone, with the code that says why.

use mesh_tests::{Engine, Live, TestServer};
use serde_json::json;
use tokio_tungstenite::tungstenite::{Bytes, Message};

#[tokio::test]
async fn bad_frames_end_their_connection_and_no_other() {
    let server = TestServer::start(Engine::Sqlite).await;
    let mesh = server.mesh("home").await;
    let mut other = Live::follow(&server, &mesh.creator).await;
    let large = format!(r#"{{"frame":"ping","t":"{}"}}"#, "x".repeat(256 << 10));
    for (message, code) in [
        (Message::text("nonsense"), 4003),
        (Message::text(r#"{"frame":"dance"}"#), 4003),
        (Message::text(r#"{"frame":"op","op":"auth.whoami"}"#), 4003),
        (Message::text(r#"{"frame":"op","id":{},"op":"auth.whoami"}"#), 4003),
        (Message::text(r#"{"frame":"hello","protocol":1}"#), 4003),
        (Message::binary(Bytes::from_static(b"{}")), 4003),
        (Message::text(large), 1009),
    ] {
        let told = format!("{message:?}").chars().take(80).collect::<String>();
        let mut live = Live::open(&server, &mesh.creator).await;
        live.send_raw(message).await;
        let (frames, closed) = live.end().await;
        assert_eq!(closed, Some(code), "{told} {frames:?}");
        if code == 4003 {
            let last = frames.last().unwrap();
            assert_eq!(
                (&last["fatal"], &last["problem"]["code"]),
                (&json!(true), &json!("bad_request")),
                "{told}"
            );
        }
    }
    let room = mesh.room("general").await;
    assert_eq!(other.event("room.created").await["data"]["id"], room["id"]);
}

#[tokio::test]
async fn the_first_frame_says_who_and_in_which_version() {
    let server = TestServer::start(Engine::Sqlite).await;
    for (hello, code) in [
        (json!({ "frame": "hello", "protocol": 2, "token": "x" }), 4003),
        (json!({ "frame": "hello", "protocol": 1, "token": "mst_x" }), 4001),
        (json!({ "frame": "hello", "protocol": 1 }), 4001),
        (json!({ "frame": "ping" }), 4003),
    ] {
        let mut live = Live::shake(server.address, "/api/v1/socket", None).await.unwrap();
        live.send(hello.clone()).await;
        assert_eq!(live.end().await.1, Some(code), "{hello}");
    }
}

/// Attack 2: more connections than one may have.
#[tokio::test]
async fn the_longest_silent_of_too_many_connections_goes() {
    let server = TestServer::start(Engine::Sqlite).await;
    let mesh = server.mesh("home").await;
    let mut lives = Vec::new();
    for _ in 0..20 {
        lives.push(Live::open(&server, &mesh.creator).await);
    }
    // The second one is silent longest once the first has spoken in a later millisecond.
    let now = server.host.clock.now();
    while server.host.clock.now() == now {
        tokio::task::yield_now().await;
    }
    lives[0].send(json!({ "frame": "ping", "t": 1 })).await;
    lives[0].until("pong").await;
    let mut last = Live::open(&server, &mesh.creator).await;
    let (frames, closed) = lives[1].end().await;
    assert_eq!(closed, Some(4009), "{frames:?}");
    for live in [&mut last].into_iter().chain(
        lives
            .iter_mut()
            .enumerate()
            .filter(|(n, _)| *n != 1)
            .map(|(_, live)| live),
    ) {
        live.send(json!({ "frame": "ping", "t": 2 })).await;
        assert_eq!(live.until("pong").await["t"], 2);
    }
}

#[tokio::test]
async fn operations_beyond_the_limit_are_not_run() {
    let server = TestServer::start(Engine::Sqlite).await;
    let mesh = server.mesh("home").await;
    let room = mesh.room("general").await;
    let mut live = Live::open(&server, &mesh.creator).await;
    for n in 0..500 {
        let input = json!({ "room_id": room["id"], "text": format!("{n}") });
        live.send(json!({ "frame": "op", "id": n, "op": "message.post", "input": input }))
            .await;
    }
    let (mut done, mut refused) = (0, 0);
    while done + refused < 500 {
        let frame = live.next().await.unwrap();
        if frame["frame"] == "result" {
            done += 1;
        } else {
            assert_eq!(frame["problem"]["code"], "too_many_in_flight");
            assert!(frame["retry_after_ms"].as_u64().unwrap() > 0);
            refused += 1;
        }
    }
    let stream = format!("room:{}", room["id"].as_str().unwrap());
    let again = Live::open(&server, &mesh.creator).await;
    assert_eq!(again.hello["heads"][stream], 1 + done);
}

/// Typing and presence are seen and kept nowhere.
#[tokio::test]
async fn what_passes_is_in_no_log() {
    let server = TestServer::start(Engine::Sqlite).await;
    let mesh = server.mesh("home").await;
    let room = mesh.room("general").await;
    let bob = server.person("bob").await;
    let member = mesh.join(&bob, "member").await;
    let mut live = Live::follow(&server, &mesh.creator).await;
    let mut bobs = Live::follow(&server, &bob).await;
    let shown = live.event("presence.changed").await;
    let shown = if shown["data"]["member_id"] == member {
        shown
    } else {
        live.event("presence.changed").await
    };
    assert_eq!(
        (&shown["data"]["presence"], &shown["seq"]),
        (&json!("online"), &json!(null))
    );
    let listed = mesh
        .creator
        .get(&format!("/meshes/{}/presence", mesh.id))
        .await
        .expect(200);
    assert!(
        listed["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["member_id"] == member),
        "{listed}"
    );
    bob.post(&format!("/rooms/{}/join", room["id"].as_str().unwrap()), json!({}))
        .await
        .expect(200);
    assert_eq!(
        bobs.op("typing.set", json!({ "room_id": room["id"] })).await["status"],
        204
    );
    let typing = live.event("typing.started").await;
    assert_eq!(
        (&typing["data"]["member_id"], &typing["seq"]),
        (&json!(member), &json!(null))
    );
    let log = mesh
        .creator
        .get(&format!("/rooms/{}/events", room["id"].as_str().unwrap()))
        .await
        .expect(200);
    assert!(
        log["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|event| event["type"] != "typing.started")
    );
}

/// Attack 31: a restart tells everyone when to come back.
#[tokio::test]
async fn a_restart_is_told() {
    let server = TestServer::start(Engine::Sqlite).await;
    let mesh = server.mesh("home").await;
    let mut live = Live::follow(&server, &mesh.creator).await;
    let (_, (frames, closed)) = tokio::join!(server.restart(), live.end());
    assert_eq!(closed, Some(4013));
    let last = frames.last().unwrap();
    assert_eq!(last["problem"]["code"], "maintenance");
    assert!(last["retry_after_ms"].as_u64().unwrap() >= 500);
}
