//! What people decide about a question.

use super::{Verdict, tell};
use crate::{Cx, Effect, Error, Host, Method, Op, OpSpec, Result, bot, op, resource::Target};
use mesh_authz::{Access, Caller, Grant, Pattern, Permission, Reason, decide};
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
        .about("Says yes: the call that waits is checked again and made, as whoever asked. Nobody approves what they asked themselves.")
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
        let asked = facts::approval(&mut host.store.view().await?.tx(), input.approval_id).await?;
        if let Some((_, ActorId::Bot(bot))) = asked {
            let (now, target) = (host.clock.now(), Target::Bot(bot));
            let facts = host.authority.facts(&host.store, now, caller, target).await?;
            input.bot = Some(decide(caller, Access::Needs(Permission::BotGrant), &facts, bot)?);
        }
        Ok(())
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<Verdict>, input: ApproveApprovalIn) -> Result<Approval> {
        let asked = pending(cx, on.0).await?;
        if cx.actor()? == asked.requester.id {
            return Err(Error::forbidden(Reason::Policy, "Whoever asks does not decide."));
        }
        check_choice(&asked, input.choice.as_deref())?;
        let scope = input.scope.unwrap_or(ApprovalScope::Once);
        if scope != ApprovalScope::Once {
            stop_asking(cx, input.bot.as_ref(), &asked, scope).await?;
        }
        let verdict = approvals::Verdict {
            state: ApprovalState::Approved,
            scope: Some(scope),
            choice: input.choice.as_deref(),
            reason: "",
            by: Some(cx.actor()?),
            at: cx.now(),
        };
        let approval = close(cx, on.0, &verdict).await?;
        if approval.held.is_some() {
            // Everybody hears of it when it is known what came of it.
            cx.afterwards(|host| host.let_go.notify_one());
        } else {
            tell::decided(cx, &approval).await?;
        }
        Ok(approval)
    }
}

fn check_choice(asked: &Approval, choice: Option<&str>) -> Result<()> {
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
async fn stop_asking(
    cx: &mut Cx<'_>,
    bot: Option<&Grant<BotId>>,
    asked: &Approval,
    scope: ApprovalScope,
) -> Result<()> {
    let permission = asked.held.as_ref().and_then(|held| held.permission.as_deref());
    let (Some(bot), Some(Ok(permission))) = (bot, permission.map(str::parse::<Permission>)) else {
        return Err(Error::invalid(
            "/scope",
            "only what a bot has to ask about can be let through for longer",
        ));
    };
    let place = match (scope, asked.room_id) {
        (ApprovalScope::Room, Some(room)) => Pattern::Room(room),
        (ApprovalScope::Room, None) => return Err(Error::invalid("/scope", "this is about no room")),
        _ => Pattern::Any,
    };
    bot::stop_asking(cx, bot, permission, place).await
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
        pending(cx, on.0).await?;
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

/// A question that can still be decided.
async fn pending(cx: &mut Cx<'_>, id: ApprovalId) -> Result<Approval> {
    let asked = approvals::get(cx.tx(), id).await?.ok_or_else(Error::not_found)?;
    if asked.state != ApprovalState::Pending {
        return Err(decided_before(asked.state));
    }
    if asked.expires_at <= cx.now() {
        return Err(decided_before(ApprovalState::Expired));
    }
    cx.check_match(asked.revision)?;
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
