use crate::{
    Cx, Effect, Error, Method, Op, OpSpec, Page, Result,
    cursor::{self, page_size},
    op,
    resource::{Resource, Target},
};
use mesh_authz::{Grant, Permission};
use mesh_store::approvals;
use mesh_types::{ApprovalId, ApprovalState, MeshId, approval::Approval};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A mesh's questions: the caller's own, or everybody's.
#[derive(Debug, Clone, Copy)]
pub struct Questions {
    mesh: MeshId,
    mine: bool,
}

impl Resource for Questions {
    fn target(&self) -> Target {
        if self.mine {
            Target::OwnIn(self.mesh)
        } else {
            Target::Mesh(self.mesh)
        }
    }
}

/// `approval.list`
pub struct ListApprovals;

/// Which questions.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListApprovalsIn {
    /// The mesh.
    pub mesh_id: MeshId,
    /// Only what the caller asked. Members and bots see no other.
    #[serde(default)]
    pub mine: bool,
    /// Only those in this state.
    #[serde(default)]
    pub state: Option<ApprovalState>,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

impl Op for ListApprovals {
    const SPEC: OpSpec = op("approval.list", Effect::Read)
        .needs(Permission::ApprovalRead)
        .about("Lists what waits or waited for a person's decision, newest first.")
        .http(Method::Get, "/meshes/{mesh_id}/approvals", 200)
        .socket()
        .wasm("approvals", "list")
        .mcp()
        .cli();
    type In = ListApprovalsIn;
    type Out = Page<Approval>;
    type On = Questions;

    fn on(input: &ListApprovalsIn) -> Questions {
        Questions {
            mesh: input.mesh_id,
            mine: input.mine,
        }
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<Questions>, input: ListApprovalsIn) -> Result<Page<Approval>> {
        let size = page_size(input.limit)?;
        let requester = if on.mine {
            cx.actor()?.to_string()
        } else {
            String::new()
        };
        let state = input.state.map_or("", ApprovalState::as_str);
        let scope = format!("{} {requester} {state}", on.mesh);
        let before = cursor::open(cx, &scope, input.cursor.as_deref())?.unwrap_or_default();
        let found = approvals::list(cx.tx(), on.mesh, (&requester, state, &before), size + 1).await?;
        Ok(cursor::page(cx, &scope, found, size, |one| one.id.to_string()))
    }
}

/// `approval.get`
pub struct GetApproval;

/// Which question.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetApprovalIn {
    /// The approval.
    pub approval_id: ApprovalId,
}

impl Op for GetApproval {
    const SPEC: OpSpec = op("approval.get", Effect::Read)
        .needs(Permission::ApprovalRead)
        .about("Reads a question to people: what exactly would be done, how it was decided, and what came of it.")
        .http(Method::Get, "/approvals/{approval_id}", 200)
        .socket()
        .wasm("approvals", "get")
        .mcp()
        .cli();
    type In = GetApprovalIn;
    type Out = Approval;
    type On = ApprovalId;

    fn on(input: &GetApprovalIn) -> ApprovalId {
        input.approval_id
    }

    async fn run(cx: &mut Cx<'_>, approval: Grant<ApprovalId>, _: GetApprovalIn) -> Result<Approval> {
        approvals::get(cx.tx(), *approval).await?.ok_or_else(Error::not_found)
    }
}
