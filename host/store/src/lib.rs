//! The database, behind one small API for both engines.
//!
//! Reads get a consistent view: [`Store::view`]. Writes are [`Job`]s: [`Store::submit`]. One SQL
//! text serves both engines; one noun is one file; only [`statements!`] makes a statement.

pub mod approval_rules;
pub mod approval_votes;
pub mod approvals;
pub mod bot_calls;
pub mod bot_grants;
pub mod bot_logs;
pub mod bot_secrets;
pub mod bot_tokens;
pub mod bot_uses;
pub mod bot_versions;
pub mod bots;
pub mod commands;
pub mod devices;
mod error;
pub mod facts;
pub mod files;
pub mod follows;
pub mod idempotency;
pub mod inbox;
mod job;
pub mod kv;
pub mod log;
pub mod members;
pub mod meshes;
pub mod messages;
mod migrate;
pub mod notifications;
pub mod people;
pub mod pins;
mod postgres;
pub mod presences;
pub mod presses;
pub mod reactions;
pub mod read_states;
pub mod rooms;
pub mod search;
pub mod seats;
mod sql;
mod sqlite;
pub mod statuses;
pub mod threads;
pub mod timers;
pub mod tokens;
mod tx;
mod value;

pub use error::Error;
pub use job::{Job, Rollback};
pub use sql::Sql;
#[doc(hidden)]
pub use sql::for_engine;
pub use tx::Tx;
pub use value::{Column, Row, Value, text, text_option};

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
};

/// Which database.
#[derive(Debug, Clone)]
pub enum Config {
    /// A file on this machine; made when it is not there.
    Sqlite(PathBuf),
    /// A connection URL such as `postgres://user@host/database`.
    Postgres(String),
}

/// An open database.
pub struct Store {
    engine: Engine,
    afterwards: Afterwards,
}

/// What is done after each commit.
type Afterwards = Arc<OnceLock<Box<dyn Fn() + Send + Sync>>>;

enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Store {
    /// Opens the database and brings its schema up to date.
    pub async fn open(config: &Config) -> Result<Self, Error> {
        let afterwards = Afterwards::default();
        let engine = match config {
            Config::Sqlite(path) => Engine::Sqlite(sqlite::Sqlite::open(path, afterwards.clone())?),
            Config::Postgres(url) => Engine::Postgres(postgres::Postgres::open(url, afterwards.clone()).await?),
        };
        Ok(Self { engine, afterwards })
    }

    /// What to do after each commit, when all of its jobs were told; the first to ask. It must not block.
    pub fn after_commits(&self, act: impl Fn() + Send + Sync + 'static) {
        let _ = self.afterwards.set(Box::new(act));
    }

    /// `sqlite` or `postgres`.
    pub fn engine(&self) -> &'static str {
        match &self.engine {
            Engine::Sqlite(_) => "sqlite",
            Engine::Postgres(_) => "postgres",
        }
    }

    /// Whether jobs are told in the order of their commits; otherwise two of them may change places.
    pub fn tells_in_order(&self) -> bool {
        matches!(self.engine, Engine::Sqlite(_))
    }

    /// Runs a job and then tells it; never waits. Gives the job back when too many are waiting.
    pub fn submit(&self, job: Box<dyn Job>) -> Result<(), Box<dyn Job>> {
        match &self.engine {
            Engine::Sqlite(engine) => engine.submit(job),
            Engine::Postgres(engine) => {
                engine.submit(job);
                Ok(())
            }
        }
    }

    /// One consistent view of the database, for reading. On SQLite its statements run on the
    /// calling thread, so they are bounded: an index and a limit.
    pub async fn view(&self) -> Result<View<'_>, Error> {
        Ok(match &self.engine {
            Engine::Sqlite(engine) => View::Sqlite(engine.reader().await?),
            Engine::Postgres(engine) => View::Postgres(engine.reader().await?),
        })
    }
}

/// A consistent view of the database; dropping it ends it.
pub enum View<'s> {
    #[doc(hidden)]
    Sqlite(sqlite::Reader<'s>),
    #[doc(hidden)]
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

impl View<'_> {
    /// Where its statements run.
    pub fn tx(&mut self) -> Tx<'_> {
        match self {
            Self::Sqlite(reader) => reader.tx(),
            Self::Postgres(transaction) => Tx::Postgres(transaction),
        }
    }
}

/// Every registered statement, by file. A test prepares each on both engines.
pub fn statements() -> impl Iterator<Item = (&'static str, &'static str, Sql)> {
    NOUNS
        .iter()
        .flat_map(|(noun, all)| all.iter().map(|(name, sql)| (*noun, *name, *sql)))
}

type Noun = (&'static str, &'static [(&'static str, Sql)]);

const NOUNS: &[Noun] = &[
    ("approval_rules", approval_rules::ALL),
    ("approval_votes", approval_votes::ALL),
    ("approvals", approvals::ALL),
    ("bot_grants", bot_grants::ALL),
    ("bot_logs", bot_logs::ALL),
    ("bot_secrets", bot_secrets::ALL),
    ("bot_tokens", bot_tokens::ALL),
    ("bot_uses", bot_uses::ALL),
    ("bot_versions", bot_versions::ALL),
    ("bots", bots::ALL),
    ("bot_calls", bot_calls::ALL),
    ("commands", commands::ALL),
    ("devices", devices::ALL),
    ("facts", facts::ALL),
    ("idempotency", idempotency::ALL),
    ("inbox", inbox::ALL),
    ("kv", kv::ALL),
    ("log", log::ALL),
    ("members", members::ALL),
    ("meshes", meshes::ALL),
    ("messages", messages::ALL),
    ("notifications", notifications::ALL),
    ("people", people::ALL),
    ("pins", pins::ALL),
    ("reactions", reactions::ALL),
    ("files", files::ALL),
    ("follows", follows::ALL),
    ("presences", presences::ALL),
    ("presses", presses::ALL),
    ("read_states", read_states::ALL),
    ("rooms", rooms::ALL),
    ("search", search::ALL),
    ("seats", seats::ALL),
    ("statuses", statuses::ALL),
    ("threads", threads::ALL),
    ("timers", timers::ALL),
    ("tokens", tokens::ALL),
];
