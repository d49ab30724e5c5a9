//! A bot's inbox, for the host that runs it: what to handle next, and what became of it.
//!
//! Not operations: nobody asks for these, and they tell nothing that the bot may not read
//! ([`next_for_bot`](crate::event::next_for_bot) checks each event when it is read).

use crate::{Error, Host, Result, error::Code};
use futures_util::future::BoxFuture;
use mesh_store::{
    Job, Rollback, Tx, inbox,
    log::{Entry, Stream, advance},
    seats,
};
use mesh_types::{ActorId, BotId, DeadLetterId, MeshId, PersonId, RoomId};
use std::sync::Arc;
use tokio::sync::oneshot;

pub use mesh_store::inbox::{BotRow, Parked};
pub use mesh_store::log::Stream as InboxStream;

/// What it takes to run a bot; `None` when it was deleted.
pub async fn bot(host: &Host, bot: BotId) -> Result<Option<BotRow>> {
    Ok(inbox::bot(&mut host.store.view().await?.tx(), bot).await?)
}

/// The streams a bot follows and how far it has come in each.
pub async fn streams(host: &Host, bot: BotId) -> Result<Vec<(Stream, i64)>> {
    Ok(seats::cursors(&mut host.store.view().await?.tx(), bot.into()).await?)
}

/// The events of a bot that wait for another try.
pub async fn parked(host: &Host, bot: BotId) -> Result<Vec<Parked>> {
    Ok(inbox::parked(&mut host.store.view().await?.tx(), bot).await?)
}

/// The running bots that hear every message of a room.
pub async fn hearing_all(host: &Host, room: RoomId) -> Result<Vec<BotId>> {
    Ok(seats::hearing_all(&mut host.store.view().await?.tx(), room).await?)
}

/// The running bots with something to do: unread events, or events that wait.
pub async fn bots_with_work(host: &Host) -> Result<Vec<BotId>> {
    let mut view = host.store.view().await?;
    let mut bots = seats::bots_behind(&mut view.tx()).await?;
    bots.extend(inbox::troubled(&mut view.tx()).await?);
    bots.sort_unstable();
    bots.dedup();
    Ok(bots)
}

/// What became of an event.
#[derive(Debug)]
pub enum Settled {
    /// Handled, or not for this bot.
    Done,
    /// Handled after it had waited.
    DoneParked {
        /// Its position.
        seq: i64,
    },
    /// It waits, and does not hold up the cursor.
    Parked {
        /// How it waits.
        event: Parked,
        /// What went wrong, for people.
        error: String,
    },
    /// It will never be handled; the keeper is told.
    Dead {
        /// How it waited.
        event: Parked,
        /// What went wrong, for people.
        error: String,
        /// Whom to tell, and where.
        keeper: (PersonId, MeshId),
    },
}

/// Records what became of an event, and that everything of its stream up to `reached` is settled. The record is queued behind every write that the bot made while
/// it handled the event, so it can never be stored without them. Wait for the receiver to know that
/// it is stored; without it, a crash brings the event once more, and its effects meet their keys.
pub fn settle(
    host: &Arc<Host>,
    bot: BotId,
    stream: Stream,
    reached: i64,
    settled: Settled,
) -> Result<oneshot::Receiver<()>> {
    let (reply, stored) = oneshot::channel();
    let job = Settle {
        host: host.clone(),
        bot,
        stream,
        reached,
        settled,
        reply: Some(reply),
    };
    match host.store.submit(Box::new(job)) {
        Ok(()) => Ok(stored),
        Err(_) => Err(Error::later(Code::Overloaded, "Too many writes are waiting.", 250)),
    }
}

struct Settle {
    host: Arc<Host>,
    bot: BotId,
    stream: Stream,
    reached: i64,
    settled: Settled,
    reply: Option<oneshot::Sender<()>>,
}

impl Job for Settle {
    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Vec<Entry>, Rollback>> {
        Box::pin(async move {
            let mut entries = Vec::new();
            match &self.settled {
                Settled::Done => {}
                Settled::DoneParked { seq } => inbox::unpark(tx, self.bot, self.stream, *seq).await?,
                Settled::Parked { event, error } => inbox::park(tx, self.bot, event, error).await?,
                Settled::Dead {
                    event,
                    error,
                    keeper: (keeper, mesh),
                } => {
                    inbox::unpark(tx, self.bot, event.stream, event.seq).await?;
                    let id = DeadLetterId::new(self.host.ids.next());
                    inbox::bury(tx, id, self.bot, event, error, self.host.clock.now()).await?;
                    let stream = Stream::Actor(ActorId::Person(*keeper));
                    let seq = advance(tx, stream).await?;
                    entries.push(troubled(&self.host, self.bot, *mesh, (stream, seq), error));
                }
            }
            inbox::advance(tx, self.bot, self.stream, self.reached).await?;
            Ok(entries)
        })
    }

    fn done(mut self: Box<Self>, committed: Result<Vec<Entry>, Rollback>) {
        match committed {
            Ok(entries) => {
                self.host.live.publish(entries, Vec::new(), None);
                let _ = self.reply.take().map(|reply| reply.send(()));
            }
            Err(rollback) => tracing::error!(bot = %self.bot, ?rollback, "an event of a bot could not be settled"),
        }
    }
}

fn troubled(host: &Host, bot: BotId, mesh: MeshId, event: (Stream, i64), error: &str) -> Entry {
    let data = serde_json::json!({ "bot_id": bot, "what": "dead_letter", "detail": error });
    Entry {
        pos: 0,
        event: Some(event),
        kind: "bot.troubled".into(),
        op: "bot.deliver".into(),
        lead: true,
        mesh: Some(mesh),
        actor: None,
        actor_kind: "job".into(),
        door: "job".into(),
        layer: "credential".into(),
        outcome: "done".into(),
        target: Some(bot.to_string()),
        request: mesh_types::RequestId::new(host.ids.next()).to_string(),
        at: host.clock.now(),
        data: data.to_string(),
    }
}
