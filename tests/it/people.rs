//! Races between people, on both databases: what SQLite's one writer decides by itself, PostgreSQL's
//! transactions must decide by their conditions.

use futures_util::future::{join, join_all};
use mesh_tests::{Engine, TestServer};
use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use std::time::Duration;

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

/// How many transactions of the connection's database wait for another one.
async fn waiting(connection: &mut PgConnection) -> i64 {
    let count = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
        AND backend_type = 'client backend' AND wait_event_type = 'Lock'";
    sqlx::query_scalar(count).fetch_one(connection).await.unwrap()
}

/// The Creator makes somebody an Admin while an Admin makes them a Moderator. Whoever comes second sees
/// what the first one did: an Admin does not demote an Admin.
#[tokio::test]
async fn changes_of_a_role_take_turns() {
    let server = TestServer::start(Engine::Postgres).await;
    let mesh = server.mesh("home").await;
    let (admin, subject) = (server.person("ann").await, server.person("bob").await);
    mesh.join(&admin, "admin").await;
    let path = format!("/members/{}/role", mesh.join(&subject, "member").await);
    let (mut end, mut watch) = (server.connection().await, server.connection().await);
    // Commits take the end of the log, so whoever holds it decides when they happen.
    let mut holder = end.begin().await.unwrap();
    let hold = "SELECT n FROM log_head WHERE id = 1 FOR UPDATE";
    sqlx::query(hold).execute(&mut *holder).await.unwrap();
    let story = async {
        let first = mesh.creator.put(&path, json!({ "role": "admin" }));
        let second = async {
            while waiting(&mut watch).await < 1 {}
            let second = admin.put(&path, json!({ "role": "moderator" }));
            let release = async {
                while waiting(&mut watch).await < 2 {}
                holder.rollback().await.unwrap();
            };
            join(second, release).await.0
        };
        join(first, second).await
    };
    let told = tokio::time::timeout(Duration::from_mins(1), story).await;
    let (first, second) = told.expect("each waits for the other");
    first.expect(200);
    assert_eq!(second.refused(403, "forbidden")["reason"], "rank");
}
