use mesh_store::Config;
use sqlx::{Connection as _, PgConnection};
use std::{
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
};

/// Which database a server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file in the server's data folder.
    Sqlite,
    /// A new database on the server that `scripts/with-postgres` started.
    Postgres,
}

impl Engine {
    /// An empty database.
    pub async fn database(self, data: &Path) -> Config {
        match self {
            Self::Sqlite => Config::Sqlite(data.join("mesh.db")),
            Self::Postgres => Config::Postgres(new_postgres_database().await),
        }
    }
}

async fn new_postgres_database() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let server = std::env::var("MESH_TEST_POSTGRES");
    let server =
        server.expect("no PostgreSQL: run the tests with `make test`, or `scripts/with-postgres cargo test …`");
    let name = format!("e2e_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let mut connection = PgConnection::connect(&server).await.expect("PostgreSQL answers");
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::raw_sql(create)
        .execute(&mut connection)
        .await
        .expect("a new database");
    server.replace("/postgres", &format!("/{name}"))
}
