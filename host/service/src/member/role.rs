use super::MemberIn;
use crate::{
    Cx, Effect, Error, Method, Nothing, Op, OpSpec, Result, authority::Stale, op, resource::RoleGift, room::unseat,
};
use mesh_authz::{Grant, Permission, Reason};
use mesh_store::{log::Stream, members, seats};
use mesh_types::{ActorId, MemberId, Role, RoomRole, view::Member};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// The member as it is in this transaction, if the caller still ranks above it. The decision before
/// was made on what was known then.
async fn outranked(cx: &mut Cx<'_>, member: MemberId) -> Result<Member> {
    let subject = members::get(cx.tx(), member).await?.ok_or_else(Error::not_found)?;
    let actor = cx.actor()?;
    let caller = members::of_actor(cx.tx(), subject.mesh_id, actor)
        .await?
        .ok_or_else(Error::not_found)?;
    if subject.state == "left" {
        return Err(Error::wrong_state("left", "This member is not there any more."));
    }
    if caller.id != subject.id && caller.role >= subject.role {
        return Err(Error::forbidden(
            Reason::Rank,
            "Only somebody of a higher role may do this.",
        ));
    }
    Ok(subject)
}

/// `member.set_role`
pub struct SetMemberRole;

/// Who becomes what.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetMemberRoleIn {
    /// The member.
    pub member_id: MemberId,
    /// The role; not `creator` and not `pending`.
    pub role: Role,
}

impl Op for SetMemberRole {
    const SPEC: OpSpec = op("member.set_role", Effect::Write)
        .needs(Permission::MemberRole)
        .about("Changes a member's role.")
        .http(Method::Put, "/members/{member_id}/role", 200)
        .cli();
    type In = SetMemberRoleIn;
    type Out = Member;
    type On = RoleGift;

    fn on(input: &SetMemberRoleIn) -> RoleGift {
        RoleGift {
            member: input.member_id,
            role: input.role,
        }
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<RoleGift>, input: SetMemberRoleIn) -> Result<Member> {
        if matches!(input.role, Role::Creator | Role::Pending) {
            return Err(Error::invalid("/role", "is none that can be given here"));
        }
        let subject = outranked(cx, input.member_id).await?;
        if subject.role == Role::Pending {
            return Err(Error::wrong_state(
                "pending",
                "Somebody who asked to join is let in by answering the request.",
            ));
        }
        members::set_role(cx.tx(), &on, subject.id, input.role).await?;
        let now = members::get(cx.tx(), subject.id).await?.ok_or_else(Error::not_found)?;
        let changed = json!({ "member_id": now.id, "role": now.role });
        cx.emit(Stream::Mesh(now.mesh_id), "member.changed", now.id, &changed)
            .await?;
        cx.changed(Stale::Place(now.mesh_id, now.actor.id));
        Ok(now)
    }
}

/// `member.remove`
pub struct RemoveMember;

impl Op for RemoveMember {
    const SPEC: OpSpec = op("member.remove", Effect::Write)
        .needs(Permission::MemberModerate)
        .about("Takes a person out of the mesh and all its rooms; an invitation brings them back.")
        .http(Method::Delete, "/members/{member_id}", 204)
        .cli();
    type In = MemberIn;
    type Out = Nothing;
    type On = MemberId;

    fn on(input: &MemberIn) -> MemberId {
        input.member_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<MemberId>, input: MemberIn) -> Result<Nothing> {
        let subject = outranked(cx, input.member_id).await?;
        let actor = subject.actor.id;
        if let ActorId::Bot(_) = actor {
            return Err(Error::invalid("/member_id", "is a bot; bots go with `bot.delete`"));
        }
        let left = json!({ "member_id": subject.id, "reason": "removed" });
        cx.emit(Stream::Mesh(subject.mesh_id), "member.left", subject.id, &left)
            .await?;
        for room in members::rooms(cx.tx(), subject.mesh_id, actor).await? {
            let seat = seats::get(cx.tx(), room, actor).await?;
            if seat.is_some_and(|seat| seat.room_role == RoomRole::Owner)
                && seats::others(cx.tx(), room, actor).await?.0 == 0
            {
                // A room keeps an owner: whoever leads it now, or whoever came first.
                if let Some(heir) = members::heir(cx.tx(), room, actor).await? {
                    seats::set_role(cx.tx(), &on, room, heir, RoomRole::Owner).await?;
                    let changed = seats::get(cx.tx(), room, heir).await?;
                    cx.emit(Stream::Room(room), "room_member.changed", heir, &changed)
                        .await?;
                    cx.changed(Stale::Seat(room, heir));
                }
            }
            unseat(cx, &on, room, (actor, subject.id), "removed").await?;
        }
        members::leave(cx.tx(), &on, subject.id).await?;
        cx.changed(Stale::Place(subject.mesh_id, actor));
        Ok(Nothing {})
    }
}
