use super::with_status;
use crate::{
    Cx, Effect, Error, Method, Op, OpSpec, Page, Result,
    cursor::{self, page_size},
    op,
};
use mesh_authz::{Grant, Permission, Value, value};
use mesh_store::members::{self, Filter};
use mesh_types::{MemberId, MeshId, Role, view::Member};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `member.get`
pub struct GetMember;

/// A member.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberIn {
    /// The member.
    pub member_id: MemberId,
}

impl Op for GetMember {
    const SPEC: OpSpec = op("member.get", Effect::Read)
        .needs(Permission::MemberRead)
        .about("Reads a member.")
        .http(Method::Get, "/members/{member_id}", 200)
        .socket()
        .wasm("members", "get")
        .mcp()
        .cli();
    type In = MemberIn;
    type Out = Member;
    type On = MemberId;

    fn on(input: &MemberIn) -> MemberId {
        input.member_id
    }

    async fn run(cx: &mut Cx<'_>, member: Grant<MemberId>, _: MemberIn) -> Result<Member> {
        let found = members::get(cx.tx(), *member).await?.ok_or_else(Error::not_found)?;
        with_status(cx, found).await
    }
}

/// `member.list`
pub struct ListMembers;

/// Which members.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListMembersIn {
    /// The mesh.
    pub mesh_id: MeshId,
    /// Only with this role.
    #[serde(default)]
    pub role: Option<Role>,
    /// Only people, or only bots.
    #[serde(default)]
    pub kind: Option<Kind>,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A person.
    Person,
    /// A bot.
    Bot,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Bot => "bot",
        }
    }
}

impl Op for ListMembers {
    const SPEC: OpSpec = op("member.list", Effect::Read)
        .needs(Permission::MemberRead)
        .about("Lists people and bots, in order of joining; to guests, those they share a room with.")
        .http(Method::Get, "/meshes/{mesh_id}/members", 200)
        .socket()
        .wasm("members", "list")
        .mcp()
        .cli();
    type In = ListMembersIn;
    type Out = Page<Member>;
    type On = MeshId;

    fn on(input: &ListMembersIn) -> MeshId {
        input.mesh_id
    }

    async fn run(cx: &mut Cx<'_>, mesh: Grant<MeshId>, input: ListMembersIn) -> Result<Page<Member>> {
        let (actor, now, size) = (cx.actor()?, cx.now(), page_size(input.limit)?);
        let role = input.role.map(Role::as_str).unwrap_or_default();
        let kind = input.kind.map(Kind::as_str).unwrap_or_default();
        let scope = format!("{} {role} {kind}", input.mesh_id);
        let after = cursor::open(cx, &scope, input.cursor.as_deref())?.unwrap_or_default();
        let all = mesh
            .place()
            .is_some_and(|place| value(Permission::MemberRead, place.role) == Value::Yes);
        let filter = Filter {
            role,
            kind,
            shared_with: (!all).then_some(actor),
        };
        let found = members::list(cx.tx(), &mesh, filter, (&after, size + 1), now).await?;
        Ok(cursor::page(cx, &scope, found, size, |member| member.id.to_string()))
    }
}
