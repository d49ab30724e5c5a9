//! What people decide about a question.

use super::{
    Verdict, card, tell,
    vote::{agree, check_choice, stop_asking},
};
use crate::{Cx, Effect, Error, Host, Method, Op, OpSpec, Result, op, resource::Target};
use mesh_authz::{Access, Caller, Grant, Permission, Reason, decide};
use mesh_store::{approvals, facts};
use mesh_types::{ActorId, ApprovalId, ApprovalScope, ApprovalState, BotId, approval::Approval, limits};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `approval.approve`
pub struct ApproveApproval;

/// What is let through.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveApprovalIn {
    /// The approval.
    pub approval_id: ApprovalId,
    /// What it is good for; `once` when absent. `room` and `always` grant the bot what it asked for, so they need
    /// `bot.grant` too.
    #[serde(default)]
    pub scope: Option<ApprovalScope>,
    /// The answer, where there are some to choose from.
    #[serde(default)]
    pub choice: Option<String>,
    /// The right to grant something to the bot that asks.
    #[serde(skip)]
    #[schemars(skip)]
    bot: Option<Grant<BotId>>,
}

impl Op for ApproveApproval {
    const SPEC: OpSpec = op("approval.approve", Effect::Write)
        .needs(Permission::ApprovalDecide)
        .about("Says yes. When enough people have, the call that waits is checked again and made, as whoever asked. Nobody approves what they asked themselves.")
        .http(Method::Post, "/approvals/{approval_id}/approve", 200)
        .socket()
        .cli();
    type In = ApproveApprovalIn;
    type Out = Approval;
    type On = Verdict;

    fn on(input: &ApproveApprovalIn) -> Verdict {
        Verdict(input.approval_id)
    }

    async fn prepare(host: &Host, caller: &Caller, input: &mut ApproveApprovalIn) -> Result<()> {
        if matches!(input.scope, None | Some(ApprovalScope::Once)) {
            return Ok(());
        }
        let asked = facts::approval(&mut host.store.view().await?.tx(), input.approval_id, None).await?;
        if let Some(ActorId::Bot(bot)) = asked.map(|asked| asked.requester) {
            let (now, target) = (host.clock.now(), Target::Bot(bot));
            let facts = host.authority.facts(&host.store, now, caller, target).await?;
            input.bot = Some(decide(caller, Access::Needs(Permission::BotGrant), &facts, bot)?);
        }
        Ok(())
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<Verdict>, input: ApproveApprovalIn) -> Result<Approval> {
        let asked = to_decide(cx, on.0).await?;
        check_choice(&asked, input.choice.as_deref())?;
        let scope = input.scope.unwrap_or(ApprovalScope::Once);
        if scope != ApprovalScope::Once {
            stop_asking(cx, input.bot.as_ref(), &asked, scope).await?;
        }
        let choice = input.choice.as_deref();
        let votes = agree(cx, on.0, choice).await?;
        if votes < asked.votes_needed {
            let asked = approvals::get(cx.tx(), on.0).await?.ok_or_else(Error::not_found)?;
            cx.note(
                asked.id,
                &serde_json::json!({ "votes": votes, "votes_needed": asked.votes_needed }),
            )?;
            card::update(cx, &asked).await?;
            return Ok(asked);
        }
        let verdict = approvals::Verdict {
            state: ApprovalState::Approved,
            scope: Some(scope),
            choice,
            reason: "",
            by: Some(cx.actor()?),
            at: cx.now(),
        };
        let approval = close(cx, on.0, &verdict).await?;
        let_go(cx, &approval).await?;
        Ok(approval)
    }
}

/// `approval.reject`
pub struct RejectApproval;

/// Why not.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RejectApprovalIn {
    /// The approval.
    pub approval_id: ApprovalId,
    /// For whoever asked; at most 1,000 characters.
    #[serde(default)]
    pub reason: String,
}

impl Op for RejectApproval {
    const SPEC: OpSpec = op("approval.reject", Effect::Write)
        .needs(Permission::ApprovalDecide)
        .about("Says no. Whoever asked is told why.")
        .http(Method::Post, "/approvals/{approval_id}/reject", 200)
        .socket()
        .cli();
    type In = RejectApprovalIn;
    type Out = Approval;
    type On = Verdict;

