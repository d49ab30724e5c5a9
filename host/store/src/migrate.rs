//! Forward-only migrations, applied at start. The text is the same for both engines; what only one
//! understands stands in `/*sqlite: … */` or `/*postgres: … */`.

use crate::Error;
use rusqlite::Connection;
use sqlx::{Connection as _, PgPool};

/// Version, name and text, in order. A released file is never edited.
const MIGRATIONS: &[(i64, &str, &str)] = &[(1, "base", include_str!("../../../migrations/0001_base.sql"))];

const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT PRIMARY KEY NOT NULL, name TEXT NOT NULL)";

/// Uncovers what stands in `/*engine: … */`; the rest of such comments stays a comment.
fn for_engine(text: &str, engine: &str) -> String {
    let open = format!("/*{engine}: ");
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(&open) {
        out.push_str(&rest[..at]);
        rest = &rest[at + open.len()..];
        let end = rest.find("*/").unwrap_or(rest.len());
        out.push_str(&rest[..end]);
        rest = rest.get(end + 2..).unwrap_or_default();
    }
    out + rest
}

/// A database from a newer program must not be opened by an older one.
fn check(newest: i64) -> Result<(), Error> {
    let known = MIGRATIONS.last().map_or(0, |(version, ..)| *version);
    if newest <= known {
        return Ok(());
    }
    Err(Error::other(format!(
        "this database is of version {newest}, made by a newer mesh; this mesh knows versions up to {known}"
    )))
}

pub(crate) fn sqlite(connection: &mut Connection) -> Result<(), Error> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    transaction.execute(TABLE, [])?;
    let newest: i64 = transaction.query_row("SELECT COALESCE(MAX(version), 0) FROM schema_migrations", [], |row| {
        row.get(0)
    })?;
    check(newest)?;
    for (version, name, text) in MIGRATIONS.iter().filter(|(version, ..)| *version > newest) {
        transaction.execute_batch(&for_engine(text, "sqlite"))?;
        transaction.execute(
            "INSERT INTO schema_migrations (version, name) VALUES (?1, ?2)",
            rusqlite::params![version, name],
        )?;
        tracing::info!(version, name, "the database schema was brought up to date");
    }
    Ok(transaction.commit()?)
}

pub(crate) async fn postgres(pool: &PgPool) -> Result<(), Error> {
    let mut connection = pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    // Any number will do as long as every mesh process takes the same; freed by the commit.
    sqlx::query("SELECT pg_advisory_xact_lock(7308332046)")
        .execute(&mut *transaction)
        .await?;
    sqlx::query(TABLE).execute(&mut *transaction).await?;
    let newest: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(version), 0) FROM schema_migrations")
        .fetch_one(&mut *transaction)
        .await?;
    check(newest)?;
    for (version, name, text) in MIGRATIONS.iter().filter(|(version, ..)| *version > newest) {
        let text = for_engine(text, "postgres");
        sqlx::raw_sql(sqlx::AssertSqlSafe(text))
            .execute(&mut *transaction)
            .await?;
        sqlx::query("INSERT INTO schema_migrations (version, name) VALUES ($1, $2)")
            .bind(version)
            .bind(name)
            .execute(&mut *transaction)
            .await?;
        tracing::info!(version, name, "the database schema was brought up to date");
    }
    Ok(transaction.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::for_engine;

    #[test]
    fn each_engine_sees_its_own_words() {
        let text = "a /*sqlite: b*/ /*postgres: c*/ d";
        assert_eq!(for_engine(text, "sqlite"), "a b /*postgres: c*/ d");
        assert_eq!(for_engine(text, "postgres"), "a /*sqlite: b*/ c d");
    }
}
