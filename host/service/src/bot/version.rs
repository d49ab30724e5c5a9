use crate::{
    Cx, Effect, Error, Method, Nothing, Op, OpSpec, Page, Result,
    cursor::{self, page_size},
    manifest::Manifest,
    op,
};
use mesh_authz::{Grant, Permission};
use mesh_store::bot_versions::{self, Stored};
use mesh_types::{
    BotId, BotVersionId,
    bot::{BotVersion, BotVersionDetail},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A version without its manifest.
fn summary(stored: Stored, manifest: Manifest) -> BotVersion {
    BotVersion {
        id: stored.id,
        bot_id: stored.bot,
        digest: stored.digest,
        size: stored.size,
        name: manifest.bot.name,
        version: manifest.bot.version,
        publisher: stored.publisher,
        uploaded_by: stored.uploaded_by,
        created_at: stored.at,
        active: stored.active,
    }
}

/// A version with its manifest.
pub(super) fn detail(stored: Stored) -> Result<BotVersionDetail> {
    let manifest = Manifest::from_json(&stored.manifest)?;
    let json = serde_json::from_str(&stored.manifest).map_err(Error::internal)?;
    Ok(BotVersionDetail {
        version: summary(stored, manifest),
        manifest: json,
    })
}

/// `bot_version.list`
pub struct ListBotVersions;

/// Whose versions.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListBotVersionsIn {
    /// The bot.
    pub bot_id: BotId,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

impl Op for ListBotVersions {
    const SPEC: OpSpec = op("bot_version.list", Effect::Read)
        .needs(Permission::BotOperate)
        .about("Lists a bot's versions, newest first.")
        .http(Method::Get, "/bots/{bot_id}/versions", 200)
        .cli();
    type In = ListBotVersionsIn;
    type Out = Page<BotVersion>;
    type On = BotId;

    fn on(input: &ListBotVersionsIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, bot: Grant<BotId>, input: ListBotVersionsIn) -> Result<Page<BotVersion>> {
        let (size, scope) = (page_size(input.limit)?, input.bot_id.to_string());
        let before = cursor::open(cx, &scope, input.cursor.as_deref())?;
        // Comes after every id of a version.
        let before = before.unwrap_or_else(|| "bver_z".into());
        let found = bot_versions::list(cx.tx(), &bot, &before, size + 1).await?;
        let with_names = found
            .into_iter()
            .map(|stored| Manifest::from_json(&stored.manifest).map(|known| summary(stored, known)));
        let items = with_names.collect::<Result<Vec<_>>>()?;
        Ok(cursor::page(cx, &scope, items, size, |version| version.id.to_string()))
    }
}

/// `bot_version.get`
pub struct GetBotVersion;

/// A version.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BotVersionIn {
    /// The version.
    pub version_id: BotVersionId,
}

impl Op for GetBotVersion {
    const SPEC: OpSpec = op("bot_version.get", Effect::Read)
        .needs(Permission::BotOperate)
        .about("Reads a version: its manifest, digest and size, and who uploaded it.")
        .http(Method::Get, "/bot-versions/{version_id}", 200)
        .cli();
    type In = BotVersionIn;
    type Out = BotVersionDetail;
    type On = BotVersionId;

    fn on(input: &BotVersionIn) -> BotVersionId {
        input.version_id
    }

    async fn run(cx: &mut Cx<'_>, version: Grant<BotVersionId>, _: BotVersionIn) -> Result<BotVersionDetail> {
        detail(
            bot_versions::get(cx.tx(), *version)
                .await?
                .ok_or_else(Error::not_found)?,
        )
    }
}

/// `bot_version.delete`
pub struct DeleteBotVersion;

impl Op for DeleteBotVersion {
    const SPEC: OpSpec = op("bot_version.delete", Effect::Write)
        .needs(Permission::BotManage)
        .about("Forgets a version that does not run.")
        .http(Method::Delete, "/bot-versions/{version_id}", 204)
        .cli();
    type In = BotVersionIn;
    type Out = Nothing;
    type On = BotVersionId;

    fn on(input: &BotVersionIn) -> BotVersionId {
        input.version_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<BotVersionId>, _: BotVersionIn) -> Result<Nothing> {
        let version = bot_versions::get(cx.tx(), *on).await?.ok_or_else(Error::not_found)?;
        if version.active {
            return Err(Error::wrong_state(
                "active",
                "This version runs. Activate another one first.",
            ));
        }
        bot_versions::delete(cx.tx(), &on).await?;
        Ok(Nothing {})
    }
}
