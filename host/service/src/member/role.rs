use super::{MemberIn, heritage, with_status};
use crate::{
    Cx, Effect, Error, Method, Nothing, Op, OpSpec, Result, authority::Stale, op, resource::RoleGift, room::unseat,
};
use mesh_authz::{Grant, Permission, Reason, Value, value};
use mesh_store::{log::Stream, members};
use mesh_types::{ActorId, MemberId, Role, view::Member};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;

/// The member as it is in this transaction, if the caller still may do this to it. The decision before
/// was made on what was known then; the caller may have lost its own role in the meantime.
pub(super) async fn outranked<R>(
    cx: &mut Cx<'_>,
    allowed: &Grant<R>,
    (permission, member): (Permission, MemberId),
) -> Result<(Role, Member)> {
    let actor = cx.actor()?;
    let subject = members::get(cx.tx(), member).await?.ok_or_else(Error::not_found)?;
    let caller = members::of_actor(cx.tx(), subject.mesh_id, actor)
        .await?
        .ok_or_else(Error::not_found)?;
    // In one order, so that two who act on each other wait instead of blocking each other.
    members::hold(cx.tx(), allowed, caller.id.min(subject.id)).await?;
    members::hold(cx.tx(), allowed, caller.id.max(subject.id)).await?;
    let subject = members::get(cx.tx(), member).await?.ok_or_else(Error::not_found)?;
    let caller = members::get(cx.tx(), caller.id).await?.ok_or_else(Error::not_found)?;
    if caller.state != "active" {
        return Err(Error::not_found());
    }
    if value(permission, caller.role) == Value::No {
        return Err(Error::forbidden(
            Reason::Role,
            "Your role does not allow this any more.",
        ));
    }
    if subject.state == "left" {
        return Err(Error::wrong_state("left", "This member is not there any more."));
    }
    if subject.role == Role::Creator {
        return Err(Error::forbidden(
            Reason::Rank,
            "The Creator can only hand the mesh over; nobody takes it away.",
        ));
    }
    if caller.id != subject.id && caller.role >= subject.role {
        return Err(Error::forbidden(
            Reason::Rank,
            "Only somebody of a higher role may do this.",
        ));
    }
    Ok((caller.role, subject))
}

/// `member.set_role`
pub struct SetMemberRole;

/// Who becomes what.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
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
        .about("Changes a member's role. Whoever becomes a Guest stops leading rooms.")
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
        let (mine, subject) = outranked(cx, &on, (Permission::MemberRole, input.member_id)).await?;
        cx.check_match(subject.revision)?;
        if input.role <= mine {
            return Err(Error::forbidden(Reason::Rank, "One gives only roles below one's own."));
        }
        if subject.role == Role::Pending {
            return Err(Error::wrong_state(
                "pending",
                "Somebody who asked to join is let in by answering the request.",
            ));
        }
        if subject.role == input.role {
            return with_status(cx, subject).await;
        }
        members::set_role(cx.tx(), &on, subject.id, input.role).await?;
        let now = members::get(cx.tx(), subject.id).await?.ok_or_else(Error::not_found)?;
        let changed = json!({ "member_id": now.id, "role": now.role });
        cx.emit(Stream::Mesh(now.mesh_id), "member.changed", now.id, &changed)
            .await?;
        for guest in told(cx, &subject, &now).await? {
            cx.emit(Stream::Actor(guest), "member.changed", now.id, &changed)
                .await?;
        }
        cx.changed(Stale::Place(now.mesh_id, now.actor.id));
        if now.role == Role::Guest {
            heritage::lay_down(cx, &on, &now).await?;
        }
        with_status(cx, now).await
    }
}

/// The Guests who get a copy of a change of role: those in a room with the member, and the member itself
/// if it was or becomes one, as its place on the mesh's stream begins or ends with this very change.
pub(super) async fn told(cx: &mut Cx<'_>, before: &Member, now: &Member) -> Result<BTreeSet<ActorId>> {
    let actor = now.actor.id;
    let beside = members::guests_beside(cx.tx(), now.mesh_id, actor).await?;
    let mut told: BTreeSet<_> = beside.into_iter().filter(|guest| *guest != actor).collect();
    let guest = [before.role, now.role].contains(&Role::Guest);
    if guest && matches!(actor, ActorId::Person(_)) {
        told.insert(actor);
    }
    Ok(told)
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

    /// Bots have a keeper, versions and a running instance; taking only their membership away would
    /// leave those behind. So bots go with `bot.delete`.
    async fn run(cx: &mut Cx<'_>, on: Grant<MemberId>, input: MemberIn) -> Result<Nothing> {
        let (_, subject) = outranked(cx, &on, (Permission::MemberModerate, input.member_id)).await?;
        cx.check_match(subject.revision)?;
        let actor = subject.actor.id;
        if let ActorId::Bot(_) = actor {
            return Err(Error::invalid("/member_id", "is a bot; bots go with `bot.delete`"));
        }
        let left = json!({ "member_id": subject.id, "reason": "removed" });
        cx.emit(Stream::Mesh(subject.mesh_id), "member.left", subject.id, &left)
            .await?;
        for room in members::rooms(cx.tx(), subject.mesh_id, actor).await? {
            heritage::pass_on(cx, &on, room, actor).await?;
            unseat(cx, &on, room, (actor, subject.id), "removed").await?;
        }
        members::leave(cx.tx(), &on, subject.id).await?;
        cx.changed(Stale::Place(subject.mesh_id, actor));
        Ok(Nothing {})
    }
}
