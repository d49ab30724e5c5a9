use crate::{
    Cx, Effect, Error, Method, Nothing, Op, OpSpec, Result, op,
    room::{RoomIn, keep_an_owner, seat, shown, unseat},
};
use mesh_authz::{Grant, Permission, Reason};
use mesh_store::{facts, seats};
use mesh_types::{JoinRule, RoomId, RoomRole, view::RoomMember};

/// `room.join`
pub struct JoinRoom;

impl Op for JoinRoom {
    const SPEC: OpSpec = op("room.join", Effect::Write)
        .needs(Permission::RoomJoin)
        .about("Enters a public room. Being in it already is fine.")
        .http(Method::Post, "/rooms/{room_id}/join", 200)
        .socket()
        .wasm("rooms", "join")
        .mcp()
        .cli();
    type In = RoomIn;
    type Out = RoomMember;
    type On = RoomId;

    fn on(input: &RoomIn) -> RoomId {
        input.room_id
    }

    async fn run(cx: &mut Cx<'_>, room: Grant<RoomId>, _: RoomIn) -> Result<RoomMember> {
        let actor = cx.actor()?;
        if let Some(here) = seats::get(cx.tx(), *room, actor).await? {
            return shown(cx, here).await;
        }
        let row = facts::room(cx.tx(), *room).await?.ok_or_else(Error::not_found)?;
        if row.join_rule != JoinRule::Public {
            return Err(Error::forbidden(
                Reason::Policy,
                "This room is entered by invitation or after approval.",
            ));
        }
        if row.archived {
            return Err(Error::wrong_state("archived", "This room is archived."));
        }
        let member = room.place().ok_or_else(Error::not_found)?.member;
        let seat = seat(cx, &room, *room, (actor, member), RoomRole::Participant).await?;
        shown(cx, seat.ok_or_else(|| Error::internal("a seat came from nowhere"))?).await
    }
}

/// `room.leave`
pub struct LeaveRoom;

impl Op for LeaveRoom {
    const SPEC: OpSpec = op("room.leave", Effect::Write)
        .needs(Permission::RoomRead)
        .about("Leaves a room. Not being in it is fine.")
        .http(Method::Post, "/rooms/{room_id}/leave", 204)
        .socket()
        .wasm("rooms", "leave")
        .mcp()
        .cli();
    type In = RoomIn;
    type Out = Nothing;
    type On = RoomId;

    fn on(input: &RoomIn) -> RoomId {
        input.room_id
    }

    async fn run(cx: &mut Cx<'_>, room: Grant<RoomId>, _: RoomIn) -> Result<Nothing> {
        let actor = cx.actor()?;
        if let Some(here) = seats::get(cx.tx(), *room, actor).await? {
            keep_an_owner(cx, *room, &here).await?;
            unseat(cx, &room, *room, (actor, here.member.id), "left").await?;
        }
        Ok(Nothing {})
    }
}
