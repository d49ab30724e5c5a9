use super::{BotVersionIn, review::Review, shown, stored, tell, version_of};
use crate::{
    Cx, Effect, Error, Host, Method, Op, OpSpec, Result, authority::Stale, error::Code, manifest::Manifest, op,
};
use mesh_authz::{Caller, Grant, Permission};
use mesh_store::{bot_grants, bot_versions, bots, log::Stream};
use mesh_types::{BotId, BotVersionId, bot::Bot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;

/// `bot_version.activate`
pub struct ActivateBotVersion;

impl Op for ActivateBotVersion {
    const SPEC: OpSpec = op("bot_version.activate", Effect::Write)
        .needs(Permission::BotManage)
        .about("Makes a version the one that runs. Needs a decision about everything that it cannot do without.")
        .http(Method::Post, "/bot-versions/{version_id}/activate", 200)
        .cost(10)
        .cli();
    type In = BotVersionIn;
    type Out = Bot;
    type On = BotVersionId;

    fn on(input: &BotVersionIn) -> BotVersionId {
        input.version_id
    }

    async fn prepare(host: &Host, _: &Caller, input: &mut BotVersionIn) -> Result<()> {
        check(host, input.version_id).await
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<BotVersionId>, _: BotVersionIn) -> Result<Bot> {
        let version = bot_versions::get(cx.tx(), *on).await?.ok_or_else(Error::not_found)?;
        let bot = on.of_bot().ok_or_else(Error::not_found)?;
        switch(cx, &bot, &version).await
    }
}

/// Only the host knows whether a component fits its contract. Its worker would find out too, but no
/// person would be there to read why.
async fn check(host: &Host, version: BotVersionId) -> Result<()> {
    let version = bot_versions::get(&mut host.store.view().await?.tx(), version).await?;
    let version = version.ok_or_else(Error::not_found)?;
    host.components()?.check(&version.digest).await
}

/// `bot.rollback`
pub struct RollbackBot;

/// Which bot.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RollbackBotIn {
    /// The bot.
    pub bot_id: BotId,
    #[serde(skip)]
    #[schemars(skip)]
    checked: Option<BotVersionId>,
}

impl Op for RollbackBot {
    const SPEC: OpSpec = op("bot.rollback", Effect::Write)
        .needs(Permission::BotManage)
        .about("Goes back to the version that ran before.")
        .http(Method::Post, "/bots/{bot_id}/rollback", 200)
        .cli();
    type In = RollbackBotIn;
    type Out = Bot;
    type On = BotId;

    fn on(input: &RollbackBotIn) -> BotId {
        input.bot_id
    }

    /// What fitted the contract when it ran may not fit the one that the server has by now.
    async fn prepare(host: &Host, _: &Caller, input: &mut RollbackBotIn) -> Result<()> {
        let before = bots::get(&mut host.store.view().await?.tx(), input.bot_id).await?;
        input.checked = before.and_then(|before| before.bot.previous_version);
        match input.checked {
            Some(version) => check(host, version).await,
            None => Ok(()),
        }
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<BotId>, input: RollbackBotIn) -> Result<Bot> {
        let before = stored(cx, *on).await?;
        let Some(previous) = before.bot.previous_version else {
            let state = shown(cx, before).await?.state;
            return Err(Error::wrong_state(state, "No other version ran before this one."));
        };
        if input.checked != Some(previous) {
            return Err(Error::new(
                Code::Conflict,
                "Another version was activated at this moment. Look at the bot again.",
            ));
        }
        let version = version_of(cx, *on, previous).await?;
        switch(cx, &on, &version).await
    }
}

/// Tells the mesh which slash commands come and go with a version.
async fn tell_of_commands(cx: &mut Cx<'_>, bot: &Bot, version: &bot_versions::Stored) -> Result<()> {
    let now = command_names(version)?;
    let before = match bot.active_version {
        Some(before) => command_names(&version_of(cx, bot.id, before).await?)?,
        None => BTreeSet::new(),
    };
    if now != before {
        let (added, removed): (Vec<_>, Vec<_>) = (now.difference(&before).collect(), before.difference(&now).collect());
        let data = json!({ "bot_id": bot.id, "added": added, "removed": removed });
        cx.emit(Stream::Mesh(bot.mesh_id), "command.changed", bot.id, &data)
            .await?;
    }
    Ok(())
}

fn command_names(version: &bot_versions::Stored) -> Result<BTreeSet<String>> {
    let commands = Manifest::from_json(&version.manifest)?.commands;
    Ok(commands.into_iter().map(|command| command.name).collect())
}

/// Puts a version in place of the one that runs, with the decisions that hold for it and no others.
async fn switch(cx: &mut Cx<'_>, on: &Grant<BotId>, version: &bot_versions::Stored) -> Result<Bot> {
    let bot = stored(cx, **on).await?.bot;
    if bot.active_version != Some(version.id) {
        let review = Review::load(cx, &bot, Some(version)).await?;
        review.check()?;
        // Those of another publisher do not count either, but they wait for that publisher's version.
        for grant in &review.grants {
            if grant.publisher == review.publisher && !review.carries(grant) {
                bot_grants::forget(cx.tx(), on, grant).await?;
            }
        }
        tell_of_commands(cx, &bot, version).await?;
        bots::activate(cx.tx(), on, version.id).await?;
        cx.changed(Stale::Bot(**on));
    }
    let now = stored(cx, **on).await?;
    let now = shown(cx, now).await?;
    if bot.active_version != Some(version.id) {
        tell(cx, &now).await?;
    }
    Ok(now)
}
