//! What the server clears away by itself.

use crate::Host;
use futures_util::future::BoxFuture;
use mesh_store::{Job, Rollback, Tx, commands, idempotency, log::Entry};
use mesh_types::{Timestamp, limits::IDEMPOTENCY_SECONDS};

/// Forgets the answers of calls whose idempotency keys are older than a day, and what slash commands were
/// called with.
pub fn forget_old_answers(host: &Host) {
    let before = host.clock.now().plus_seconds(-IDEMPOTENCY_SECONDS);
    // When the queue is full there are more urgent things; the next time will do.
    let _ = host.store.submit(Box::new(Forget { before }));
}

struct Forget {
    before: Timestamp,
}

impl Job for Forget {
    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Vec<Entry>, Rollback>> {
        Box::pin(async move {
            idempotency::forget(tx, self.before).await?;
            commands::forget(tx, self.before).await?;
            Ok(Vec::new())
        })
    }

    fn done(self: Box<Self>, committed: Result<Vec<Entry>, Rollback>) {
        if let Err(rollback) = committed {
            tracing::warn!(?rollback, "old answers could not be forgotten");
        }
    }
}
