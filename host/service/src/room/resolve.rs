use crate::{Cx, Effect, Error, Host, Method, Op, OpSpec, Result, op, resource::Target, room::viewer};
use mesh_authz::{Access, Caller, Entering, Grant, Permission, decide};
use mesh_store::rooms;
use mesh_types::{MeshId, RoomId, view::Room};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `room.resolve`
pub struct ResolveRoom;

/// A slug in a mesh.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolveRoomIn {
    /// The mesh.
    pub mesh_id: MeshId,
    /// The slug that a room has or had.
    pub slug: String,
    #[serde(skip)]
    #[schemars(skip)]
    found: Option<RoomId>,
}

impl Op for ResolveRoom {
    const SPEC: OpSpec = op("room.resolve", Effect::Read)
        .needs(Permission::RoomRead)
        .about("Finds the room that has a slug, or had it before it was renamed.")
        .http(Method::Get, "/meshes/{mesh_id}/room-slugs/{slug}", 200)
        .mcp()
        .cli();
    type In = ResolveRoomIn;
    type Out = Room;
    type On = MeshId;

    fn on(input: &ResolveRoomIn) -> MeshId {
        input.mesh_id
    }

    /// Being allowed to look in the mesh is not yet being allowed to see this room.
    async fn prepare(host: &Host, caller: &Caller, input: &mut ResolveRoomIn) -> Result<()> {
        let found = rooms::resolve(&mut host.store.view().await?.tx(), input.mesh_id, &input.slug).await?;
        let Some(room) = found else { return Ok(()) };
        let (now, target) = (host.clock.now(), Target::Room(room));
        let mut facts = host.authority.facts(&host.store, now, caller, target).await?;
        facts.entering = Entering::NotNeeded;
        if decide(caller, Access::Needs(Permission::RoomRead), &facts, room).is_ok() {
            input.found = Some(room);
        }
        Ok(())
    }

    async fn run(cx: &mut Cx<'_>, _: Grant<MeshId>, input: ResolveRoomIn) -> Result<Room> {
        let viewer = viewer(cx);
        let room = input.found.ok_or_else(Error::not_found)?;
        rooms::get(cx.tx(), room, &viewer).await?.ok_or_else(Error::not_found)
    }
}
