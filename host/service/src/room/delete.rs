use crate::{
    Cx, Effect, Error, Method, Nothing, Op, OpSpec, Result,
    authority::Stale,
    op,
    room::{RoomIn, tell, viewer},
};
use mesh_authz::{Grant, Permission};
use mesh_store::{log::Stream, rooms, seats};
use mesh_types::RoomId;
use serde_json::json;

/// `room.delete`
pub struct DeleteRoom;

impl Op for DeleteRoom {
    const SPEC: OpSpec = op("room.delete", Effect::Write)
        .needs(Permission::RoomDelete)
        .about("Takes a room and all that is in it away from everybody.")
        .http(Method::Delete, "/rooms/{room_id}", 204)
        .if_match()
        .cli();
    type In = RoomIn;
    type Out = Nothing;
    type On = RoomId;

    fn on(input: &RoomIn) -> RoomId {
        input.room_id
    }

    /// Rows and seats stay, so that the room could be brought back as it was.
    async fn run(cx: &mut Cx<'_>, on: Grant<RoomId>, _: RoomIn) -> Result<Nothing> {
        let (viewer, at) = (viewer(cx), cx.now());
        let room = rooms::get(cx.tx(), *on, &viewer).await?.ok_or_else(Error::not_found)?;
        cx.check_match(room.revision)?;
        rooms::delete(cx.tx(), &on, at, room.revision).await?;
        let last = tell(cx, &room, "room.deleted", &json!({ "room_id": room.id })).await?;
        let closed = json!({ "room_id": room.id, "reason": "deleted", "last_seq": last });
        for actor in seats::actors(cx.tx(), room.id).await? {
            cx.emit(Stream::Actor(actor), "room.closed", room.id, &closed).await?;
        }
        cx.changed(Stale::Room(room.id));
        Ok(Nothing {})
    }
}
