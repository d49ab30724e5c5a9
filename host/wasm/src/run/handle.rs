//! What others know of a worker.

use mesh_service::{inbox::InboxStream, runtime::InstanceStatus};
use mesh_types::{InstanceId, Timestamp};
use std::sync::{Mutex, MutexGuard, PoisonError, atomic::AtomicBool};
use tokio::sync::Notify;

/// What others may do with a worker: wake it, and see how it is.
#[derive(Default)]
pub(crate) struct Handle {
    pub(super) wake: Notify,
    /// What the worker has not heard of yet.
    news: Mutex<News>,
    /// Others need the place of an idle instance.
    pub(crate) evict: Notify,
    /// A person started the bot again: forgive crashes.
    pub(crate) restarted: AtomicBool,
    /// Somebody else had events wait; they are to be read again.
    pub(crate) parked: AtomicBool,
    /// A person stopped the bot and does not wait for what it has in hand.
    pub(crate) at_once: AtomicBool,
    status: Mutex<InstanceStatus>,
}

/// Where there may be something to do.
#[derive(Debug, Default)]
pub(super) struct News {
    /// Anywhere: in any stream, or with the bot itself.
    pub(super) anywhere: bool,
    /// In these streams.
    pub(super) streams: Vec<InboxStream>,
}

impl News {
    pub(super) fn add(&mut self, stream: Option<InboxStream>) {
        match stream {
            None => self.anywhere = true,
            Some(stream) if self.streams.contains(&stream) => {}
            Some(stream) => self.streams.push(stream),
        }
    }
}

impl Handle {
    /// There may be something to do in this stream; without one, anywhere.
    pub(crate) fn wake(&self, stream: Option<InboxStream>) {
        self.news().add(stream);
        self.wake.notify_one();
    }

    /// Nothing came that the worker has not heard of.
    pub(crate) fn is_quiet(&self) -> bool {
        let news = self.news();
        !news.anywhere && news.streams.is_empty()
    }

    pub(super) fn news(&self) -> MutexGuard<'_, News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn status(&self) -> InstanceStatus {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, InstanceStatus> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bot is in this state now.
    pub(super) fn set_state(&self, state: &str, now: Timestamp) {
        let mut status = self.lock();
        if status.state != state {
            status.since = now;
            state.clone_into(&mut status.state);
        }
        if state == "idle" {
            status.instance = None;
        }
    }

    /// An instance is being started. Beside one that runs, nobody needs to know.
    pub(super) fn starts(&self, now: Timestamp) {
        if self.lock().instance.is_none() {
            self.set_state("starting", now);
        }
    }

    /// An instance was started.
    pub(super) fn runs(&self, id: InstanceId, now: Timestamp) {
        self.lock().instance = Some(id);
        self.set_state("ready", now);
    }

    /// An instance failed.
    pub(super) fn crashed(&self, state: &str, error: &str, now: Timestamp) {
        self.set_state(state, now);
        let mut status = self.lock();
        status.restarts += 1;
        status.last_error = Some(error.to_owned());
        status.instance = None;
    }
}
