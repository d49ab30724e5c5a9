use crate::{Answer, Cx, Effect, Error, Host, Method, Op, OpSpec, Result, op, resource::Target};
use mesh_authz::{Access, Caller, Grant, Permission, Value, decide, value};
use mesh_types::{MeshId, Role, id::prefix_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `role.list`
pub struct ListRoles;

/// A mesh.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeshIn {
    /// The mesh.
    pub mesh_id: MeshId,
}

/// The matrix of rights.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Roles {
    /// From the highest rank to the lowest.
    pub items: Vec<RoleRights>,
}

/// What one role may do.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RoleRights {
    /// The role.
    pub role: Role,
    /// 1 for the Creator to 7 for Pending.
    pub rank: u8,
    /// `yes`, `own`, `invited` or `no`, by permission.
    pub permissions: BTreeMap<Permission, Value>,
}

impl Answer for Roles {}

impl Op for ListRoles {
    const SPEC: OpSpec = op("role.list", Effect::Read)
        .needs(Permission::MeshRead)
        .about("Gives the matrix of roles and permissions.")
        .http(Method::Get, "/meshes/{mesh_id}/roles", 200)
        .wasm("meshes", "role-list")
        .mcp()
        .cli();
    type In = MeshIn;
    type Out = Roles;
    type On = MeshId;

    fn on(input: &MeshIn) -> MeshId {
        input.mesh_id
    }

    async fn run(_: &mut Cx<'_>, _: Grant<MeshId>, _: MeshIn) -> Result<Roles> {
        let rights = |role: &Role| RoleRights {
            role: *role,
            rank: role.rank(),
            permissions: Permission::ALL
                .iter()
                .map(|permission| (*permission, value(*permission, *role)))
                .collect(),
        };
        Ok(Roles {
            items: Role::ALL.iter().map(rights).collect(),
        })
    }
}

/// Most questions at once.
const MOST: usize = 100;

/// `permission.check`
pub struct CheckPermissions;

/// What the caller wants to know.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckPermissionsIn {
    /// The mesh.
    pub mesh_id: MeshId,
    /// At most 100.
    pub questions: Vec<Question>,
    #[serde(skip)]
    #[schemars(skip)]
    answers: Vec<bool>,
}

impl CheckPermissionsIn {
    /// These questions.
    pub fn new(mesh_id: MeshId, questions: Vec<Question>) -> Self {
        Self {
            mesh_id,
            questions,
            answers: Vec::new(),
        }
    }
}

/// One permission on one resource.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The permission.
    pub permission: Permission,
    /// The id of a mesh, room, message, thread, member, bot, version or invitation.
    pub resource: String,
}

/// One answer for each question, in order.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Answers {
    /// True: allowed. What cannot be seen is false.
    pub items: Vec<bool>,
}

impl Answer for Answers {}

/// The resource that an id names.
pub(crate) fn target(id: &str) -> Option<Target> {
    Some(match prefix_of(id)? {
        "mesh" => Target::Mesh(id.parse().ok()?),
        "room" => Target::Room(id.parse().ok()?),
        "msg" => Target::Message(id.parse().ok()?),
        "thread" => Target::Thread(id.parse().ok()?),
        "file" => Target::File(id.parse().ok()?),
        "member" => Target::Member(id.parse().ok()?, None),
        "bot" => Target::Bot(id.parse().ok()?),
        "bver" => Target::BotVersion(id.parse().ok()?),
        "invite" => Target::Invite(id.parse().ok()?),
        "approval" => Target::Approval(id.parse().ok()?),
        _ => return None,
    })
}

impl Op for CheckPermissions {
    const SPEC: OpSpec = op("permission.check", Effect::Read)
        .needs(Permission::MeshRead)
        .about("Says which of up to 100 things the caller may do.")
        .http(Method::Post, "/meshes/{mesh_id}/permission-checks", 200)
        .socket()
        .wasm("meshes", "permission-check")
        .mcp()
        .cli();
    type In = CheckPermissionsIn;
    type Out = Answers;
    type On = MeshId;

    fn on(input: &CheckPermissionsIn) -> MeshId {
        input.mesh_id
    }

    async fn prepare(host: &Host, caller: &Caller, input: &mut CheckPermissionsIn) -> Result<()> {
        if input.questions.len() > MOST {
            return Err(Error::invalid("/questions", format!("has at most {MOST}")));
        }
        for question in &input.questions {
            let allowed = match target(&question.resource) {
                Some(target) => {
                    let facts = host
                        .authority
                        .facts(&host.store, host.clock.now(), caller, target)
                        .await?;
                    let here = facts.mesh == Some(input.mesh_id);
                    here && decide(caller, Access::Needs(question.permission), &facts, ()).is_ok()
                }
                None => false,
            };
            input.answers.push(allowed);
        }
        Ok(())
    }

    async fn run(_: &mut Cx<'_>, _: Grant<MeshId>, input: CheckPermissionsIn) -> Result<Answers> {
        Ok(Answers { items: input.answers })
    }
}
