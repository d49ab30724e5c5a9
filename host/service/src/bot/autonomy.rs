use super::{BotIn, shown, stored};
use crate::{Answer, Cx, Effect, Error, Method, Op, OpSpec, Result, authority::Stale, call::caps::last_hour, op};
use mesh_authz::{Grant, Permission};
use mesh_store::{bots, facts, log::Stream};
use mesh_types::{
    AutonomyLevel, BotId,
    bot::{AutonomyCaps, Bot, BotAutonomy},
    limits,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `autonomy.set`
pub struct SetAutonomy;

/// How far a bot may act by itself.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetAutonomyIn {
    /// The bot.
    pub bot_id: BotId,
    /// The level.
    pub level: AutonomyLevel,
    /// What bounds it with `act_limited`; as before when absent.
    #[serde(default)]
    pub caps: Option<AutonomyCaps>,
}

impl Op for SetAutonomy {
    const SPEC: OpSpec = op("autonomy.set", Effect::Write)
        .needs(Permission::TrustManage)
        .about("Says how far a bot may act by itself: observe, suggest, act_limited or act.")
        .http(Method::Put, "/bots/{bot_id}/autonomy", 200)
        .cli();
    type In = SetAutonomyIn;
    type Out = Bot;
    type On = BotId;

    fn on(input: &SetAutonomyIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<BotId>, input: SetAutonomyIn) -> Result<Bot> {
        let caps = match &input.caps {
            Some(caps) => {
                check(caps)?;
                Some(serde_json::to_string(caps).map_err(Error::internal)?)
            }
            None => None,
        };
        bots::set_autonomy(cx.tx(), &on, input.level, caps.as_deref()).await?;
        let data = serde_json::json!({ "bot_id": *on, "autonomy": input.level, "caps": input.caps });
        cx.emit(Stream::Actor((*on).into()), "bot.grants_changed", *on, &data)
            .await?;
        cx.changed(Stale::Bot(*on));
        let stored = stored(cx, *on).await?;
        shown(cx, stored).await
    }
}

fn check(caps: &AutonomyCaps) -> Result<()> {
    for (cap, at) in [
        (caps.messages_per_hour, "/caps/messages_per_hour"),
        (caps.writes_per_hour, "/caps/writes_per_hour"),
        (caps.requests_per_hour, "/caps/requests_per_hour"),
    ] {
        if cap > limits::CAP {
            return Err(Error::invalid(at, "is at most 100,000"));
        }
    }
    if caps
        .room_ids
        .as_ref()
        .is_some_and(|rooms| rooms.len() > limits::SUBSCRIPTION)
    {
        return Err(Error::invalid("/caps/room_ids", "are at most 1,000"));
    }
    Ok(())
}

/// `autonomy.get`
pub struct GetAutonomy;

impl Answer for BotAutonomy {}

impl Op for GetAutonomy {
    const SPEC: OpSpec = op("autonomy.get", Effect::Read)
        .needs(Permission::BotOperate)
        .about("Reads how far a bot may act by itself, and how much of its caps it has used in the last hour.")
        .http(Method::Get, "/bots/{bot_id}/autonomy", 200)
        .cli();
    type In = BotIn;
    type Out = BotAutonomy;
    type On = BotId;

    fn on(input: &BotIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<BotId>, _: BotIn) -> Result<BotAutonomy> {
        let (level, caps) = facts::autonomy(cx.tx(), *on).await?.ok_or_else(Error::not_found)?;
        Ok(BotAutonomy {
            bot_id: *on,
            level,
            caps: serde_json::from_str(&caps).map_err(Error::internal)?,
            used: last_hour(cx, *on).await?,
        })
    }
}
