//! Who listens to what. One task reads what commits bring and gives each event to those who listen.

use crate::{
    end::End,
    line::{Line, Proof},
    told::Told,
};
use mesh_service::{Host, LogEntry, News, Passing, Stale, Stream, event};
use mesh_types::{ActorId, SessionId, limits};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// How exactly connections know the time.
const TICK: Duration = Duration::from_millis(250);

/// Connections are woken at the latest after so many commits.
const BURST: usize = 16;

/// Every open connection.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    seats: Mutex<Seats>,
    /// The last row of the log that connections were told of.
    told: AtomicI64,
}

#[derive(Debug, Default)]
struct Seats {
    last: u64,
    ended: bool,
    actors: HashMap<ActorId, Vec<Arc<Line>>>,
    listeners: HashMap<Stream, HashMap<u64, Arc<Line>>>,
}

impl Seats {
    fn lines(&self) -> impl Iterator<Item = &Arc<Line>> {
        self.actors.values().flatten()
    }

    fn of(&self, actor: ActorId) -> &[Arc<Line>] {
        self.actors.get(&actor).map_or(&[], Vec::as_slice)
    }

    fn leave(&mut self, id: u64, stream: Stream) {
        if let Some(lines) = self.listeners.get_mut(&stream) {
            lines.remove(&id);
            if lines.is_empty() {
                self.listeners.remove(&stream);
            }
        }
    }
}

impl Hub {
    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new connection. When the actor has too many, the one that was silent longest goes. An error when
    /// the server is about to end.
    pub(crate) fn enter(&self, actor: ActorId, proof: Proof, now: i64) -> Result<Arc<Line>, End> {
        let most = match actor {
            ActorId::Person(_) => limits::SOCKETS_PERSON,
            ActorId::Bot(_) => limits::SOCKETS_BOT,
        };
        let mut seats = self.seats();
        if seats.ended {
            return Err(End::Restart(crate::spread()));
        }
        seats.last += 1;
        let line = Line::new(seats.last, actor, proof, now);

        let lines = seats.actors.entry(actor).or_default();
        lines.push(line.clone());
        let staying = || lines.iter().filter(|line| !line.is_ending());
        if staying().count() > most
            && let Some(silent) = staying().min_by_key(|line| line.heard())
        {
            silent.end(End::TooMany);
        }
        Ok(line)
    }

    /// A connection that is gone, with the streams it was on.
    pub(crate) fn exit(&self, line: &Line, streams: impl Iterator<Item = Stream>) {
        let mut seats = self.seats();
        streams.for_each(|stream| seats.leave(line.id, stream));
        if let Some(lines) = seats.actors.get_mut(&line.actor) {
            lines.retain(|one| one.id != line.id);
            if lines.is_empty() {
                seats.actors.remove(&line.actor);
            }
        }
    }

    /// From now on the connection gets what happens there. Not while it has to look at its rights again:
    /// what it found before may have ended.
    pub(crate) fn join(&self, line: &Arc<Line>, streams: impl Iterator<Item = Stream>) -> bool {
        let mut seats = self.seats();
        if line.must_recheck() {
            return false;
        }
        for stream in streams {
            let lines = seats.listeners.entry(stream).or_default();
            lines.insert(line.id, line.clone());
        }
        true
    }

    pub(crate) fn leave(&self, line: &Line, stream: Stream) {
        self.seats().leave(line.id, stream);
    }

    /// The last row of the log that connections were told of.
    pub(crate) fn told(&self) -> i64 {
        self.told.load(Ordering::Acquire)
    }

    /// How many connections there are.
    pub(crate) fn count(&self) -> usize {
        self.seats().lines().count()
    }

    /// Tells every connection to end, and lets no new one in.
    pub(crate) fn end_all(&self) {
        let mut seats = self.seats();
        seats.ended = true;
        for line in seats.lines() {
            line.end(End::Restart(crate::spread()));
        }
    }

    /// Reminds connections of the time: one clock for all of them.
    pub(crate) async fn tick(self: Arc<Self>, host: Arc<Host>) {
        let mut every = tokio::time::interval(TICK);
        loop {
            every.tick().await;
            let now = host.clock.now().0;
            self.seats().lines().for_each(|line| line.remind(now));
        }
    }

