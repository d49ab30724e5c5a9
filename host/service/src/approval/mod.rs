//! Humans in charge: questions that people decide, and calls that wait until they have.

mod card;
mod decide;
mod delegate;
mod hold;
mod look;
mod request;
mod rule;
mod run;
mod tell;
mod terms;
mod vote;

pub use decide::{
    ApproveApproval, ApproveApprovalIn, CancelApproval, CancelApprovalIn, RejectApproval, RejectApprovalIn,
};
pub use delegate::{DelegateApproval, DelegateApprovalIn};
pub(crate) use hold::{About, can_wait, hold};
pub use look::{GetApproval, GetApprovalIn, ListApprovals, ListApprovalsIn};
pub use request::{RequestApproval, RequestApprovalIn};
pub use rule::{
    ApprovalRules, DeleteApprovalRule, DeleteApprovalRuleIn, ListApprovalRules, ListApprovalRulesIn, PutApprovalRule,
    PutApprovalRuleIn,
};
pub use run::{follow, settle};

use crate::{
    Answer,
    resource::{Resource, Target},
};
use mesh_types::{ApprovalId, approval::Approval};

impl Answer for Approval {
    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }

    fn location(&self) -> Option<String> {
        Some(format!("/approvals/{}", self.id))
    }
}

/// The decision about a question.
#[derive(Debug, Clone, Copy)]
pub struct Verdict(pub ApprovalId);

impl Resource for Verdict {
    fn target(&self) -> Target {
        Target::Verdict(self.0)
    }
}
