use super::{
    Reader,
    ack::kept,
    follow::streams_of,
    positions::{self, Positions},
};
use crate::{Answer, Cx, Effect, Error, Host, Method, News, Op, OpSpec, Result, error::Code, op, resource::Myself};
use mesh_authz::{Caller, Grant};
use mesh_store::{
    log::{self, Stream},
    rooms,
};
use mesh_types::{
    limits::POLL_SECONDS,
    view::{Event, Room},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use tokio::sync::broadcast::{Receiver, error::RecvError};

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

/// `streams` are those that the caller may follow.
async fn sync(cx: &mut Cx<'_>, streams: Vec<Stream>, cursor: Option<&str>) -> Result<Sync> {
    let actor = cx.actor()?;
    let since = positions::unpack(cursor)?;
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
    let events = Reader::default().events(cx.tx(), entries).await?;
    let (rooms, acked_cursor) = match since {
        None => (rooms::mine(cx.tx(), actor).await?, kept(cx, actor).await?),
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
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SyncEventsIn {
    /// From the answer before; without it: the rooms, and every stream from its head.
    #[serde(default)]
    pub cursor: Option<String>,
    /// What the caller may follow.
    #[serde(skip)]
    pub(crate) streams: Vec<Stream>,
}

impl SyncEventsIn {
    /// Since a cursor.
    pub fn since(cursor: Option<String>) -> Self {
        Self {
            cursor,
            streams: Vec::new(),
        }
    }
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

    async fn prepare(host: &Host, caller: &Caller, input: &mut SyncEventsIn) -> Result<()> {
        let open = streams_of(host, caller).await?;
        input.streams = open.into_iter().map(|head| head.stream).collect();
        Ok(())
    }

    async fn run(cx: &mut Cx<'_>, _: Grant<Myself>, input: SyncEventsIn) -> Result<Sync> {
        sync(cx, input.streams, input.cursor.as_deref()).await
    }
}

/// `event.poll`
pub struct PollEvents;

/// Since when, and how long to wait.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PollEventsIn {
    /// From `event.sync` or the poll before.
    pub cursor: String,
    /// Seconds to wait for the first event, 0 to 30; 30 when absent.
    #[serde(default)]
    pub wait_s: Option<u64>,
    /// What the caller may follow, when the wait is over.
    #[serde(skip)]
    pub(crate) streams: Vec<Stream>,
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
        let wait = Duration::from_secs(input.wait_s.unwrap_or(POLL_SECONDS).min(POLL_SECONDS));
        let since = positions::unpack(Some(&input.cursor))?.unwrap_or_default();
        let mut live = host.live.subscribe();
        let arrived = async {
            loop {
                let open = streams_of(host, caller).await?;
                let grown = open
                    .iter()
                    .any(|head| since.get(&head.stream.to_string()).is_some_and(|seen| head.seq > *seen));
                input.streams = open.into_iter().map(|head| head.stream).collect();
                if grown {
                    return Ok(());
                }
                wait_for(&mut live, &input.streams).await;
            }
        };
        tokio::time::timeout(wait, arrived).await.unwrap_or(Ok(()))
    }

    async fn run(cx: &mut Cx<'_>, _: Grant<Myself>, input: PollEventsIn) -> Result<Sync> {
        sync(cx, input.streams, Some(&input.cursor)).await
    }
}

/// Until one of these streams may have grown.
async fn wait_for(live: &mut Receiver<Arc<[News]>>, streams: &[Stream]) {
    loop {
        match live.recv().await {
            Ok(commit) => {
                let grew = |entry: &log::Entry| entry.event.is_some_and(|(stream, _)| streams.contains(&stream));
                if commit.iter().flat_map(|news| &*news.entries).any(grew) {
                    return;
                }
            }
            Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
