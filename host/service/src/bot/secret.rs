//! What a bot has to know and nobody else may read.

use super::BotIn;
use crate::{
    Answer, Cx, Effect, Error, Host, Method, Nothing, Op, OpSpec, Result,
    error::Code,
    manifest::{Manifest, Secret, is_secret_name},
    op, outbound, seal,
};
use mesh_authz::{Grant, Permission, Reason};
use mesh_store::{bot_secrets, bot_versions, bots, log::Stream};
use mesh_types::{BotId, bot::BotSecret, limits};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The secrets of a bot, by name.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BotSecrets {
    /// The ones that are set.
    pub items: Vec<BotSecret>,
    /// Those that the version in question names in its `bot.toml` and nobody has set.
    pub missing: Vec<String>,
}

impl Answer for BotSecrets {}

/// `bot_secret.list`
pub struct ListBotSecrets;

impl Op for ListBotSecrets {
    const SPEC: OpSpec = op("bot_secret.list", Effect::Read)
        .needs(Permission::BotManage)
        .about("Lists the names of a bot's secrets; what is in them is never shown.")
        .http(Method::Get, "/bots/{bot_id}/secrets", 200)
        .cli();
    type In = BotIn;
    type Out = BotSecrets;
    type On = BotId;

    fn on(input: &BotIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<BotId>, _: BotIn) -> Result<BotSecrets> {
        let items = bot_secrets::list(cx.tx(), &on).await?;
        let mut missing = Vec::new();
        for manifest in manifests(cx, *on).await? {
            for secret in manifest.secrets {
                let known = items.iter().any(|one| one.name == secret.name) || missing.contains(&secret.name);
                if !known {
                    missing.push(secret.name);
                }
            }
        }
        Ok(BotSecrets { items, missing })
    }
}

/// `bot_secret.put`
pub struct PutBotSecret;

/// A secret to keep.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PutBotSecretIn {
    /// The bot.
    pub bot_id: BotId,
    /// Its name in `bot.toml`.
    pub name: String,
    /// What nobody but the bot gets to see: 1 byte to 16 KiB of text.
    pub value: String,
}

impl Op for PutBotSecret {
    const SPEC: OpSpec = op("bot_secret.put", Effect::Write)
        .needs(Permission::BotManage)
        .about("Keeps a secret for a bot, sealed. It can be replaced and deleted, and only the bot can read it.")
        .http(Method::Put, "/bots/{bot_id}/secrets/{name}", 200)
        .shown_once()
        .cli();
    type In = PutBotSecretIn;
    type Out = BotSecret;
    type On = BotId;

    fn on(input: &PutBotSecretIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<BotId>, input: PutBotSecretIn) -> Result<BotSecret> {
        let name = &input.name;
        if !is_secret_name(name) {
            return Err(Error::invalid("/name", "has 1 to 64 letters, digits, `_`, `-` and `.`"));
        }
        if input.value.is_empty() || input.value.len() > limits::BOT_SECRET || input.value.contains('\0') {
            return Err(Error::invalid("/value", "has 1 to 16384 bytes, and no NUL"));
        }
        let manifests = manifests(cx, *on).await?;
        if !manifests.is_empty() && !manifests.iter().any(|manifest| names(manifest, name)) {
            return Err(Error::invalid(
                "/name",
                "is not among the `[[secrets]]` of the version that runs, nor of the newest one",
            ));
        }
        let before = bot_secrets::list(cx.tx(), &on).await?;
        if before.len() >= limits::BOT_SECRETS && !before.iter().any(|one| one.name == *name) {
            let most = limits::BOT_SECRETS;
            return Err(Error::new(
                Code::LimitReached,
                format!("A bot has at most {most} secrets. Delete some."),
            ));
        }
        let sealed = seal::seal(&cx.host().keys.secrets, &purpose(*on, name), &input.value)?;
        let (by, at) = (cx.actor()?, cx.now());
        bot_secrets::put(cx.tx(), &on, name, &sealed, by, at).await?;
        let secret = bot_secrets::head(cx.tx(), &on, name)
            .await?
            .ok_or_else(Error::not_found)?;
        tell(cx, *on, name).await?;
        Ok(secret)
    }
}

impl Answer for BotSecret {}

/// Which secret.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BotSecretIn {
    /// The bot.
    pub bot_id: BotId,
    /// Its name.
    pub name: String,
}

/// `bot_secret.delete`
pub struct DeleteBotSecret;

