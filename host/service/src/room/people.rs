use crate::{
    Cx, Effect, Error, Method, Nothing, Op, OpSpec, Page, Result,
    authority::Stale,
    cursor::{self, page_size},
    op,
    resource::Seat,
    room::{keep_an_owner, member_of_mesh, seat, shown, unseat},
};
use mesh_authz::{Grant, Permission};
use mesh_store::{log::Stream, members, seats};
use mesh_types::{ActorId, MemberId, Role, RoomId, RoomRole, view::RoomMember};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `room_member.list`
pub struct ListRoomMembers;

/// Whose members.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListRoomMembersIn {
    /// The room.
    pub room_id: RoomId,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

impl Op for ListRoomMembers {
    const SPEC: OpSpec = op("room_member.list", Effect::Read)
        .needs(Permission::RoomRead)
        .about("Lists the people and bots in a room.")
        .http(Method::Get, "/rooms/{room_id}/members", 200)
        .socket()
        .wasm("rooms", "room-member-list")
        .mcp()
        .cli();
    type In = ListRoomMembersIn;
    type Out = Page<RoomMember>;
    type On = RoomId;

    fn on(input: &ListRoomMembersIn) -> RoomId {
        input.room_id
    }

    async fn run(cx: &mut Cx<'_>, room: Grant<RoomId>, input: ListRoomMembersIn) -> Result<Page<RoomMember>> {
        let (size, scope) = (page_size(input.limit)?, input.room_id.to_string());
        let after = cursor::open(cx, &scope, input.cursor.as_deref())?.unwrap_or_default();
        let now = cx.now();
        let seats = seats::list(cx.tx(), &room, (&after, size + 1), now).await?;
        Ok(cursor::page(cx, &scope, seats, size, |seat| {
            seat.member.actor.id.to_string()
        }))
    }
}

/// `room_member.add`
pub struct AddRoomMember;

/// Who comes in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddRoomMemberIn {
    /// The room.
    pub room_id: RoomId,
    /// A member of the same mesh.
    pub member_id: MemberId,
}

impl Op for AddRoomMember {
    const SPEC: OpSpec = op("room_member.add", Effect::Write)
        .needs(Permission::RoomInvite)
        .about("Brings a member of the mesh into a room at once.")
        .http(Method::Post, "/rooms/{room_id}/members", 201)
        .socket()
        .wasm("rooms", "room-member-add")
        .cli();
    type In = AddRoomMemberIn;
    type Out = RoomMember;
    type On = RoomId;

    fn on(input: &AddRoomMemberIn) -> RoomId {
        input.room_id
    }

    async fn run(cx: &mut Cx<'_>, room: Grant<RoomId>, input: AddRoomMemberIn) -> Result<RoomMember> {
        let member = member_of_mesh(cx, &room, input.member_id).await?;
        if let ActorId::Bot(_) = member.actor.id {
            return Err(Error::invalid("/member_id", "is a bot; add bots with `room_bot.add`"));
        }
        if let Some(here) = seats::get(cx.tx(), *room, member.actor.id).await? {
            return shown(cx, here).await;
        }
        let seat = seat(cx, &room, *room, (member.actor.id, member.id), RoomRole::Participant).await?;
        shown(cx, seat.ok_or_else(|| Error::internal("a seat came from nowhere"))?).await
    }
}

/// `room_member.remove`
pub struct RemoveRoomMember;

/// Who goes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomSeatIn {
    /// The room.
    pub room_id: RoomId,
    /// The member.
    pub member_id: MemberId,
}

/// The seat that an operation on a room's member is about.
async fn taken_seat(cx: &mut Cx<'_>, seat: &Grant<Seat>) -> Result<RoomMember> {
    let member = members::get(cx.tx(), seat.member).await?.ok_or_else(Error::not_found)?;
    seats::get(cx.tx(), seat.room, member.actor.id)
        .await?
        .ok_or_else(Error::not_found)
}

impl Op for RemoveRoomMember {
    const SPEC: OpSpec = op("room_member.remove", Effect::Write)
        .needs(Permission::RoomModerate)
        .about("Takes a person out of a room.")
        .http(Method::Delete, "/rooms/{room_id}/members/{member_id}", 204)
        .socket()
        .wasm("rooms", "room-member-remove")
        .cli();
    type In = RoomSeatIn;
    type Out = Nothing;
    type On = Seat;

    fn on(input: &RoomSeatIn) -> Seat {
        Seat {
            room: input.room_id,
            member: input.member_id,
        }
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<Seat>, _: RoomSeatIn) -> Result<Nothing> {
        let here = taken_seat(cx, &on).await?;
        keep_an_owner(cx, on.room, &here).await?;
        unseat(cx, &on, on.room, (here.member.actor.id, here.member.id), "removed").await?;
        Ok(Nothing {})
    }
}

/// `room_member.set_role`
pub struct SetRoomRole;

/// Who becomes what.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRoomRoleIn {
    /// The room.
    pub room_id: RoomId,
    /// The member.
    pub member_id: MemberId,
    /// The room role.
    pub room_role: RoomRole,
}

impl Op for SetRoomRole {
    const SPEC: OpSpec = op("room_member.set_role", Effect::Write)
        .needs(Permission::RoomManage)
        .about("Makes a member owner, moderator, participant or reader of a room.")
        .http(Method::Put, "/rooms/{room_id}/members/{member_id}/role", 200)
        .socket()
        .cli();
    type In = SetRoomRoleIn;
    type Out = RoomMember;
    type On = Seat;

    fn on(input: &SetRoomRoleIn) -> Seat {
        Seat {
            room: input.room_id,
            member: input.member_id,
        }
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<Seat>, input: SetRoomRoleIn) -> Result<RoomMember> {
        let here = taken_seat(cx, &on).await?;
        let leads = matches!(input.room_role, RoomRole::Owner | RoomRole::Moderator);
        if leads && matches!(here.member.role, Role::Guest | Role::Pending) {
            return Err(Error::invalid("/room_role", "a Guest cannot lead a room"));
        }
        if input.room_role != RoomRole::Owner {
            keep_an_owner(cx, on.room, &here).await?;
        }
        let actor = here.member.actor.id;
        seats::set_role(cx.tx(), &on, on.room, actor, input.room_role).await?;
        let now = RoomMember {
            room_role: input.room_role,
            ..here
        };
        let news = now.clone().without_words();
        cx.emit(Stream::Room(on.room), "room_member.changed", on.member, &news)
            .await?;
        cx.changed(Stale::Seat(on.room, actor));
        shown(cx, now).await
    }
}
