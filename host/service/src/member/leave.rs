use super::heritage;
use crate::{
    Cx, Effect, Error, Method, Nothing, Op, OpSpec, Result,
    authority::{Stale, session_person},
    mesh::MeshIn,
    op,
    resource::Myself,
    room::unseat,
};
use mesh_authz::{Grant, Reason};
use mesh_store::{facts, log::Stream, members};
use mesh_types::{ActorId, Role};
use serde_json::json;

/// `member.leave`
pub struct LeaveMesh;

impl Op for LeaveMesh {
    const SPEC: OpSpec = op("member.leave", Effect::Write)
        .myself()
        .about("Leaves a mesh and all its rooms; an invitation brings one back.")
        .http(Method::Post, "/meshes/{mesh_id}/leave", 204)
        .cli();
    type In = MeshIn;
    type Out = Nothing;
    type On = Myself;

    fn on(_: &MeshIn) -> Myself {
        Myself
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<Myself>, input: MeshIn) -> Result<Nothing> {
        let (actor, mesh) = (ActorId::from(session_person(&cx.envelope().caller)?), input.mesh_id);
        let place = facts::place(cx.tx(), mesh, actor).await?.ok_or_else(Error::not_found)?;
        // Whoever is removed at this moment has not left.
        members::hold(cx.tx(), &on, place.member).await?;
        let place = facts::place(cx.tx(), mesh, actor).await?.ok_or_else(Error::not_found)?;
        if place.role == Role::Creator {
            return Err(Error::forbidden(
                Reason::Rank,
                "The Creator does not leave. Hand the mesh over or delete it.",
            ));
        }
        cx.file_under(mesh);
        let left = json!({ "member_id": place.member, "reason": "left" });
        cx.emit(Stream::Mesh(mesh), "member.left", place.member, &left).await?;
        for room in members::rooms(cx.tx(), mesh, actor).await? {
            heritage::pass_on(cx, &on, room, actor).await?;
            unseat(cx, &on, room, (actor, place.member), "left").await?;
        }
        members::leave(cx.tx(), &on, place.member).await?;
        cx.changed(Stale::Place(mesh, actor));
        Ok(Nothing {})
    }
}
