use super::{BotIn, stored, version_of};
use crate::{
    Cx, Effect, Error, Method, Op, OpSpec, Result, authority::Stale, error::FieldError, manifest::Manifest, op,
};
use mesh_authz::{Grant, Permission};
use mesh_store::bots;
use mesh_types::{
    BotId,
    bot::{BotLimitSettings, BotLimitsView, BotUse},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an admin set of a bot's limits, from its stored form.
pub(crate) fn settings(json: &str) -> Result<BotLimitSettings> {
    serde_json::from_str(json).map_err(Error::internal)
}

async fn view(cx: &mut Cx<'_>, bot: BotId) -> Result<BotLimitsView> {
    let row = bots::limits(cx.tx(), bot).await?.ok_or_else(Error::not_found)?;
    let asked = match stored(cx, bot).await?.bot.active_version {
        Some(version) => Manifest::from_json(&version_of(cx, bot, version).await?.manifest)?.limits,
        None => serde_json::Map::new(),
    };
    let set = settings(&row.set)?;
    let used = BotUse { kv_bytes: row.kv_bytes };
    Ok(BotLimitsView {
        limits: set.effective(),
        set,
        asked,
        used,
        revision: row.revision,
    })
}

/// `bot_limit.get`
pub struct GetBotLimits;

impl Op for GetBotLimits {
    const SPEC: OpSpec = op("bot_limit.get", Effect::Read)
        .needs(Permission::BotOperate)
        .about("Reads a bot's limits and what it uses of them.")
        .http(Method::Get, "/bots/{bot_id}/limits", 200)
        .wasm("bots", "bot-limit-get")
        .cli();
    type In = BotIn;
    type Out = BotLimitsView;
    type On = BotId;

    fn on(input: &BotIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<BotId>, _: BotIn) -> Result<BotLimitsView> {
        view(cx, *on).await
    }
}

/// `bot_limit.put`
pub struct PutBotLimits;

/// The whole set of limits that differ from the defaults.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PutBotLimitsIn {
    /// The bot.
    pub bot_id: BotId,
    /// What is absent gets its default.
    pub limits: BotLimitSettings,
}

impl Op for PutBotLimits {
    const SPEC: OpSpec = op("bot_limit.put", Effect::Write)
        .needs(Permission::BotGrant)
        .about("Sets a bot's limits; those left out get their defaults.")
        .http(Method::Put, "/bots/{bot_id}/limits", 200)
        .cli();
    type In = PutBotLimitsIn;
    type Out = BotLimitsView;
    type On = BotId;

    fn on(input: &PutBotLimitsIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<BotId>, input: PutBotLimitsIn) -> Result<BotLimitsView> {
        let wrong = input.limits.out_of_bounds();
        if let Some((first, ..)) = wrong.first() {
            let mut error = Error::invalid(&format!("/limits/{first}"), "is out of bounds");
            let field = |(name, least, most): &(&str, u64, u64)| FieldError {
                pointer: format!("/limits/{name}"),
                code: "invalid",
                detail: format!("must be {least} to {most}"),
            };
            error.fields = wrong.iter().map(field).collect();
            return Err(error);
        }
        let row = bots::limits(cx.tx(), *on).await?.ok_or_else(Error::not_found)?;
        cx.check_match(row.revision)?;
        let json = serde_json::to_string(&input.limits).map_err(Error::internal)?;
        bots::put_limits(cx.tx(), &on, &json).await?;
        cx.note(*on, &input.limits)?;
        cx.changed(Stale::Bot(*on));
        view(cx, *on).await
    }
}
