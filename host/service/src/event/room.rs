use super::{EventPage, Reader};
use crate::{Cx, Effect, Error, Method, Op, OpSpec, Result, cursor::page_size, op};
use mesh_authz::{Grant, Permission};
use mesh_store::log::{self, Stream};
use mesh_types::RoomId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `room_event.list`
pub struct ListRoomEvents;

/// Which events. Without `after` and `before`: the newest ones.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListRoomEventsIn {
    /// The room.
    pub room_id: RoomId,
    /// Only those behind this position, oldest first.
    #[serde(default)]
    pub after: Option<i64>,
    /// Only those before this position, newest first.
    #[serde(default)]
    pub before: Option<i64>,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
}

impl Op for ListRoomEvents {
    const SPEC: OpSpec = op("room_event.list", Effect::Read)
        .needs(Permission::MessageRead)
        .about("Reads a room's stream from a position, in either direction.")
        .http(Method::Get, "/rooms/{room_id}/events", 200)
        .wasm("events", "room-event-list")
        .mcp()
        .cli();
    type In = ListRoomEventsIn;
    type Out = EventPage;
    type On = RoomId;

    fn on(input: &ListRoomEventsIn) -> RoomId {
        input.room_id
    }

    async fn run(cx: &mut Cx<'_>, room: Grant<RoomId>, input: ListRoomEventsIn) -> Result<EventPage> {
        let (size, stream) = (page_size(input.limit)?, Stream::Room(*room));
        let entries = match (input.after, input.before) {
            (Some(_), Some(_)) => return Err(Error::invalid("/before", "cannot stand beside `after`")),
            (Some(after), None) => log::after(cx.tx(), stream, after, size).await?,
            (None, before) => log::before(cx.tx(), stream, before.unwrap_or(i64::MAX), size).await?,
        };
        let items = Reader::default().events(cx.tx(), entries).await?;
        Ok(EventPage {
            items,
            head_seq: log::head(cx.tx(), stream).await?,
        })
    }
}
