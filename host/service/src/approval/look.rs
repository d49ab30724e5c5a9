use crate::{
    Cx, Effect, Error, Method, Op, OpSpec, Page, Result,
    authority::person,
    cursor::{self, page_size},
    op,
    resource::{Resource, Target},
};
use mesh_authz::{Grant, Permission};
use mesh_store::approvals;
use mesh_types::{ApprovalId, ApprovalState, MeshId, approval::Approval};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A mesh's questions: those that the caller asked or may decide, or everybody's.
#[derive(Debug, Clone, Copy)]
pub struct Questions {
    mesh: MeshId,
    own: bool,
}

impl Resource for Questions {
    fn target(&self) -> Target {
        if self.own {
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
    /// Only what the caller asked. Members and bots see no other but what they may decide.
    #[serde(default)]
    pub mine: bool,
    /// Only what the caller may decide.
    #[serde(default)]
    pub to_decide: bool,
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
            own: input.mine || input.to_decide,
        }
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<Questions>, input: ListApprovalsIn) -> Result<Page<Approval>> {
        let size = page_size(input.limit)?;
        let (me, state) = (cx.actor()?, input.state.map_or("", ApprovalState::as_str));
        let scope = format!("{} {me} {} {} {state}", on.mesh, input.mine, input.to_decide);
        let decider = match (input.to_decide, on.place()) {
            (true, Some(place)) => Some((person(&cx.envelope().caller)?, place.role)),
            _ => None,
        };
        let filter = approvals::Filter {
            requester: input.mine.then_some(me),
            state: input.state,
            decider,
            before: cursor::open(cx, &scope, input.cursor.as_deref())?.unwrap_or_default(),
        };
        let found = approvals::list(cx.tx(), on.mesh, &filter, size + 1).await?;
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