    /// Reads what commits bring until the server ends.
    pub(crate) async fn follow(self: Arc<Self>, host: Arc<Host>, mut live: Receiver<Arc<[News]>>) {
        let (mut sleeping, mut burst) = (Vec::new(), 0);
        loop {
            match live.recv().await {
                Ok(commit) => {
                    for news in &*commit {
                        self.bring(&host, news, &mut sleeping).await;
                    }
                }
                // What was missed took rights away, perhaps, so nobody keeps a stream unproved.
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "live events fell behind the log and are read from it");
                    self.recheck_everyone();
                }
                Err(RecvError::Closed) => return,
            }
            // Waking is what costs, and whoever is woken once takes all that came: a burst is one write.
            burst += 1;
            if live.is_empty() || burst >= BURST {
                sleeping.drain(..).for_each(|line| line.wake());
                burst = 0;
            }
        }
    }

    /// Rights come first: nobody gets what a call brings by a right that it took away.
    async fn bring(&self, host: &Host, news: &News, sleeping: &mut Vec<Arc<Line>>) {
        let News { entries, stale } = news;
        if !stale.is_empty() {
            let mut seats = self.seats();
            for one in stale {
                seats.forget(one, entries);
            }
        }
        for entry in entries.iter() {
            let Some((stream, seq)) = entry.event else { continue };
            if !self.seats().listeners.contains_key(&stream) {
                continue;
            }
            let told = match event::event(host, entry).await {
                Ok(Some(event)) => Told::logged(stream, &event)
                    .map(|told| told.at(entry.pos))
                    .map_err(mesh_service::Error::internal),
                Ok(None) => continue,
                Err(error) => Err(error),
            };
            match told {
                Ok(told) => self.tell(&Arc::new(told), sleeping),
                Err(error) => {
                    tracing::error!(%stream, seq, ?error, "an event could not be told; connections read the log");
                    let seats = self.seats();
                    for line in seats.listeners.get(&stream).into_iter().flat_map(HashMap::values) {
                        line.put(|mail| mail.lose(stream, seq));
                    }
                }
            }
        }
        if let Some(last) = entries.last() {
            self.told.store(last.pos, Ordering::Release);
        }
    }

    /// Tells what is in no log.
    pub(crate) fn pass(&self, passing: &Passing) {
        if self.seats().listeners.contains_key(&passing.stream) {
            let mut sleeping = Vec::new();
            self.tell(&Arc::new(Told::passing(passing)), &mut sleeping);
            for line in sleeping {
                line.wake();
            }
        }
    }

    fn tell(&self, told: &Arc<Told>, sleeping: &mut Vec<Arc<Line>>) {
        let seats = self.seats();
        for line in seats.listeners.get(&told.stream).into_iter().flat_map(HashMap::values) {
            if line.push(told) {
                sleeping.push(line.clone());
            }
        }
    }

    fn recheck_everyone(&self) {
        let mut seats = self.seats();
        seats.listeners.clear();
        for line in seats.lines() {
            line.put(|mail| mail.recheck_all = true);
        }
    }
}

impl Seats {
    /// Takes connections off what they may have lost. Each looks for itself what it may be on now.
    fn forget(&mut self, stale: &Stale, entries: &[LogEntry]) {
        match stale {
            Stale::Seat(room, actor) => {
                let stream = Stream::Room(*room);
                // Who comes into a room hears it from the event that says so.
                let first = entries.iter().filter_map(|entry| entry.event);
                let first = first
                    .filter(|(there, _)| *there == stream)
                    .map(|(_, seq)| seq - 1)
                    .min();
                let own = Stream::Actor(*actor);
                let closes = |entry: &LogEntry| {
                    entry.kind == "room.closed"
                        && entry.event.is_some_and(|(there, _)| there == own)
                        && entry.target.as_deref() == Some(&*room.to_string())
                };
                let closed = entries.iter().any(closes);
                for line in self.of(*actor).to_vec() {
                    self.leave(line.id, stream);
                    line.put(|mail| mail.recheck_from(stream, first, closed));
                }
            }
            Stale::Room(room) => {
                let stream = Stream::Room(*room);
                for line in self.listeners.remove(&stream).unwrap_or_default().into_values() {
                    line.put(|mail| mail.recheck_from(stream, None, false));
                }
            }
            Stale::Place(_, actor) => self.forget_actor(*actor),
            Stale::Bot(bot) => self.forget_actor((*bot).into()),
            Stale::Session(session) => self.end_session(*session),
            Stale::Token(hash) => self.end_token(hash),
            // What bots have to ask about is nothing that a connection follows.
            Stale::Bots => {}
        }
    }

    fn forget_actor(&mut self, actor: ActorId) {
        let ids: Vec<u64> = self.of(actor).iter().map(|line| line.id).collect();
        if ids.is_empty() {
            return;
        }
        self.listeners.retain(|_, lines| {
            for id in &ids {
                lines.remove(id);
            }
            !lines.is_empty()
        });
        for line in self.of(actor) {
            line.put(|mail| mail.recheck_all = true);
        }
    }

    fn end_session(&self, session: SessionId) {
        let of_it = |line: &&Arc<Line>| line.proof().session == Some(session);
        for line in self.lines().filter(of_it) {
            line.end(End::Revoked);
        }
    }

    /// A token that ended takes its connections along. A session's token ends when it is renewed: then its
    /// connections ask for the new one.
    fn end_token(&self, hash: &str) {
        for line in self.lines() {
            let proof = line.proof();
            if proof.token.as_deref() == Some(hash) {
                let renewed = proof.session.is_some();
                drop(proof);
                if renewed {
                    line.put(|mail| mail.renewed = true);
                } else {
                    line.end(End::Revoked);
                }
            }
        }
    }
}
