//! Tells followers, after each commit, which events it brought. Followers that fall behind read the log.

use crate::recent::Recent;
use mesh_store::log::Entry;
use mesh_types::view::Message;
use std::sync::Arc;
use tokio::sync::broadcast;

const BEHIND: usize = 4096;

/// The wake-up of everything that follows the log, and what it brought last.
pub struct Live {
    sender: broadcast::Sender<Arc<[Entry]>>,
    pub(crate) recent: Recent,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            sender: broadcast::channel(BEHIND).0,
            recent: Recent::default(),
        }
    }
}

impl Live {
    /// From now on. A receiver that lags has missed wake-ups, not events: it reads the log.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<[Entry]>> {
        self.sender.subscribe()
    }

    /// Called once per commit of a job, in commit order, with the message that the job posted.
    pub(crate) fn publish(&self, entries: Vec<Entry>, posted: Option<Message>) {
        if entries.iter().any(|entry| entry.event.is_some()) {
            let entries = entries.into();
            self.recent.add(&entries, posted);
            let _ = self.sender.send(entries);
        }
    }
}
