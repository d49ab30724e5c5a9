use crate::{
    Answer, Cx, Effect, Error, Method, Op, OpSpec, Page, Result,
    cursor::{self, page_size},
    op,
};
use mesh_authz::{Grant, Permission, Reason};
use mesh_store::{log::Stream, messages, read_states};
use mesh_types::{MeshId, MessageId, NotifyLevel, RoomId, Timestamp, view::ReadState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

impl Answer for ReadState {}

/// The caller's read state of a room that it is in.
async fn mine(cx: &mut Cx<'_>, room: RoomId) -> Result<ReadState> {
    let actor = cx.actor()?;
    let found = read_states::get(cx.tx(), room, actor).await?;
    found.ok_or_else(|| {
        Error::forbidden(
            Reason::RoomRole,
            "Only those who are in a room keep this. Join it first.",
        )
    })
}

/// `read_state.list`
pub struct ListReadStates;

/// Which rooms.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListReadStatesIn {
    /// The mesh.
    pub mesh_id: MeshId,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

impl Op for ListReadStates {
    const SPEC: OpSpec = op("read_state.list", Effect::Read)
        .needs(Permission::MeshRead)
        .about("Lists what the caller has not read of each room it is in, oldest room first.")
        .http(Method::Get, "/meshes/{mesh_id}/read-states", 200)
        .socket()
        .mcp();
    type In = ListReadStatesIn;
    type Out = Page<ReadState>;
    type On = MeshId;

    fn on(input: &ListReadStatesIn) -> MeshId {
        input.mesh_id
    }

    async fn run(cx: &mut Cx<'_>, mesh: Grant<MeshId>, input: ListReadStatesIn) -> Result<Page<ReadState>> {
        let (actor, size) = (cx.actor()?, page_size(input.limit)?);
        let scope = format!("{actor} {}", input.mesh_id);
        let after = cursor::open(cx, &scope, input.cursor.as_deref())?.unwrap_or_default();
        let found = read_states::list(cx.tx(), &mesh, actor, &after, size + 1).await?;
        Ok(cursor::page(cx, &scope, found, size, |state| state.room_id.to_string()))
    }
}

/// `read_state.set`
pub struct SetReadState;

/// How far the caller has read.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetReadStateIn {
    /// The room.
    pub room_id: RoomId,
    /// The last message that was read; an earlier one than before makes what follows it unread again.
    pub message_id: MessageId,
    /// True: this message is unread too.
    #[serde(default)]
    pub unread: bool,
}

impl Op for SetReadState {
    const SPEC: OpSpec = op("read_state.set", Effect::Write)
        .needs(Permission::RoomRead)
        .about("Says up to which message the caller has read a room, forwards or back.")
        .http(Method::Put, "/rooms/{room_id}/read-state", 200)
        .socket();
    type In = SetReadStateIn;
    type Out = ReadState;
    type On = RoomId;

    fn on(input: &SetReadStateIn) -> RoomId {
        input.room_id
    }

    async fn run(cx: &mut Cx<'_>, room: Grant<RoomId>, input: SetReadStateIn) -> Result<ReadState> {
        let (actor, before) = (cx.actor()?, mine(cx, *room).await?);
        let message = messages::get(cx.tx(), input.message_id).await?;
        let message = message.filter(|message| message.room_id == *room);
        let message = message.ok_or_else(|| Error::invalid("/message_id", "no message of this room"))?;
        let seq = message.seq - i64::from(input.unread);
        if seq == before.read_seq {
            return Ok(before);
        }
        read_states::set(cx.tx(), &room, actor, seq).await?;
        let now = mine(cx, *room).await?;
        cx.emit(Stream::Actor(actor), "read_state.changed", *room, &now).await?;
        Ok(now)
    }
}

/// `room_notify.set`
pub struct SetRoomNotify;

/// What the caller wants to be notified of.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRoomNotifyIn {
    /// The room.
    pub room_id: RoomId,
    /// Everything, mentions and replies, or nothing.
    pub level: NotifyLevel,
    /// Nothing before this time; not muted when absent.
    #[serde(default)]
    pub muted_until: Option<Timestamp>,
}

impl Op for SetRoomNotify {
    const SPEC: OpSpec = op("room_notify.set", Effect::Write)
        .needs(Permission::RoomRead)
        .about("Says what of a room the caller wants to be notified of.")
        .http(Method::Put, "/rooms/{room_id}/notification-level", 200)
        .socket()
        .cli();
    type In = SetRoomNotifyIn;
    type Out = ReadState;
    type On = RoomId;

    fn on(input: &SetRoomNotifyIn) -> RoomId {
        input.room_id
    }

    async fn run(cx: &mut Cx<'_>, room: Grant<RoomId>, input: SetRoomNotifyIn) -> Result<ReadState> {
        let (actor, before) = (cx.actor()?, mine(cx, *room).await?);
        if (before.level, before.muted_until) == (input.level, input.muted_until) {
            return Ok(before);
        }
        read_states::notify(cx.tx(), &room, actor, (input.level, input.muted_until)).await?;
        let data =
            json!({ "what": "levels", "room_id": *room, "level": input.level, "muted_until": input.muted_until });
        cx.emit(Stream::Actor(actor), "personal.changed", *room, &data).await?;
        mine(cx, *room).await
    }
}
