//! Bots: who they are, what they may do, and how they run.

mod activate;
mod autonomy;
mod call;
mod config;
mod create;
mod cursor;
mod dead;
mod decision;
mod delete;
mod explain;
mod grant;
mod imports;
mod limit;
mod log;
mod look;
mod review;
mod run;
mod secret;
mod subscription;
mod tail;
mod test;
mod token;
mod update;
mod upload;
mod version;

pub use activate::{ActivateBotVersion, RollbackBot};
pub use autonomy::{GetAutonomy, SetAutonomy, SetAutonomyIn};
pub(crate) use call::Answers;
pub use call::{AnswerBotCall, AnswerBotCallIn, BotAnswer, CallBot, CallBotIn};
pub use config::{GetBotConfig, PutBotConfig, PutBotConfigIn};
pub use create::{CreateBot, CreateBotIn};
pub use cursor::{SetBotCursor, SetBotCursorIn};
pub use dead::{
    DeadLettersIn, DeadLettersTaken, DropDeadLetters, GetBotBacklog, ListDeadLetters, ListDeadLettersIn,
    RedriveDeadLetters,
};
pub use decision::{BotDecision, ListBotDecisions, ListBotDecisionsIn};
pub use delete::DeleteBot;
pub use explain::{ExplainBot, ExplainBotIn, Explanation};
pub(crate) use grant::stop_asking;
pub use grant::{DeleteBotGrant, DeleteBotGrantIn, ListBotGrants, ListBotGrantsIn, PutBotGrant, PutBotGrantIn};
pub use imports::{ListVersionImports, VersionImportsIn};
pub use limit::{GetBotLimits, PutBotLimits, PutBotLimitsIn};
pub use log::{ListBotLogs, ListBotLogsIn, WriteBotLog, WriteBotLogIn, WriteLine};
pub use look::{BotIn, GetBot, ListBots, ListBotsIn};
pub use run::{GetBotStatus, RestartBot, StartBot, StopBot, StopBotIn};
pub use secret::{
    BotSecretIn, BotSecrets, DeleteBotSecret, ListBotSecrets, OpenedSecret, PutBotSecret, PutBotSecretIn, ReadBotSecret,
};
pub use subscription::{GetBotSubscription, PutBotSubscription, PutBotSubscriptionIn};
pub use tail::{LogStretch, TailBotLogs, TailBotLogsIn, Tails};
pub use test::{TestBot, TestBotIn};
pub use token::{RevokeBotToken, RotateBotToken, RotateBotTokenIn};
pub use update::{UpdateBot, UpdateBotIn};
pub use upload::{UploadBotVersion, UploadBotVersionIn};
pub use version::{BotVersionIn, DeleteBotVersion, GetBotVersion, ListBotVersions, ListBotVersionsIn};

pub(crate) use limit::settings;
pub(crate) use secret::open_for_request;

use crate::{Answer, Cx, Error, Result, error::Code};
use mesh_store::{bot_versions, bots, log::Stream, members};
use mesh_types::{
    ActorId, BotBackend, BotId, BotVersionId, MeshId, PersonId, Role,
    bot::{Bot, BotConfig, BotGrant, BotGrants, BotLimitsView, BotStatus, BotVersionDetail, VersionImports},
    view::Member,
};
use review::Review;

impl Answer for Bot {
    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }

    /// What runs changes its state by itself.
    fn is_all_versioned(&self) -> bool {
        false
    }

    fn location(&self) -> Option<String> {
        Some(format!("/bots/{}", self.id))
    }
}

impl Answer for BotVersionDetail {
    fn location(&self) -> Option<String> {
        Some(format!("/bot-versions/{}", self.version.id))
    }
}

impl Answer for BotConfig {
    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }
}

impl Answer for BotLimitsView {
    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }
}

impl Answer for BotStatus {}
impl Answer for BotGrant {}
impl Answer for BotGrants {}
impl Answer for VersionImports {}

/// Waits for a person who decides about what a version asks for.
pub(crate) const AWAITING_APPROVAL: &str = "awaiting-approval";

/// A bot that is not deleted, as it is stored.
pub(crate) async fn stored(cx: &mut Cx<'_>, bot: BotId) -> Result<bots::Stored> {
    bots::get(cx.tx(), bot).await?.ok_or_else(Error::not_found)
}

/// A bot with its state.
pub(crate) async fn shown(cx: &mut Cx<'_>, stored: bots::Stored) -> Result<Bot> {
    let state = state(cx, &stored).await?;
    Ok(Bot { state, ..stored.bot })
}

/// How a bot is: what people want of it, what waits for a decision, and what runs.
async fn state(cx: &mut Cx<'_>, stored: &bots::Stored) -> Result<String> {
    let bot = &stored.bot;
    if bot.wanted == "running" {
        let instance = cx.host().runtime.get().and_then(|runtime| runtime.status(bot.id));
        // What runs elsewhere says nothing; of a component without an instance, the next event makes one.
        let absent = if bot.runtime == BotBackend::Wasm {
            "idle"
        } else {
            "ready"
        };
        return Ok(instance.map_or_else(|| absent.to_owned(), |instance| instance.state));
    }
    let (None, Some(newest)) = (bot.active_version, stored.newest) else {
        return Ok("stopped".into());
    };
    let version = version_of(cx, bot.id, newest).await?;
    let review = Review::load(cx, bot, Some(&version)).await?;
    Ok(if review.open().is_empty() {
        "uploaded"
    } else {
        AWAITING_APPROVAL
    }
    .into())
}

/// A version, if it is one of this bot.
pub(crate) async fn version_of(cx: &mut Cx<'_>, bot: BotId, version: BotVersionId) -> Result<bot_versions::Stored> {
    let found = bot_versions::get(cx.tx(), version).await?;
    found
        .filter(|found| found.bot == bot)
        .ok_or_else(|| Error::invalid("/version_id", "no version of this bot"))
}

/// Tells the mesh how a bot is.
pub(crate) async fn tell(cx: &mut Cx<'_>, bot: &Bot) -> Result<()> {
    let data = serde_json::json!({
        "bot_id": bot.id, "name": bot.name, "state": bot.state, "version": bot.active_version,
    });
    cx.emit(Stream::Mesh(bot.mesh_id), "bot.changed", bot.id, &data)
        .await
        .map(drop)
}

/// A keeper is a person who is in the mesh and more than a visitor.
async fn check_keeper(cx: &mut Cx<'_>, mesh: MeshId, keeper: PersonId) -> Result<()> {
    let member = members::of_actor(cx.tx(), mesh, ActorId::Person(keeper)).await?;
    let fits = |member: &Member| member.state == "active" && member.role <= Role::Member;
    if member.as_ref().is_some_and(fits) {
        return Ok(());
    }
    Err(Error::invalid(
        "/keeper_id",
        "must be a person who is an active member of this mesh, and not a guest",
    ))
}

/// What only a component has.
fn needs_component(bot: &Bot) -> Result<()> {
    if bot.runtime == BotBackend::Wasm {
        return Ok(());
    }
    let runtime = bot.runtime;
    Err(Error::new(
        Code::NotSupported,
        format!("This bot runs as `{runtime}`, so it has no components."),
    ))
}
