use super::with_status;
use crate::{Cx, Effect, Error, Method, Op, OpSpec, Result, op};
use mesh_authz::{Grant, Permission, Value, value};
use mesh_store::{facts, members};
use mesh_types::{MeshId, view::Member};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `member.resolve`
pub struct ResolveMember;

/// A handle in a mesh.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolveMemberIn {
    /// The mesh.
    pub mesh_id: MeshId,
    /// The handle that a member has or had, without `@`.
    pub handle: String,
}

impl Op for ResolveMember {
    const SPEC: OpSpec = op("member.resolve", Effect::Read)
        .needs(Permission::MemberRead)
        .about("Finds the member who has a handle, or had it before; for guests, among those they share a room with.")
        .http(Method::Get, "/meshes/{mesh_id}/handles/{handle}", 200)
        .mcp()
        .cli();
    type In = ResolveMemberIn;
    type Out = Member;
    type On = MeshId;

    fn on(input: &ResolveMemberIn) -> MeshId {
        input.mesh_id
    }

    async fn run(cx: &mut Cx<'_>, mesh: Grant<MeshId>, input: ResolveMemberIn) -> Result<Member> {
        let (me, place) = (cx.actor()?, mesh.place().ok_or_else(Error::not_found)?);
        let found = members::who_has(cx.tx(), *mesh, &input.handle.to_lowercase()).await?;
        let found = members::get(cx.tx(), found.ok_or_else(Error::not_found)?).await?;
        let found = found
            .filter(|found| found.state != "left")
            .ok_or_else(Error::not_found)?;
        let actor = found.actor.id;
        let seen = value(Permission::MemberRead, place.role) == Value::Yes
            || actor == me
            || facts::share_room(cx.tx(), *mesh, me, actor).await?;
        if !seen {
            return Err(Error::not_found());
        }
        with_status(cx, found).await
    }
}
