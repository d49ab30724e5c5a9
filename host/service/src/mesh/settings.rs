use super::MeshIn;
use crate::{
    Answer, Cx, Effect, Error, Method, Op, OpSpec, Result, op,
    patch::{note, present},
    text::clean_name,
};
use mesh_authz::{Grant, Permission};
use mesh_store::{facts, log::Stream, members, meshes};
use mesh_types::{JoinRule, MeshId, Role, RoomId, view::MeshSettings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

/// Most default rooms, and most profile fields.
const MOST: usize = 20;

/// What is stored: everything but what the mesh's row says itself.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Stored {
    room_creators: Role,
    default_room_ids: Vec<RoomId>,
    locale: String,
    profile_fields: Vec<String>,
}

impl Default for Stored {
    fn default() -> Self {
        Self {
            room_creators: Role::Member,
            default_room_ids: Vec::new(),
            locale: "en".into(),
            profile_fields: Vec::new(),
        }
    }
}

impl Answer for MeshSettings {
    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }
}

/// What a new mesh starts with, as it is stored.
pub(super) fn first() -> Result<String> {
    serde_json::to_string(&Stored::default()).map_err(Error::internal)
}

/// The settings of a mesh that is not deleted.
pub(crate) async fn settings(cx: &mut Cx<'_>, mesh: MeshId) -> Result<MeshSettings> {
    let (json, revision) = meshes::settings(cx.tx(), mesh).await?.ok_or_else(Error::not_found)?;
    let stored: Stored = serde_json::from_str(&json).map_err(Error::internal)?;
    Ok(MeshSettings {
        mesh_id: mesh,
        room_creators: stored.room_creators,
        default_room_ids: stored.default_room_ids,
        locale: stored.locale,
        profile_fields: stored.profile_fields,
        revision,
    })
}

/// `mesh_settings.get`
pub struct GetMeshSettings;

impl Op for GetMeshSettings {
    const SPEC: OpSpec = op("mesh_settings.get", Effect::Read)
        .needs(Permission::MeshManage)
        .about("Reads a mesh's settings.")
        .http(Method::Get, "/meshes/{mesh_id}/settings", 200)
        .cli();
    type In = MeshIn;
    type Out = MeshSettings;
    type On = MeshId;

    fn on(input: &MeshIn) -> MeshId {
        input.mesh_id
    }

    async fn run(cx: &mut Cx<'_>, mesh: Grant<MeshId>, _: MeshIn) -> Result<MeshSettings> {
        settings(cx, *mesh).await
    }
}

/// `mesh_settings.update`
pub struct UpdateMeshSettings;

/// What to change; absent fields stay.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateMeshSettingsIn {
    /// The mesh.
    pub mesh_id: MeshId,
    /// The lowest role that may make rooms: `admin`, `moderator` or `member`.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub room_creators: Option<Role>,
    /// Public rooms of the mesh into which everybody but a Guest comes when joining; at most 20.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub default_room_ids: Option<Vec<RoomId>>,
    /// A language tag such as `de-CH` (BCP 47).
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// What members may say of themselves: at most 20 names of at most 40 characters. What was said under
    /// a name that goes stays until it is changed.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub profile_fields: Option<Vec<String>>,
}

impl Op for UpdateMeshSettings {
    const SPEC: OpSpec = op("mesh_settings.update", Effect::Write)
        .needs(Permission::MeshManage)
        .about("Changes a mesh's settings: who makes rooms, where newcomers come, what profiles have.")
        .http(Method::Patch, "/meshes/{mesh_id}/settings", 200)
        .if_match()
        .cli();
    type In = UpdateMeshSettingsIn;
    type Out = MeshSettings;
    type On = MeshId;

    fn on(input: &UpdateMeshSettingsIn) -> MeshId {
        input.mesh_id
    }

    async fn run(cx: &mut Cx<'_>, mesh: Grant<MeshId>, input: UpdateMeshSettingsIn) -> Result<MeshSettings> {
        let mut now = settings(cx, *mesh).await?;
        cx.check_match(now.revision)?;
        let input = checked(cx, *mesh, input).await?;
        let mut changed = Map::new();
        note(
            &mut changed,
            "room_creators",
            &mut now.room_creators,
            input.room_creators,
        );
        note(
            &mut changed,
            "default_room_ids",
            &mut now.default_room_ids,
            input.default_room_ids,
        );
        note(&mut changed, "locale", &mut now.locale, input.locale);
        note(
            &mut changed,
            "profile_fields",
            &mut now.profile_fields,
            input.profile_fields,
        );
        if changed.is_empty() {
            return Ok(now);
        }
        let stored = Stored {
            room_creators: now.room_creators,
            default_room_ids: now.default_room_ids,
            locale: now.locale,
            profile_fields: now.profile_fields,
        };
        let stored = serde_json::to_string(&stored).map_err(Error::internal)?;
        meshes::set(cx.tx(), &mesh, &stored, now.revision).await?;
        // The log keeps which settings changed, not what they are.
        let told = json!({ "mesh_id": *mesh, "settings": changed.keys().collect::<Vec<_>>() });
        cx.emit(Stream::Mesh(*mesh), "mesh.changed", *mesh, &told).await?;
        for guest in members::guests(cx.tx(), *mesh).await? {
            cx.emit(Stream::Actor(guest), "mesh.changed", *mesh, &told).await?;
        }
        settings(cx, *mesh).await
    }
}

async fn checked(cx: &mut Cx<'_>, mesh: MeshId, mut input: UpdateMeshSettingsIn) -> Result<UpdateMeshSettingsIn> {
    if let Some(role) = input.room_creators
        && !matches!(role, Role::Admin | Role::Moderator | Role::Member)
    {
        return Err(Error::invalid("/room_creators", "is `admin`, `moderator` or `member`"));
    }
    if let Some(rooms) = &input.default_room_ids {
        if rooms.len() > MOST {
            return Err(Error::invalid(
                "/default_room_ids",
                format!("names at most {MOST} rooms"),
            ));
        }
        for room in rooms {
            let row = facts::room(cx.tx(), *room).await?;
            if !row.is_some_and(|row| row.mesh == mesh && row.join_rule == JoinRule::Public) {
                return Err(Error::invalid("/default_room_ids", "names public rooms of this mesh"));
            }
        }
    }
    if let Some(tag) = &input.locale {
        let parts_fit = tag
            .split('-')
            .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        if !parts_fit || tag.len() > 35 || tag.split('-').next().is_none_or(|part| part.len() < 2) {
            return Err(Error::invalid("/locale", "is a language tag such as `de-CH`"));
        }
    }
    if let Some(names) = &mut input.profile_fields {
        if names.len() > MOST {
            return Err(Error::invalid("/profile_fields", format!("has at most {MOST} names")));
        }
        for at in 0..names.len() {
            names[at] = clean_name("/profile_fields", &names[at], 40)?;
            if names[..at].contains(&names[at]) {
                return Err(Error::invalid("/profile_fields", "has every name once"));
            }
        }
    }
    Ok(input)
}
