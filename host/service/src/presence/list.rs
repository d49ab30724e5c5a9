use crate::{Answer, Cx, Effect, Error, Method, Op, OpSpec, Result, op};
use mesh_authz::{Grant, Permission, Value, value};
use mesh_store::{facts, members};
use mesh_types::{MemberId, MeshId, RoomId, Shown};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most members in an answer.
const MOST: usize = 1_000;

/// `presence.list`
pub struct ListPresence;

/// Whose presence.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPresenceIn {
    /// The mesh.
    pub mesh_id: MeshId,
    /// Only those in this room, which the caller is in as well.
    #[serde(default)]
    pub room_id: Option<RoomId>,
}

/// Whoever is there. Members who are not listed are offline, or do not want to be seen.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Presences {
    /// In no particular order; 1,000 at most.
    pub items: Vec<MemberPresence>,
}

/// One member who is there.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct MemberPresence {
    /// The member.
    pub member_id: MemberId,
    /// What it shows.
    pub presence: Shown,
}

impl Answer for Presences {}

impl Op for ListPresence {
    const SPEC: OpSpec = op("presence.list", Effect::Read)
        .needs(Permission::MemberRead)
        .about("Lists who is there; to guests, those they share a room with.")
        .http(Method::Get, "/meshes/{mesh_id}/presence", 200)
        .socket();
    type In = ListPresenceIn;
    type Out = Presences;
    type On = MeshId;

    fn on(input: &ListPresenceIn) -> MeshId {
        input.mesh_id
    }

    async fn run(cx: &mut Cx<'_>, mesh: Grant<MeshId>, input: ListPresenceIn) -> Result<Presences> {
        let me = cx.actor()?;
        if let Some(room) = input.room_id
            && facts::seat(cx.tx(), room, me).await?.is_none()
        {
            return Err(Error::invalid("/room_id", "no room that you are in"));
        }
        let all = mesh
            .place()
            .is_some_and(|place| value(Permission::MemberRead, place.role) == Value::Yes);
        let mut items = Vec::new();
        for (actor, presence) in cx.host().present.showing(*mesh).into_iter().take(MOST) {
            let inside = match input.room_id {
                Some(room) => facts::seat(cx.tx(), room, actor).await?.is_some(),
                None => true,
            };
            let seen = inside && (all || actor == me || facts::share_room(cx.tx(), *mesh, me, actor).await?);
            if !seen {
                continue;
            }
            if let Some(member) = members::of_actor(cx.tx(), *mesh, actor).await? {
                items.push(MemberPresence {
                    member_id: member.id,
                    presence,
                });
            }
        }
        Ok(Presences { items })
    }
}
