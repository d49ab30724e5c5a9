//! One connection's state, whatever it speaks: where it stands in each stream, the operations that run for
//! it, and what it is to be sent next. Doors decode, encode and move bytes.

mod place;
mod running;

use crate::{
    Realtime,
    end::End,
    line::{Line, Notices, Proof},
    told::Told,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use mesh_authz::{Caller, Credential};
use mesh_service::{
    Door, Envelope, Error, Head, Host, Input, OPS, Result, Stream,
    authority::Known,
    call,
    error::Code,
    event,
    socket::{self, OpenSocket, OpenSocketIn, Opened},
    token,
};
use mesh_types::{RequestId, RoomId, limits};
use place::Places;
use running::Running;
pub(crate) use running::{Answered, Asked};
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    future::poll_fn,
    net::IpAddr,
    sync::Arc,
};

/// Events of one stretch of the log.
const STRETCH: (usize, usize) = (100, 256 << 10);
/// How long before its end a token is asked for, in milliseconds.
pub(crate) const WARNING: i64 = 60_000;
/// Rooms looked at from outside at once.
const VIEWS: usize = 50;

/// Who connects, from where.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) address: Option<IpAddr>,
    /// What it says it is.
    pub(crate) agent: String,
}

/// Something for the client.
#[derive(Debug)]
pub(crate) enum Out {
    Event(Arc<Told>),
    /// A stretch of the log, for doors that wait for its acknowledgement.
    Replay {
        stream: Stream,
        events: Vec<Arc<Told>>,
        more: bool,
    },
    Answer(Box<Answered>),
    /// It is the time that the door asked for.
    Due,
    /// The token ends soon; when, in milliseconds since 1970.
    Expiring(i64),
    End(Box<End>),
}

/// What became of a client's positions.
#[derive(Debug, Default, serde::Serialize)]
pub(crate) struct Resumed {
    /// The log is read from there.
    pub(crate) replaying: Vec<String>,
    /// The log does not have this position: look at the present state, then follow.
    pub(crate) expired: Vec<String>,
    /// Not, or no longer, for this client.
    pub(crate) forbidden: Vec<String>,
}

type Reading = BoxFuture<'static, (Stream, Result<Option<event::Stretch>>)>;
type Checking = BoxFuture<'static, Result<Vec<Head>>>;

/// One connection.
pub(crate) struct Session {
    realtime: Arc<Realtime>,
    pub(crate) line: Arc<Line>,
    caller: Caller,
    client: Client,
    places: Places,
    /// Rooms that it looks at from outside.
    views: Vec<RoomId>,
    inbox: VecDeque<Arc<Told>>,
    out: VecDeque<Out>,
    running: Running,
    reading: Option<Reading>,
    /// The rights are looked at, and how many commits were told before.
    checking: Option<(Checking, u64)>,
    /// Where streams start that it may have come to.
    firsts: HashMap<Stream, Option<i64>>,
    /// Events flow.
    flowing: bool,
    /// Stretches of the log are acknowledged.
    acknowledges: bool,
    /// A stretch waits for that.
    unacknowledged: Option<(Stream, bool)>,
    expires_at: Option<i64>,
    warned: bool,
    /// When the door wants to look at the time.
    door_due: i64,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.realtime.hub.exit(&self.line, self.places.streams());
        self.realtime.host.present.leave(self.line.actor);
    }
}

impl Session {
    /// Opens a connection for whom a credential proved.
    pub(crate) async fn open(
        realtime: Arc<Realtime>,
        client: Client,
        (known, token): (Known, Option<String>),
    ) -> std::result::Result<(Self, Opened), End> {
        let host = realtime.host.clone();
        let actor = known.caller.actor().ok_or_else(|| End::Refused(unauthenticated()))?;
        let proof = proof(&known.caller, token);
        let line = realtime.hub.enter(actor, proof, host.clock.now().0)?;
        host.present.arrive(actor);
        let mut session = Self {
            realtime,
            line,
            caller: known.caller,
            client,
            places: Places::default(),
            views: Vec::new(),
            inbox: VecDeque::new(),
            out: VecDeque::new(),
            running: Running::default(),
            reading: None,
            checking: None,
            firsts: HashMap::new(),
            flowing: false,
            acknowledges: false,
            unacknowledged: None,
            expires_at: None,
            warned: false,
            door_due: i64::MAX,
        };
        session.set_expiry(known.expires_at.map(|end| end.0));
        let before = host.live.commits();
        let opened = call::<OpenSocket>(&host, session.envelope(), OpenSocketIn::default()).await;
        let opened = opened.map_err(End::Refused)?.out;
        session.settle(&opened.streams, before);
        Ok((session, opened))
    }

