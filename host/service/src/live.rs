//! Tells followers, after each commit, which events it brought. Followers that fall behind read the log.

use mesh_store::log::Entry;
use std::sync::Arc;
use tokio::sync::broadcast;

const BEHIND: usize = 4096;

/// The wake-up of everything that follows the log.
pub struct Live {
    sender: broadcast::Sender<Arc<[Entry]>>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            sender: broadcast::channel(BEHIND).0,
        }
    }
}

impl Live {
    /// From now on. A receiver that lags has missed wake-ups, not events: it reads the log.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<[Entry]>> {
        self.sender.subscribe()
    }

    /// Called once per commit of a job, in commit order.
    pub(crate) fn publish(&self, entries: Vec<Entry>) {
        if self.sender.receiver_count() > 0 && entries.iter().any(|entry| entry.event.is_some()) {
            let _ = self.sender.send(entries.into());
        }
    }
}
