//! What others know of a worker.

use mesh_service::{inbox::InboxStream, runtime::InstanceStatus};
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
    pub(super) status: Mutex<InstanceStatus>,
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

    pub(super) fn take(&mut self, from: &mut Self) {
        self.anywhere |= std::mem::take(&mut from.anywhere);
        from.streams.drain(..).for_each(|stream| self.add(Some(stream)));
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
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
