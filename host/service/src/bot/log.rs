use crate::{
    Cx, Effect, Error, Method, Nothing, Op, OpSpec, Page, Result,
    cursor::{self, page_size},
    op,
    resource::Myself,
};
use mesh_authz::{Grant, Permission, Reason};
use mesh_store::{bot_logs, facts};
use mesh_types::{ActorId, BotId, LogLevel, Timestamp, bot::BotLogLine, limits};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `bot_log.write`
pub struct WriteBotLog;

/// One line.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteLine {
    /// How much it matters.
    pub level: LogLevel,
    /// At most 8 KiB; what is longer is cut.
    pub text: String,
}

/// What the bot said while it handled one event.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteBotLogIn {
    /// The lines, in order; the sandbox bounds their bytes.
    pub lines: Vec<WriteLine>,
}

impl Op for WriteBotLog {
    const SPEC: OpSpec = op("bot_log.write", Effect::Write)
        .myself()
        .about("Adds lines to the calling bot's own log.")
        .wasm("log", "write");
    type In = WriteBotLogIn;
    type Out = Nothing;
    type On = Myself;

    fn on(_: &WriteBotLogIn) -> Myself {
        Myself
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<Myself>, input: WriteBotLogIn) -> Result<Nothing> {
        let Some(ActorId::Bot(bot)) = on.actor() else {
            return Err(Error::forbidden(Reason::Ownership, "Only a bot has a log of its own."));
        };
        let row = facts::bot(cx.tx(), bot).await?.ok_or_else(Error::not_found)?;
        cx.file_under(row.mesh);
        bot_logs::take_turn(cx.tx(), &on, bot).await?;
        let instance = cx
            .host()
            .runtime
            .get()
            .and_then(|runtime| runtime.status(bot))
            .and_then(|now| now.instance);
        let instance = instance.map(|instance| instance.to_string()).unwrap_or_default();
        for WriteLine { level, text } in input.lines {
            let id = cx.id(|id| id);
            let text = text[..text.floor_char_boundary(limits::LOG_LINE)].replace('\0', "\u{FFFD}");
            let line = BotLogLine {
                id: id.simple().to_string(),
                at: cx.now(),
                level,
                text,
                instance: instance.clone(),
            };
            bot_logs::write(cx.tx(), &on, bot, &line).await?;
            // The last byte of an id is random, so about one line in 256 pays for forgetting old ones.
            if id.as_bytes()[15] == 0 {
                bot_logs::trim(cx.tx(), &on, bot).await?;
            }
        }
        cx.afterwards(move |host| host.tails.tell(bot));
        Ok(Nothing {})
    }
}

/// `bot_log.list`
pub struct ListBotLogs;

/// Which lines.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListBotLogsIn {
    /// The bot.
    pub bot_id: BotId,
    /// This level and those that matter more; all when absent.
    #[serde(default)]
    pub level: Option<LogLevel>,
    /// Only lines with this in them, whatever the case.
    #[serde(default)]
    pub text: Option<String>,
    /// Only lines from then on.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

impl Op for ListBotLogs {
    const SPEC: OpSpec = op("bot_log.list", Effect::Read)
        .needs(Permission::BotOperate)
        .about("Lists what a bot said, newest first.")
        .http(Method::Get, "/bots/{bot_id}/logs", 200)
        .cli();
    type In = ListBotLogsIn;
    type Out = Page<BotLogLine>;
    type On = BotId;

    fn on(input: &ListBotLogsIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<BotId>, input: ListBotLogsIn) -> Result<Page<BotLogLine>> {
        let size = page_size(input.limit)?;
        let (least, since) = (input.level.unwrap_or(LogLevel::Trace), input.since.unwrap_or_default());
        let text = input.text.unwrap_or_default();
        if text.len() > 200 || text.contains('\0') {
            return Err(Error::invalid("/text", "has at most 200 bytes, and no NUL"));
        }
        let scope = format!("{} {least} {} {text}", input.bot_id, since.millis());
        // Comes after every id of a line.
        let before = cursor::open(cx, &scope, input.cursor.as_deref())?.unwrap_or_else(|| "g".into());
        let filter = bot_logs::Filter {
            before: &before,
            since,
            least,
            text: &text,
        };
        let lines = bot_logs::list(cx.tx(), &on, &filter, size + 1).await?;
        Ok(cursor::page(cx, &scope, lines, size, |line| line.id.clone()))
    }
}
