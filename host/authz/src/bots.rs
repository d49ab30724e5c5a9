//! The layers that narrow a credential: token scopes, and what a bot was granted.

use crate::case::{Case, Step};
use crate::why::Why;
use crate::{
    Autonomy, BotAuthority, BotGrant, Credential, GrantEffect, Matter, Pattern, Permission, Reason, Scopes, Who,
};

pub(crate) fn scope(case: &Case<'_>) -> Step {
    let Credential::Token(scopes) = &case.caller.credential else {
        return Step::Skip(Why::NotAToken);
    };
    if !scopes.permissions.contains(&case.permission) {
        Step::Refuse(Reason::Scope, Why::NotInScope(case.permission))
    } else if !reaches(scopes, case) {
        Step::Refuse(Reason::Scope, Why::ElsewhereInScope)
    } else {
        Step::Pass(Why::InScope(case.permission))
    }
}

fn reaches(scopes: &Scopes, case: &Case<'_>) -> bool {
    let in_mesh = case.facts.mesh.is_some_and(|mesh| scopes.meshes.contains(&mesh));
    let in_room = case
        .facts
        .room
        .as_ref()
        .is_some_and(|room| scopes.rooms.contains(&room.id));
    (scopes.meshes.is_empty() || in_mesh) && (scopes.rooms.is_empty() || in_room || case.facts.room_by_room)
}

pub(crate) fn grant(case: &Case<'_>) -> Step {
    let Who::Bot { .. } = case.caller.who else {
        return Step::Skip(Why::NotABot);
    };
    let authority = case.facts.authority.as_deref();
    let decided = |effect| authority.is_some_and(|authority| decided(case, authority, effect));
    if decided(GrantEffect::Deny) {
        return Step::Refuse(Reason::Grant, Why::Denied(case.permission));
    }
    if implied(case) {
        return Step::Pass(Why::Implied);
    }
    match authority {
        Some(authority) if authority.autonomy == Autonomy::Observe && !case.permission.is_read() => {
            Step::Refuse(Reason::Grant, Why::Observes)
        }
        Some(authority) if !asked_for(case, authority) => {
            Step::Refuse(Reason::Grant, Why::NotAskedFor(case.permission))
        }
        Some(_) if decided(GrantEffect::Allow) || decided(GrantEffect::Ask) => {
            Step::Pass(Why::Granted(case.permission))
        }
        None | Some(_) => Step::Refuse(Reason::Grant, Why::Undecided(case.permission)),
    }
}

pub(crate) fn approval(case: &Case<'_>) -> Step {
    let (Who::Bot { .. }, Some(authority)) = (case.caller.who, case.facts.authority.as_deref()) else {
        return Step::Skip(Why::NothingAsks);
    };
    let why = if asks(case, authority) {
        Some(Why::AsksEachTime(case.permission))
    } else if case.permission.is_read() || implied(case) {
        None
    } else if ruled(case, authority) {
        Some(Why::RuleAsks(case.permission))
    } else if authority.autonomy == Autonomy::Suggest {
        Some(Why::Suggests)
    } else if authority.autonomy == Autonomy::ActLimited && outside(case, authority) {
        Some(Why::OutsideItsRooms)
    } else {
        None
    };
    match (why, case.facts.approved) {
        (None, _) => Step::Skip(Why::NothingAsks),
        (Some(_), Some(_)) => Step::Pass(Why::Approved),
        (Some(why), None) => Step::Ask(case.permission, why),
    }
}

/// A bot may look at and run itself, and look at its own questions, without having asked.
fn implied(case: &Case<'_>) -> bool {
    match case.permission {
        Permission::BotOperate => case.is_own_bot(),
        Permission::ApprovalRead => case.facts.owned,
        _ => false,
    }
}

/// A rule of the mesh asks about this each time. What a bot does with its own things is asked about only by a rule
/// that names it.
fn ruled(case: &Case<'_>, authority: &BotAuthority) -> bool {
    let here = |room| (case.facts.room.as_ref()).is_some_and(|facts| facts.id == room);
    authority.asks.iter().any(|ask| {
        ask.matter.covers(case.facts.operation, Some(case.permission))
            && ask.room.is_none_or(here)
            && (ask.matter != Matter::Any || !case.permission.is_housekeeping())
    })
}

/// The bot writes only in some rooms without asking, and this is none of them.
fn outside(case: &Case<'_>, authority: &BotAuthority) -> bool {
    let room = case.facts.room.as_ref().map(|room| room.id);
    let rooms = authority.caps.room_ids.as_ref();
    !case.permission.is_housekeeping() && rooms.is_some_and(|rooms| room.is_none_or(|room| !rooms.contains(&room)))
}

/// The manifest asks for this. A bot without a manifest may use whatever it is granted.
fn asked_for(case: &Case<'_>, authority: &BotAuthority) -> bool {
    authority.manifest.as_ref().is_none_or(|wishes| {
        wishes
            .iter()
            .any(|wish| wish.permission == case.permission && reaches_some(case, wish.on))
    })
}

/// It speaks of the resource, or of one of the rooms that are asked about one by one.
fn reaches_some(case: &Case<'_>, on: Pattern) -> bool {
    on.covers(case.facts) || (case.facts.room_by_room && matches!(on, Pattern::Room(_)))
}

/// Of the decisions that speak of the resource, the narrowest is to ask.
fn asks(case: &Case<'_>, authority: &BotAuthority) -> bool {
    let speaking = authority
        .grants
        .iter()
        .filter(|grant| grant.permission == case.permission && holds(grant, case) && grant.on.covers(case.facts));
    let narrowest = |effect| {
        let such = speaking.clone().filter(move |grant| grant.effect == effect);
        such.map(|grant| grant.on.narrowness()).max()
    };
    narrowest(GrantEffect::Ask).is_some_and(|ask| narrowest(GrantEffect::Allow).is_none_or(|allow| allow <= ask))
}

fn holds(grant: &BotGrant, case: &Case<'_>) -> bool {
    grant.expires_at.is_none_or(|end| case.facts.now < end)
}

/// There is a decision of this kind, and it still holds.
fn decided(case: &Case<'_>, authority: &BotAuthority, effect: GrantEffect) -> bool {
    authority.grants.iter().any(|grant| {
        grant.effect == effect
            && grant.permission == case.permission
            && holds(grant, case)
            && match effect {
                GrantEffect::Allow => reaches_some(case, grant.on),
                GrantEffect::Ask | GrantEffect::Deny => grant.on.covers(case.facts),
            }
    })
}
