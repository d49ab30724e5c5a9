//! What becomes of an event, and how the database hears of it.

use super::{
    Loaded, Worker,
    shift::{Ending, Finished},
};
use crate::run::lanes::retry_at;
use mesh_service::{
    Host, Result,
    inbox::{self, InboxStream, Parked, Settled},
};
use mesh_types::{BotId, Timestamp};
use std::{pin::Pin, sync::Arc, time::Duration};
use tokio::{
    sync::oneshot,
    time::{Instant, Sleep, sleep},
};

/// How long the news that an event was handled may wait for that of the next one. A crash meanwhile
/// brings these events again, and their effects meet their keys.
const PATIENCE: Duration = Duration::from_millis(5);

/// What is on its way to the database.
pub(super) struct Settling {
    host: Arc<Host>,
    bot: BotId,
    /// How far streams were handled beyond what the database was told.
    news: Vec<(InboxStream, i64)>,
    /// When it is to be told. One timer for all of it: setting a timer wakes whoever waits for a later one.
    due: Option<Pin<Box<Sleep>>>,
    last: Option<oneshot::Receiver<()>>,
}

impl Settling {
    pub(super) fn new(host: Arc<Host>, bot: BotId) -> Self {
        Self {
            host,
            bot,
            news: Vec::new(),
            due: None,
            last: None,
        }
    }

    /// Every event of this stream up to here was handled.
    fn done(&mut self, stream: InboxStream, seq: i64) -> Result<()> {
        match self.news.iter_mut().find(|(one, _)| *one == stream) {
            Some((_, reached)) => *reached = seq,
            None => self.news.push((stream, seq)),
        }
        let due = self.due.get_or_insert_with(|| Box::pin(sleep(PATIENCE)));
        if due.deadline() > Instant::now() {
            return Ok(());
        }
        self.tell()
    }

    /// Something else became of an event of this stream, of which everything up to here was handled.
    fn settle(&mut self, stream: InboxStream, seq: i64, settled: Settled) -> Result<()> {
        self.tell()?;
        self.last = Some(inbox::settle(&self.host, self.bot, stream, seq, settled)?);
        Ok(())
    }

    fn tell(&mut self) -> Result<()> {
        while let Some((stream, seq)) = self.news.last().copied() {
            self.last = Some(inbox::settle(&self.host, self.bot, stream, seq, Settled::Done)?);
            self.news.pop();
        }
        self.due = None;
        Ok(())
    }

    /// Until the database is to be told something.
    pub(super) async fn due(&mut self) {
        match &mut self.due {
            Some(due) => due.await,
            None => std::future::pending().await,
        }
    }

    /// Tells the database, or, when too many writes wait there, sets another time.
    pub(super) fn tell_or_wait(&mut self) {
        if self.tell().is_err() {
            self.due = Some(Box::pin(sleep(PATIENCE)));
        }
    }

    /// Waits until everything that was handled is stored.
    pub(super) async fn settled(&mut self) -> Result<()> {
        self.tell()?;
        if let Some(stored) = self.last.take() {
            let _ = stored.await;
        }
        Ok(())
    }
}

impl Worker {
    /// An event is out of its instance's hands.
    pub(super) fn conclude(&mut self, finished: Finished) -> Result<()> {
        let Finished {
            place,
            ending,
            live,
            loaded,
        } = finished;
        let current = self.loaded.as_ref().map(|loaded| loaded.making);
        self.spare.extend(live.filter(|live| Some(live.making) == current));
        let now = self.shared.host.clock.now();
        let after = |wait: Duration| Timestamp(now.millis() + i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
        let (due_at, error) = match ending? {
            Ending::Done => return self.handled(&place),
            Ending::Again(wait) => (after(wait), "the bot asked for a later try".to_owned()),
            Ending::HostFailed(error) => (after(Duration::from_secs(1)), error),
            // The event did nothing wrong: it waits without losing a try.
            Ending::NotStarted(error) => (self.crashed(&error).unwrap_or(now), error),
            Ending::Rejected(error) => return self.bury(place, error, &loaded),
            Ending::Failed { error, crashed } => {
                if crashed {
                    self.crashed(&error);
                }
                let attempts = place.attempts + 1;
                let tried = Parked {
                    attempts,
                    ..place.clone()
                };
                match retry_at(now, attempts) {
                    Some(due_at) => return self.park(&place, Parked { due_at, ..tried }, error),
                    None => return self.bury(tried, error, &loaded),
                }
            }
        };
        let waits = Parked {
            due_at,
            ..place.clone()
        };
        self.park(&place, waits, error)
    }

    /// The event needs nothing more: it was handled, or is not for the bot any more.
    pub(super) fn handled(&mut self, place: &Parked) -> Result<()> {
        let waited = self.agenda.waits(place);
        self.agenda.finish(place, None);
        if waited {
            return self.settle(place.stream, Settled::DoneParked { seq: place.seq });
        }
        self.note_cursor(place.stream)
    }

    /// An earlier event of its lane waits.
    pub(super) fn wait_behind(&mut self, place: &Parked) -> Result<()> {
        let waits = self.agenda.behind(place.clone(), self.shared.host.clock.now());
        self.park(place, waits, "behind another".into())
    }

    fn park(&mut self, place: &Parked, waits: Parked, error: String) -> Result<()> {
        self.agenda.finish(place, Some(waits.clone()));
        self.settle(place.stream, Settled::Parked { event: waits, error })
    }

    fn bury(&mut self, event: Parked, error: String, loaded: &Loaded) -> Result<()> {
        self.agenda.finish(&event, None);
        let keeper = (loaded.row.keeper, loaded.row.mesh);
        self.settle(event.stream, Settled::Dead { event, error, keeper })
    }

    fn settle(&mut self, stream: InboxStream, settled: Settled) -> Result<()> {
        // What is not followed any more has no cursor to move.
        let reached = self.agenda.cursor(stream).unwrap_or_default();
        self.settling.settle(stream, reached, settled)
    }

    /// The database is to hear, soon, how far a stream was handled.
    pub(super) fn note_cursor(&mut self, stream: InboxStream) -> Result<()> {
        match self.agenda.cursor(stream) {
            Some(reached) => self.settling.done(stream, reached),
            None => Ok(()),
        }
    }
}
