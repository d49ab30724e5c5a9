use crate::{
    Cx, Effect, Error, Method, Op, OpSpec, Result,
    authority::Stale,
    op,
    room::{bots::follow, seat, viewer},
};
use mesh_authz::{Grant, Permission, Reason, Value, value};
use mesh_store::{
    facts, members,
    rooms::{self, New},
    seats,
};
use mesh_types::{ActorId, Hears, JoinRule, MemberId, MeshId, Role, RoomId, RoomKind, RoomRole, view::Room};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most people in a direct room besides the caller.
const OTHERS: usize = 8;

/// `direct_room.open`
pub struct OpenDirectRoom;

/// Who talks with the caller.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenDirectRoomIn {
    /// The mesh.
    pub mesh_id: MeshId,
    /// 1 to 8 other members. Whoever posts only in rooms one is in reaches those one shares a room with.
    pub member_ids: Vec<MemberId>,
}

impl Op for OpenDirectRoom {
    const SPEC: OpSpec = op("direct_room.open", Effect::Write)
        .needs(Permission::MessagePost)
        .about("Gives the room in which exactly these members talk; makes it if there is none.")
        .http(Method::Post, "/meshes/{mesh_id}/direct-rooms", 200)
        .socket()
        .mcp()
        .cli();
    type In = OpenDirectRoomIn;
    type Out = Room;
    type On = MeshId;

    fn on(input: &OpenDirectRoomIn) -> MeshId {
        input.mesh_id
    }

    async fn run(cx: &mut Cx<'_>, mesh: Grant<MeshId>, input: OpenDirectRoomIn) -> Result<Room> {
        let people = people(cx, &mesh, input.member_ids).await?;
        let (by, at, id) = (cx.actor()?, cx.now(), cx.id(RoomId::new));
        let key: Vec<_> = people.iter().map(|(actor, _)| actor.to_string()).collect();
        let slug = id.to_string().replace('_', "-");
        let new = New {
            id,
            name: "",
            slug: &slug,
            purpose: "",
            kind: RoomKind::Direct,
            join_rule: JoinRule::Direct,
            by,
            at,
        };
        let room = rooms::open_direct(cx.tx(), &mesh, &new, &key.join(" ")).await?;
        // Whoever had left comes back.
        for (actor, member) in people {
            sit_down(cx, &mesh, room, (actor, member)).await?;
        }
        if room == id {
            cx.changed(Stale::Room(room));
        }
        let viewer = viewer(cx);
        rooms::get(cx.tx(), room, &viewer).await?.ok_or_else(Error::not_found)
    }
}

/// A bot hears everything in a direct room.
async fn sit_down(
    cx: &mut Cx<'_>,
    mesh: &Grant<MeshId>,
    room: RoomId,
    (actor, member): (ActorId, MemberId),
) -> Result<()> {
    let (by, at) = (cx.actor()?, cx.now());
    if let ActorId::Bot(bot) = actor {
        seats::add_bot(cx.tx(), mesh, (room, bot), (Hears::All, true), (by, at)).await?;
    }
    let new = seat(cx, mesh, room, (actor, member), RoomRole::Participant).await?;
    if let (Some(_), ActorId::Bot(bot)) = (new, actor) {
        follow(cx, room, bot, Hears::All).await?;
    }
    Ok(())
}

/// Everybody who will be in the room, the caller too, in the order of their ids.
async fn people(cx: &mut Cx<'_>, mesh: &Grant<MeshId>, others: Vec<MemberId>) -> Result<Vec<(ActorId, MemberId)>> {
    let (me, place) = (cx.actor()?, mesh.place().ok_or_else(Error::not_found)?);
    let mut people = vec![(me, place.member)];
    for (at, other) in others.into_iter().enumerate() {
        if people.iter().any(|(_, known)| *known == other) {
            continue;
        }
        if people.len() > OTHERS {
            return Err(Error::invalid("/member_ids", format!("has at most {OTHERS} others")));
        }
        let unknown = || Error::invalid(&format!("/member_ids/{at}"), "no active member of this mesh");
        let found = members::get(cx.tx(), other).await?;
        let found =
            found.filter(|found| found.mesh_id == **mesh && found.state == "active" && found.role != Role::Pending);
        let actor = found.ok_or_else(unknown)?.actor.id;
        let limited = value(Permission::MessagePost, place.role) == Value::Invited;
        if limited && !facts::share_room(cx.tx(), **mesh, me, actor).await? {
            // A Guest does not even see whom it shares no room with.
            return Err(match place.role {
                Role::Guest => unknown(),
                _ => Error::forbidden(Reason::Ownership, "You share no room with one of them."),
            });
        }
        people.push((actor, other));
    }
    if people.len() < 2 {
        return Err(Error::invalid("/member_ids", "names somebody besides yourself"));
    }
    people.sort_by_key(|(actor, _)| actor.to_string());
    Ok(people)
}
