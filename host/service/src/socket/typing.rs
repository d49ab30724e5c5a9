use crate::{Cx, Effect, Error, Method, Nothing, Op, OpSpec, Result, op};
use mesh_authz::{Grant, Permission};
use mesh_store::{log::Stream, members};
use mesh_types::{RoomId, ThreadId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// `typing.set`
pub struct SetTyping;

/// Where the caller types.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetTypingIn {
    /// The room.
    pub room_id: RoomId,
    /// The thread, when it is in one.
    #[serde(default)]
    pub thread_id: Option<ThreadId>,
}

impl Op for SetTyping {
    const SPEC: OpSpec = op("typing.set", Effect::Pass)
        .needs(Permission::MessagePost)
        .about("Shows the others in the room for six seconds that the caller types; say it again while it does.")
        .http(Method::Post, "/rooms/{room_id}/typing", 204)
        .socket();
    type In = SetTypingIn;
    type Out = Nothing;
    type On = RoomId;

    fn on(input: &SetTypingIn) -> RoomId {
        input.room_id
    }

    async fn run(cx: &mut Cx<'_>, room: Grant<RoomId>, input: SetTypingIn) -> Result<Nothing> {
        let (actor, mesh) = (cx.actor()?, room.mesh().ok_or_else(Error::not_found)?);
        let member = members::of_actor(cx.tx(), mesh, actor)
            .await?
            .ok_or_else(Error::not_found)?;
        let data = json!({ "room_id": *room, "member_id": member.id, "thread_id": input.thread_id });
        cx.pass(Stream::Room(*room), "typing.started", Some(member.actor), data);
        Ok(Nothing {})
    }
}
