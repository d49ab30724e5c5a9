//! The layers about who the caller is and what its role gives it.

use crate::case::{Case, Question, Step};
use crate::policy::{Value, value};
use crate::why::Why;
use crate::{Access, Caller, Credential, Facts, Permission, Reason, Who, rooms};
use mesh_types::Role;

pub(crate) fn credential(question: &Question<'_>) -> Step {
    let fits = match question.caller.who {
        Who::Anonymous => matches!(question.caller.credential, Credential::None),
        Who::Person { .. } => {
            matches!(
                question.caller.credential,
                Credential::Session { .. } | Credential::Token(_) | Credential::Internal
            )
        }
        Who::Bot { .. } => {
            matches!(
                question.caller.credential,
                Credential::BotToken | Credential::Component | Credential::Internal
            )
        }
        // The operator's token is checked at the door and leaves nothing to look at here.
        Who::Operator | Who::Job { .. } => true,
    };
    match (question.caller.who, question.access) {
        _ if !fits => Step::SignIn(Why::CredentialMisfit),
        (_, Access::Public(_)) => Step::Pass(Why::Public),
        (Who::Anonymous, _) => Step::SignIn(Why::NoCredential),
        (Who::Job { permissions, .. }, Access::Needs(permission)) if permissions.contains(&permission) => {
            Step::Pass(Why::JobLists(permission))
        }
        (Who::Job { name, .. }, _) => Step::Refuse(Reason::Scope, Why::JobLacks(name)),
        (Who::Operator, Access::Myself) => Step::Refuse(Reason::Scope, Why::OperatorIsNobody),
        _ => Step::Pass(Why::CredentialFits),
    }
}

pub(crate) fn visibility(question: &Question<'_>) -> Step {
    let facts = question.facts;
    if !facts.exists {
        return Step::Hide(Why::Absent);
    }
    let Access::Needs(permission) = question.access else {
        return Step::Pass(Why::NotOfAMesh);
    };
    match (question.caller.who, facts.mesh, facts.place) {
        (Who::Job { .. }, _, _) => Step::Pass(Why::JobSees),
        (Who::Anonymous | Who::Operator, _, _) | (_, None, _) | (_, _, None) => Step::Hide(Why::Stranger),
        (Who::Bot { mesh, .. }, Some(asked), _) if mesh != asked => Step::Hide(Why::OtherMesh),
        (_, _, Some(place)) if place.suspended => Step::Hide(Why::Suspended),
        (_, _, Some(place)) if place.role == Role::Pending => pending(permission, facts),
        (_, _, Some(place)) => visible_to(question.caller, place.role, facts),
    }
}

/// Whoever is not yet let in sees nothing of the mesh but what it keeps about them.
fn pending(permission: Permission, facts: &Facts) -> Step {
    let about_oneself = facts.owned || facts.subject.is_some_and(|subject| subject.is_caller);
    if permission == Permission::MemberData && about_oneself {
        Step::Pass(Why::OnOneself)
    } else {
        Step::Hide(Why::NotLetIn)
    }
}

fn visible_to(caller: &Caller, role: Role, facts: &Facts) -> Step {
    match &facts.room {
        Some(room) if rooms::sees(role, room) => Step::Pass(Why::SeesRoom),
        Some(room) => Step::Hide(Why::HiddenRoom(room.join_rule)),
        None if value(Permission::MemberRead, role) == Value::Invited && about_stranger(caller, facts) => {
            Step::Hide(Why::HiddenMember)
        }
        None => Step::Pass(Why::SeesMesh),
    }
}

/// It is about a member or a bot that is neither the caller nor kept by it, and shares no room with it.
fn about_stranger(caller: &Caller, facts: &Facts) -> bool {
    let itself = match (facts.subject, facts.bot, caller.who) {
        (Some(subject), _, _) => subject.is_caller,
        (None, Some(bot), Who::Bot { id, .. }) => bot == id,
        (None, Some(_), _) => facts.owned,
        (None, None, _) => return false,
    };
    !itself && !facts.shares_room
}

pub(crate) fn human_only(case: &Case<'_>) -> Step {
    match case.caller.who {
        Who::Bot { .. } if case.permission.human_only() => {
            Step::Refuse(Reason::HumanOnly, Why::ForPeople(case.permission))
        }
        Who::Bot { .. } => Step::Pass(Why::BotsToo(case.permission)),
        _ => Step::Skip(Why::NotABot),
    }
}

/// The role layer of what only the server's operator may do.
pub(crate) fn operator(caller: &Caller) -> Step {
    match (caller.who, &caller.credential) {
        // No scope of a token can name this right, so no token carries it.
        (Who::Person { .. }, Credential::Token(_)) => Step::Refuse(Reason::Scope, Why::TokenNeverOperates),
        (Who::Operator | Who::Person { operator: true, .. }, _) => Step::Pass(Why::Operator),
        _ => Step::Refuse(Reason::Role, Why::NotOperator),
    }
}

pub(crate) fn role(case: &Case<'_>) -> Step {
    match case.value() {
        Value::No => Step::Refuse(Reason::Role, Why::RoleLacks(case.role, case.permission)),
        reach => Step::Pass(Why::RoleHas(case.role, case.permission, reach)),
    }
}

pub(crate) fn ownership(case: &Case<'_>) -> Step {
    match case.value() {
        Value::Yes => Step::Skip(Why::EveryOne(case.permission)),
        Value::No => Step::Skip(Why::RoleLacks(case.role, case.permission)),
        Value::Own if rooms::decides(case.permission) => rooms::owns(case),
        Value::Own => owns(case),
        Value::Invited => invited(case),
    }
}

fn owns(case: &Case<'_>) -> Step {
    // Only for what is the member itself: being named does not make a team or a file one's own.
    let is_itself = match case.permission {
        Permission::MemberProfile | Permission::MemberAudit | Permission::MemberData => case.is_on_oneself(),
        _ => case.is_own_bot(),
    };
    if case.facts.owned || is_itself {
        Step::Pass(Why::Owned)
    } else {
        Step::Refuse(Reason::Ownership, Why::NotOwned(case.permission))
    }
}

fn invited(case: &Case<'_>) -> Step {
    match &case.facts.room {
        Some(room) if room.my_role.is_some() || room.invited => Step::Pass(Why::InRoom),
        Some(_) => Step::Refuse(Reason::RoomRole, Why::NotInRoom(case.permission)),
        None if about_stranger(case.caller, case.facts) => Step::Refuse(Reason::Ownership, Why::SharesNoRoom),
        None if case.facts.subject.is_some() || case.facts.bot.is_some() => Step::Pass(Why::SharesRoom),
        // The operation itself shows or reaches only what the caller may.
        None => Step::Pass(Why::Narrowed),
    }
}

pub(crate) fn policy(case: &Case<'_>) -> Step {
    match case.facts.forbidden_by_policy {
        Some(kind) => Step::Refuse(Reason::Policy, Why::Policy(kind)),
        None => Step::Pass(Why::NoPolicy),
    }
}
