//! Rooms, and people and bots in them.

mod archive;
mod bots;
mod come_and_go;
mod create;
mod delete;
mod direct;
mod look;
mod people;
mod read;
mod resolve;
mod settings;

pub use archive::{ArchiveRoom, UnarchiveRoom};
pub use bots::{AddRoomBot, ListRoomBots, RemoveRoomBot, RoomBotIn, UpdateRoomBot};
pub use come_and_go::{JoinRoom, LeaveRoom};
pub use create::{CreateRoom, CreateRoomIn, UpdateRoom, UpdateRoomIn};
pub use delete::DeleteRoom;
pub use direct::OpenDirectRoom;
pub use look::{GetRoom, ListRooms, ListRoomsIn, RoomIn};
pub use people::{
    AddRoomMember, AddRoomMemberIn, ListRoomMembers, ListRoomMembersIn, RemoveRoomMember, RoomSeatIn, SetRoomRole,
};
pub use read::{ListReadStates, SetReadState, SetRoomNotify};
pub use resolve::ResolveRoom;
pub use settings::{GetRoomSettings, UpdateRoomSettings};

use crate::{Answer, Cx, Error, Result, authority::Stale, member::with_status};
use mesh_authz::Grant;
use mesh_store::{log, log::Stream, seats};
use mesh_types::{
    ActorId, JoinRule, MemberId, RoomId, RoomRole,
    view::{Member, Room, RoomBot, RoomMember, RoomSettings},
};
use serde_json::json;

impl Answer for Room {
    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }

    /// People come and go, and read, without the room.
    fn is_all_versioned(&self) -> bool {
        false
    }

    fn location(&self) -> Option<String> {
        Some(format!("/rooms/{}", self.id))
    }
}

impl Answer for RoomMember {}

impl Answer for RoomSettings {
    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }
}

impl Answer for RoomBot {
    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }
}

/// The caller's id as the store's views want it.
pub(crate) fn viewer(cx: &Cx<'_>) -> String {
    cx.envelope()
        .caller
        .actor()
        .map(|actor| actor.to_string())
        .unwrap_or_default()
}

/// Tells a room of a change; if it is public, its mesh too. Gives the place in the room's stream.
pub(crate) async fn tell(cx: &mut Cx<'_>, room: &Room, kind: &'static str, data: &serde_json::Value) -> Result<i64> {
    let seq = cx.emit(Stream::Room(room.id), kind, room.id, data).await?;
    if room.join_rule == JoinRule::Public {
        cx.emit(Stream::Mesh(room.mesh_id), kind, room.id, data).await?;
    }
    Ok(seq)
}

/// Gives an actor a place in a room and tells the room and the actor. `None` when it had one.
pub(crate) async fn seat<R>(
    cx: &mut Cx<'_>,
    allowed: &Grant<R>,
    room: RoomId,
    (actor, member): (ActorId, MemberId),
    role: RoomRole,
) -> Result<Option<RoomMember>> {
    let at = cx.now();
    let head = log::head(cx.tx(), Stream::Room(room)).await?;
    if !seats::add(cx.tx(), allowed, room, (actor, member), role, (at, head)).await? {
        return Ok(None);
    }
    let seat = seats::get(cx.tx(), room, actor)
        .await?
        .ok_or_else(|| Error::internal("a new seat is not there"))?;
    let news = seat.clone().without_words();
    cx.emit(Stream::Room(room), "room_member.joined", member, &news).await?;
    let data = json!({ "room_id": room, "room_role": role });
    cx.emit(Stream::Actor(actor), "room.opened", room, &data).await?;
    cx.changed(Stale::Seat(room, actor));
    Ok(Some(seat))
}

/// A seat with the status of whoever has it.
pub(crate) async fn shown(cx: &mut Cx<'_>, seat: RoomMember) -> Result<RoomMember> {
    let member = with_status(cx, seat.member).await?;
    Ok(RoomMember { member, ..seat })
}

/// Takes an actor's place in a room away and tells the room and the actor. False when it had none.
pub(crate) async fn unseat<R>(
    cx: &mut Cx<'_>,
    allowed: &Grant<R>,
    room: RoomId,
    (actor, member): (ActorId, MemberId),
    reason: &str,
) -> Result<bool> {
    if !seats::remove(cx.tx(), allowed, room, actor).await? {
        return Ok(false);
    }
    let left = json!({ "room_id": room, "member_id": member, "reason": reason });
    let last = cx.emit(Stream::Room(room), "room_member.left", member, &left).await?;
    if let ActorId::Bot(bot) = actor {
        seats::remove_bot(cx.tx(), allowed, room, bot).await?;
        seats::drop_cursor(cx.tx(), actor, Stream::Room(room)).await?;
    }
    let closed = json!({ "room_id": room, "reason": reason, "last_seq": last });
    cx.emit(Stream::Actor(actor), "room.closed", room, &closed).await?;
    cx.changed(Stale::Seat(room, actor));
    Ok(true)
}

/// A room keeps an owner as long as others are in it.
pub(crate) async fn keep_an_owner(cx: &mut Cx<'_>, room: RoomId, leaving: &RoomMember) -> Result<()> {
    if leaving.room_role != RoomRole::Owner {
        return Ok(());
    }
    match seats::others(cx.tx(), room, leaving.member.actor.id).await? {
        (0, 1..) => Err(Error::new(
            crate::Code::LastOwner,
            "The last owner of a room cannot go while others are in it. Make somebody else an owner first.",
        )),
        _ => Ok(()),
    }
}

/// A member of the room's mesh who is there.
pub(crate) async fn member_of_mesh<R>(cx: &mut Cx<'_>, room: &Grant<R>, member: MemberId) -> Result<Member> {
    let found = mesh_store::members::get(cx.tx(), member).await?;
    found
        .filter(|found| Some(found.mesh_id) == room.mesh() && found.state == "active")
        .ok_or_else(|| Error::invalid("/member_id", "no active member of this mesh"))
}
