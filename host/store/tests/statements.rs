//! Every statement is one that both engines understand, and the hot ones use an index.

mod common;

use common::Databases;
use sqlx::{Connection as _, Executor as _, PgConnection, SqlSafeStr as _};

#[tokio::test]
async fn both_engines_prepare_every_statement() {
    let databases = Databases::new().await;
    let sqlite = rusqlite::Connection::open(&databases.sqlite_file).unwrap();
    let mut postgres = PgConnection::connect(&databases.postgres_url).await.unwrap();
    let (mut count, mut wrong) = (0, Vec::new());
    for (noun, name, sql) in mesh_store::statements() {
        count += 1;
        if let Err(error) = sqlite.prepare(sql.for_sqlite()) {
            wrong.push(format!("sqlite {noun}::{name}: {error}"));
        }
        if let Err(error) = (&mut postgres)
            .prepare(sqlx::AssertSqlSafe(sql.for_postgres()).into_sql_str())
            .await
        {
            wrong.push(format!("postgres {noun}::{name}: {error}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 40, "only {count} statements are registered");
}

/// A file that declares statements is in the list; otherwise the test above would not see it.
#[test]
fn every_file_with_statements_is_listed() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let listed: std::collections::BTreeSet<_> = mesh_store::statements().map(|(noun, ..)| noun).collect();
    let files = std::fs::read_dir(source).unwrap().map(|file| file.unwrap().path());
    for path in files.filter(|path| path.is_file()) {
        let text = std::fs::read_to_string(&path).unwrap();
        let noun = path.file_stem().unwrap().to_str().unwrap();
        if text.contains("crate::statements! {") && noun != "sql" {
            assert!(
                listed.contains(noun),
                "{noun}.rs declares statements and is not in NOUNS"
            );
        }
    }
}

#[tokio::test]
async fn hot_queries_use_an_index() {
    const HOT: &[(&str, &str)] = &[
        ("facts", "PLACE"),
        ("facts", "ROOM"),
        ("facts", "SEAT"),
        ("facts", "MESSAGE"),
        ("facts", "SESSION"),
        ("facts", "TOKEN"),
        ("idempotency", "FIND"),
        ("log", "AFTER"),
        ("log", "BEFORE"),
        ("messages", "GET"),
        ("messages", "NEWEST"),
        ("messages", "OLDEST"),
        ("messages", "REPLIES"),
        ("messages", "MENTIONED"),
        ("messages", "DESK"),
        ("messages", "MENTIONS"),
        ("search", "FOUND"),
        ("search", "NEWS"),
        ("seats", "HEARING_ALL"),
    ];
    let databases = Databases::new().await;
    let sqlite = rusqlite::Connection::open(&databases.sqlite_file).unwrap();
    for (noun, name) in HOT {
        let (.., sql) = mesh_store::statements()
            .find(|(n, s, _)| (n, s) == (noun, name))
            .expect(name);
        let mut explain = sqlite
            .prepare(&format!("EXPLAIN QUERY PLAN {}", sql.for_sqlite()))
            .unwrap();
        let mut rows = explain.raw_query();
        while let Some(row) = rows.next().unwrap() {
            let step: String = row.get(3).unwrap();
            let scan = step.starts_with("SCAN") && !step.contains("VIRTUAL TABLE INDEX");
            let slow = scan || step.contains("TEMP B-TREE");
            assert!(!slow, "{noun}::{name}: {step}");
        }
    }
}
