use crate::{Error, Tx, log::Entry};
use futures_util::future::BoxFuture;

/// One unit of writing: it commits whole or not at all.
pub trait Job: Send {
    /// Writes through the transaction and answers the rows for the log, in order. When it gives an
    /// error, everything it wrote is rolled back and the jobs beside it go on.
    ///
    /// It awaits nothing but the transaction. It may be called again after its writes were taken back:
    /// on PostgreSQL after [`Error::Retry`], on SQLite when another job of the same commit failed.
    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Vec<Entry>, Rollback>>;

    /// Told exactly once: after the commit that holds the job, in commit order, or after it was
    /// rolled back. Answer the caller and wake the followers of the log here.
    fn done(self: Box<Self>, committed: Result<Vec<Entry>, Rollback>);
}

/// Why a job's writes were taken back.
#[derive(Debug)]
pub enum Rollback {
    /// The job itself refused; its own state says why.
    Refused,
    /// The database failed.
    Database(Error),
    /// The job panicked; the text is the panic's.
    Panicked(String),
    /// The job awaited something other than its transaction.
    Waited,
}

impl From<Error> for Rollback {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a text".into())
}
