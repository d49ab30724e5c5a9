//! PostgreSQL: one transaction per job, on a pool of connections.
//!
//! Each transaction takes the end of the log's chain last, so jobs overlap in everything but their
//! commits. A job that meets another one (deadlock, serialization) runs again.

use crate::{
    Afterwards, Error, Job, Rollback, Tx,
    job::panic_text,
    log::{Chain, Entry},
    migrate,
};
use futures_util::FutureExt;
use sqlx::{
    ConnectOptions as _, PgPool, Postgres as Engine, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{panic::AssertUnwindSafe, str::FromStr, time::Duration};

const CONNECTIONS: u32 = 16;
const ATTEMPTS: u32 = 5;

/// A PostgreSQL database.
pub(crate) struct Postgres {
    pool: PgPool,
    afterwards: Afterwards,
}

impl Postgres {
    /// Connects and brings the schema up to date.
    pub(crate) async fn open(url: &str, afterwards: Afterwards) -> Result<Self, Error> {
        let options = PgConnectOptions::from_str(url)?.disable_statement_logging();
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options)
            .await?;
        migrate::postgres(&pool).await?;
        Ok(Self { pool, afterwards })
    }

    /// Runs a job in a task of its own, so that a caller who goes away does not end it half-way.
    pub(crate) fn submit(&self, mut job: Box<dyn Job>) {
        let (pool, afterwards) = (self.pool.clone(), self.afterwards.clone());
        tokio::spawn(async move {
            let mut outcome = attempt(&pool, job.as_mut()).await;
            for _ in 1..ATTEMPTS {
                if !matches!(outcome, Err(Rollback::Database(Error::Retry))) {
                    break;
                }
                outcome = attempt(&pool, job.as_mut()).await;
            }
            job.done(outcome);
            if let Some(act) = afterwards.get() {
                act();
            }
        });
    }

    /// One consistent view of the database.
    pub(crate) async fn reader(&self) -> Result<Transaction<'static, Engine>, Error> {
        Ok(self
            .pool
            .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .await?)
    }
}

async fn attempt(pool: &PgPool, job: &mut dyn Job) -> Result<Vec<Entry>, Rollback> {
    let mut transaction = pool.begin().await.map_err(Error::from)?;
    let mut tx = Tx::Postgres(&mut transaction);
    let mut entries = AssertUnwindSafe(job.run(&mut tx))
        .catch_unwind()
        .await
        .unwrap_or_else(|panic| Err(Rollback::Panicked(panic_text(&*panic))))?;
    if !entries.is_empty() {
        let mut chain = Chain::take(&mut tx, i64::try_from(entries.len()).unwrap_or(i64::MAX)).await?;
        chain.append(&mut tx, &mut entries).await?;
        chain.seal(&mut tx).await?;
        chain.give_back(&mut tx).await?;
    }
    transaction.commit().await.map_err(Error::from)?;
    Ok(entries)
}
