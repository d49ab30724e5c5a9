use crate::{
    Cx, Effect, Error, Method, Op, OpSpec, Result,
    authority::Stale,
    error::Code,
    mesh::settings,
    op,
    room::{member_of_mesh, seat, tell, viewer},
    text::{check_slug, clean_name, clean_text, slug_from},
};
use mesh_authz::{Grant, Permission, Reason};
use mesh_store::{
    log::Stream,
    rooms::{self, About, New},
};
use mesh_types::{ActorId, JoinRule, MemberId, MeshId, RoomId, RoomKind, RoomRole, view::Room};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Most people that a new room starts with.
const FIRST_PEOPLE: usize = 100;

/// `room.create`
pub struct CreateRoom;

/// A room to make.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateRoomIn {
    /// The mesh.
    pub mesh_id: MeshId,
    /// 1 to 80 characters.
    pub name: String,
    /// Unique in the mesh; made from the name when absent.
    #[serde(default)]
    pub slug: Option<String>,
    /// What it is for; at most 500 characters.
    #[serde(default)]
    pub purpose: String,
    /// `chat` when absent.
    #[serde(default)]
    pub kind: Option<RoomKind>,
    /// `public` when absent; `request` and `private` too.
    #[serde(default)]
    pub join_rule: Option<JoinRule>,
    /// Who is in it from the start, besides the caller; at most 100.
    #[serde(default)]
    pub member_ids: Vec<MemberId>,
}

impl Op for CreateRoom {
    const SPEC: OpSpec = op("room.create", Effect::Write)
        .needs(Permission::RoomCreate)
        .about("Makes a room; the caller becomes its owner.")
        .http(Method::Post, "/meshes/{mesh_id}/rooms", 201)
        .socket()
        .wasm("rooms", "create")
        .mcp()
        .cli();
    type In = CreateRoomIn;
    type Out = Room;
    type On = MeshId;

    fn on(input: &CreateRoomIn) -> MeshId {
        input.mesh_id
    }

    async fn run(cx: &mut Cx<'_>, mesh: Grant<MeshId>, input: CreateRoomIn) -> Result<Room> {
        let place = mesh.place().ok_or_else(Error::not_found)?;
        if place.role > settings(cx, *mesh).await?.room_creators {
            return Err(Error::forbidden(
                Reason::Policy,
                "In this mesh your role makes no rooms.",
            ));
        }
        let name = clean_name("/name", &input.name, 80)?;
        let purpose = clean_text("/purpose", &input.purpose, 500)?;
        let slug = input.slug.unwrap_or_else(|| slug_from(&name, "room"));
        check_slug("/slug", &slug)?;
        let (kind, join_rule) = (
            input.kind.unwrap_or(RoomKind::Chat),
            input.join_rule.unwrap_or(JoinRule::Public),
        );
        if kind == RoomKind::Direct || matches!(join_rule, JoinRule::Direct | JoinRule::Team) {
            return Err(Error::invalid("/join_rule", "is `public`, `request` or `private` here"));
        }
        if input.member_ids.len() > FIRST_PEOPLE {
            return Err(Error::invalid(
                "/member_ids",
                format!("has at most {FIRST_PEOPLE} members"),
            ));
        }
        if rooms::slug_taken(cx.tx(), *mesh, &slug).await? {
            return Err(Error::new(
                Code::AlreadyExists,
                format!("A room called `{slug}` is there already."),
            ));
        }
        let (by, at, id) = (cx.actor()?, cx.now(), cx.id(RoomId::new));
        let member = place.member;
        let new = New {
            id,
            name: &name,
            slug: &slug,
            purpose: &purpose,
            kind,
            join_rule,
            by,
            at,
        };
        rooms::insert(cx.tx(), &mesh, &new).await?;
        seat(cx, &mesh, id, (by, member), RoomRole::Owner).await?;
        for member in input.member_ids {
            let member = member_of_mesh(cx, &mesh, member).await?;
            if let ActorId::Person(_) = member.actor.id {
                seat(cx, &mesh, id, (member.actor.id, member.id), RoomRole::Participant).await?;
            } else {
                return Err(Error::invalid(
                    "/member_ids",
                    "names a bot; add bots with `room_bot.add`",
                ));
            }
        }
        let viewer = viewer(cx);
        let room = rooms::get(cx.tx(), id, &viewer)
            .await?
            .ok_or_else(|| Error::internal("a new room is not there"))?;
        if join_rule == JoinRule::Public {
            cx.emit(Stream::Mesh(*mesh), "room.created", id, &public_view(&room))
                .await?;
        }
        cx.changed(Stale::Room(id));
        Ok(room)
    }
}

/// A room without what only the caller should know of itself.
fn public_view(room: &Room) -> Room {
    Room {
        my_role: None,
        read_seq: 0,
        ..room.clone()
    }
}

/// `room.update`
pub struct UpdateRoom;

/// What to change; absent fields stay.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateRoomIn {
    /// The room.
    pub room_id: RoomId,
    /// 1 to 80 characters.
    #[serde(default)]
    pub name: Option<String>,
    /// Unique in the mesh.
    #[serde(default)]
    pub slug: Option<String>,
    /// At most 500 characters.
    #[serde(default)]
    pub purpose: Option<String>,
}

impl Op for UpdateRoom {
    const SPEC: OpSpec = op("room.update", Effect::Write)
        .needs(Permission::RoomManage)
        .about("Changes a room's name, slug or purpose.")
        .http(Method::Patch, "/rooms/{room_id}", 200)
        .socket()
        .cli();
    type In = UpdateRoomIn;
    type Out = Room;
    type On = RoomId;

    fn on(input: &UpdateRoomIn) -> RoomId {
        input.room_id
    }

    async fn run(cx: &mut Cx<'_>, grant: Grant<RoomId>, input: UpdateRoomIn) -> Result<Room> {
        let viewer = viewer(cx);
        let room = rooms::get(cx.tx(), *grant, &viewer)
            .await?
            .ok_or_else(Error::not_found)?;
        cx.check_match(room.revision)?;
        let name = input
            .name
            .map_or(Ok(room.name.clone()), |name| clean_name("/name", &name, 80))?;
        let purpose = input
            .purpose
            .map_or(Ok(room.purpose.clone()), |text| clean_text("/purpose", &text, 500))?;
        let slug = input.slug.unwrap_or_else(|| room.slug.clone());
        check_slug("/slug", &slug)?;
        if slug != room.slug && rooms::slug_taken(cx.tx(), room.mesh_id, &slug).await? {
            return Err(Error::new(
                Code::AlreadyExists,
                format!("A room called `{slug}` is there already."),
            ));
        }
        if slug != room.slug {
            rooms::keep_slug(cx.tx(), &grant).await?;
        }
        let about = About {
            name: &name,
            slug: &slug,
            purpose: &purpose,
        };
        rooms::update(cx.tx(), &grant, &about, room.revision).await?;
        let changed = json!({ "room_id": room.id, "name": name, "slug": slug, "purpose": purpose });
        tell(cx, &room, "room.changed", &changed).await?;
        rooms::get(cx.tx(), *grant, &viewer).await?.ok_or_else(Error::not_found)
    }
}
