//! Tells followers, after each commit, what it brought. Followers that fall behind read the log.

use crate::{authority::Stale, recent::Recent};
use mesh_store::log::{Entry, Stream};
use mesh_types::{
    RequestId, Timestamp,
    view::{Actor, Message},
};
use serde_json::Value;
use std::sync::{
    Arc, Mutex, MutexGuard, OnceLock, PoisonError,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::broadcast;

/// Commits that a follower may be behind.
const BEHIND: usize = 1024;

/// What one call brought, as followers are told of it.
#[derive(Debug)]
pub struct News {
    /// Its rows in the log.
    pub entries: Arc<[Entry]>,
    /// What it made untrue about rights; forgotten already.
    pub stale: Vec<Stale>,
}

/// An ephemeral event: told once to whoever listens, and kept nowhere.
#[derive(Debug, Clone)]
pub struct Passing {
    /// Who gets it.
    pub stream: Stream,
    /// The event's name.
    pub kind: &'static str,
    /// When.
    pub at: Timestamp,
    /// Who caused it.
    pub actor: Option<Actor>,
    /// The operation.
    pub op: &'static str,
    /// The request; none for the server's own work.
    pub request: Option<RequestId>,
    /// What it says.
    pub data: Value,
}

impl Passing {
    /// What is sent: an event's envelope without a place in any stream.
    pub fn envelope(&self) -> Value {
        serde_json::json!({
            "stream": self.stream.to_string(),
            "seq": null,
            "type": self.kind,
            "at": self.at,
            "actor": self.actor,
            "op": self.op,
            "request_id": self.request,
            "data": self.data,
        })
    }
}

/// Hears what passes.
type Ear = Box<dyn Fn(&Passing) + Send + Sync>;

/// The wake-up of everything that follows the log, and what it brought last.
pub struct Live {
    sender: broadcast::Sender<Arc<[News]>>,
    gathered: Mutex<Vec<News>>,
    commits: AtomicU64,
    passing: OnceLock<Ear>,
    pub(crate) recent: Recent,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            sender: broadcast::channel(BEHIND).0,
            gathered: Mutex::default(),
            commits: AtomicU64::new(0),
            passing: OnceLock::new(),
            recent: Recent::default(),
        }
    }
}

impl Live {
    /// From now on, what each commit brings, in order. A receiver that lags has missed wake-ups, not events: it
    /// reads the log.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<[News]>> {
        self.sender.subscribe()
    }

    /// Called once per committed job, in commit order, with what it made untrue and the message that the
    /// job posted. Followers are woken by [`Live::tell`].
    pub(crate) fn publish(&self, entries: Vec<Entry>, stale: Vec<Stale>, posted: Option<Message>) {
        if stale.is_empty() && entries.iter().all(|entry| entry.event.is_none()) {
            return;
        }
        let entries: Arc<[Entry]> = entries.into();
        self.recent.add(&entries, posted);
        self.gathered().push(News { entries, stale });
    }

    /// Tells followers what was published. Jobs that share a commit wake them once: waking costs more than
    /// what they are told.
    pub(crate) fn tell(&self) {
        // Kept until it is sent, so that what is gathered first is told first.
        let mut gathered = self.gathered();
        if !gathered.is_empty() {
            self.commits.fetch_add(1, Ordering::AcqRel);
            let _ = self.sender.send(gathered.drain(..).collect());
        }
    }

    fn gathered(&self) -> MutexGuard<'_, Vec<News>> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many commits were told. While it stays the same, whoever looked into the database and then began
    /// to listen missed nothing in between.
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Acquire)
    }

    /// Who hears what passes; the first to ask. It is told at once, on whatever thread it passes, so it must
    /// not block.
    pub fn on_passing(&self, hear: impl Fn(&Passing) + Send + Sync + 'static) {
        let _ = self.passing.set(Box::new(hear));
    }

    /// Tells whoever listens now.
    pub fn pass(&self, passing: &Passing) {
        if let Some(hear) = self.passing.get() {
            hear(passing);
        }
    }
}
