use super::MeshIn;
use crate::{Cx, Effect, Error, Method, Nothing, Op, OpSpec, Result, authority::Stale, op, room::viewer};
use mesh_authz::{Grant, Permission};
use mesh_store::{log::Stream, members, meshes};
use mesh_types::{ActorId, MeshId};
use serde_json::json;

/// `mesh.delete`
pub struct DeleteMesh;

impl Op for DeleteMesh {
    const SPEC: OpSpec = op("mesh.delete", Effect::Write)
        .needs(Permission::MeshOwn)
        .about("Takes a mesh and all that is in it away from everybody, and stops its bots.")
        .http(Method::Delete, "/meshes/{mesh_id}", 204)
        .if_match()
        .fresh()
        .cli();
    type In = MeshIn;
    type Out = Nothing;
    type On = MeshId;

    fn on(input: &MeshIn) -> MeshId {
        input.mesh_id
    }

    /// Nobody can follow the mesh's stream any more, so everybody is told on their own.
    async fn run(cx: &mut Cx<'_>, on: Grant<MeshId>, _: MeshIn) -> Result<Nothing> {
        let (viewer, at) = (viewer(cx), cx.now());
        let mesh = meshes::get(cx.tx(), *on, &viewer).await?.ok_or_else(Error::not_found)?;
        cx.check_match(mesh.revision)?;
        let stopped = meshes::delete(cx.tx(), &on, at, mesh.revision).await?;
        let stream = Stream::Mesh(mesh.id);
        let told = json!({ "mesh_id": mesh.id, "state": "deleted" });
        cx.emit(stream, "mesh.state_changed", mesh.id, &told).await?;
        for bot in stopped {
            let data = json!({ "bot_id": bot, "state": "stopped" });
            cx.emit(stream, "bot.changed", bot, &data).await?;
            cx.changed(Stale::Bot(bot));
        }
        for actor in members::actors(cx.tx(), mesh.id).await? {
            if let ActorId::Person(_) = actor {
                cx.emit(Stream::Actor(actor), "mesh.state_changed", mesh.id, &told)
                    .await?;
            }
            cx.changed(Stale::Place(mesh.id, actor));
        }
        Ok(Nothing {})
    }
}
