//! What the server clears away by itself.

use crate::{Host, Result};
use futures_util::TryStreamExt as _;
use futures_util::future::BoxFuture;
use mesh_store::{Job, Rollback, Tx, bot_calls, commands, devices, files, idempotency, log::Entry, presses, timers};
use mesh_types::{
    Timestamp,
    limits::{DELETED_FILE_SECONDS, FIRED_TIMER_SECONDS, IDEMPOTENCY_SECONDS},
};

/// How old bytes are that nothing names before they go, in seconds. An upload takes less until it is named.
const UNNAMED_SECONDS: i64 = 24 * 3600;

/// How long a device is told that its code is over, in seconds; afterwards there never was such a code.
const ENDED_DEVICE_SECONDS: i64 = 3600;

/// Forgets the answers of calls whose idempotency keys are older than a day, what slash commands were called
/// with, bots were asked and buttons brought, files that were deleted 30 days ago, timers that fired for the last
/// time a week ago, and devices whose time to be signed in was over an hour ago.
pub fn forget_old(host: &Host) {
    let now = host.clock.now();
    let forget = Forget {
        answers: now.plus_seconds(-IDEMPOTENCY_SECONDS),
        files: now.plus_seconds(-DELETED_FILE_SECONDS),
        timers: now.plus_seconds(-FIRED_TIMER_SECONDS),
        devices: now.plus_seconds(-ENDED_DEVICE_SECONDS),
    };
    // When the queue is full there are more urgent things; the next time will do.
    let _ = host.store.submit(Box::new(forget));
}

/// Removes bytes that no file, version of a bot or picture names any more. Gives how many it removed.
pub async fn sweep_blobs(host: &Host) -> Result<u64> {
    let before = host.clock.now().plus_seconds(-UNNAMED_SECONDS);
    let blobs = &host.settings.blobs;
    let (mut old, mut removed) = (blobs.older_than(before), 0);
    while let Some(digest) = old.try_next().await? {
        let named = files::is_named(&mut host.store.view().await?.tx(), &digest).await?;
        if !named && blobs.remove(&digest, before).await? {
            removed += 1;
        }
    }
    Ok(removed)
}

struct Forget {
    answers: Timestamp,
    files: Timestamp,
    timers: Timestamp,
    devices: Timestamp,
}

impl Job for Forget {
    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Vec<Entry>, Rollback>> {
        Box::pin(async move {
            idempotency::forget(tx, self.answers).await?;
            commands::forget(tx, self.answers).await?;
            bot_calls::forget(tx, self.answers).await?;
            presses::forget(tx, self.answers).await?;
            files::forget(tx, self.files).await?;
            timers::forget(tx, self.timers).await?;
            devices::forget(tx, self.devices).await?;
            Ok(Vec::new())
        })
    }

    fn done(self: Box<Self>, committed: Result<Vec<Entry>, Rollback>) {
        if let Err(rollback) = committed {
            tracing::warn!(?rollback, "old answers could not be forgotten");
        }
    }
}
