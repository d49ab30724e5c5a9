//! `Host` (attack 32) and `X-Forwarded-For` (attack 36).

use mesh_api::AllowedHosts;
use mesh_service::rate::{Rate, Rates};
use mesh_tests::{Engine, Options, TestServer, raw, send};
use reqwest::Method;

#[tokio::test]
async fn a_foreign_host_is_misdirected() {
    let server = TestServer::start(Engine::Sqlite).await;
    for host in [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.nip.io",
        "192.0.2.1:8080",
        "evil.example:80@localhost",
    ] {
        let answer = raw(
            server.address,
            &format!("GET /livez HTTP/1.1\nHost: {host}\nConnection: close\n\n"),
        )
        .await;
        assert!(answer.starts_with("HTTP/1.1 421 "), "{host}: {answer}");
        assert!(answer.contains("\"code\":\"misdirected\""), "{answer}");
    }
    for host in ["localhost", "LOCALHOST:9", "127.0.0.1", "[::1]:1"] {
        let answer = raw(
            server.address,
            &format!("GET /livez HTTP/1.1\nHost: {host}\nConnection: close\n\n"),
        )
        .await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{host}: {answer}");
    }
    let answer = raw(
        server.address,
        "GET http://evil.example/livez HTTP/1.1\nHost: localhost\nConnection: close\n\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 421 "), "{answer}");
    let answer = raw(
        server.address,
        "GET /livez HTTP/1.1\nHost: localhost\nHost: localhost\nConnection: close\n\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 421 "), "{answer}");
}

/// A page elsewhere that had its own name lead here sends that name.
#[tokio::test]
async fn without_a_name_a_server_answers_to_addresses_only() {
    let options = Options {
        hosts: AllowedHosts::addresses(),
        ..Options::default()
    };
    let server = TestServer::start_with(Engine::Sqlite, options).await;
    for (host, status) in [
        ("evil.example", 421),
        ("192.0.2.1.nip.io:8080", 421),
        ("mesh", 421),
        ("192.0.2.1:8080", 200),
        ("[2001:db8::1]", 200),
        ("localhost:9", 200),
    ] {
        let request = format!("GET /livez HTTP/1.1\nHost: {host}\nConnection: close\n\n");
        let answer = raw(server.address, &request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{host}: {answer}");
        assert_eq!(answer.contains("answers to IP addresses"), status == 421, "{answer}");
    }
}

fn tight(proxies: &[&str]) -> Options {
    let rates = Rates {
        address: Rate {
            per_second: 1,
            burst: 5,
        },
        ..Rates::default()
    };
    Options {
        rates,
        proxies: proxies.iter().map(|&one| one.to_owned()).collect(),
        ..Options::default()
    }
}

async fn statuses(server: &TestServer) -> Vec<u16> {
    let mut statuses = Vec::new();
    for n in 0..20 {
        let request = server.anonymous().request(Method::GET, "/server");
        statuses.push(
            send(request.header("x-forwarded-for", format!("198.51.100.{n}")))
                .await
                .status,
        );
    }
    statuses
}

#[tokio::test]
async fn callers_cannot_dodge_limits_with_a_header() {
    let server = TestServer::start_with(Engine::Sqlite, tight(&[])).await;
    assert!(statuses(&server).await.contains(&429));
}

#[tokio::test]
async fn a_configured_proxy_is_believed() {
    let server = TestServer::start_with(Engine::Sqlite, tight(&["127.0.0.0/8"])).await;
    assert_eq!(statuses(&server).await, [200; 20]);
}
