use crate::{Answer, Cx, Effect, Error, Method, Op, OpSpec, Result, error::Code, op};
use mesh_authz::{Grant, Permission};
use mesh_store::bot_logs;
use mesh_types::{BotId, LogLevel, bot::BotLogLine};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;

/// Lines of one stretch.
const STRETCH: i64 = 100;
/// Comes before every id of a line.
const BEGIN: &str = "0";

/// Wakes those who follow what a bot says, after each commit that adds to it.
#[derive(Default)]
pub struct Tails(Mutex<HashMap<BotId, watch::Sender<()>>>);

impl Tails {
    fn bots(&self) -> MutexGuard<'_, HashMap<BotId, watch::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Told from now on whenever the bot said something.
    pub fn listen(&self, bot: BotId) -> watch::Receiver<()> {
        self.bots().entry(bot).or_default().subscribe()
    }

    /// The bot said something.
    pub(super) fn tell(&self, bot: BotId) {
        let mut bots = self.bots();
        if bots.get(&bot).is_some_and(|heard| heard.send(()).is_err()) {
            // Nobody listens any more.
            bots.remove(&bot);
        }
    }
}

/// `bot_log.tail`
pub struct TailBotLogs;

/// Whose log, and from where on.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TailBotLogsIn {
    /// The bot.
    pub bot_id: BotId,
    /// This level and those that matter more; all when absent.
    #[serde(default)]
    pub level: Option<LogLevel>,
    /// The `id` of a line: the lines behind it. `0` for all that are kept; when absent, from now on. The last `id`
    /// of a stream before, in `Last-Event-ID`, counts more.
    #[serde(default)]
    pub after: Option<String>,
    /// A ticket, for pages that cannot send a token.
    #[serde(default)]
    pub ticket: Option<String>,
}

/// Some lines, oldest first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct LogStretch {
    /// The lines.
    pub lines: Vec<BotLogLine>,
    /// What to ask for next: `after` this.
    pub after: String,
    /// There are more lines now.
    pub more: bool,
}

impl Answer for LogStretch {}

impl Op for TailBotLogs {
    const SPEC: OpSpec = op("bot_log.tail", Effect::Read)
        .needs(Permission::BotOperate)
        .about(
            "What a bot says, as it says it: server-sent events behind `Last-Event-ID`, behind a line, or from now on.",
        )
        .http(Method::Get, "/bots/{bot_id}/logs/tail", 200)
        .own_door("text/event-stream");
    type In = TailBotLogsIn;
    type Out = LogStretch;
    type On = BotId;

    fn on(input: &TailBotLogsIn) -> BotId {
        input.bot_id
    }

    /// One stretch. The door that stays open calls this again for each, so rights are those of the moment.
    async fn run(cx: &mut Cx<'_>, on: Grant<BotId>, input: TailBotLogsIn) -> Result<LogStretch> {
        let newest = bot_logs::newest(cx.tx(), &on).await?;
        let newest = newest.unwrap_or_else(|| BEGIN.into());
        let Some(after) = input.after else {
            return Ok(LogStretch {
                lines: Vec::new(),
                after: newest,
                more: false,
            });
        };
        if !(1..=32).contains(&after.len()) || !after.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(Error::new(
                Code::InvalidCursor,
                "`after` is the `id` of a line, or `0`.",
            ));
        }
        let least = input.level.unwrap_or(LogLevel::Trace);
        let mut lines = bot_logs::after(cx.tx(), &on, (&after, least), STRETCH + 1).await?;
        let most = usize::try_from(STRETCH).unwrap_or(usize::MAX);
        let more = lines.len() > most;
        lines.truncate(most);
        // Lines that are filtered out are behind it as well, unless there may be more before them.
        let last = lines.last().map_or(after, |line| line.id.clone());
        let after = if more { last } else { last.max(newest) };
        Ok(LogStretch { lines, after, more })
    }
}
