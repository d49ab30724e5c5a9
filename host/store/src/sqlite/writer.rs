//! The writer thread. Jobs share a transaction, which is committed when the queue is empty, after
//! [`GROUP_JOBS`] jobs or after [`GROUP_TIME`]; only then are the jobs told.
//!
//! Jobs hardly ever fail after they wrote something, and a SAVEPOINT around each costs a tenth of all
//! the work. So there is none until a job does: then the transaction is taken back, and the jobs
//! before it run again, with a SAVEPOINT around these and all that follow.

use super::{checkpoint::Log, ready, step};
use crate::{
    Afterwards, Error, Job, Rollback, Tx,
    job::panic_text,
    log::{Chain, Entry},
};
use futures_util::FutureExt;
use rusqlite::Connection;
use std::{
    panic::AssertUnwindSafe,
    sync::mpsc::Receiver,
    time::{Duration, Instant},
};

const GROUP_JOBS: usize = 64;
const GROUP_TIME: Duration = Duration::from_millis(2);

type Queue = Receiver<Box<dyn Job>>;
type Told = (Box<dyn Job>, Result<Vec<Entry>, Rollback>);

pub(super) struct Writer {
    connection: Connection,
    chain: Chain,
    log: Log,
    afterwards: Afterwards,
}

impl Writer {
    pub(super) fn new(connection: Connection, chain: Chain, log: Log, afterwards: Afterwards) -> Self {
        Self {
            connection,
            chain,
            log,
            afterwards,
        }
    }

    /// Works until nobody can send a job any more.
    pub(super) fn work(mut self, jobs: &Queue) {
        while let Ok(first) = jobs.recv() {
            self.group(first, jobs);
        }
    }

    /// Runs a job, and what the queue holds by then, in one transaction.
    fn group(&mut self, first: Box<dyn Job>, jobs: &Queue) {
        let (begun, mut next, mut told) = (Instant::now(), Some(first), Vec::<Told>::new());
        let (mut state, mut careful) = (step(&mut self.connection, "BEGIN IMMEDIATE"), false);
        while let Some(mut job) = next.take() {
            let ended = match &state {
                Ok(()) => self.run(job.as_mut(), careful),
                Err(broken) => Err(broken.clone()),
            };
            let outcome = match ended {
                Ok(Ended::Cleanly(outcome)) => outcome,
                Ok(Ended::Torn(rollback)) => {
                    careful = true;
                    state = self.again(&mut told);
                    Err(rollback)
                }
                Err(broken) => {
                    state = Err(broken.clone());
                    Err(Rollback::Database(broken))
                }
            };
            told.push((job, outcome));
            if told.len() < GROUP_JOBS && begun.elapsed() < GROUP_TIME {
                next = jobs.try_recv().ok();
            }
        }
        let sealed = state.and_then(|()| ready(self.chain.seal(&mut Tx::Sqlite(&mut self.connection))));
        let committed = sealed.and_then(|()| step(&mut self.connection, "COMMIT"));
        if let Err(broken) = &committed {
            tracing::error!(error = %broken, jobs = told.len(), "a group of writes was lost");
            let _ = step(&mut self.connection, "ROLLBACK");
            match ready(Chain::load(&mut Tx::Sqlite(&mut self.connection))) {
                Ok(loaded) => self.chain = loaded,
                Err(error) => tracing::error!(%error, "the end of the log cannot be read"),
            }
        }
        for (job, outcome) in told {
            job.done(match (&committed, outcome) {
                (Err(broken), Ok(_)) => Err(Rollback::Database(broken.clone())),
                (_, outcome) => outcome,
            });
        }
        if let Some(act) = self.afterwards.get() {
            act();
        }
        self.log.committed(&mut self.connection);
    }

    /// Runs one job and appends its rows to the log. An error means that the shared transaction is lost.
    fn run(&mut self, job: &mut dyn Job, careful: bool) -> Result<Ended, Error> {
        let (connection, chain) = (&mut self.connection, &mut self.chain);
        if careful {
            step(connection, "SAVEPOINT job")?;
        }
        let before = connection.total_changes();
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
        match outcome {
            Err(rollback) if !careful && connection.total_changes() != before => return Ok(Ended::Torn(rollback)),
            Err(_) if careful => step(connection, "ROLLBACK TO job")?,
            _ => {}
        }
        if careful {
            step(connection, "RELEASE job")?;
        }
        Ok(Ended::Cleanly(outcome))
    }

    /// Takes the shared transaction back and runs the jobs again that had done well in it.
    fn again(&mut self, told: &mut [Told]) -> Result<(), Error> {
        step(&mut self.connection, "ROLLBACK")?;
        self.chain.take_back();
        step(&mut self.connection, "BEGIN IMMEDIATE")?;
        for (job, outcome) in told.iter_mut().filter(|(_, outcome)| outcome.is_ok()) {
            if let Ended::Cleanly(now) = self.run(job.as_mut(), true)? {
                *outcome = now;
            }
        }
        Ok(())
    }
}

/// What a job leaves in the shared transaction.
enum Ended {
    /// All of its writes, or none.
    Cleanly(Result<Vec<Entry>, Rollback>),
    /// It failed, and some of its writes are there.
    Torn(Rollback),
}
