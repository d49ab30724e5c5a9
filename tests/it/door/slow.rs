//! Slow and greedy connections end, and others do not notice (attack 39).

use mesh_tests::{Engine, Raw, TestServer};
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_slow_head_is_cut_off() {
    let server = TestServer::start(Engine::Sqlite).await;
    let mut connections = Vec::new();
    for _ in 0..50 {
        let mut slow = Raw::connect(server.address).await;
        slow.write("GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ").await;
        connections.push(slow);
    }
    let begun = Instant::now();
    server.anonymous().get("//livez").await.expect(200);
    assert!(begun.elapsed() < Duration::from_secs(1), "others wait for slow ones");
    for slow in &mut connections {
        assert!(slow.is_closed_within(Duration::from_secs(15)).await);
    }
}

#[tokio::test]
async fn a_slow_body_is_told_so() {
    let server = TestServer::start(Engine::Sqlite).await;
    let person = server.person("eve").await;
    let mesh = server.mesh("home").await;
    mesh.join(&person, "member").await;
    let mut slow = Raw::connect(server.address).await;
    let head = format!(
        "POST /api/v1/meshes/{}/rooms HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{\"name\":",
        mesh.id,
        person.token().unwrap(),
    );
    slow.write(head).await;
    let answer = slow.read(Duration::from_secs(15)).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("\"code\":\"request_timeout\""), "{answer}");
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let server = TestServer::start(Engine::Sqlite).await;
    let mut greedy = Raw::connect(server.address).await;
    greedy.write("GET /livez HTTP/1.1\r\nHost: localhost\r\n").await;
    let mut taken = 0usize;
    while taken < (1 << 20) && greedy.write(format!("X-{taken}: {}\r\n", "x".repeat(1000))).await {
        taken += 1000;
    }
    let answer = greedy.read(Duration::from_secs(2)).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
    server.anonymous().get("//livez").await.expect(200);
}