    fn envelope(&self) -> Envelope {
        let request = RequestId::new(self.realtime.host.ids.next());
        let mut envelope = Envelope::new(self.caller.clone(), Door::Socket, request);
        envelope.address = self.client.address;
        envelope.agent.clone_from(&self.client.agent);
        envelope
    }

    /// Stretches of the log come as such, and the next one only after [`Session::acknowledge`].
    pub(crate) fn acknowledging(mut self) -> Self {
        self.acknowledges = true;
        self
    }

    /// Whether everything that was told up to now was sent, and no right is being looked at.
    pub(crate) fn is_caught_up(&self) -> bool {
        self.checking.is_none() && self.places.are_at_their_heads()
    }

    /// How much of the log is behind the client, when it was sent everything.
    pub(crate) fn position(&self) -> Option<i64> {
        // In this order: what was told until then waits in one of these places, or was sent.
        let told = self.realtime.hub.told();
        let nothing_waits = self.line.is_empty() && self.inbox.is_empty() && self.out.is_empty();
        (told > 0 && nothing_waits && self.is_caught_up()).then_some(told)
    }

    /// The client was heard.
    pub(crate) fn hear(&self) {
        self.line.hear(self.now());
    }

    /// Lets events flow, from these positions; streams that are not named, from their heads.
    pub(crate) fn resume(&mut self, positions: &BTreeMap<String, i64>) -> Resumed {
        self.flowing = true;
        // What was read for the position before is not what follows this one.
        let named = |stream: &Stream| positions.contains_key(&stream.to_string());
        self.out
            .retain(|out| !matches!(out, Out::Event(told) if named(&told.stream)));
        (self.reading, self.unacknowledged) = (None, None);
        let mut resumed = Resumed::default();
        for (name, seq) in positions {
            let name = name.clone();
            match name.parse().ok().and_then(|stream| self.places.resume(stream, *seq)) {
                None => resumed.forbidden.push(name),
                Some(place::Resume::Expired) => resumed.expired.push(name),
                Some(place::Resume::Replaying) => resumed.replaying.push(name),
                Some(place::Resume::AtHead) => {}
            }
        }
        resumed
    }

    /// The client has handled the stretch that it was sent.
    pub(crate) fn acknowledge(&mut self) {
        if let Some((stream, more)) = self.unacknowledged.take() {
            self.places.read(stream, more);
        }
    }

    /// Starts an operation. Its answer comes as [`Out::Answer`], in any order.
    pub(crate) fn start(&mut self, asked: Asked) {
        let Asked {
            tag,
            op,
            input,
            idempotency_key,
            if_match,
        } = asked;
        let known = OPS
            .iter()
            .find(|known| known.spec.doors.socket && known.spec.name == op);
        let Some(known) = known else {
            return self.answer(tag, Err(Error::not_found()), 404, None);
        };
        if self.running.len() >= limits::SOCKET_IN_FLIGHT {
            let error = Error::later(
                Code::TooManyInFlight,
                format!("At most {} operations wait at once.", limits::SOCKET_IN_FLIGHT),
                100,
            );
            return self.answer(tag, Err(error), 429, None);
        }
        let mut envelope = self.envelope();
        envelope.idempotency_key = idempotency_key;
        envelope.if_match = if_match;
        let (request, status) = (envelope.request, known.spec.http.map_or(200, |http| http.status));
        let input = Input {
            fields: input,
            body: None,
        };
        self.running.push(
            (known.call)(self.realtime.host.clone(), envelope, input),
            (tag, status, request),
        );
    }

    fn answer(&mut self, tag: String, result: Result<mesh_service::Reply>, status: u16, request: Option<RequestId>) {
        let answered = Answered {
            tag,
            result,
            status,
            request,
        };
        self.out.push_back(Out::Answer(answered.into()));
    }

    /// Looks at a room from outside, as long as its stream may be read.
    pub(crate) async fn view(&mut self, room: RoomId) -> Result<Resumed> {
        let stream = Stream::Room(room);
        if self.places.has(stream) {
            return Ok(Resumed::default());
        }
        if self.views.len() >= VIEWS {
            return Err(Error::new(
                Code::LimitReached,
                format!("At most {VIEWS} rooms at once."),
            ));
        }
        let before = self.realtime.host.live.commits();
        let head = event::head_of(&self.realtime.host, &self.caller, room).await?;
        self.views.push(room);
        self.places.open(head, None);
        self.join(&[stream], before);
        Ok(Resumed::default())
    }

    /// Looks no longer.
    pub(crate) fn unview(&mut self, room: RoomId) {
        if let Some(at) = self.views.iter().position(|one| *one == room) {
            self.views.swap_remove(at);
            self.close(Stream::Room(room));
        }
    }

    fn close(&mut self, stream: Stream) {
        self.places.close(stream);
        self.realtime.hub.leave(&self.line, stream);
    }

