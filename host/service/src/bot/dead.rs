//! Events that a bot could not handle, and what waits for it.

use super::BotIn;
use crate::{
    Answer, Cx, Effect, Error, Method, Op, OpSpec, Page, Result,
    cursor::{self, page_size},
    op,
};
use mesh_authz::{Grant, Permission};
use mesh_store::{bots, inbox};
use mesh_types::{
    BotId, DeadLetterId,
    bot::{BotBacklog, DeadLetter},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most letters of one call.
const AT_ONCE: i64 = 200;

/// `dead_letter.list`
pub struct ListDeadLetters;

/// Whose letters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListDeadLettersIn {
    /// The bot.
    pub bot_id: BotId,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

impl Op for ListDeadLetters {
    const SPEC: OpSpec = op("dead_letter.list", Effect::Read)
        .needs(Permission::BotOperate)
        .about("Lists the events that a bot could not handle, the newest first.")
        .http(Method::Get, "/bots/{bot_id}/dead-letters", 200)
        .cli();
    type In = ListDeadLettersIn;
    type Out = Page<DeadLetter>;
    type On = BotId;

    fn on(input: &ListDeadLettersIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, bot: Grant<BotId>, input: ListDeadLettersIn) -> Result<Page<DeadLetter>> {
        let (size, scope) = (page_size(input.limit)?, bot.to_string());
        let before = cursor::open(cx, &scope, input.cursor.as_deref())?.unwrap_or_else(after_all);
        let found = inbox::dead(cx.tx(), &bot, &before, size + 1).await?;
        Ok(cursor::page(cx, &scope, found, size, |letter| letter.id.to_string()))
    }
}

/// Comes after the id of every dead letter.
fn after_all() -> String {
    "e".into()
}

/// Which letters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadLettersIn {
    /// The bot.
    pub bot_id: BotId,
    /// These; the newest 200 when absent.
    #[serde(default)]
    pub ids: Option<Vec<DeadLetterId>>,
}

/// How many letters it was done with; others were gone already.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DeadLettersTaken {
    /// How many.
    pub count: usize,
}

impl Answer for DeadLettersTaken {}

/// `dead_letter.redrive`
pub struct RedriveDeadLetters;

impl Op for RedriveDeadLetters {
    const SPEC: OpSpec = op("dead_letter.redrive", Effect::Write)
        .needs(Permission::BotOperate)
        .about(
            "Hands events that a bot could not handle to it once more. What it did for them before is not done again.",
        )
        .http(Method::Post, "/bots/{bot_id}/dead-letters/redrive", 200)
        .cli();
    type In = DeadLettersIn;
    type Out = DeadLettersTaken;
    type On = BotId;

    fn on(input: &DeadLettersIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, bot: Grant<BotId>, input: DeadLettersIn) -> Result<DeadLettersTaken> {
        let taken = take(cx, &bot, input.ids, true).await?;
        let runtime = cx.host().runtime.get().cloned();
        let bot = *bot;
        cx.afterwards(move |_| {
            if let Some(runtime) = runtime {
                runtime.parked(bot);
            }
        });
        Ok(taken)
    }
}

/// `dead_letter.drop`
pub struct DropDeadLetters;

impl Op for DropDeadLetters {
    const SPEC: OpSpec = op("dead_letter.drop", Effect::Write)
        .needs(Permission::BotOperate)
        .about("Forgets events that a bot could not handle.")
        .http(Method::Post, "/bots/{bot_id}/dead-letters/drop", 200)
        .cli();
    type In = DeadLettersIn;
    type Out = DeadLettersTaken;
    type On = BotId;

    fn on(input: &DeadLettersIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, bot: Grant<BotId>, input: DeadLettersIn) -> Result<DeadLettersTaken> {
        take(cx, &bot, input.ids, false).await
    }
}

async fn take(
    cx: &mut Cx<'_>,
    bot: &Grant<BotId>,
    ids: Option<Vec<DeadLetterId>>,
    again: bool,
) -> Result<DeadLettersTaken> {
    let ids = match ids {
        Some(ids) if i64::try_from(ids.len()).is_ok_and(|count| count <= AT_ONCE) => ids,
        Some(_) => return Err(Error::invalid("/ids", "are at most 200")),
        None => {
            let newest = inbox::dead(cx.tx(), bot, &after_all(), AT_ONCE).await?;
            newest.into_iter().map(|letter| letter.id).collect()
        }
    };
    let (mut count, now) = (0, cx.now());
    for id in ids {
        count += usize::from(inbox::take_dead(cx.tx(), bot, id, again.then_some(now)).await?);
    }
    cx.note(**bot, &serde_json::json!({ "count": count }))?;
    Ok(DeadLettersTaken { count })
}

/// `bot_backlog.get`
pub struct GetBotBacklog;

impl Answer for BotBacklog {}

impl Op for GetBotBacklog {
    const SPEC: OpSpec = op("bot_backlog.get", Effect::Read)
        .needs(Permission::BotOperate)
        .about("Says what waits for a bot: how far it has come in each stream, what is tried again, and dead letters.")
        .http(Method::Get, "/bots/{bot_id}/backlog", 200)
        .cli();
    type In = BotIn;
    type Out = BotBacklog;
    type On = BotId;

    fn on(input: &BotIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, bot: Grant<BotId>, _: BotIn) -> Result<BotBacklog> {
        backlog(cx, &bot).await
    }
}

pub(super) async fn backlog(cx: &mut Cx<'_>, bot: &Grant<BotId>) -> Result<BotBacklog> {
    let waiting = bots::lag(cx.tx(), **bot).await?;
    Ok(inbox::backlog(cx.tx(), bot, waiting).await?)
}
