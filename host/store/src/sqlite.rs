//! SQLite with group commit: one writer thread, and reader connections that never wait for it.
//!
//! Every job runs under its own SAVEPOINT inside a shared transaction. The thread commits when its
//! queue is empty, after [`GROUP_JOBS`] jobs or after [`GROUP_TIME`], and only then tells the jobs.

use crate::{
    Error, Job, Rollback, Tx,
    job::panic_text,
    log::{Chain, Entry},
    migrate,
};
use futures_util::FutureExt;
use rusqlite::{Connection, OpenFlags};
use std::{
    panic::AssertUnwindSafe,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::{Semaphore, mpsc};

const GROUP_JOBS: usize = 64;
const GROUP_TIME: Duration = Duration::from_millis(2);
const QUEUE: usize = 8192;
const READERS: usize = 4;

/// A SQLite database file.
pub(crate) struct Sqlite {
    writer: mpsc::Sender<Box<dyn Job>>,
    readers: Arc<Readers>,
}

struct Readers {
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection, Error> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(512);
    Ok(connection)
}

impl Sqlite {
    /// Opens or creates the file, brings its schema up to date and starts the writer thread.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let mut connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "wal_autocheckpoint", 4000)?;
        migrate::sqlite(&mut connection)?;
        let mut chain = ready(Chain::load(&mut Tx::Sqlite(&mut connection)))?;
        let idle = (0..READERS)
            .map(|_| open(path, OpenFlags::SQLITE_OPEN_READ_ONLY))
            .collect::<Result<_, _>>()?;
        let (writer, mut jobs) = mpsc::channel(QUEUE);
        std::thread::Builder::new()
            .name("mesh-writer".into())
            .spawn(move || {
                while let Some(first) = jobs.blocking_recv() {
                    group(&mut connection, &mut chain, first, &mut jobs);
                }
            })
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
        self.writer.try_send(job).map_err(mpsc::error::TrySendError::into_inner)
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

type Told = (Box<dyn Job>, Result<Vec<Entry>, Rollback>);

fn group(connection: &mut Connection, chain: &mut Chain, first: Box<dyn Job>, jobs: &mut mpsc::Receiver<Box<dyn Job>>) {
    let (begun, mut next, mut told) = (Instant::now(), Some(first), Vec::<Told>::new());
    let mut state = step(connection, "BEGIN IMMEDIATE");
    while let Some(mut job) = next.take() {
        let outcome = match &state {
            Err(broken) => Err(Rollback::Database(broken.clone())),
            Ok(()) => run(connection, chain, job.as_mut()).unwrap_or_else(|broken| {
                state = Err(broken.clone());
                Err(Rollback::Database(broken))
            }),
        };
        told.push((job, outcome));
        if told.len() < GROUP_JOBS && begun.elapsed() < GROUP_TIME {
            next = jobs.try_recv().ok();
        }
    }
    let sealed = state.and_then(|()| ready(chain.seal(&mut Tx::Sqlite(connection))));
    let committed = sealed.and_then(|()| step(connection, "COMMIT"));
    if let Err(broken) = &committed {
        tracing::error!(error = %broken, jobs = told.len(), "a group of writes was lost");
        let _ = step(connection, "ROLLBACK");
        match ready(Chain::load(&mut Tx::Sqlite(connection))) {
            Ok(loaded) => *chain = loaded,
            Err(error) => tracing::error!(%error, "the end of the log cannot be read"),
        }
    }
    for (job, outcome) in told {
        job.done(match (&committed, outcome) {
            (Err(broken), Ok(_)) => Err(Rollback::Database(broken.clone())),
            (_, outcome) => outcome,
        });
    }
}

/// The outer error means that the shared transaction itself is lost.
fn run(
    connection: &mut Connection,
    chain: &mut Chain,
    job: &mut dyn Job,
) -> Result<Result<Vec<Entry>, Rollback>, Error> {
    step(connection, "SAVEPOINT job")?;
    let attempt = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let mut tx = Tx::Sqlite(connection);
        let mut entries = job.run(&mut tx).now_or_never().unwrap_or(Err(Rollback::Waited))?;
        ready(chain.append(&mut tx, &mut entries))?;
        Ok(entries)
    }));
    let outcome = attempt.unwrap_or_else(|panic| Err(Rollback::Panicked(panic_text(&*panic))));
    // Disk full, I/O error: SQLite has rolled the whole transaction back by itself.
    if connection.is_autocommit() {
        return Err(match outcome {
            Err(Rollback::Database(error)) => error,
            _ => Error::other("the transaction was lost"),
        });
    }
    if outcome.is_err() {
        step(connection, "ROLLBACK TO job")?;
    }
    step(connection, "RELEASE job")?;
    Ok(outcome)
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
