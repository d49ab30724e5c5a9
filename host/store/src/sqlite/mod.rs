//! SQLite with group commit: one writer thread, and reader connections that never wait for it.

mod checkpoint;
mod writer;

use crate::{Afterwards, Error, Job, Tx, log::Chain, migrate};
use futures_util::FutureExt;
use rusqlite::{Connection, OpenFlags, config::DbConfig};
use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::Duration,
};
use tokio::sync::Semaphore;
use writer::Writer;

const QUEUE: usize = 8192;
const READERS: usize = 4;

/// A SQLite database file.
pub(crate) struct Sqlite {
    writer: mpsc::SyncSender<Box<dyn Job>>,
    readers: Arc<Readers>,
}

struct Readers {
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
}

/// KiB of pages that the writer and each reader keep in memory at most.
const WRITER_CACHE: i64 = 16 << 10;
const READER_CACHE: i64 = 16 << 10;

fn open(path: &Path, flags: OpenFlags, cache: i64) -> Result<Connection, Error> {
    // A connection is never used by two threads at once: `Connection` is not `Sync`.
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // Otherwise every new LIMIT makes a new plan.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "cache_size", -cache)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(512);
    Ok(connection)
}

impl Sqlite {
    /// Opens or creates the file, brings its schema up to date and starts the writer thread.
    pub(crate) fn open(path: &Path, afterwards: Afterwards) -> Result<Self, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut connection = open(path, flags, WRITER_CACHE)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        migrate::sqlite(&mut connection)?;
        let chain = ready(Chain::load(&mut Tx::Sqlite(&mut connection)))?;
        let idle = (0..READERS)
            .map(|_| open(path, OpenFlags::SQLITE_OPEN_READ_ONLY, READER_CACHE))
            .collect::<Result<_, _>>()?;
        let mover = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE, READER_CACHE)?;
        let log = checkpoint::Log::new(&connection, mover)?;
        let (writer, jobs) = mpsc::sync_channel(QUEUE);
        std::thread::Builder::new()
            .name("mesh-writer".into())
            .spawn(move || Writer::new(connection, chain, log, afterwards).work(&jobs))
            .map_err(Error::other)?;
        Ok(Self {
            writer,
            readers: Arc::new(Readers {
                idle: Mutex::new(idle),
                permits: Semaphore::new(READERS),
            }),
        })
    }

    /// Hands a job to the writer; gives it back when the queue is full.
    pub(crate) fn submit(&self, job: Box<dyn Job>) -> Result<(), Box<dyn Job>> {
        self.writer.try_send(job).map_err(|refused| match refused {
            mpsc::TrySendError::Full(job) | mpsc::TrySendError::Disconnected(job) => job,
        })
    }

    /// One consistent view of the database, taken on the calling thread.
    pub(crate) async fn reader(&self) -> Result<Reader<'_>, Error> {
        let permit = self.readers.permits.acquire().await.map_err(Error::other)?;
        let connection = self.readers.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = connection.ok_or_else(|| Error::other("no reader is idle"))?;
        step(&mut connection, "BEGIN")?;
        Ok(Reader {
            connection: Some(connection),
            readers: &self.readers,
            _permit: permit,
        })
    }
}

/// A reader connection inside a read transaction; dropping it ends the transaction.
pub struct Reader<'s> {
    // Taken out only by `drop`.
    connection: Option<Connection>,
    readers: &'s Readers,
    _permit: tokio::sync::SemaphorePermit<'s>,
}

impl Reader<'_> {
    pub(crate) fn tx(&mut self) -> Tx<'_> {
        Tx::Sqlite(
            self.connection
                .as_mut()
                .expect("a reader has its connection until it is dropped"),
        )
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        if let Some(mut connection) = self.connection.take() {
            let _ = step(&mut connection, "ROLLBACK");
            self.readers
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connection);
        }
    }
}

fn step(connection: &mut Connection, sql: &'static str) -> Result<(), Error> {
    connection.prepare_cached(sql)?.raw_execute()?;
    Ok(())
}

/// On SQLite nothing is ever awaited.
fn ready<T>(future: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    future
        .now_or_never()
        .unwrap_or_else(|| Err(Error::other("a SQLite statement waited")))
}