    fn on(input: &RejectApprovalIn) -> Verdict {
        Verdict(input.approval_id)
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<Verdict>, input: RejectApprovalIn) -> Result<Approval> {
        if input.reason.chars().count() > limits::APPROVAL_REASON || input.reason.contains('\0') {
            return Err(Error::invalid("/reason", "has at most 1,000 characters, and no NUL"));
        }
        to_decide(cx, on.0).await?;
        let (state, by) = (ApprovalState::Rejected, cx.actor()?);
        refuse(cx, on.0, (state, by), &input.reason).await
    }
}

/// `approval.cancel`
pub struct CancelApproval;

/// What is not wanted any more.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelApprovalIn {
    /// The approval.
    pub approval_id: ApprovalId,
}

impl Op for CancelApproval {
    const SPEC: OpSpec = op("approval.cancel", Effect::Write)
        .needs(Permission::ApprovalRequest)
        .about("Takes a question back; only whoever asked may.")
        .http(Method::Post, "/approvals/{approval_id}/cancel", 200)
        .socket()
        .wasm("approvals", "cancel")
        .cli();
    type In = CancelApprovalIn;
    type Out = Approval;
    type On = ApprovalId;

    fn on(input: &CancelApprovalIn) -> ApprovalId {
        input.approval_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<ApprovalId>, _: CancelApprovalIn) -> Result<Approval> {
        let by = cx.actor()?;
        let asked = approvals::get(cx.tx(), *on).await?.ok_or_else(Error::not_found)?;
        if asked.requester.id != by {
            return Err(Error::forbidden(
                Reason::Policy,
                "Only whoever asked takes a question back.",
            ));
        }
        pending(cx, *on).await?;
        refuse(cx, *on, (ApprovalState::Cancelled, by), "").await
    }
}

/// A question that can still be decided, by the caller.
pub(super) async fn to_decide(cx: &mut Cx<'_>, id: ApprovalId) -> Result<Approval> {
    let asked = pending(cx, id).await?;
    let by = cx.actor()?;
    // Rights were looked at before the question was held, so somebody may just have handed it on.
    let row = facts::approval(cx.tx(), id, Some(by)).await?;
    let place = facts::place(cx.tx(), asked.mesh_id, by).await?;
    match (row, place) {
        (Some(row), Some(place)) if row.is_for(by, place.role) && !place.suspended => Ok(asked),
        _ => Err(Error::forbidden(Reason::Policy, "Others decide this now.")),
    }
}

/// A question that can still be decided; nobody else changes it until the end of the transaction.
async fn pending(cx: &mut Cx<'_>, id: ApprovalId) -> Result<Approval> {
    approvals::hold(cx.tx(), id).await?;
    let asked = approvals::get(cx.tx(), id).await?.ok_or_else(Error::not_found)?;
    if asked.state != ApprovalState::Pending {
        return Err(decided_before(asked.state));
    }
    if asked.expires_at <= cx.now() {
        return Err(decided_before(ApprovalState::Expired));
    }
    // Holding it counted one change.
    cx.check_match(asked.revision - 1)?;
    Ok(asked)
}

fn decided_before(state: ApprovalState) -> Error {
    Error::wrong_state(state, format!("This is {state} and cannot be decided any more."))
}

async fn refuse(
    cx: &mut Cx<'_>,
    id: ApprovalId,
    (state, by): (ApprovalState, ActorId),
    reason: &str,
) -> Result<Approval> {
    let verdict = approvals::Verdict {
        state,
        scope: None,
        choice: None,
        reason,
        by: Some(by),
        at: cx.now(),
    };
    let approval = close(cx, id, &verdict).await?;
    tell::decided(cx, &approval).await?;
    Ok(approval)
}

/// What was agreed to goes its way.
pub(super) async fn let_go(cx: &mut Cx<'_>, approval: &Approval) -> Result<()> {
    if approval.held.is_none() {
        return tell::decided(cx, approval).await;
    }
    // Everybody hears of it when it is known what came of it.
    cx.note(
        approval.id,
        &serde_json::json!({ "state": approval.state, "scope": approval.scope }),
    )?;
    card::update(cx, approval).await?;
    cx.afterwards(|host| host.let_go.notify_one());
    Ok(())
}

/// Decides, unless somebody else was faster.
pub(super) async fn close(cx: &mut Cx<'_>, id: ApprovalId, verdict: &approvals::Verdict<'_>) -> Result<Approval> {
    let first = approvals::decide(cx.tx(), id, verdict).await?;
    let approval = approvals::get(cx.tx(), id).await?.ok_or_else(Error::not_found)?;
    if first {
        Ok(approval)
    } else {
        Err(decided_before(approval.state))
    }
}
