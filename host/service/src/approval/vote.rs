//! People who agree, and what they agree to.

use super::terms::{Subject, asking};
use crate::{Cx, Error, Result, authority::person, bot, error::Code};
use mesh_authz::{Grant, Pattern, Permission};
use mesh_store::{approval_votes, approvals};
use mesh_types::{ApprovalId, ApprovalScope, BotId, approval::Approval};

/// The caller agrees; gives how many now do. Who chose something else does not count.
pub(super) async fn agree(cx: &mut Cx<'_>, id: ApprovalId, choice: Option<&str>) -> Result<u32> {
    let (person, at) = (person(&cx.envelope().caller)?, cx.now());
    if !approval_votes::vote(cx.tx(), id, person, choice, at).await? {
        return Err(Error::new(
            Code::Conflict,
            "You have agreed already; others have to agree, too.",
        ));
    }
    let asked = approvals::get(cx.tx(), id).await?.ok_or_else(Error::not_found)?;
    let same = asked.votes.iter().filter(|vote| vote.choice.as_deref() == choice);
    Ok(u32::try_from(same.count()).unwrap_or(u32::MAX))
}

pub(super) fn check_choice(asked: &Approval, choice: Option<&str>) -> Result<()> {
    let known = |choice: &str| asked.choices.iter().any(|one| one == choice);
    if choice.map_or(asked.choices.is_empty(), known) {
        return Ok(());
    }
    let expected = match &asked.choices[..] {
        [] => "this question has nothing to choose from".to_owned(),
        choices => format!("is one of: {}", choices.join(", ")),
    };
    Err(Error::invalid("/choice", expected))
}

/// From now on the bot is not asked about such calls any more.
pub(super) async fn stop_asking(
    cx: &mut Cx<'_>,
    bot: Option<&Grant<BotId>>,
    asked: &Approval,
    scope: ApprovalScope,
) -> Result<()> {
    let held = asked.held.as_ref();
    let permission = held.and_then(|held| held.permission.as_deref());
    let (Some(bot), Some(Ok(permission))) = (bot, permission.map(str::parse::<Permission>)) else {
        return Err(Error::invalid(
            "/scope",
            "only what a bot has to ask about can be let through for longer",
        ));
    };
    if asked.votes_needed > 1 {
        return Err(Error::invalid(
            "/scope",
            "what several people have to agree to is let through once",
        ));
    }
    let operation = held.map(|held| &*held.operation);
    let subject = Subject::new(asked.mesh_id, asked.requester.id, asked.room_id, operation);
    if let Some(rule) = asking(cx, &subject).await? {
        let detail = format!("the rule `{rule}` makes bots ask about this each time; change the rule");
        return Err(Error::invalid("/scope", detail));
    }
    let place = match (scope, asked.room_id) {
        (ApprovalScope::Room, Some(room)) => Pattern::Room(room),
        (ApprovalScope::Room, None) => return Err(Error::invalid("/scope", "this is about no room")),
        _ => Pattern::Any,
    };
    bot::stop_asking(cx, bot, permission, place).await
}
