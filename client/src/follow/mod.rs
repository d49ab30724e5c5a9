//! Events without end: over broken connections, restarts and new tokens, without loss or repetition.

mod places;

use crate::{Client, Error, Frame, Hello, Passing, Positions, Result, Resumed, Socket, backoff::Backoff};
use futures_util::future::BoxFuture;
use mesh_types::{
    RoomId,
    view::{Event, Room},
};
use places::{Places, Verdict};
use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};
use tokio::time::{Instant, sleep_until};

/// Positions in one frame, which may have 256 KiB.
const NAMED: usize = 2_000;
/// A connection that lasted so long was a good one: the next wait is a short one.
const GOOD: Duration = Duration::from_secs(10);

/// What a follower is told.
#[derive(Debug)]
#[non_exhaustive]
pub enum Item {
    /// A logged change: each one once, in the order of its stream.
    Event(Box<Event>),
    /// Something that is in no log. Some of these may be lost.
    Passing(Box<Passing>),
    /// Events of a stream, up to this `seq`, will not come: the log does not have them any more, or the
    /// stream was opened while nobody followed. Look at the present state; what comes next is behind it.
    Gap {
        /// The stream.
        stream: String,
        /// The last event that will not come.
        seq: i64,
    },
    /// A stream is not, or no longer, for the caller. Said when a connection is opened; for what ends while
    /// one is open there is the event `room.closed`.
    Closed {
        /// The stream.
        stream: String,
    },
    /// A connection is open, the first one or another.
    Connected(Box<Hello>),
    /// The connection broke or could not be opened.
    Disconnected {
        /// Why.
        error: Error,
        /// When the next one is tried.
        again_in: Duration,
    },
}

/// Follows everything that an actor may hear: its own stream, its rooms' and its meshes'.
///
/// A stream starts where [`Follow::positions`] were set, or else from now on. To go on after a restart
/// of the program, keep [`Follow::positions`] when an item was handled, and set them again: in the same
/// transaction as what handling did, nothing is handled twice.
#[derive(Debug)]
pub struct Follow {
    client: Client,
    places: Places,
    /// Streams of which no position is known start at their first event.
    from_start: bool,
    /// Nothing was followed yet: what came before is no gap.
    fresh: bool,
    rooms: BTreeSet<RoomId>,
    /// What waits to be told.
    ready: VecDeque<Item>,
    state: State,
    backoff: Backoff,
    /// A token that was refused, and how; the next connection needs another one.
    refused: Option<(Option<String>, Error)>,
}

enum State {
    Waiting(Instant),
    Connecting(BoxFuture<'static, (Option<String>, Result<Open>)>),
    Connected(Box<Open>),
    Over(Error),
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Waiting(_) => "Waiting",
            Self::Connecting(_) => "Connecting",
            Self::Connected(_) => "Connected",
            Self::Over(_) => "Over",
        })
    }
}

/// A connection.
struct Open {
    socket: Socket,
    token: Option<String>,
    /// Where each stream stood when it was opened.
    heads: Positions,
    /// What was asked and not answered.
    asked: VecDeque<Asked>,
    since: Instant,
}

enum Asked {
    Subscribe(RoomId),
    /// The positions of these streams, when the connection was opened or later.
    Resume {
        streams: Vec<String>,
        opening: bool,
    },
}

impl Follow {
    /// Follows from now on.
    pub fn new(client: &Client) -> Self {
        Self {
            client: client.clone(),
            places: Places::default(),
            from_start: false,
            fresh: true,
            rooms: BTreeSet::new(),
            ready: VecDeque::new(),
            state: State::Waiting(Instant::now()),
            backoff: Backoff::default(),
            refused: None,
        }
    }

    /// Goes on behind these positions. A stream that is not among them was opened since they were kept:
    /// if it has events, [`Item::Gap`] says up to where they do not come.
    #[must_use]
    pub fn after(mut self, positions: Positions) -> Self {
        self.fresh = false;
        self.places = Places::from(positions);
        self
    }

    /// Starts streams of which no position is known with their first event.
    #[must_use]
    pub fn from_start(mut self) -> Self {
        self.from_start = true;
        self
    }

    /// Also follows a public room that the caller is not in.
    #[must_use]
    pub fn room(mut self, room: RoomId) -> Self {
        self.rooms.insert(room);
        self
    }

