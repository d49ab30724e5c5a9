use super::{check_keeper, shown, stored, tell};
use crate::{
    Cx, Effect, Method, Op, OpSpec, Result,
    authority::Stale,
    op,
    text::{clean_name, clean_text},
};
use mesh_authz::{Grant, Permission};
use mesh_store::bots;
use mesh_types::{BotId, PersonId, bot::Bot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `bot.update`
pub struct UpdateBot;

/// What to change; absent fields stay.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateBotIn {
    /// The bot.
    pub bot_id: BotId,
    /// 1 to 64 characters.
    #[serde(default)]
    pub name: Option<String>,
    /// At most 500 characters.
    #[serde(default)]
    pub description: Option<String>,
    /// Who answers for it from now on.
    #[serde(default)]
    pub keeper_id: Option<PersonId>,
}

impl Op for UpdateBot {
    const SPEC: OpSpec = op("bot.update", Effect::Write)
        .needs(Permission::BotManage)
        .about("Changes a bot's name, description or keeper.")
        .http(Method::Patch, "/bots/{bot_id}", 200)
        .cli();
    type In = UpdateBotIn;
    type Out = Bot;
    type On = BotId;

    fn on(input: &UpdateBotIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<BotId>, input: UpdateBotIn) -> Result<Bot> {
        let bot = stored(cx, *on).await?.bot;
        cx.check_match(bot.revision)?;
        let name = input.name.map_or(Ok(bot.name), |name| clean_name("/name", &name, 64))?;
        let description = input
            .description
            .map_or(Ok(bot.description), |text| clean_text("/description", &text, 500))?;
        let keeper = input.keeper_id.unwrap_or(bot.keeper_id);
        if keeper != bot.keeper_id {
            check_keeper(cx, bot.mesh_id, keeper).await?;
        }
        bots::update(cx.tx(), &on, &name, &description, keeper).await?;
        let now = stored(cx, *on).await?;
        let now = shown(cx, now).await?;
        tell(cx, &now).await?;
        cx.changed(Stale::Bot(*on));
        Ok(now)
    }
}
