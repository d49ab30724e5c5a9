use super::{Verdict, decide::to_decide, rule::may_ever_decide, tell};
use crate::{Cx, Effect, Error, Method, Op, OpSpec, Result, authority::person, op};
use mesh_authz::{Grant, Permission};
use mesh_store::{approval_votes, approvals};
use mesh_types::{ActorId, ApprovalId, PersonId, approval::Approval};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `approval.delegate`
pub struct DelegateApproval;

/// Who is to decide.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DelegateApprovalIn {
    /// The approval.
    pub approval_id: ApprovalId,
    /// The person who is to decide in the caller's place: in the mesh, and no guest.
    pub person_id: PersonId,
}

impl Op for DelegateApproval {
    const SPEC: OpSpec = op("approval.delegate", Effect::Write)
        .needs(Permission::ApprovalDecide)
        .about("Hands a question on: the other person may decide it, and the caller does not any more.")
        .http(Method::Post, "/approvals/{approval_id}/delegate", 200)
        .socket()
        .cli();
    type In = DelegateApprovalIn;
    type Out = Approval;
    type On = Verdict;

    fn on(input: &DelegateApprovalIn) -> Verdict {
        Verdict(input.approval_id)
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<Verdict>, input: DelegateApprovalIn) -> Result<Approval> {
        let asked = to_decide(cx, on.0).await?;
        let (from, to) = (person(&cx.envelope().caller)?, input.person_id);
        if from == to || asked.requester.id == ActorId::Person(to) {
            return Err(Error::invalid("/person_id", "is neither the caller nor whoever asks"));
        }
        if asked.votes.iter().any(|vote| vote.by.id == ActorId::Person(from)) {
            return Err(Error::wrong_state(
                "agreed",
                "You have agreed already, so there is nothing to hand on.",
            ));
        }
        if !may_ever_decide(cx, asked.mesh_id, to).await? {
            return Err(Error::invalid(
                "/person_id",
                "no person who is active in this mesh and may decide",
            ));
        }
        approval_votes::give_up(cx.tx(), on.0, from).await?;
        approval_votes::name(cx.tx(), on.0, to).await?;
        let asked = approvals::get(cx.tx(), on.0).await?.ok_or_else(Error::not_found)?;
        tell::tell(cx, &asked, to).await?;
        Ok(asked)
    }
}