    /// The last event of each stream that [`Follow::next`] gave.
    pub fn positions(&self) -> &Positions {
        self.places.positions()
    }

    /// The next item. An error means that following is over: the session was ended, there is no other token,
    /// or the two sides do not understand each other. Nothing is lost when it is not awaited to its end.
    pub async fn next(&mut self) -> Result<Item> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Ok(self.told(item));
            }
            match &mut self.state {
                State::Over(error) => return Err(error.clone()),
                State::Waiting(until) => {
                    sleep_until(*until).await;
                    self.state = State::Connecting(self.connect());
                }
                State::Connecting(connecting) => {
                    let (token, opened) = connecting.await;
                    match opened {
                        Ok(open) => self.begin(open),
                        Err(error) => self.fail(token, error, None),
                    }
                }
                State::Connected(open) => match open.socket.next().await {
                    Ok(frame) => self.take(frame),
                    Err(error) => {
                        let (token, since) = (open.token.clone(), open.since);
                        self.fail(token, error, Some(since));
                    }
                },
            }
        }
    }

    /// From here on the program has this item.
    fn told(&mut self, item: Item) -> Item {
        match &item {
            Item::Gap { stream, seq } => self.places.set(stream, *seq),
            Item::Closed { stream } if !self.from_start => self.places.remove(stream),
            _ => {}
        }
        item
    }

    fn connect(&self) -> BoxFuture<'static, (Option<String>, Result<Open>)> {
        let (client, refused, rooms) = (self.client.clone(), self.refused.clone(), self.rooms.clone());
        Box::pin(async move {
            let ended = refused.as_ref().and_then(|(token, _)| token.as_deref());
            let token = match client.tokens().token(ended).await {
                Ok(token) => token,
                Err(error) => return (None, Err(error)),
            };
            if let Some((shown, error)) = refused
                && (token.is_none() || token == shown)
            {
                return (token, Err(error));
            }
            let opened = open(&client, token.clone(), rooms).await;
            (token, opened)
        })
    }

    fn begin(&mut self, mut open: Open) {
        self.refused = None;
        self.places.reconnected();
        self.ready
            .push_back(Item::Connected(Box::new(open.socket.hello().clone())));
        for (stream, head) in &open.heads {
            if self.places.knows(stream) {
                continue;
            }
            if self.from_start || *head == 0 {
                self.places.set(stream, 0);
            } else if self.fresh {
                self.places.set(stream, *head);
            } else {
                self.ready.push_back(Item::Gap {
                    stream: stream.clone(),
                    seq: *head,
                });
            }
        }
        self.fresh = false;
        for room in &self.rooms {
            open.socket.subscribe(*room);
            open.asked.push_back(Asked::Subscribe(*room));
        }
        let positions: Vec<_> = self.places.positions().clone().into_iter().collect();
        let mut parts: Vec<Positions> = positions
            .chunks(NAMED)
            .map(|part| part.iter().cloned().collect())
            .collect();
        if parts.is_empty() {
            // Nothing flows before it was asked for.
            parts.push(Positions::new());
        }
        self.state = State::Connected(Box::new(open));
        for part in parts {
            self.resume(part, true);
        }
    }

    /// Asks for the log behind these positions.
    fn resume(&mut self, positions: Positions, opening: bool) {
        if let State::Connected(open) = &mut self.state {
            open.socket.resume(&positions);
            let streams: Vec<String> = positions.into_keys().collect();
            for stream in &streams {
                self.places.resuming(stream);
            }
            open.asked.push_back(Asked::Resume { streams, opening });
        }
    }

    fn take(&mut self, frame: Frame) {
        match frame {
            Frame::Event(event) => self.event(event),
            Frame::Passing(passing) => self.ready.push_back(Item::Passing(passing)),
            Frame::Resumed(resumed) => {
                if let Some(Asked::Resume { streams, opening }) = self.answered() {
                    self.resumed(&streams, &resumed, opening);
                }
            }
            Frame::Refused(_) => {
                if let Some(Asked::Subscribe(room)) = self.answered() {
                    self.rooms.remove(&room);
                    let stream = format!("room:{room}");
                    self.ready.push_back(Item::Closed { stream });
                }
            }
            Frame::Lost(streams) => {
                for (stream, first) in streams {
                    self.start(&stream, first);
                    let seq = self.places.positions()[&stream];
                    self.resume(Positions::from([(stream, seq)]), false);
                }
            }
        }
    }

    fn answered(&mut self) -> Option<Asked> {
        match &mut self.state {
            State::Connected(open) => open.asked.pop_front(),
            _ => None,
        }
    }

    fn resumed(&mut self, streams: &[String], resumed: &Resumed, opening: bool) {
        for stream in streams {
            self.places.resumed(stream);
        }
        for stream in &resumed.forbidden {
            let stream = stream.clone();
            self.ready.push_back(Item::Closed { stream });
        }
        let State::Connected(open) = &self.state else { return };
        // The server goes on from where the stream stood when the connection was opened.
        let heads = resumed.expired.iter().map(|stream| open.heads.get(stream).copied());
        if opening && heads.clone().all(|head| head.is_some()) {
            for (stream, seq) in resumed.expired.iter().zip(heads.flatten()) {
                let stream = stream.clone();
                self.ready.push_back(Item::Gap { stream, seq });
            }
        } else if !resumed.expired.is_empty() {
            let (token, since) = (open.token.clone(), open.since);
            self.fail(token, Error::broken("the server has another log now"), Some(since));
        }
    }

    /// A stream that was opened while this connection was there starts with what the server sends first.
    fn start(&mut self, stream: &str, first: i64) {
        if !self.places.knows(stream) {
            self.places.set(stream, if self.from_start { 0 } else { first - 1 });
        }
    }

    fn event(&mut self, event: Box<Event>) {
        self.start(&event.stream, event.seq);
        match self.places.judge(&event.stream, event.seq) {
            Verdict::Take => {
                self.close_after(&event);
                self.ready.push_back(Item::Event(event));
            }
            Verdict::Drop => {}
            Verdict::Resume(seq) => self.resume(Positions::from([(event.stream.clone(), seq)]), false),
            Verdict::Gap => {
                let (stream, seq) = (event.stream.clone(), event.seq - 1);
                self.places.set(&stream, event.seq);
                self.ready.push_back(Item::Gap { stream, seq });
                self.ready.push_back(Item::Event(event));
            }
        }
    }

    /// A room that was left ends with its last event: who comes back later starts anew, unless they want
    /// everything that there ever was.
    fn close_after(&mut self, event: &Event) {
        if event.kind != "room.closed" || self.from_start {
            return;
        }
        let (Some(room), Some(last)) = (event.data["room_id"].as_str(), event.data["last_seq"].as_i64()) else {
            return;
        };
        let stream = format!("room:{room}");
        if self.places.positions().get(&stream).is_some_and(|seq| *seq <= last) {
            self.places.remove(&stream);
        }
    }

    /// A connection ended, or could not be opened with this token.
    fn fail(&mut self, token: Option<String>, error: Error, since: Option<Instant>) {
        let again = match &error {
            // Once: a server that takes no token at all is not asked for ever.
            Error::Closed { code: 4001 | 4002, .. } if self.refused.is_none() => {
                self.refused = Some((token, error.clone()));
                match since {
                    Some(since) if since.elapsed() < GOOD => self.backoff.wait(),
                    _ => Duration::ZERO,
                }
            }
            _ if error.passes() => {
                if since.is_some_and(|since| since.elapsed() >= GOOD) {
                    self.backoff.reset();
                }
                if matches!(error, Error::Closed { code: 4009, .. }) {
                    self.backoff.slow_down();
                }
                let wait = self.backoff.wait();
                error.retry_after_ms().map_or(wait, Duration::from_millis)
            }
            _ => {
                self.state = State::Over(error);
                return;
            }
        };
        self.state = State::Waiting(Instant::now() + again);
        self.ready.push_back(Item::Disconnected { error, again_in: again });
    }
}

async fn open(client: &Client, token: Option<String>, rooms: BTreeSet<RoomId>) -> Result<Open> {
    let socket = Socket::connect_with(client, token.clone()).await?;
    let mut heads = socket.hello().heads.clone();
    for room in rooms {
        let stream = format!("room:{room}");
        if heads.contains_key(&stream) {
            continue;
        }
        match client.get::<Room>(&format!("/rooms/{room}")).await {
            Ok(found) => {
                heads.insert(stream, found.head_seq);
            }
            Err(error) if error.passes() => return Err(error),
            // The subscription says that it is not for the caller.
            Err(_) => {}
        }
    }
    Ok(Open {
        socket,
        token,
        heads,
        asked: VecDeque::new(),
        since: Instant::now(),
    })
}
