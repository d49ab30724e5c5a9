//! Races between people, on both databases: what SQLite's one writer decides by itself, PostgreSQL's
//! transactions must decide by their conditions.

use futures_util::future::join_all;
use mesh_tests::{Engine, TestServer};
use serde_json::json;

const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

#[tokio::test]
async fn one_use_of_an_invitation_is_one_use() {
    for engine in ENGINES {
        let server = TestServer::start(engine).await;
        let mesh = server.mesh("home").await;
        let invite = format!("/meshes/{}/invites", mesh.id);
        let invite = mesh.creator.post(&invite, json!({})).await.expect(201);
        let path = format!("/invite-codes/{}/accept", invite["code"].as_str().unwrap());
        let mut people = Vec::new();
        for n in 0..20 {
            people.push(server.person(&format!("p{n}")).await);
        }
        let mut statuses: Vec<u16> = join_all(people.iter().map(|who| who.post(&path, json!({}))))
            .await
            .iter()
            .map(|answer| answer.status)
            .collect();
        statuses.sort_unstable();
        assert_eq!(statuses[0], 201, "{engine:?}");
        assert!(
            statuses[1..].iter().all(|status| *status == 410),
            "{engine:?}: {statuses:?}"
        );
    }
}

#[tokio::test]
async fn one_of_many_refreshes_wins() {
    for engine in ENGINES {
        let server = TestServer::start(engine).await;
        server.person("ann").await;
        let body = json!({ "email": "ann@example.org", "password": mesh_tests::PASSWORD });
        let session = server.anonymous().post("/auth/login", body).await.expect(200);
        let body = json!({ "refresh_token": session["refresh_token"] });
        let anonymous = server.anonymous();
        let answers = join_all((0..8).map(|_| anonymous.post("/auth/refresh", body.clone()))).await;
        let won = answers.iter().filter(|answer| answer.status == 200).count();
        let lost = answers.iter().filter(|answer| answer.status == 401).count();
        assert_eq!((won, lost), (1, 7), "{engine:?}");
    }
}

#[tokio::test]
async fn a_member_is_removed_once() {
    for engine in ENGINES {
        let server = TestServer::start(engine).await;
        let mesh = server.mesh("home").await;
        let member = mesh.join(&server.person("bob").await, "member").await;
        let path = format!("/members/{member}");
        let answers = join_all((0..6).map(|_| mesh.creator.delete(&path))).await;
        let removed = answers.iter().filter(|answer| answer.status == 204).count();
        let refused = answers.iter().filter(|answer| answer.status == 409).count();
        assert_eq!((removed, refused), (1, 5), "{engine:?}");
    }
}
