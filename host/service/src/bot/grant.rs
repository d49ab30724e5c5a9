use super::{review::Review, shown, stored, version_of};
use crate::{Cx, Effect, Error, Method, Nothing, Op, OpSpec, Result, authority::Stale, op};
use mesh_authz::{Grant, Pattern, Permission};
use mesh_store::{bot_grants, bot_versions, facts, log::Stream};
use mesh_types::{
    BotBackend, BotId, BotVersionId, Decision, MeshId, Timestamp,
    bot::{AskedCapability, Bot, BotGrant, BotGrants},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The version that a question about grants is about: the one named, the one that runs, or, before
/// the first runs, the newest.
async fn in_question(
    cx: &mut Cx<'_>,
    bot: BotId,
    named: Option<BotVersionId>,
) -> Result<(Bot, Option<bot_versions::Stored>)> {
    let stored = stored(cx, bot).await?;
    match named.or(stored.bot.active_version).or(stored.newest) {
        Some(version) => Ok((stored.bot, Some(version_of(cx, bot, version).await?))),
        None => Ok((stored.bot, None)),
    }
}

/// `bot_grant.list`
pub struct ListBotGrants;

/// Whose grants.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListBotGrantsIn {
    /// The bot.
    pub bot_id: BotId,
    /// For this version; when absent for the one that runs, or the newest if none does.
    #[serde(default)]
    pub version_id: Option<BotVersionId>,
}

impl Op for ListBotGrants {
    const SPEC: OpSpec = op("bot_grant.list", Effect::Read)
        .needs(Permission::BotOperate)
        .about("Lists what a bot asks for, what was decided, and what is undecided.")
        .http(Method::Get, "/bots/{bot_id}/grants", 200)
        .wasm("bots", "bot-grant-list")
        .cli();
    type In = ListBotGrantsIn;
    type Out = BotGrants;
    type On = BotId;

    fn on(input: &ListBotGrantsIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<BotId>, input: ListBotGrantsIn) -> Result<BotGrants> {
        let (bot, version) = in_question(cx, *on, input.version_id).await?;
        let review = Review::load(cx, &bot, version.as_ref()).await?;
        let (mut asked, mut undecided) = (Vec::new(), Vec::new());
        for capability in review.capabilities() {
            let place = capability.on.parse().unwrap_or(Pattern::Any);
            let verdict = review.verdict(capability.permission, place);
            let permission = capability.permission.to_string();
            if verdict.is_none() && !undecided.contains(&permission) {
                undecided.push(permission.clone());
            }
            asked.push(AskedCapability {
                permission,
                on: capability.on.clone(),
                reason: capability.reason.clone(),
                required: capability.required,
                verdict: verdict.map_or("undecided", Decision::as_str).to_owned(),
            });
        }
        let decided = review.grants.iter().map(|grant| review.shown(grant)).collect();
        Ok(BotGrants {
            version_id: version.map(|version| version.id),
            asked,
            decided,
            undecided,
        })
    }
}

/// `bot_grant.put`
pub struct PutBotGrant;

/// A decision about a bot.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PutBotGrantIn {
    /// The bot.
    pub bot_id: BotId,
    /// What it is about.
    pub permission: Permission,
    /// `allow`, `ask` or `deny`.
    pub effect: Decision,
    /// Where: `*` or the id of a room, the mesh or a bot; `*` when absent.
    #[serde(default)]
    pub on: Option<String>,
    /// Until when; until changed when absent.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// The version that was looked at; when absent the one that runs, or the newest if none does.
    #[serde(default)]
    pub version_id: Option<BotVersionId>,
}

impl Op for PutBotGrant {
    const SPEC: OpSpec = op("bot_grant.put", Effect::Write)
        .needs(Permission::BotGrant)
        .about("Decides whether a bot may do something: allow, ask each time, or deny.")
        .http(Method::Put, "/bots/{bot_id}/grants/{permission}", 200)
        .cli();
    type In = PutBotGrantIn;
    type Out = BotGrant;
    type On = BotId;

    fn on(input: &PutBotGrantIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<BotId>, input: PutBotGrantIn) -> Result<BotGrant> {
        put(cx, &on, input).await
    }
}

/// `bot_grant.delete`
pub struct DeleteBotGrant;

/// Which decision.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteBotGrantIn {
    /// The bot.
    pub bot_id: BotId,
    /// The permission.
    pub permission: Permission,
    /// Only the decision about this place: `*` or the id of a room, a mesh or a bot; all of them when absent.
    #[serde(default)]
    pub on: Option<String>,
}

