use super::BotIn;
use crate::{
    Cx, Effect, Error, Host, Method, Op, OpSpec, Result, error::Code, error::FieldError, manifest::Manifest, op,
};
use mesh_authz::{Caller, Grant, Permission};
use mesh_store::{bot_versions, bots, log::Stream};
use mesh_types::{BotId, bot::BotConfig, limits};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `bot_config.get`
pub struct GetBotConfig;

impl Op for GetBotConfig {
    const SPEC: OpSpec = op("bot_config.get", Effect::Read)
        .needs(Permission::BotOperate)
        .about("Reads a bot's settings; secrets are never in them.")
        .http(Method::Get, "/bots/{bot_id}/config", 200)
        .wasm("config", "get")
        .cli();
    type In = BotIn;
    type Out = BotConfig;
    type On = BotId;

    fn on(input: &BotIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<BotId>, _: BotIn) -> Result<BotConfig> {
        let (json, revision) = bots::config(cx.tx(), *on).await?.ok_or_else(Error::not_found)?;
        Ok(BotConfig {
            config: serde_json::from_str(&json).map_err(Error::internal)?,
            revision,
        })
    }
}

/// `bot_config.put`
pub struct PutBotConfig;

/// A bot's new settings.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PutBotConfigIn {
    /// The bot.
    pub bot_id: BotId,
    /// The whole document: a JSON object that fits the manifest's schema.
    pub config: Value,
}

impl Op for PutBotConfig {
    const SPEC: OpSpec = op("bot_config.put", Effect::Write)
        .needs(Permission::BotManage)
        .about("Replaces a bot's settings, after a check against its manifest's schema.")
        .http(Method::Put, "/bots/{bot_id}/config", 200)
        .if_match()
        .cli();
    type In = PutBotConfigIn;
    type Out = BotConfig;
    type On = BotId;

    fn on(input: &PutBotConfigIn) -> BotId {
        input.bot_id
    }

    /// A schema is somebody else's program, so it does not run where writes wait.
    async fn prepare(host: &Host, _: &Caller, input: &mut PutBotConfigIn) -> Result<()> {
        if !input.config.is_object() {
            return Err(Error::invalid("/config", "must be a JSON object"));
        }
        let mut view = host.store.view().await?;
        let stored = bots::get(&mut view.tx(), input.bot_id)
            .await?
            .ok_or_else(Error::not_found)?;
        let Some(version) = stored.bot.active_version.or(stored.newest) else {
            return Ok(());
        };
        let version = bot_versions::get(&mut view.tx(), version)
            .await?
            .ok_or_else(Error::not_found)?;
        drop(view);
        match Manifest::from_json(&version.manifest)?.config {
            Some(schema) => check(&schema, &input.config),
            None => Ok(()),
        }
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<BotId>, input: PutBotConfigIn) -> Result<BotConfig> {
        let json = serde_json::to_string(&input.config).map_err(Error::internal)?;
        if json.len() > limits::BOT_CONFIG {
            let most = limits::BOT_CONFIG;
            return Err(Error::new(
                Code::TooLarge,
                format!("A bot's settings have at most {most} bytes as JSON."),
            ));
        }
        let (_, revision) = bots::config(cx.tx(), *on).await?.ok_or_else(Error::not_found)?;
        cx.check_match(revision)?;
        let revision = bots::put_config(cx.tx(), &on, &json).await?;
        let data = serde_json::json!({ "bot_id": *on, "revision": revision });
        cx.emit(Stream::Actor((*on).into()), "bot.config_changed", *on, &data)
            .await?;
        Ok(BotConfig {
            config: input.config,
            revision,
        })
    }
}

/// Names every place where the settings do not fit; not their values, which the log must not hold.
fn check(schema: &Value, config: &Value) -> Result<()> {
    let validator = jsonschema::validator_for(schema).map_err(Error::internal)?;
    let wrong = |error: jsonschema::ValidationError<'_>| FieldError {
        pointer: format!("/config{}", error.instance_path()),
        code: "invalid",
        detail: error.masked().to_string(),
    };
    let fields: Vec<_> = validator.iter_errors(config).take(20).map(wrong).collect();
    let Some(first) = fields.first() else { return Ok(()) };
    let mut error = Error::invalid(&first.pointer, &first.detail);
    error.fields = fields;
    Err(error)
}
