//! Under which rule something is asked.

use crate::{Cx, Result};
use mesh_authz::{Matter, Permission};
use mesh_store::{
    approval_rules,
    approvals::{New, Terms},
};
use mesh_types::{
    ActorId, MeshId, OnDeadline, PersonId, Role, RoomId,
    approval::{ApprovalRule, RuleTerms},
};
use std::{cmp::Reverse, collections::BTreeSet};

/// What is asked, as rules speak of it.
pub(super) struct Subject<'a> {
    mesh: MeshId,
    requester: ActorId,
    room: Option<RoomId>,
    operation: Option<&'a str>,
    permission: Option<Permission>,
}

impl<'a> Subject<'a> {
    pub(super) fn new(mesh: MeshId, requester: ActorId, room: Option<RoomId>, operation: Option<&'a str>) -> Self {
        let known = operation.and_then(crate::operation);
        Self {
            mesh,
            requester,
            room,
            operation,
            permission: known.and_then(|op| op.spec.permission()),
        }
    }

    fn of(new: &'a New) -> Self {
        let operation = new.held.as_ref().map(|held| held.operation);
        Self::new(new.mesh, new.requester, new.room, operation)
    }

    fn is_under(&self, terms: &RuleTerms) -> bool {
        // As for what a bot has to ask: a matter that this version cannot read is taken for everything.
        let matter = terms.about.parse().unwrap_or(Matter::Any);
        matter.covers(self.operation, self.permission)
            && terms.room_id.is_none_or(|room| self.room == Some(room))
            && terms.bot_id.is_none_or(|bot| self.requester == ActorId::Bot(bot))
    }
}

/// The rules that speak of this.
async fn speaking(cx: &mut Cx<'_>, subject: &Subject<'_>) -> Result<Vec<ApprovalRule>> {
    let mut rules = approval_rules::list(cx.tx(), subject.mesh).await?;
    rules.retain(|rule| subject.is_under(&rule.terms));
    Ok(rules)
}

/// Of the rules that speak of this, the narrowest says who decides: one that names the bot and the room before one
/// that names one of them, then the one about less, then the first by name. Without a rule, one Admin decides.
pub(super) async fn terms(cx: &mut Cx<'_>, new: &New) -> Result<Terms> {
    let subject = &Subject::of(new);
    let speaking = speaking(cx, subject).await?;
    let narrowness = |rule: &ApprovalRule| {
        let terms = &rule.terms;
        let places = u8::from(terms.room_id.is_some()) + u8::from(terms.bot_id.is_some());
        let matter = terms.about.parse().map_or(0, |matter: Matter| matter.narrowness());
        (places, matter, Reverse(rule.rule.clone()))
    };
    let Some(ApprovalRule { rule, terms, .. }) = speaking.into_iter().max_by_key(narrowness) else {
        return Ok(Terms {
            rule: None,
            role: Some(Role::Admin),
            people: Vec::new(),
            votes: 1,
            expires_at: new.at.plus_seconds(new.seconds),
            on_deadline: OnDeadline::Expire,
            cards: None,
        });
    };
    let nobody = terms.approver_role.is_none() && terms.approver_ids.is_empty();
    Ok(Terms {
        rule: Some(rule),
        role: terms.approver_role.or(nobody.then_some(Role::Admin)),
        people: terms.approver_ids,
        votes: terms.votes,
        expires_at: new.at.plus_seconds(terms.deadline_s),
        // Silence chooses nothing.
        on_deadline: if new.choices == "[]" {
            terms.on_deadline
        } else {
            OnDeadline::Expire
        },
        cards: terms.cards_room_id,
    })
}

/// A rule that makes bots ask about this each time.
pub(super) async fn asking(cx: &mut Cx<'_>, subject: &Subject<'_>) -> Result<Option<String>> {
    let rules = speaking(cx, subject).await?;
    Ok(rules.into_iter().find(|rule| rule.terms.asks).map(|rule| rule.rule))
}

/// How many different people these are.
pub(super) fn distinct(people: &[PersonId]) -> u32 {
    let people: BTreeSet<_> = people.iter().collect();
    u32::try_from(people.len()).unwrap_or(u32::MAX)
}
