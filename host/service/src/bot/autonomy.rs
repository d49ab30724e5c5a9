use super::{shown, stored};
use crate::{Cx, Effect, Method, Op, OpSpec, Result, authority::Stale, op};
use mesh_authz::{Grant, Permission};
use mesh_store::{bots, log::Stream};
use mesh_types::{AutonomyLevel, BotId, bot::Bot};
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
        bots::set_autonomy(cx.tx(), &on, input.level).await?;
        let data = serde_json::json!({ "bot_id": *on, "autonomy": input.level });
        cx.emit(Stream::Actor((*on).into()), "bot.grants_changed", *on, &data)
            .await?;
        cx.changed(Stale::Bot(*on));
        let stored = stored(cx, *on).await?;
        shown(cx, stored).await
    }
}