    /// Goes on with another token of the same actor.
    pub(crate) async fn renew(&mut self, bearer: &str) -> std::result::Result<Opened, End> {
        let host = self.realtime.host.clone();
        let known = host.authority.known(&host.store, host.clock.now(), bearer).await;
        let known = known.map_err(End::Refused)?;
        if known.caller.actor() != Some(self.line.actor) {
            return Err(End::Protocol("This token is of somebody else.".into()));
        }
        *self.line.proof() = proof(&known.caller, Some(token::hash(bearer)));
        self.caller = known.caller;
        self.set_expiry(known.expires_at.map(|end| end.0));
        let opened = call::<OpenSocket>(&host, self.envelope(), OpenSocketIn::default()).await;
        // The rights of another token may be others.
        self.check();
        Ok(opened.map_err(End::Refused)?.out)
    }

    fn set_expiry(&mut self, expires_at: Option<i64>) {
        (self.expires_at, self.warned) = (expires_at, false);
        self.set_alarm();
    }

    /// The door wants to look at the time then, as [`Out::Due`] tells it.
    pub(crate) fn wake_at(&mut self, due: i64) {
        self.door_due = due;
        self.set_alarm();
    }

    /// The time of the server, in milliseconds.
    pub(crate) fn now(&self) -> i64 {
        self.realtime.host.clock.now().0
    }

    fn set_alarm(&self) {
        let end = self.expires_at.unwrap_or(i64::MAX);
        let own = if self.warned { end } else { end.saturating_sub(WARNING) };
        self.line.remind_at(own.min(self.door_due));
    }

    fn ring(&mut self) {
        let now = self.now();
        match self.expires_at {
            Some(end) if now >= end => self.out.push_back(Out::End(End::TokenExpired.into())),
            Some(end) if now >= end - WARNING && !self.warned => {
                self.warned = true;
                self.out.push_back(Out::Expiring(end));
            }
            _ => {}
        }
        if now >= self.door_due {
            self.door_due = i64::MAX;
            self.out.push_back(Out::Due);
        }
        self.set_alarm();
    }

