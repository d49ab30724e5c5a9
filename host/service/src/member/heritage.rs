//! What becomes of the rooms that somebody led.
//!
//! A room's last owner cannot leave by itself, but a mesh must be able to remove anybody, so the room
//! gets a new owner: a moderator of the room, else whoever has taken part longest. When only readers and
//! Guests remain, it has no owner until somebody who manages the mesh's rooms names one.

use crate::{Cx, Error, Result, authority::Stale};
use mesh_authz::Grant;
use mesh_store::{log::Stream, members, seats};
use mesh_types::{ActorId, MemberId, RoomId, RoomRole, view::Member};

/// Finds a new owner if this actor is the last one of the room.
pub(super) async fn pass_on<R>(cx: &mut Cx<'_>, allowed: &Grant<R>, room: RoomId, from: ActorId) -> Result<()> {
    let owns = seats::get(cx.tx(), room, from)
        .await?
        .is_some_and(|seat| seat.room_role == RoomRole::Owner);
    if !owns || seats::others(cx.tx(), room, from).await?.0 > 0 {
        return Ok(());
    }
    match members::heir(cx.tx(), room, from).await? {
        Some(heir) => give(cx, allowed, room, heir, RoomRole::Owner).await,
        None => Ok(()),
    }
}

/// Somebody became a Guest, and Guests lead no rooms.
pub(super) async fn lay_down<R>(cx: &mut Cx<'_>, allowed: &Grant<R>, guest: &Member) -> Result<()> {
    let actor = guest.actor.id;
    for room in members::rooms(cx.tx(), guest.mesh_id, actor).await? {
        let leads = seats::get(cx.tx(), room, actor)
            .await?
            .is_some_and(|seat| matches!(seat.room_role, RoomRole::Owner | RoomRole::Moderator));
        if leads {
            pass_on(cx, allowed, room, actor).await?;
            give(cx, allowed, room, (actor, guest.id), RoomRole::Participant).await?;
        }
    }
    Ok(())
}

async fn give<R>(
    cx: &mut Cx<'_>,
    allowed: &Grant<R>,
    room: RoomId,
    (actor, member): (ActorId, MemberId),
    role: RoomRole,
) -> Result<()> {
    seats::set_role(cx.tx(), allowed, room, actor, role).await?;
    let seat = seats::get(cx.tx(), room, actor).await?;
    let news = seat.ok_or_else(Error::not_found)?.without_words();
    cx.emit(Stream::Room(room), "room_member.changed", member, &news)
        .await?;
    cx.changed(Stale::Seat(room, actor));
    Ok(())
}
