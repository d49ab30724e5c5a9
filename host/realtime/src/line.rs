//! What waits for one connection. The hub puts it in, the connection takes it out.

use crate::{end::End, told::Told};
use futures_util::task::AtomicWaker;
use mesh_service::Stream;
use mesh_types::{ActorId, SessionId};
use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    task::{Context, Poll},
};

/// Most events that wait.
const EVENTS: usize = 1_000;
/// Most bytes that wait.
const BYTES: usize = 4 << 20;

/// Places for events that an idle connection keeps.
const KEPT: usize = 32;

/// By what a connection was opened, so that it ends when that ends.
#[derive(Debug, Clone, Default)]
pub(crate) struct Proof {
    /// The session behind it.
    pub(crate) session: Option<SessionId>,
    /// The hash of the token that was shown.
    pub(crate) token: Option<String>,
}

/// The hub's end of a connection.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) id: u64,
    pub(crate) actor: ActorId,
    proof: Mutex<Proof>,
    mail: Mutex<Mail>,
    /// There may be mail.
    full: AtomicBool,
    waker: AtomicWaker,
    /// When the client was last heard, in milliseconds.
    heard: AtomicI64,
    /// When it wants to be reminded of the time, in milliseconds.
    due: AtomicI64,
    /// It was told to end.
    ending: AtomicBool,
}

/// What waits.
#[derive(Debug, Default)]
pub(crate) struct Mail {
    events: VecDeque<Arc<Told>>,
    bytes: usize,
    /// What is rarely there.
    notices: Option<Box<Notices>>,
}

/// What a connection has to know besides events.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    /// Streams of which logged events did not fit, with the last `seq` that is missing: the log has them.
    pub(crate) lost: HashMap<Stream, i64>,
    /// Streams that the connection was taken off because its rights changed, or that it may be on now.
    pub(crate) recheck: HashMap<Stream, Recheck>,
    /// All of its rights are to be looked at again.
    pub(crate) recheck_all: bool,
    /// Its session has another token now, so it needs the new one.
    pub(crate) renewed: bool,
    /// It wanted to be reminded of the time.
    pub(crate) due: bool,
    pub(crate) end: Option<End>,
}

/// What became of the right to a stream.
#[derive(Debug, Default)]
pub(crate) struct Recheck {
    /// The `seq` behind which the stream starts for who is new there.
    pub(crate) first: Option<i64>,
    /// It ended. If the connection is on it again, then as somebody new.
    pub(crate) closed: bool,
}

impl Notices {
    /// A logged event was not kept for the connection.
    pub(crate) fn lose(&mut self, stream: Stream, seq: i64) {
        self.lost.insert(stream, seq);
    }

    /// The connection was taken off a stream, or may be on it now.
    pub(crate) fn recheck_from(&mut self, stream: Stream, first: Option<i64>, closed: bool) {
        let recheck = self.recheck.entry(stream).or_default();
        recheck.first = first;
        recheck.closed |= closed;
    }
}

impl Mail {
    fn notices(&mut self) -> &mut Notices {
        self.notices.get_or_insert_default()
    }

    fn add(&mut self, told: &Arc<Told>) {
        let (events, bytes) = (self.events.len() + 1, self.bytes + told.size());
        let Some(seq) = told.seq else {
            if events <= EVENTS / 2 && bytes <= BYTES / 2 {
                self.events.push_back(told.clone());
                self.bytes = bytes;
            }
            return;
        };
        if events <= EVENTS && bytes <= BYTES {
            self.events.push_back(told.clone());
            self.bytes = bytes;
            return;
        }
        let notices = self.notices.get_or_insert_default();
        for waiting in self.events.drain(..) {
            if let Some(seq) = waiting.seq {
                notices.lose(waiting.stream, seq);
            }
        }
        notices.lose(told.stream, seq);
        self.bytes = 0;
    }
}

impl Line {
    pub(crate) fn new(id: u64, actor: ActorId, proof: Proof, now: i64) -> Arc<Self> {
        Arc::new(Self {
            id,
            actor,
            proof: Mutex::new(proof),
            mail: Mutex::default(),
            full: AtomicBool::new(false),
            waker: AtomicWaker::new(),
            heard: AtomicI64::new(now),
            due: AtomicI64::new(i64::MAX),
            ending: AtomicBool::new(false),
        })
    }

    pub(crate) fn proof(&self) -> MutexGuard<'_, Proof> {
        self.proof.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn hear(&self, now: i64) {
        self.heard.store(now, Ordering::Relaxed);
    }

    pub(crate) fn heard(&self) -> i64 {
        self.heard.load(Ordering::Relaxed)
    }

    pub(crate) fn remind_at(&self, due: i64) {
        self.due.store(due, Ordering::Relaxed);
    }

    /// Reminds it once, when it is time.
    pub(crate) fn remind(&self, now: i64) {
        if self.due.load(Ordering::Relaxed) <= now {
            self.due.store(i64::MAX, Ordering::Relaxed);
            self.put(|mail| mail.due = true);
        }
    }

    /// Tells the connection to end.
    pub(crate) fn end(&self, end: End) {
        self.ending.store(true, Ordering::Relaxed);
        self.put(|mail| mail.end = Some(end));
    }

    pub(crate) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    /// Whether its rights changed and it has not looked yet.
    pub(crate) fn must_recheck(&self) -> bool {
        let mail = self.mail.lock().unwrap_or_else(PoisonError::into_inner);
        let notices = mail.notices.as_ref();
        notices.is_some_and(|notices| notices.recheck_all || !notices.recheck.is_empty())
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        !self.full.load(Ordering::Acquire)
    }

    /// Puts an event in. True when the connection has to be woken for it.
    #[must_use]
    pub(crate) fn push(&self, told: &Arc<Told>) -> bool {
        self.change(|mail| mail.add(told))
    }

    pub(crate) fn wake(&self) {
        self.waker.wake();
    }

    pub(crate) fn put(&self, change: impl FnOnce(&mut Notices)) {
        if self.change(|mail| change(mail.notices())) {
            self.wake();
        }
    }

    fn change(&self, change: impl FnOnce(&mut Mail)) -> bool {
        change(&mut self.mail.lock().unwrap_or_else(PoisonError::into_inner));
        !self.full.swap(true, Ordering::AcqRel)
    }

    /// Everything that waits, as soon as something does: events go to the end of `events`.
    pub(crate) fn poll_take(
        &self,
        context: &mut Context<'_>,
        events: &mut VecDeque<Arc<Told>>,
    ) -> Poll<Option<Box<Notices>>> {
        if !self.full.load(Ordering::Acquire) {
            self.waker.register(context.waker());
            if !self.full.load(Ordering::Acquire) {
                return Poll::Pending;
            }
        }
        let mut mail = self.mail.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock: what is put in from here on wakes again.
        self.full.store(false, Ordering::Release);
        mail.bytes = 0;
        if events.is_empty() {
            std::mem::swap(events, &mut mail.events);
            mail.events.shrink_to(KEPT);
        } else {
            events.append(&mut mail.events);
        }
        Poll::Ready(mail.notices.take())
    }
}
