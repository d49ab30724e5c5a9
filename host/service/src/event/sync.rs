use super::{
    Reader,
    ack::kept,
    own_stream,
    positions::{self, Positions},
};
use crate::{Answer, Cx, Effect, Error, Host, Method, Op, OpSpec, Result, error::Code, op, resource::Myself};
use mesh_authz::{Caller, Grant, Permission, Place, Value, value};
use mesh_store::{
    Tx, facts,
    log::{self, Stream},
    rooms, seats,
};
use mesh_types::{
    ActorId, Hears, JoinRule, RoomKind,
    limits::POLL_SECONDS,
    view::{Event, Room},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, time::Duration};
use tokio::sync::broadcast::error::RecvError;

/// Most events in one answer.
const MOST: i64 = 500;

/// What the caller missed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Sync {
    /// Send it with the next call.
    pub cursor: String,
    /// What `event.ack` kept; only when no cursor was sent.
    pub acked_cursor: Option<String>,
    /// Every room that the caller is in; only when no cursor was sent.
    pub rooms: Vec<Room>,
    /// The events since the cursor, in order within each stream.
    pub events: Vec<Event>,
    /// There are more; call again at once.
    pub more: bool,
}

impl Answer for Sync {}

/// The streams whose events this actor gets, with the room or mesh of each still open to it.
pub(super) async fn streams(tx: &mut Tx<'_>, actor: ActorId) -> Result<(Vec<Stream>, Vec<Room>)> {
    let rooms = rooms::mine(tx, actor).await?;
    let mut streams = vec![own_stream(actor)];
    let meshes: BTreeSet<_> = rooms.iter().map(|room| room.mesh_id).collect();
    for room in &rooms {
        let hears = match actor {
            ActorId::Person(_) => true,
            ActorId::Bot(bot) => seats::get_bot(tx, room.id, bot)
                .await?
                .is_some_and(|bot| bot.hears == Hears::All),
        };
        let direct = room.kind == RoomKind::Direct && room.join_rule == JoinRule::Direct;
        if hears || direct {
            streams.push(Stream::Room(room.id));
        }
    }
    for mesh in meshes {
        let place = facts::place(tx, mesh, actor).await?;
        let place = place.map(|row| Place {
            member: row.member,
            role: row.role,
            suspended: row.suspended,
        });
        // Guests and Pending are not on a mesh's stream; a bot's grants are asked for call by call.
        let on_it =
            place.is_some_and(|place| !place.suspended && value(Permission::MemberRead, place.role) == Value::Yes);
        if on_it && matches!(actor, ActorId::Person(_)) {
            streams.push(Stream::Mesh(mesh));
        }
    }
    Ok((streams, rooms))
}

async fn sync(cx: &mut Cx<'_>, cursor: Option<&str>) -> Result<Sync> {
    let actor = cx.actor()?;
    let since = positions::unpack(cursor)?;
    let (streams, rooms) = streams(cx.tx(), actor).await?;
    let (mut now, mut entries, mut more) = (Positions::new(), Vec::new(), false);
    for stream in streams {
        let (name, head) = (stream.to_string(), log::head(cx.tx(), stream).await?);
        // A stream that the cursor does not know was opened later: `room.opened` says so, and its
        // events count from there.
        let seen = since
            .as_ref()
            .map_or(head, |since| since.get(&name).copied().unwrap_or(head));
        if seen > head {
            return Err(Error::new(
                Code::CursorExpired,
                "This cursor is from another log. Call without one.",
            ));
        }
        let room_left = MOST - i64::try_from(entries.len()).unwrap_or(MOST);
        let found = if seen < head && room_left > 0 {
            log::after(cx.tx(), stream, seen, room_left).await?
        } else {
            Vec::new()
        };
        let reached = found.last().and_then(|entry| entry.event).map_or(seen, |(_, seq)| seq);
        more |= reached < head;
        now.insert(name, reached);
        entries.extend(found);
    }
    let events = Reader::new(actor.to_string()).events(cx.tx(), entries).await?;
    let (rooms, acked_cursor) = match since {
        None => (rooms, kept(cx, actor).await?),
        Some(_) => (Vec::new(), None),
    };
    Ok(Sync {
        acked_cursor,
        cursor: positions::pack(&now)?,
        rooms,
        events,
        more,
    })
}

/// `event.sync`
pub struct SyncEvents;

/// Since when.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SyncEventsIn {
    /// From the answer before; without it: the rooms, and every stream from its head.
    #[serde(default)]
    pub cursor: Option<String>,
}

impl Op for SyncEvents {
    const SPEC: OpSpec = op("event.sync", Effect::Read)
        .myself()
        .about("Without a cursor: rooms and positions. With one: everything since.")
        .http(Method::Post, "/me/sync", 200)
        .wasm("events", "sync")
        .cli();
    type In = SyncEventsIn;
    type Out = Sync;
    type On = Myself;

    fn on(_: &SyncEventsIn) -> Myself {
        Myself
    }

    async fn run(cx: &mut Cx<'_>, _: Grant<Myself>, input: SyncEventsIn) -> Result<Sync> {
        sync(cx, input.cursor.as_deref()).await
    }
}

/// `event.poll`
pub struct PollEvents;

/// Since when, and how long to wait.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PollEventsIn {
    /// From `event.sync` or the poll before.
    pub cursor: String,
    /// Seconds to wait for the first event, 0 to 30; 30 when absent.
    #[serde(default)]
    pub wait_s: Option<u64>,
}

impl Op for PollEvents {
    const SPEC: OpSpec = op("event.poll", Effect::Read)
        .myself()
        .about("Waits up to 30 seconds for events after a cursor.")
        .http(Method::Post, "/me/events/poll", 200)
        .cli();
    type In = PollEventsIn;
    type Out = Sync;
    type On = Myself;

    fn on(_: &PollEventsIn) -> Myself {
        Myself
    }

    /// Waits without holding a view of the database.
    async fn prepare(host: &Host, caller: &Caller, input: &mut PollEventsIn) -> Result<()> {
        let Some(actor) = caller.actor() else { return Ok(()) };
        let wait = Duration::from_secs(input.wait_s.unwrap_or(POLL_SECONDS).min(POLL_SECONDS));
        let since = positions::unpack(Some(&input.cursor))?.unwrap_or_default();
        let mut live = host.live.subscribe();
        let arrived = async {
            loop {
                let (mine, _) = streams(&mut host.store.view().await?.tx(), actor).await?;
                let mut view = host.store.view().await?;
                for stream in &mine {
                    let head = log::head(&mut view.tx(), *stream).await?;
                    if since.get(&stream.to_string()).is_some_and(|seen| head > *seen) {
                        return Ok(());
                    }
                }
                drop(view);
                wait_for(&mut live, &mine).await;
            }
        };
        tokio::time::timeout(wait, arrived).await.unwrap_or(Ok(()))
    }

    async fn run(cx: &mut Cx<'_>, _: Grant<Myself>, input: PollEventsIn) -> Result<Sync> {
        sync(cx, Some(&input.cursor)).await
    }
}

/// Until one of these streams may have grown.
async fn wait_for(live: &mut tokio::sync::broadcast::Receiver<std::sync::Arc<[log::Entry]>>, streams: &[Stream]) {
    loop {
        match live.recv().await {
            Ok(entries) => {
                let grew = |entry: &log::Entry| entry.event.is_some_and(|(stream, _)| streams.contains(&stream));
                if entries.iter().any(grew) {
                    return;
                }
            }
            Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
