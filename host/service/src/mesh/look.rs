use crate::{
    Answer, Cx, Effect, Error, Host, Method, Op, OpSpec, Page, Result,
    cursor::{self, page_size},
    op,
    resource::{Myself, Target},
    room::viewer,
};
use mesh_authz::{Caller, Credential, Grant, Permission, permitted};
use mesh_store::meshes;
use mesh_types::{MeshId, view::Mesh};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `mesh.get`
pub struct GetMesh;

/// Which mesh to read.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetMeshIn {
    /// The mesh.
    pub mesh_id: MeshId,
    #[serde(skip)]
    #[schemars(skip)]
    permissions: Vec<Permission>,
}

impl GetMeshIn {
    /// This mesh.
    pub fn new(mesh_id: MeshId) -> Self {
        Self {
            mesh_id,
            permissions: Vec::new(),
        }
    }
}

/// A mesh, with what the caller may do there.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct MeshDetail {
    /// The mesh.
    #[serde(flatten)]
    pub mesh: Mesh,
    /// What the caller may do now in the mesh as a whole, as `permission.check` answers for it. What
    /// reaches only some rooms or things is among it; each of those decides once more.
    pub permissions: Vec<Permission>,
}

impl Answer for MeshDetail {
    fn revision(&self) -> Option<i64> {
        self.mesh.revision()
    }

    /// Rights change without the mesh.
    fn is_all_versioned(&self) -> bool {
        false
    }
}

impl Op for GetMesh {
    const SPEC: OpSpec = op("mesh.get", Effect::Read)
        .needs(Permission::MeshRead)
        .about("Reads a mesh, with the caller's role and permissions.")
        .http(Method::Get, "/meshes/{mesh_id}", 200)
        .socket()
        .wasm("meshes", "get")
        .mcp()
        .cli();
    type In = GetMeshIn;
    type Out = MeshDetail;
    type On = MeshId;

    fn on(input: &GetMeshIn) -> MeshId {
        input.mesh_id
    }

    async fn prepare(host: &Host, caller: &Caller, input: &mut GetMeshIn) -> Result<()> {
        let (now, target) = (host.clock.now(), Target::Mesh(input.mesh_id));
        let facts = host.authority.facts(&host.store, now, caller, target).await?;
        input.permissions = permitted(caller, &facts);
        Ok(())
    }

    async fn run(cx: &mut Cx<'_>, mesh: Grant<MeshId>, input: GetMeshIn) -> Result<MeshDetail> {
        let viewer = viewer(cx);
        let mesh = meshes::get(cx.tx(), *mesh, &viewer).await?;
        Ok(MeshDetail {
            mesh: mesh.ok_or_else(Error::not_found)?,
            permissions: input.permissions,
        })
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
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
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
