use crate::{
    Cx, Effect, Error, Method, Op, OpSpec, Page, Result,
    cursor::{self, page_size},
    op,
    room::viewer,
};
use mesh_authz::{Grant, Permission, Value, value};
use mesh_store::rooms::{self, Sight};
use mesh_types::{MeshId, RoomId, view::Room};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `room.get`
pub struct GetRoom;

/// A room.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomIn {
    /// The room.
    pub room_id: RoomId,
}

impl Op for GetRoom {
    const SPEC: OpSpec = op("room.get", Effect::Read)
        .needs(Permission::RoomRead)
        .about("Reads a room, with the caller's room role and read state.")
        .http(Method::Get, "/rooms/{room_id}", 200)
        .from_outside()
        .socket()
        .wasm("rooms", "get")
        .mcp()
        .cli();
    type In = RoomIn;
    type Out = Room;
    type On = RoomId;

    fn on(input: &RoomIn) -> RoomId {
        input.room_id
    }

    async fn run(cx: &mut Cx<'_>, room: Grant<RoomId>, _: RoomIn) -> Result<Room> {
        let viewer = viewer(cx);
        rooms::get(cx.tx(), *room, &viewer).await?.ok_or_else(Error::not_found)
    }
}

/// `room.list`
pub struct ListRooms;

/// Which rooms.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListRoomsIn {
    /// The mesh.
    pub mesh_id: MeshId,
    /// Only rooms that the caller is in.
    #[serde(default)]
    pub mine: bool,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

impl Op for ListRooms {
    const SPEC: OpSpec = op("room.list", Effect::Read)
        .needs(Permission::RoomRead)
        .about("Lists the rooms that the caller may find, oldest first.")
        .http(Method::Get, "/meshes/{mesh_id}/rooms", 200)
        .socket()
        .wasm("rooms", "list")
        .mcp()
        .cli();
    type In = ListRoomsIn;
    type Out = Page<Room>;
    type On = MeshId;

    fn on(input: &ListRoomsIn) -> MeshId {
        input.mesh_id
    }

    async fn run(cx: &mut Cx<'_>, mesh: Grant<MeshId>, input: ListRoomsIn) -> Result<Page<Room>> {
        let size = page_size(input.limit)?;
        let scope = format!("{} {}", input.mesh_id, input.mine);
        let after = cursor::open(cx, &scope, input.cursor.as_deref())?.unwrap_or_default();
        let sees = |permission| {
            !input.mine
                && mesh
                    .place()
                    .is_some_and(|place| value(permission, place.role) == Value::Yes)
        };
        let sight = Sight {
            open: sees(Permission::RoomRead),
            all: sees(Permission::RoomEnterAny),
        };
        let viewer = viewer(cx);
        let rooms = rooms::list(cx.tx(), &mesh, &viewer, sight, &after, size + 1).await?;
        Ok(cursor::page(cx, &scope, rooms, size, |room| room.id.to_string()))
    }
}
