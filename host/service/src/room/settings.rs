use crate::{
    Cx, Effect, Error, Method, Op, OpSpec, Result,
    authority::Stale,
    op,
    patch::{note, present},
    room::{RoomIn, tell, viewer},
};
use mesh_authz::{Grant, Permission};
use mesh_store::rooms;
use mesh_types::{Posters, RoomId, view::RoomSettings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

/// Longest wait between two messages of one author, in seconds.
const SLOWEST: i64 = 6 * 3600;

/// `room_settings.get`
pub struct GetRoomSettings;

impl Op for GetRoomSettings {
    const SPEC: OpSpec = op("room_settings.get", Effect::Read)
        .needs(Permission::RoomRead)
        .about("Reads a room's rules.")
        .http(Method::Get, "/rooms/{room_id}/settings", 200)
        .socket()
        .cli();
    type In = RoomIn;
    type Out = RoomSettings;
    type On = RoomId;

    fn on(input: &RoomIn) -> RoomId {
        input.room_id
    }

    async fn run(cx: &mut Cx<'_>, room: Grant<RoomId>, _: RoomIn) -> Result<RoomSettings> {
        rooms::settings(cx.tx(), *room).await?.ok_or_else(Error::not_found)
    }
}

/// `room_settings.update`
pub struct UpdateRoomSettings;

/// What to change; absent fields stay.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateRoomSettingsIn {
    /// The room.
    pub room_id: RoomId,
    /// Who may post.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub who_may_post: Option<Posters>,
    /// Seconds between two messages of one author: 0 for none, six hours at most.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub slow_mode_s: Option<i64>,
    /// Whether only those who lead may post outside threads.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub threads_only: Option<bool>,
    /// Whether those who only read may react.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub readers_may_react: Option<bool>,
}

impl Op for UpdateRoomSettings {
    const SPEC: OpSpec = op("room_settings.update", Effect::Write)
        .needs(Permission::RoomManage)
        .about("Changes a room's rules: who may post, how often, and where.")
        .http(Method::Patch, "/rooms/{room_id}/settings", 200)
        .if_match()
        .socket()
        .cli();
    type In = UpdateRoomSettingsIn;
    type Out = RoomSettings;
    type On = RoomId;

    fn on(input: &UpdateRoomSettingsIn) -> RoomId {
        input.room_id
    }

    async fn run(cx: &mut Cx<'_>, room: Grant<RoomId>, input: UpdateRoomSettingsIn) -> Result<RoomSettings> {
        let mut rules = rooms::settings(cx.tx(), *room).await?.ok_or_else(Error::not_found)?;
        cx.check_match(rules.revision)?;
        if input.slow_mode_s.is_some_and(|wait| !(0..=SLOWEST).contains(&wait)) {
            return Err(Error::invalid("/slow_mode_s", format!("is 0 to {SLOWEST}")));
        }
        let mut changed = Map::new();
        note(
            &mut changed,
            "who_may_post",
            &mut rules.who_may_post,
            input.who_may_post,
        );
        note(&mut changed, "slow_mode_s", &mut rules.slow_mode_s, input.slow_mode_s);
        note(
            &mut changed,
            "threads_only",
            &mut rules.threads_only,
            input.threads_only,
        );
        note(
            &mut changed,
            "readers_may_react",
            &mut rules.readers_may_react,
            input.readers_may_react,
        );
        if changed.is_empty() {
            return Ok(rules);
        }
        rooms::set(cx.tx(), &room, &rules).await?;
        changed.insert("room_id".into(), json!(*room));
        let viewer = viewer(cx);
        let now = rooms::get(cx.tx(), *room, &viewer)
            .await?
            .ok_or_else(Error::not_found)?;
        tell(cx, &now, "room.changed", &changed.into()).await?;
        cx.changed(Stale::Room(*room));
        rooms::settings(cx.tx(), *room).await?.ok_or_else(Error::not_found)
    }
}
