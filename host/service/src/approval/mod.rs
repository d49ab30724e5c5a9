//! Humans in charge: questions that people decide, and calls that wait until they have.

mod decide;
mod hold;
mod look;
mod request;
mod run;
mod tell;

pub use decide::{
    ApproveApproval, ApproveApprovalIn, CancelApproval, CancelApprovalIn, RejectApproval, RejectApprovalIn,
};
pub(crate) use hold::{About, hold};
pub use look::{GetApproval, GetApprovalIn, ListApprovals, ListApprovalsIn};
pub use request::{RequestApproval, RequestApprovalIn};
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
