//! The layers about rooms: who sees them, and what happens to rights inside.

use crate::case::{Case, Step};
use crate::policy::{Outside, READERS_KEEP, Value, adds, door, value};
use crate::why::Why;
use crate::{Entering, Permission, Reason, RoomFacts};
use mesh_types::{JoinRule, Role, RoomRole};

/// Whether somebody with this role in the mesh knows that the room is there.
pub(crate) fn sees(role: Role, room: &RoomFacts) -> bool {
    let shown = door(room.join_rule).shown_by;
    room.my_role.is_some()
        || (room.invited && room.join_rule != JoinRule::Direct)
        || shown.is_some_and(|permission| value(permission, role) == Value::Yes)
}

/// Whether `own` means "has the room role" for this permission, rather than "made it".
pub(crate) fn decides(permission: Permission) -> bool {
    adds(RoomRole::Owner).contains(&permission)
}

/// The ownership layer of the permissions that come with a room role. Guests are never asked about:
/// in the matrix these permissions are `no` to them, whatever their room role.
pub(crate) fn owns(case: &Case<'_>) -> Step {
    let my_role = case.facts.room.as_ref().and_then(|room| room.my_role);
    match my_role {
        Some(mine) if adds(mine).contains(&case.permission) => Step::Pass(Why::RoomRoleAdds(mine, case.permission)),
        _ => Step::Refuse(Reason::RoomRole, Why::RoomRoleLacks(case.permission)),
    }
}

pub(crate) fn room_role(case: &Case<'_>) -> Step {
    let Some(room) = &case.facts.room else {
        return Step::Skip(Why::NoRoom);
    };
    if room.join_rule == JoinRule::Direct && matches!(case.permission, Permission::RoomJoin | Permission::RoomInvite) {
        return Step::Refuse(Reason::RoomRole, Why::FixedPeople);
    }
    match room.my_role {
        None => outside(case, room),
        Some(RoomRole::ReadOnly) => read_only(case, room),
        Some(_) => Step::Pass(Why::InRoom),
    }
}

fn outside(case: &Case<'_>, room: &RoomFacts) -> Step {
    let door = door(room.join_rule);
    let enters_any = value(Permission::RoomEnterAny, case.role) == Value::Yes;
    let without_entering = case.facts.entering == Entering::NotNeeded;
    match case.permission {
        Permission::RoomJoin if door.joins == Outside::All || room.invited => Step::Pass(Why::MayJoin),
        Permission::RoomJoin => Step::Refuse(Reason::RoomRole, Why::ByInvitation),
        _ if door.reads == Outside::All => Step::Pass(Why::OpenRoom),
        Permission::RoomRead if without_entering => Step::Pass(Why::NoEntryNeeded),
        Permission::RoomManage if without_entering && enters_any => Step::Pass(Why::NoEntryNeeded),
        Permission::RoomEnterAny | Permission::RoomDelete if enters_any => Step::Pass(Why::NoEntryNeeded),
        _ if enters_any => Step::Refuse(Reason::RoomRole, Why::EnterFirst),
        _ => Step::Refuse(Reason::RoomRole, Why::JoinFirst),
    }
}

fn read_only(case: &Case<'_>, room: &RoomFacts) -> Step {
    let keeps = READERS_KEEP.contains(&case.permission)
        || (case.permission == Permission::MessageReact && room.readers_may_react);
    match case.role {
        Role::Creator | Role::Admin | Role::Moderator => Step::Pass(Why::KeepsMatrix(case.role)),
        _ if keeps => Step::Pass(Why::ReadersKeep(case.permission)),
        _ => Step::Refuse(Reason::RoomRole, Why::ReadOnly),
    }
}

pub(crate) fn overrides(case: &Case<'_>) -> Step {
    match &case.facts.room {
        None => Step::Skip(Why::NoRoom),
        Some(_) if case.role == Role::Creator => Step::Skip(Why::NeverOverridden),
        Some(room) if room.taken_away.contains(&case.permission) => {
            Step::Refuse(Reason::Override, Why::TakenAway(case.permission))
        }
        Some(_) => Step::Pass(Why::NothingTaken),
    }
}
