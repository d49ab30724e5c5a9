use crate::{
    Cx, Effect, Error, Method, Op, OpSpec, Result,
    authority::Stale,
    op,
    room::{RoomIn, tell, viewer},
};
use mesh_authz::{Grant, Permission};
use mesh_store::rooms;
use mesh_types::{RoomId, view::Room};
use serde_json::json;

/// The room after its change, which everybody is told of.
async fn told(cx: &mut Cx<'_>, room: RoomId) -> Result<Room> {
    let viewer = viewer(cx);
    let now = rooms::get(cx.tx(), room, &viewer).await?.ok_or_else(Error::not_found)?;
    let changed = json!({ "room_id": room, "archived_at": now.archived_at });
    tell(cx, &now, "room.changed", &changed).await?;
    cx.changed(Stale::Room(room));
    rooms::get(cx.tx(), room, &viewer).await?.ok_or_else(Error::not_found)
}

/// The room as it was: the change had been made before.
async fn as_it_is(cx: &mut Cx<'_>, room: RoomId) -> Result<Room> {
    let viewer = viewer(cx);
    rooms::get(cx.tx(), room, &viewer).await?.ok_or_else(Error::not_found)
}

/// `room.archive`
pub struct ArchiveRoom;

impl Op for ArchiveRoom {
    const SPEC: OpSpec = op("room.archive", Effect::Write)
        .needs(Permission::RoomManage)
        .about("Makes a room read-only. Being archived already is fine.")
        .http(Method::Post, "/rooms/{room_id}/archive", 200)
        .from_outside()
        .socket()
        .cli();
    type In = RoomIn;
    type Out = Room;
    type On = RoomId;

    fn on(input: &RoomIn) -> RoomId {
        input.room_id
    }

    async fn run(cx: &mut Cx<'_>, room: Grant<RoomId>, _: RoomIn) -> Result<Room> {
        let at = cx.now();
        if rooms::archive(cx.tx(), &room, at).await? {
            told(cx, *room).await
        } else {
            as_it_is(cx, *room).await
        }
    }
}

/// `room.unarchive`
pub struct UnarchiveRoom;

impl Op for UnarchiveRoom {
    const SPEC: OpSpec = op("room.unarchive", Effect::Write)
        .needs(Permission::RoomManage)
        .about("Lets people write in an archived room again. Not being archived is fine.")
        .http(Method::Post, "/rooms/{room_id}/unarchive", 200)
        .socket()
        .cli();
    type In = RoomIn;
    type Out = Room;
    type On = RoomId;

    fn on(input: &RoomIn) -> RoomId {
        input.room_id
    }

    async fn run(cx: &mut Cx<'_>, room: Grant<RoomId>, _: RoomIn) -> Result<Room> {
        if rooms::unarchive(cx.tx(), &room).await? {
            told(cx, *room).await
        } else {
            as_it_is(cx, *room).await
        }
    }
}
