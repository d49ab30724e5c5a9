//! The layer about acting on members and giving roles.

use crate::case::{Case, Step};
use crate::policy::Value;
use crate::why::Why;
use crate::{Permission, Reason, Subject};
use mesh_types::{Role, RoomRole};

/// What acting on a member through a permission means for rank.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Takes something from the member: its role, its place, its voice.
    Power,
    /// Looks at or changes what belongs to the member.
    Belongings,
    /// Gives and takes room roles. Only the Creator is out of reach.
    RoomRoles,
    /// Rank does not matter; stopping or re-granting a bot must always work.
    None,
}

const fn kind(permission: Permission) -> Kind {
    match permission {
        Permission::MemberRole | Permission::MemberModerate | Permission::RoomModerate => Kind::Power,
        Permission::MemberProfile | Permission::MemberAudit | Permission::MemberData => Kind::Belongings,
        Permission::RoomManage => Kind::RoomRoles,
        _ => Kind::None,
    }
}

pub(crate) fn rank(case: &Case<'_>) -> Step {
    if let Some(why) = case.facts.giving.and_then(|given| giving_fault(case, given)) {
        return Step::Refuse(Reason::Rank, why);
    }
    match case.facts.subject {
        None if case.facts.giving.is_some() => Step::Pass(Why::MayGive),
        None => Step::Skip(Why::ActsOnNobody),
        Some(_) if kind(case.permission) == Kind::None => Step::Skip(Why::RankIgnored),
        Some(subject) => acting(case, subject),
    }
}

fn acting(case: &Case<'_>, subject: Subject) -> Step {
    let kind = kind(case.permission);
    match subject {
        Subject {
            role: Role::Creator,
            is_caller,
            ..
        } if kind == Kind::Power || !is_caller => Step::Refuse(Reason::Rank, Why::CreatorUntouchable),
        Subject { is_caller: true, .. } => Step::Pass(Why::OnOneself),
        _ if kind == Kind::RoomRoles => Step::Pass(Why::RankIgnored),
        Subject { is_bot: true, .. } if kind == Kind::Belongings && case.facts.owned => Step::Pass(Why::Keeper),
        _ if case.permission == Permission::RoomModerate && case.value() == Value::Own => in_room(case, subject),
        Subject { role, .. } if case.role < role => Step::Pass(Why::Outranks(case.role, role)),
        Subject { role, .. } => Step::Refuse(Reason::Rank, Why::Outranked(case.role, role)),
    }
}

/// Whoever moderates by room role is measured by room role; mesh Moderators and above keep theirs
/// in every room and are out of reach.
fn in_room(case: &Case<'_>, subject: Subject) -> Step {
    let mine = case.facts.room.as_ref().and_then(|room| room.my_role);
    if subject.role <= Role::Moderator {
        Step::Refuse(Reason::Rank, Why::Outranked(case.role, subject.role))
    } else if height(mine) > height(subject.room_role) {
        Step::Pass(Why::OutranksInRoom)
    } else {
        Step::Refuse(Reason::Rank, Why::OutrankedInRoom)
    }
}

const fn height(role: Option<RoomRole>) -> u8 {
    match role {
        Some(RoomRole::Owner) => 2,
        Some(RoomRole::Moderator) => 1,
        Some(RoomRole::Participant | RoomRole::ReadOnly) | None => 0,
    }
}

/// What is wrong with giving this role, if anything.
fn giving_fault(case: &Case<'_>, given: Role) -> Option<Why> {
    let new_bot = case.permission == Permission::BotCreate;
    let to_bot = case.facts.subject.map_or(new_bot, |subject| subject.is_bot);
    match given {
        _ if given <= case.role => Some(Why::GivesTooMuch(case.role, given)),
        Role::Bot if !to_bot => Some(Why::NotForPersons),
        Role::Member if to_bot => Some(Why::NotForBots),
        Role::Admin | Role::Moderator if new_bot => Some(Why::BotsStartLow),
        _ => None,
    }
}
