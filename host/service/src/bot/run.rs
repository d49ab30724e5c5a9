use super::{BotIn, shown, stored, tell};
use crate::{Cx, Effect, Error, Method, Op, OpSpec, Result, authority::Stale, op};
use mesh_authz::{Grant, Permission, Reason};
use mesh_store::bots;
use mesh_types::{
    ActorId, BotBackend, BotId,
    bot::{Bot, BotStatus},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `bot.start`
pub struct StartBot;

impl Op for StartBot {
    const SPEC: OpSpec = op("bot.start", Effect::Write)
        .needs(Permission::BotOperate)
        .about("Lets a bot run. Running already is fine.")
        .http(Method::Post, "/bots/{bot_id}/start", 200)
        .socket()
        .cli();
    type In = BotIn;
    type Out = BotStatus;
    type On = BotId;

    fn on(input: &BotIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<BotId>, _: BotIn) -> Result<BotStatus> {
        runnable(cx, &on).await?;
        if bots::want(cx.tx(), &on, "running").await? {
            let now = stored(cx, *on).await?.bot;
            tell(
                cx,
                &Bot {
                    state: "starting".into(),
                    ..now
                },
            )
            .await?;
            cx.changed(Stale::Bot(*on));
        }
        status(cx, *on).await
    }
}

/// A bot that a person may let run.
async fn runnable(cx: &mut Cx<'_>, on: &Grant<BotId>) -> Result<Bot> {
    // Whoever stopped a bot meant it; the bot itself cannot undo that.
    if let Some(ActorId::Bot(_)) = on.actor() {
        return Err(Error::forbidden(Reason::HumanOnly, "A person starts bots."));
    }
    let before = stored(cx, **on).await?;
    if before.bot.runtime == BotBackend::Wasm && before.bot.active_version.is_none() {
        let state = shown(cx, before).await?.state;
        return Err(Error::wrong_state(
            state,
            "This bot has no active version. Upload one and activate it first.",
        ));
    }
    Ok(before.bot)
}

/// `bot.restart`
pub struct RestartBot;

impl Op for RestartBot {
    const SPEC: OpSpec = op("bot.restart", Effect::Write)
        .needs(Permission::BotOperate)
        .about("Ends a bot's instance, forgives its crashes, and lets it run.")
        .http(Method::Post, "/bots/{bot_id}/restart", 200)
        .socket()
        .cli();
    type In = BotIn;
    type Out = BotStatus;
    type On = BotId;

    fn on(input: &BotIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<BotId>, _: BotIn) -> Result<BotStatus> {
        let before = runnable(cx, &on).await?;
        bots::want(cx.tx(), &on, "running").await?;
        let starting = Bot {
            state: "starting".into(),
            ..before
        };
        tell(cx, &starting).await?;
        cx.changed(Stale::Bot(*on));
        status(cx, *on).await
    }
}

/// `bot.stop`
pub struct StopBot;

/// Which bot, and how.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StopBotIn {
    /// The bot.
    pub bot_id: BotId,
    /// Without letting it finish the event it handles.
    #[serde(default)]
    pub now: bool,
}

impl Op for StopBot {
    const SPEC: OpSpec = op("bot.stop", Effect::Write)
        .needs(Permission::BotOperate)
        .about("Stops a bot; events wait for it. Being stopped already is fine.")
        .http(Method::Post, "/bots/{bot_id}/stop", 200)
        .socket()
        .cli();
    type In = StopBotIn;
    type Out = BotStatus;
    type On = BotId;

    fn on(input: &StopBotIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<BotId>, input: StopBotIn) -> Result<BotStatus> {
        if bots::want(cx.tx(), &on, "stopped").await? {
            let bot = stored(cx, *on).await?.bot;
            let data = serde_json::json!({
                "bot_id": bot.id, "name": bot.name, "state": "stopped", "version": bot.active_version, "now": input.now,
            });
            cx.emit(mesh_store::log::Stream::Mesh(bot.mesh_id), "bot.changed", bot.id, &data)
                .await?;
            cx.changed(Stale::Bot(*on));
        }
        status(cx, *on).await
    }
}

/// `bot.status`
pub struct GetBotStatus;

impl Op for GetBotStatus {
    const SPEC: OpSpec = op("bot.status", Effect::Read)
        .needs(Permission::BotOperate)
        .about("Says how a bot is: its state, its instance, its last error and how far behind it is.")
        .http(Method::Get, "/bots/{bot_id}/status", 200)
        .socket()
        .wasm("bots", "status")
        .mcp()
        .cli();
    type In = BotIn;
    type Out = BotStatus;
    type On = BotId;

    fn on(input: &BotIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<BotId>, _: BotIn) -> Result<BotStatus> {
        status(cx, *on).await
    }
}

async fn status(cx: &mut Cx<'_>, id: BotId) -> Result<BotStatus> {
    let stored = stored(cx, id).await?;
    let bot = shown(cx, stored).await?;
    let lag = bots::lag(cx.tx(), id).await?;
    let now = cx.host().runtime.get().and_then(|runtime| runtime.status(id));
    let since = now.as_ref().map(|now| now.since);
    let now = now.unwrap_or_default();
    Ok(BotStatus {
        bot_id: id,
        state: bot.state,
        wanted: bot.wanted,
        active_version: bot.active_version,
        instance: now.instance,
        last_error: now.last_error,
        restarts: now.restarts,
        since,
        lag,
    })
}
