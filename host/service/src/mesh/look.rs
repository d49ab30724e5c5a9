use crate::{
    Cx, Effect, Error, Method, Op, OpSpec, Page, Result,
    cursor::{self, page_size},
    op,
    resource::Myself,
    room::viewer,
};
use mesh_authz::{Caller, Credential, Grant, Permission};
use mesh_store::meshes;
use mesh_types::{MeshId, view::Mesh};
use schemars::JsonSchema;
use serde::Deserialize;

/// `mesh.get`
pub struct GetMesh;

/// A mesh.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeshIn {
    /// The mesh.
    pub mesh_id: MeshId,
}

impl Op for GetMesh {
    const SPEC: OpSpec = op("mesh.get", Effect::Read)
        .needs(Permission::MeshRead)
        .about("Reads a mesh, with the caller's role.")
        .http(Method::Get, "/meshes/{mesh_id}", 200)
        .socket()
        .wasm("meshes", "get")
        .mcp()
        .cli();
    type In = MeshIn;
    type Out = Mesh;
    type On = MeshId;

    fn on(input: &MeshIn) -> MeshId {
        input.mesh_id
    }

    async fn run(cx: &mut Cx<'_>, mesh: Grant<MeshId>, _: MeshIn) -> Result<Mesh> {
        let viewer = viewer(cx);
        meshes::get(cx.tx(), *mesh, &viewer).await?.ok_or_else(Error::not_found)
    }
}

/// A token that names meshes does not tell of the others.
pub(crate) fn shows(caller: &Caller, mesh: MeshId) -> bool {
    match &caller.credential {
        Credential::Token(scopes) => scopes.meshes.is_empty() || scopes.meshes.contains(&mesh),
        _ => true,
    }
}

/// `mesh.list`
pub struct ListMeshes;

/// Which page.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListMeshesIn {
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

impl Op for ListMeshes {
    const SPEC: OpSpec = op("mesh.list", Effect::Read)
        .myself()
        .about("Lists the meshes that the caller belongs to, oldest first, with its role.")
        .http(Method::Get, "/meshes", 200)
        .socket()
        .mcp()
        .cli();
    type In = ListMeshesIn;
    type Out = Page<Mesh>;
    type On = Myself;

    fn on(_: &ListMeshesIn) -> Myself {
        Myself
    }

    async fn run(cx: &mut Cx<'_>, _: Grant<Myself>, input: ListMeshesIn) -> Result<Page<Mesh>> {
        let (actor, size) = (cx.actor()?, page_size(input.limit)?);
        let scope = actor.to_string();
        let after = cursor::open(cx, &scope, input.cursor.as_deref())?.unwrap_or_default();
        let found = meshes::mine(cx.tx(), actor, &after, size + 1).await?;
        let mut page = cursor::page(cx, &scope, found, size, |mesh| mesh.id.to_string());
        page.items.retain(|mesh| shows(&cx.envelope().caller, mesh.id));
        Ok(page)
    }
}
