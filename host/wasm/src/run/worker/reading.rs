//! What a worker reads from its bot's inbox, and what becomes of it.

use super::{Handled, PATIENCE, Worker};
use crate::run::lanes::retry_at;
use mesh_service::{
    Error, Result,
    event::{Delivery, contract_name, is_own, next_for_bot},
    inbox::{self, InboxStream, Parked, Settled},
};
use mesh_types::{ActorId, RoomId, Timestamp, limits::HOPS};
use tokio::time::Instant;

/// Events read from the log at once.
const BATCH: i64 = 50;

impl Worker {
    /// Reads the next events of the streams that may have some. False when there were none.
    pub(super) async fn read_on(&mut self) -> Result<bool> {
        let mesh = self
            .loaded
            .as_ref()
            .map(|loaded| loaded.row.mesh)
            .ok_or_else(|| Error::internal("not loaded"))?;
        self.unread.take(&mut self.handle.news());
        let (mut cursors, everywhere) = if let Some(cursors) = self.cursors.take() {
            (cursors, self.unread.anywhere)
        } else {
            self.settled().await?;
            (inbox::streams(&self.shared.host, self.bot).await?, true)
        };
        let (generation, unread) = (
            self.shared.host.authority.generation(),
            std::mem::take(&mut self.unread),
        );
        let mut any = false;
        for (stream, cursor) in &mut cursors {
            if !everywhere && !unread.streams.contains(stream) {
                continue;
            }
            let deliveries = next_for_bot(&self.shared.host, (self.bot, mesh), *stream, *cursor, BATCH).await?;
            if i64::try_from(deliveries.len()) == Ok(BATCH) {
                self.unread.add(Some(*stream));
            }
            for delivery in deliveries {
                if self.paused_until.is_some() || self.tripped || !self.load().await? {
                    // The rest is read again, from the cursors that are stored.
                    return Ok(true);
                }
                (*cursor, any) = (delivery.seq, true);
                self.deliver(*stream, delivery).await?;
            }
        }
        // A change of rights in the meantime may have opened or closed streams.
        if self.shared.host.authority.generation() == generation {
            self.cursors = Some(cursors);
        }
        Ok(any)
    }

    async fn deliver(&mut self, stream: InboxStream, delivery: Delivery) -> Result<()> {
        let (seq, lane) = (
            delivery.seq,
            delivery.lane.map(|room: RoomId| room.to_string()).unwrap_or_default(),
        );
        let Some(found) = self.wanted(&delivery) else {
            return self.done(stream, seq);
        };
        if self.lanes.holds(&lane) {
            let parked = Parked {
                stream,
                seq,
                lane,
                attempts: 0,
                due_at: self.shared.host.clock.now(),
            };
            self.lanes.park(parked.clone());
            return self.settle(
                stream,
                seq,
                Settled::Parked {
                    event: parked,
                    error: "behind another".into(),
                },
            );
        }
        let handled = self.handle_event(stream, seq, found).await?;
        let fresh = Parked {
            stream,
            seq,
            lane,
            attempts: 0,
            due_at: Timestamp::default(),
        };
        self.conclude(fresh, handled, false)
    }

    pub(super) async fn retry(&mut self, parked: Parked) -> Result<()> {
        let mesh = self
            .loaded
            .as_ref()
            .map(|loaded| loaded.row.mesh)
            .ok_or_else(|| Error::internal("not loaded"))?;
        let found = next_for_bot(&self.shared.host, (self.bot, mesh), parked.stream, parked.seq - 1, 1)
            .await?
            .pop();
        let found = found
            .filter(|delivery| delivery.seq == parked.seq)
            .and_then(|delivery| self.wanted(&delivery));
        let handled = match found {
            Some(found) => self.handle_event(parked.stream, parked.seq, found).await?,
            None => Handled::Done,
        };
        self.conclude(parked, handled, true)
    }