    /// Looks at all rights again.
    fn check(&mut self) {
        let (host, caller) = (self.realtime.host.clone(), self.caller.clone());
        let views = self.views.clone();
        let before = host.live.commits();
        let looking = async move {
            let mut open = event::streams_of(&host, &caller).await?;
            for room in views {
                match event::head_of(&host, &caller, room).await {
                    Ok(head) => open.push(head),
                    Err(error) if error.code.status() < 500 => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(open)
        };
        self.checking = Some((looking.boxed(), before));
    }

    /// Joins what is open and leaves what is not. `before` is how many commits were told when it was looked.
    fn settle(&mut self, open: &[Head], before: u64) {
        for stream in self.places.not_in(open) {
            self.close(stream);
            if let Stream::Room(room) = stream {
                self.views.retain(|one| *one != room);
            }
        }
        let mut joined = Vec::new();
        for head in open {
            let first = self.firsts.remove(&head.stream).flatten();
            if self.places.open(*head, first) {
                joined.push(head.stream);
            }
        }
        self.firsts.clear();
        self.join(&joined, before);
    }

    /// Hears these from now on. What was told since `before` commits is in the log.
    fn join(&mut self, streams: &[Stream], before: u64) {
        if !self.realtime.hub.join(&self.line, streams.iter().copied()) {
            for stream in streams {
                self.places.suspend(*stream);
            }
        }
        if self.realtime.host.live.commits() != before {
            for stream in streams {
                self.places.look(*stream);
            }
        }
    }

    fn take(&mut self, mail: Notices) {
        if let Some(end) = mail.end {
            self.out.clear();
            return self.out.push_back(Out::End(end.into()));
        }
        mail.lost
            .iter()
            .for_each(|(stream, seq)| self.places.miss(*stream, *seq));
        if mail.renewed {
            // It is worth nothing any more; its connection lasts until it has the new one, or a minute.
            let soon = self.now() + WARNING;
            self.set_expiry(Some(self.expires_at.map_or(soon, |end| end.min(soon))));
            self.ring();
        }
        if mail.due {
            self.ring();
        }
        if mail.recheck_all {
            self.places.suspend_all();
            self.check();
        }
        if !mail.recheck.is_empty() {
            for (stream, recheck) in mail.recheck {
                let looks = self.views.iter().any(|room| Stream::Room(*room) == stream);
                if recheck.closed && !looks {
                    self.places.close(stream);
                    // What is being read may be of before.
                    self.reading = None;
                } else {
                    self.places.suspend(stream);
                }
                self.firsts.insert(stream, recheck.first);
            }
            self.check();
        }
    }

    /// What the client is sent next. Nothing is lost when it is not awaited to its end.
    pub(crate) async fn next(&mut self) -> Out {
        loop {
            if let Some(out) = self.ready() {
                return out;
            }
            self.read_on();
            let Self {
                line,
                inbox,
                running,
                reading,
                checking,
                ..
            } = self;
            tokio::select! {
                biased;
                notices = poll_fn(|context| line.poll_take(context, inbox)) => {
                    if let Some(notices) = notices {
                        self.take(*notices);
                    }
                }
                Some(answered) = running.next(), if !running.is_empty() => self.out.push_back(Out::Answer(answered.into())),
                (stream, stretch) = maybe(reading) => {
                    self.reading = None;
                    self.read(stream, stretch);
                }
                open = maybe_checked(checking) => {
                    let before = self.checking.take().map_or(0, |(_, before)| before);
                    match open {
                        Ok(open) => self.settle(&open, before),
                        Err(error) => self.out.push_back(Out::End(End::Refused(error).into())),
                    }
                }
            }
        }
    }

    /// What the client can be sent at once.
    pub(crate) fn ready(&mut self) -> Option<Out> {
        if let Some(out) = self.out.pop_front() {
            return Some(out);
        }
        if !self.flowing {
            return None;
        }
        while let Some(told) = self.inbox.pop_front() {
            if self.places.admit(&told) {
                return Some(Out::Event(told));
            }
        }
        None
    }

    /// Reads the log for a stream that is behind, unless that waits for the client.
    fn read_on(&mut self) {
        if !self.flowing || self.reading.is_some() || self.unacknowledged.is_some() {
            return;
        }
        let Some((stream, seq)) = self.places.behind() else {
            return;
        };
        let (host, caller) = (self.realtime.host.clone(), self.caller.clone());
        let reading = async move {
            let read = async {
                let stretch = event::after(&host, stream, seq, STRETCH).await?;
                // Rights are looked at after the log: what ended before this is in it.
                let open = event::may_follow(&host, &caller, stream).await?;
                Ok(open.then_some(stretch))
            };
            (stream, read.await)
        };
        self.reading = Some(reading.boxed());
    }

    fn read(&mut self, stream: Stream, stretch: Result<Option<event::Stretch>>) {
        let stretch = match stretch {
            Ok(Some(stretch)) if self.places.has(stream) => stretch,
            Ok(Some(_)) => return,
            Ok(None) => {
                self.places.suspend(stream);
                return self.check();
            }
            Err(error) => return self.out.push_back(Out::End(End::Refused(error).into())),
        };
        let mut events = Vec::with_capacity(stretch.events.len());
        for event in &stretch.events {
            match Told::logged(stream, event) {
                Ok(told) => {
                    self.places.advance(stream, event.seq);
                    events.push(Arc::new(told));
                }
                Err(error) => {
                    return self
                        .out
                        .push_back(Out::End(End::Refused(Error::internal(error)).into()));
                }
            }
        }
        if self.acknowledges && !events.is_empty() {
            self.unacknowledged = Some((stream, stretch.more));
            let more = stretch.more;
            self.out.push_back(Out::Replay { stream, events, more });
        } else {
            self.places.read(stream, stretch.more);
            self.out.extend(events.into_iter().map(Out::Event));
        }
    }
}

/// Who a client is, by the token or the ticket that it shows, and the hash of the token.
pub(crate) async fn prove(
    host: &Host,
    client: &Client,
    token: Option<&str>,
    ticket: Option<&str>,
) -> std::result::Result<(Known, Option<String>), End> {
    let known = match (token, ticket) {
        (Some(bearer), _) => {
            let known = host.authority.known(&host.store, host.clock.now(), bearer).await;
            known.map(|known| (known, Some(token::hash(bearer))))
        }
        (None, Some(ticket)) => socket::redeem(host, ticket).await.map(|known| (known, None)),
        (None, None) => Err(unauthenticated()),
    };
    known.map_err(|error| {
        // Wrong tokens cost the address that sends them, so that they cannot be tried for free.
        let allowed = host.limiter.take(None, client.address, 1);
        End::Refused(allowed.err().unwrap_or(error))
    })
}

pub(crate) fn proof(caller: &Caller, token: Option<String>) -> Proof {
    let session = match caller.credential {
        Credential::Session { id, .. } => Some(id),
        _ => None,
    };
    Proof { session, token }
}

pub(crate) fn unauthenticated() -> Error {
    Error::new(Code::Unauthenticated, "Sign in, or send a token.")
}

async fn maybe(reading: &mut Option<Reading>) -> (Stream, Result<Option<event::Stretch>>) {
    match reading {
        Some(reading) => reading.await,
        None => std::future::pending().await,
    }
}

async fn maybe_checked(checking: &mut Option<(Checking, u64)>) -> Result<Vec<Head>> {
    match checking {
        Some((checking, _)) => checking.await,
        None => std::future::pending().await,
    }
}
