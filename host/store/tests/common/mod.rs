//! The same story on both engines.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test file uses its part")]

use futures_util::future::BoxFuture;
use mesh_store::{
    Config, Job, Rollback, Store, Tx,
    log::{Entry, Stream, advance},
};
use mesh_types::Timestamp;
use sqlx::{Connection as _, PgConnection};
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::oneshot;

/// One database of each engine, empty and up to date.
pub struct Databases {
    pub sqlite: Store,
    pub postgres: Store,
    pub sqlite_file: std::path::PathBuf,
    pub postgres_url: String,
    _dir: tempfile::TempDir,
}

impl Databases {
    pub async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let sqlite_file = dir.path().join("mesh.db");
        let sqlite = Store::open(&Config::Sqlite(sqlite_file.clone())).await.unwrap();
        let postgres_url = new_postgres_database().await;
        let postgres = Store::open(&Config::Postgres(postgres_url.clone())).await.unwrap();
        Self {
            sqlite,
            postgres,
            sqlite_file,
            postgres_url,
            _dir: dir,
        }
    }

    pub fn both(&self) -> [&Store; 2] {
        [&self.sqlite, &self.postgres]
    }
}

async fn new_postgres_database() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let server = std::env::var("MESH_TEST_POSTGRES").expect("run the tests with `make test`, which starts PostgreSQL");
    let name = format!("store_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let mut connection = PgConnection::connect(&server).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&mut connection)
        .await
        .unwrap();
    server.replace("/postgres", &format!("/{name}"))
}

type Body = Box<dyn for<'a> FnMut(&'a mut Tx<'_>) -> BoxFuture<'a, Result<Vec<Entry>, Rollback>> + Send>;

struct Closure {
    body: Body,
    reply: Option<oneshot::Sender<Result<Vec<Entry>, Rollback>>>,
}

impl Job for Closure {
    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Vec<Entry>, Rollback>> {
        (self.body)(tx)
    }

    fn done(mut self: Box<Self>, committed: Result<Vec<Entry>, Rollback>) {
        let _ = self.reply.take().unwrap().send(committed);
    }
}

/// Hands a body to the store and answers what it was told.
pub fn submit(
    store: &Store,
    body: impl for<'a> FnMut(&'a mut Tx<'_>) -> BoxFuture<'a, Result<Vec<Entry>, Rollback>> + Send + 'static,
) -> oneshot::Receiver<Result<Vec<Entry>, Rollback>> {
    let (reply, told) = oneshot::channel();
    assert!(
        store
            .submit(Box::new(Closure {
                body: Box::new(body),
                reply: Some(reply)
            }))
            .is_ok(),
        "the queue is full"
    );
    told
}

/// An event with nothing but a position.
pub fn entry(stream: Stream, seq: i64) -> Entry {
    Entry {
        pos: 0,
        event: Some((stream, seq)),
        kind: "test.happened".into(),
        op: "test.run".into(),
        lead: true,
        mesh: None,
        actor: None,
        actor_kind: "job".into(),
        door: "job".into(),
        layer: "role".into(),
        outcome: "done".into(),
        target: None,
        request: "req".into(),
        at: Timestamp(1),
        data: "{}".into(),
    }
}

/// Appends one event to a stream.
pub fn append(store: &Store, stream: Stream) -> oneshot::Receiver<Result<Vec<Entry>, Rollback>> {
    submit(store, move |tx| {
        Box::pin(async move {
            let seq = advance(tx, stream).await?;
            Ok(vec![entry(stream, seq)])
        })
    })
}

/// A stream of its own.
pub fn stream(n: u128) -> Stream {
    Stream::Room(mesh_types::RoomId::new(uuid::Uuid::from_u128(n)))
}