    fn conclude(&mut self, event: Parked, handled: Handled, waited: bool) -> Result<()> {
        let (stream, seq) = (event.stream, event.seq);
        match handled {
            Handled::Done if waited => {
                self.lanes.remove(stream, seq);
                self.settle(stream, seq, Settled::DoneParked)
            }
            Handled::Done => self.done(stream, seq),
            Handled::Later { due, error, counts } => {
                let attempts = event.attempts + u32::from(counts);
                let due_at = if counts {
                    retry_at(self.shared.host.clock.now(), attempts)
                } else {
                    Some(due)
                };
                match due_at {
                    Some(due_at) => {
                        let event = Parked {
                            attempts,
                            due_at,
                            ..event
                        };
                        self.lanes.park(event.clone());
                        self.settle(stream, seq, Settled::Parked { event, error })
                    }
                    None => self.bury(Parked { attempts, ..event }, error),
                }
            }
            Handled::Never(error) => self.bury(event, error),
        }
    }

    fn bury(&mut self, event: Parked, error: String) -> Result<()> {
        let row = self.loaded.as_ref().map(|loaded| (loaded.row.keeper, loaded.row.mesh));
        let keeper = row.ok_or_else(|| Error::internal("not loaded"))?;
        self.lanes.remove(event.stream, event.seq);
        self.settle(event.stream, event.seq, Settled::Dead { event, error, keeper })
    }

    /// Every event of this stream up to here was handled.
    fn done(&mut self, stream: InboxStream, seq: i64) -> Result<()> {
        match self.handled.iter_mut().find(|(one, _)| *one == stream) {
            Some((_, reached)) => *reached = seq,
            None => self.handled.push((stream, seq)),
        }
        let due = self.due.get_or_insert_with(|| Box::pin(tokio::time::sleep(PATIENCE)));
        if due.deadline() > Instant::now() {
            return Ok(());
        }
        self.tell()
    }

    fn settle(&mut self, stream: InboxStream, seq: i64, settled: Settled) -> Result<()> {
        self.tell()?;
        self.last_settled = Some(inbox::settle(&self.shared.host, self.bot, stream, seq, settled)?);
        Ok(())
    }

    /// Settles what was handled.
    pub(super) fn tell(&mut self) -> Result<()> {
        while let Some((stream, seq)) = self.handled.last().copied() {
            let stored = inbox::settle(&self.shared.host, self.bot, stream, seq, Settled::Done)?;
            self.last_settled = Some(stored);
            self.handled.pop();
        }
        self.due = None;
        Ok(())
    }

    /// Waits until everything that was handled is stored.
    pub(super) async fn settled(&mut self) -> Result<()> {
        self.tell()?;
        if let Some(stored) = self.last_settled.take() {
            let _ = stored.await;
        }
        Ok(())
    }

    /// The event, if this bot is to have it: allowed, subscribed to, and not its own echo.
    fn wanted(&self, delivery: &Delivery) -> Option<mesh_types::view::Event> {
        let loaded = self.loaded.as_ref()?;
        let event = delivery.event.clone()?;
        match delivery.actor {
            Some(ActorId::Bot(author)) if author == self.bot => return None,
            Some(ActorId::Bot(_))
                if !loaded.manifest.events.from_bots
                    && (event.kind.starts_with("message.") || event.kind == "command.invoked") =>
            {
                return None;
            }
            _ => {}
        }
        let hops = event.data.get("hops").and_then(serde_json::Value::as_u64).unwrap_or(0);
        if hops > u64::from(HOPS) {
            return None;
        }
        if is_own(&event.kind) {
            // Nobody waits any more for what was cancelled or forgotten since.
            return (event.data.get("redacted").is_none()).then_some(event);
        }
        let (offered, name) = (&loaded.manifest.events.subscribe, contract_name(&event.kind));
        let wanted = (offered.is_empty() || offered.contains(&name)) && loaded.chosen.takes(&name, delivery.lane);
        wanted.then_some(event)
    }
}