impl Op for DeleteBotSecret {
    const SPEC: OpSpec = op("bot_secret.delete", Effect::Write)
        .needs(Permission::BotManage)
        .about("Forgets a secret of a bot.")
        .http(Method::Delete, "/bots/{bot_id}/secrets/{name}", 204)
        .cli();
    type In = BotSecretIn;
    type Out = Nothing;
    type On = BotId;

    fn on(input: &BotSecretIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<BotId>, input: BotSecretIn) -> Result<Nothing> {
        if !bot_secrets::delete(cx.tx(), &on, &input.name).await? {
            return Err(Error::not_found());
        }
        tell(cx, *on, &input.name).await?;
        Ok(Nothing {})
    }
}

/// `bot_secret.read`
pub struct ReadBotSecret;

/// An opened secret. It has no `Debug`, so that nothing prints it by mistake.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct OpenedSecret {
    /// What was kept.
    pub value: String,
}

impl Answer for OpenedSecret {}

impl Op for ReadBotSecret {
    const SPEC: OpSpec = op("bot_secret.read", Effect::Read)
        .needs(Permission::BotState)
        .about("Gives the calling bot one of its own secrets, if the version that runs names it.")
        .wasm("secrets", "read");
    type In = BotSecretIn;
    type Out = OpenedSecret;
    type On = BotId;

    fn on(input: &BotSecretIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<BotId>, input: BotSecretIn) -> Result<OpenedSecret> {
        if cx.actor()? != (*on).into() {
            return Err(Error::forbidden(Reason::Ownership, "A secret is for its bot alone."));
        }
        let stored = super::stored(cx, *on).await?;
        let version = stored.bot.active_version.ok_or_else(Error::not_found)?;
        let version = super::version_of(cx, *on, version).await?;
        let manifest = Manifest::from_json(&version.manifest)?;
        if !named(&manifest, &input.name)?.hosts.is_empty() {
            return Err(Error::forbidden(
                Reason::Grant,
                "This secret goes into requests to its hosts; the bot itself does not see it.",
            ));
        }
        let sealed = bot_secrets::sealed(cx.tx(), *on, &input.name).await?;
        let sealed = sealed.ok_or_else(Error::not_found)?;
        let value = seal::open(&cx.host().keys.secrets, &purpose(*on, &input.name), &sealed)?;
        Ok(OpenedSecret { value })
    }
}

/// A secret for a request of its bot to this host.
pub(crate) async fn open_for_request(
    host: &Host,
    bot: BotId,
    manifest: &Manifest,
    name: &str,
    to: &str,
) -> Result<String> {
    let hosts = &named(manifest, name)?.hosts;
    if !hosts.is_empty() && !hosts.iter().any(|pattern| outbound::matches(pattern, to)) {
        let detail = format!("The secret `{name}` is not for `{to}`.");
        return Err(Error::forbidden(Reason::Grant, detail));
    }
    let sealed = bot_secrets::sealed(&mut host.store.view().await?.tx(), bot, name).await?;
    seal::open(
        &host.keys.secrets,
        &purpose(bot, name),
        &sealed.ok_or_else(Error::not_found)?,
    )
}

/// What the manifest says of a secret.
fn named<'a>(manifest: &'a Manifest, name: &str) -> Result<&'a Secret> {
    let found = manifest.secrets.iter().find(|secret| secret.name == name);
    found.ok_or_else(|| {
        let name: String = name.chars().take(64).collect();
        Error::forbidden(Reason::Grant, format!("bot.toml does not name the secret `{name}`."))
    })
}

/// Whose secret it is: one that was sealed as another cannot be put in its place.
fn purpose(bot: BotId, name: &str) -> String {
    format!("bot secret {bot} {name}")
}

fn names(manifest: &Manifest, name: &str) -> bool {
    manifest.secrets.iter().any(|secret| secret.name == name)
}

/// What the version that runs says of itself, and the newest one.
async fn manifests(cx: &mut Cx<'_>, bot: BotId) -> Result<Vec<Manifest>> {
    let stored = bots::get(cx.tx(), bot).await?.ok_or_else(Error::not_found)?;
    let mut manifests = Vec::new();
    for version in [stored.bot.active_version, stored.newest].into_iter().flatten() {
        let version = bot_versions::get(cx.tx(), version)
            .await?
            .ok_or_else(Error::not_found)?;
        manifests.push(Manifest::from_json(&version.manifest)?);
    }
    Ok(manifests)
}

/// Tells the bot that it should read its secrets again; not what is in them.
async fn tell(cx: &mut Cx<'_>, bot: BotId, name: &str) -> Result<()> {
    let data = serde_json::json!({ "bot_id": bot, "secret": name });
    cx.emit(Stream::Actor(bot.into()), "bot.config_changed", bot, &data)
        .await?;
    Ok(())
}
