//! A connection that stays open: operations with their answers, and events as they come.

mod drive;
mod frames;
mod mailbox;

pub use frames::{Hello, Limits, Op, Passing, Positions, Resumed};

use crate::{Answer, Client, Error, Problem, Result};
use mailbox::{Mailbox, Waiting};
use mesh_types::{RoomId, view::Event};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::{Semaphore, mpsc, oneshot};

/// A frame for whoever listens.
#[derive(Debug)]
pub enum Frame {
    /// A logged change.
    Event(Box<Event>),
    /// Something that is in no log.
    Passing(Box<Passing>),
    /// Answers [`Socket::resume`], [`Socket::subscribe`] and [`Socket::unsubscribe`], in their order.
    Resumed(Resumed),
    /// Answers [`Socket::subscribe`]: this room is not for the caller.
    Refused(Box<Problem>),
    /// Events came faster than they were taken. For each stream that some were dropped of: the first one.
    /// The log has them; resume from before.
    Lost(Positions),
}

/// One connection over the plain WebSocket. It ends with its server, its token or the network;
/// [`Follow`](crate::Follow) goes on after that.
///
/// A task of its own answers pings and asks the client's tokens for a new one when the server says that
/// this one ends. Dropping the socket closes the connection.
pub struct Socket {
    hello: Hello,
    mailbox: Arc<Mailbox>,
    out: mpsc::UnboundedSender<String>,
    in_flight: Arc<Semaphore>,
    next: AtomicU64,
}

impl Socket {
    /// Connects and proves who is calling. No events flow before the first [`Socket::resume`].
    pub async fn connect(client: &Client) -> Result<Self> {
        let token = client.tokens().token(None).await?;
        Self::connect_with(client, token).await
    }

    pub(crate) async fn connect_with(client: &Client, token: Option<String>) -> Result<Self> {
        let (stream, hello) = drive::open(client.address(), token.as_deref()).await?;
        let mailbox = Arc::new(Mailbox::default());
        let (out, lines) = mpsc::unbounded_channel();
        let link = drive::Link {
            client: client.clone(),
            token,
            mailbox: mailbox.clone(),
            out: out.downgrade(),
            lines,
        };
        tokio::spawn(drive::drive(stream, link));
        Ok(Self {
            in_flight: Arc::new(Semaphore::new(hello.limits.in_flight.max(1))),
            hello: *hello,
            mailbox,
            out,
            next: AtomicU64::new(1),
        })
    }

    /// What the server said when the connection was opened.
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// Makes an operation and waits for its answer. At most [`Limits::in_flight`] are under way at once;
    /// further ones wait for their turn. When the connection breaks it is not known whether the operation was
    /// done: with [`Op::key`] it can be repeated over another one.
    pub async fn call(&self, op: &Op) -> Result<Answer> {
        let over = || Error::broken("the connection is over");
        let permit = self.in_flight.clone().acquire_owned().await.map_err(|_| over())?;
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let frame = op.frame(id);
        if frame.len() > self.hello.limits.frame_bytes {
            return Err(Error::TooLarge {
                bytes: frame.len(),
                most: self.hello.limits.frame_bytes,
            });
        }
        let (reply, answer) = oneshot::channel();
        let waiting = Waiting { reply, _permit: permit };
        self.mailbox.wait_for(id, waiting)?;
        // When nobody sends any more, the end of the connection answers.
        let _ = self.out.send(frame);
        answer.await.unwrap_or_else(|_| Err(over()))
    }

    /// Lets events flow: of the streams named, from behind these positions; of others that were never named,
    /// from where they stood at the beginning. Answered by [`Frame::Resumed`].
    pub fn resume(&self, positions: &Positions) {
        self.say(frames::resume(positions));
    }

    /// Looks at a public room from outside. Answered by [`Frame::Resumed`] or [`Frame::Refused`].
    pub fn subscribe(&self, room: RoomId) {
        self.say(frames::room("subscribe", room));
    }

    /// Looks no longer. Answered by [`Frame::Resumed`].
    pub fn unsubscribe(&self, room: RoomId) {
        self.say(frames::room("unsubscribe", room));
    }

    fn say(&self, frame: String) {
        // When nobody sends any more, `next` says why.
        let _ = self.out.send(frame);
    }

    /// The next frame; an error when the connection is over. Nothing is lost when it is not awaited to
    /// its end.
    pub async fn next(&self) -> Result<Frame> {
        self.mailbox.take().await
    }
}
