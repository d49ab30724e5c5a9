use super::settings;
use crate::{
    Cx, Effect, Error, Method, Op, OpSpec, Result,
    authority::{Stale, session_person},
    error::Code,
    op,
    patch::{note, present},
    resource::Myself,
    room::viewer,
    text::{check_slug, clean_name, clean_text, slug_from},
};
use mesh_authz::{Grant, Permission};
use mesh_store::{
    log::Stream,
    members::{self, handle_from},
    meshes::{self, About},
    people,
};
use mesh_types::{MemberId, MeshId, Role, view::Mesh};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

/// `mesh.create`
pub struct CreateMesh;

/// A mesh to make.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateMeshIn {
    /// 1 to 80 characters.
    pub name: String,
    /// Unique on the server; made from the name when absent.
    #[serde(default)]
    pub slug: Option<String>,
    /// What it is for; at most 500 characters.
    #[serde(default)]
    pub description: String,
}

fn taken(slug: &str) -> Error {
    Error::new(Code::AlreadyExists, format!("A mesh called `{slug}` is there already."))
}

impl Op for CreateMesh {
    const SPEC: OpSpec = op("mesh.create", Effect::Write)
        .myself()
        .about("Makes a mesh; the caller becomes its Creator.")
        .http(Method::Post, "/meshes", 201)
        .cli();
    type In = CreateMeshIn;
    type Out = Mesh;
    type On = Myself;

    fn on(_: &CreateMeshIn) -> Myself {
        Myself
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<Myself>, input: CreateMeshIn) -> Result<Mesh> {
        let creator = session_person(&cx.envelope().caller)?;
        let name = clean_name("/name", &input.name, 80)?;
        let description = clean_text("/description", &input.description, 500)?;
        let slug = input.slug.unwrap_or_else(|| slug_from(&name, "mesh"));
        check_slug("/slug", &slug)?;
        let (id, member, at) = (cx.id(MeshId::new), cx.id(MemberId::new), cx.now());
        let about = About {
            name: &name,
            slug: &slug,
            description: &description,
            listed: false,
        };
        if !meshes::insert(cx.tx(), &on, id, (&about, &settings::first()?), (creator.into(), at)).await? {
            return Err(taken(&slug));
        }
        cx.file_under(id);
        let display_name = people::name(cx.tx(), creator).await?.unwrap_or_default();
        let handle = handle_from(&display_name);
        let new = members::New {
            id: member,
            mesh: id,
            actor: creator.into(),
            handle: &handle,
            display_name: &display_name,
            role: Role::Creator,
            at,
        };
        members::insert(cx.tx(), &on, &new).await?;
        let joined = members::get(cx.tx(), member).await?;
        cx.emit(Stream::Mesh(id), "member.joined", member, &joined).await?;
        cx.changed(Stale::Place(id, creator.into()));
        let viewer = viewer(cx);
        meshes::get(cx.tx(), id, &viewer)
            .await?
            .ok_or_else(|| Error::internal("a new mesh is not there"))
    }
}

/// `mesh.update`
pub struct UpdateMesh;

/// What to change; absent fields stay.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateMeshIn {
    /// The mesh.
    pub mesh_id: MeshId,
    /// 1 to 80 characters.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Unique on the server.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// At most 500 characters; `null` empties it.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub description: Option<Option<String>>,
    /// Shown in the server's directory.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub listed: Option<bool>,
}

impl Op for UpdateMesh {
    const SPEC: OpSpec = op("mesh.update", Effect::Write)
        .needs(Permission::MeshManage)
        .about("Changes a mesh's name, slug or description.")
        .http(Method::Patch, "/meshes/{mesh_id}", 200)
        .cli();
    type In = UpdateMeshIn;
    type Out = Mesh;
    type On = MeshId;

    fn on(input: &UpdateMeshIn) -> MeshId {
        input.mesh_id
    }

    async fn run(cx: &mut Cx<'_>, grant: Grant<MeshId>, input: UpdateMeshIn) -> Result<Mesh> {
        let viewer = viewer(cx);
        let mut mesh = meshes::get(cx.tx(), *grant, &viewer)
            .await?
            .ok_or_else(Error::not_found)?;
        cx.check_match(mesh.revision)?;
        let mut changed = Map::new();
        if let Some(name) = input.name {
            let name = clean_name("/name", &name, 80)?;
            note(&mut changed, "name", &mut mesh.name, Some(name));
        }
        if let Some(description) = input.description {
            let description = clean_text("/description", &description.unwrap_or_default(), 500)?;
            note(&mut changed, "description", &mut mesh.description, Some(description));
        }
        if let Some(slug) = input.slug {
            check_slug("/slug", &slug)?;
            if slug != mesh.slug && meshes::slug_taken(cx.tx(), &slug).await? {
                return Err(taken(&slug));
            }
            note(&mut changed, "slug", &mut mesh.slug, Some(slug));
        }
        note(&mut changed, "listed", &mut mesh.listed, input.listed);
        if changed.is_empty() {
            return Ok(mesh);
        }
        let about = About {
            name: &mesh.name,
            slug: &mesh.slug,
            description: &mesh.description,
            listed: mesh.listed,
        };
        meshes::update(cx.tx(), &grant, &about, mesh.revision).await?;
        changed.insert("mesh_id".into(), json!(mesh.id));
        cx.emit(Stream::Mesh(mesh.id), "mesh.changed", mesh.id, &changed)
            .await?;
        for guest in members::guests(cx.tx(), mesh.id).await? {
            cx.emit(Stream::Actor(guest), "mesh.changed", mesh.id, &changed).await?;
        }
        meshes::get(cx.tx(), *grant, &viewer)
            .await?
            .ok_or_else(Error::not_found)
    }
}
