//! Which events a bot is handed.

use super::{BotIn, stored, version_of};
use crate::{
    Answer, Cx, Effect, Error, Method, Op, OpSpec, Result, authority::Stale, error::Code, event, manifest::Manifest, op,
};
use mesh_authz::{Grant, Permission};
use mesh_store::bots;
use mesh_types::{
    BotBackend, BotId, RoomId,
    bot::{BotSubscription, Subscription},
    limits,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

impl Answer for BotSubscription {
    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }

    /// What is offered comes from the version that runs.
    fn is_all_versioned(&self) -> bool {
        false
    }
}

/// `bot_subscription.get`
pub struct GetBotSubscription;

impl Op for GetBotSubscription {
    const SPEC: OpSpec = op("bot_subscription.get", Effect::Read)
        .needs(Permission::BotState)
        .about("Reads which events a bot is handed.")
        .http(Method::Get, "/bots/{bot_id}/subscriptions", 200)
        .wasm("bots", "bot-subscription-get")
        .cli();
    type In = BotIn;
    type Out = BotSubscription;
    type On = BotId;

    fn on(input: &BotIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<BotId>, _: BotIn) -> Result<BotSubscription> {
        let (json, revision) = bots::subscription(cx.tx(), *on).await?.ok_or_else(Error::not_found)?;
        Ok(BotSubscription {
            chosen: serde_json::from_str(&json).map_err(Error::internal)?,
            offered: offered(cx, *on).await?,
            revision,
        })
    }
}

/// `bot_subscription.put`
pub struct PutBotSubscription;

/// What a bot is to be handed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PutBotSubscriptionIn {
    /// The bot.
    pub bot_id: BotId,
    /// Event names as in `bot.toml`, such as `message-created`, of those that the version that runs subscribes to;
    /// all of those when absent. What is about the bot itself always comes.
    #[serde(default)]
    pub events: Option<BTreeSet<String>>,
    /// Some of the rooms that it is in; all of them when absent.
    #[serde(default)]
    pub rooms: Option<BTreeSet<RoomId>>,
}

impl Op for PutBotSubscription {
    const SPEC: OpSpec = op("bot_subscription.put", Effect::Write)
        .needs(Permission::BotState)
        .about("Narrows which events a component is handed; what it is not handed now does not come later.")
        .http(Method::Put, "/bots/{bot_id}/subscriptions", 200)
        .wasm("bots", "bot-subscription-put")
        .cli();
    type In = PutBotSubscriptionIn;
    type Out = BotSubscription;
    type On = BotId;

    fn on(input: &PutBotSubscriptionIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<BotId>, input: PutBotSubscriptionIn) -> Result<BotSubscription> {
        if stored(cx, *on).await?.bot.runtime != BotBackend::Wasm {
            return Err(Error::new(
                Code::NotSupported,
                "A bot that runs elsewhere says what it follows when it connects.",
            ));
        }
        let (_, revision) = bots::subscription(cx.tx(), *on).await?.ok_or_else(Error::not_found)?;
        cx.check_match(revision)?;
        let offered = offered(cx, *on).await?;
        check_events(input.events.as_ref(), &offered)?;
        check_rooms(cx, *on, input.rooms.as_ref()).await?;
        let chosen = Subscription {
            events: input.events,
            rooms: input.rooms,
        };
        let json = serde_json::to_string(&chosen).map_err(Error::internal)?;
        let revision = bots::put_subscription(cx.tx(), &on, &json).await?;
        cx.note(*on, &chosen)?;
        cx.changed(Stale::Bot(*on));
        Ok(BotSubscription {
            chosen,
            offered,
            revision,
        })
    }
}

/// What the version that runs subscribes to; everything when empty.
async fn offered(cx: &mut Cx<'_>, bot: BotId) -> Result<BTreeSet<String>> {
    let Some(version) = stored(cx, bot).await?.bot.active_version else {
        return Ok(BTreeSet::new());
    };
    let version = version_of(cx, bot, version).await?;
    let manifest = Manifest::from_json(&version.manifest)?;
    Ok(manifest.events.subscribe.into_iter().collect())
}

fn check_events(events: Option<&BTreeSet<String>>, offered: &BTreeSet<String>) -> Result<()> {
    let offers = |name: &String| event::is_heard(name) && (offered.is_empty() || offered.contains(name));
    match events.and_then(|events| events.iter().find(|name| !offers(name))) {
        Some(name) if event::is_heard(name) => Err(Error::invalid(
            "/events",
            format!("the version that runs does not subscribe to `{name}`"),
        )),
        Some(_) => Err(Error::invalid("/events", "has a name of which no bot hears")),
        None => Ok(()),
    }
}

async fn check_rooms(cx: &mut Cx<'_>, bot: BotId, rooms: Option<&BTreeSet<RoomId>>) -> Result<()> {
    let Some(rooms) = rooms else { return Ok(()) };
    if rooms.len() > limits::SUBSCRIPTION {
        return Err(Error::invalid("/rooms", "has at most 1,000 rooms"));
    }
    let inside: BTreeSet<RoomId> = bots::rooms(cx.tx(), bot).await?.into_iter().collect();
    if rooms.is_subset(&inside) {
        Ok(())
    } else {
        Err(Error::invalid("/rooms", "has a room that the bot is not in"))
    }
}