impl Op for DeleteBotGrant {
    const SPEC: OpSpec = op("bot_grant.delete", Effect::Write)
        .needs(Permission::BotGrant)
        .about("Takes a decision about a bot back. What is undecided is refused.")
        .http(Method::Delete, "/bots/{bot_id}/grants/{permission}", 204)
        .cli();
    type In = DeleteBotGrantIn;
    type Out = Nothing;
    type On = BotId;

    fn on(input: &DeleteBotGrantIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, bot: Grant<BotId>, input: DeleteBotGrantIn) -> Result<Nothing> {
        let mut found = bot_grants::list(cx.tx(), *bot).await?;
        found.retain(|old| {
            let here = input.on.as_ref().is_none_or(|on| *on == old.on.to_string());
            old.permission == input.permission && here
        });
        if found.is_empty() {
            return Err(Error::not_found());
        }
        for old in &found {
            bot_grants::forget(cx.tx(), &bot, old).await?;
        }
        let data = serde_json::json!({ "bot_id": *bot, "permission": input.permission, "effect": null });
        cx.emit(Stream::Actor((*bot).into()), "bot.grants_changed", *bot, &data)
            .await?;
        cx.changed(Stale::Bot(*bot));
        Ok(Nothing {})
    }
}

/// Lets a bot do something in a place without asking; what made it ask there is forgotten.
pub(crate) async fn stop_asking(
    cx: &mut Cx<'_>,
    on: &Grant<BotId>,
    permission: Permission,
    place: Pattern,
) -> Result<()> {
    for old in bot_grants::list(cx.tx(), **on).await? {
        let inside = place == Pattern::Any || old.on == place;
        if old.permission == permission && old.effect == Decision::Ask && inside {
            bot_grants::forget(cx.tx(), on, &old).await?;
        }
    }
    let allow = PutBotGrantIn {
        bot_id: **on,
        permission,
        effect: Decision::Allow,
        on: Some(place.to_string()),
        expires_at: None,
        version_id: None,
    };
    put(cx, on, allow).await.map(drop)
}

async fn put(cx: &mut Cx<'_>, on: &Grant<BotId>, input: PutBotGrantIn) -> Result<BotGrant> {
    let permission = input.permission;
    if permission.human_only() {
        return Err(Error::invalid(
            "/permission",
            format!("`{permission}` is for people only; no bot can have it"),
        ));
    }
    if input.expires_at.is_some_and(|end| end <= cx.now()) {
        return Err(Error::invalid("/expires_at", "is over already"));
    }
    let (bot, version) = in_question(cx, **on, input.version_id).await?;
    if version.is_none() && bot.runtime == BotBackend::Wasm {
        let stored = stored(cx, **on).await?;
        let state = shown(cx, stored).await?.state;
        return Err(Error::wrong_state(
            state,
            "A decision is about what a version asks for. Upload a version first.",
        ));
    }
    let place = pattern(cx, bot.mesh_id, input.on.as_deref()).await?;
    let review = Review::load(cx, &bot, version.as_ref()).await?;
    if review.asked(permission).is_empty() && input.effect != Decision::Deny {
        return Err(Error::invalid(
            "/permission",
            format!("this version's bot.toml does not ask for `{permission}`, so the bot could not use it anyway"),
        ));
    }
    let asked = review.subject(permission);
    let grant = bot_grants::Stored {
        publisher: review.publisher.clone(),
        permission,
        on: place,
        effect: input.effect,
        asked: serde_json::to_string(&asked).map_err(Error::internal)?,
        expires_at: input.expires_at,
        by: cx.actor()?,
        at: cx.now(),
    };
    bot_grants::put(cx.tx(), on, &grant).await?;
    let shown = review.shown(&grant);
    cx.emit(Stream::Actor((**on).into()), "bot.grants_changed", **on, &shown)
        .await?;
    cx.changed(Stale::Bot(**on));
    Ok(shown)
}

/// Where a decision holds: somewhere in the bot's own mesh.
async fn pattern(cx: &mut Cx<'_>, mesh: MeshId, text: Option<&str>) -> Result<Pattern> {
    let pattern = text
        .unwrap_or("*")
        .parse::<Pattern>()
        .map_err(|error| Error::invalid("/on", error))?;
    let here = match pattern {
        Pattern::Any => true,
        Pattern::Mesh(other) => other == mesh,
        Pattern::Room(room) => facts::room(cx.tx(), room).await?.is_some_and(|room| room.mesh == mesh),
        Pattern::Bot(bot) => facts::bot(cx.tx(), bot).await?.is_some_and(|bot| bot.mesh == mesh),
    };
    if here {
        Ok(pattern)
    } else {
        Err(Error::invalid("/on", "is not in the bot's mesh"))
    }
}
