use super::schedule::Schedule;
use crate::{
    Cx, Effect, Error, Method, Nothing, Op, OpSpec, Page, Result,
    cursor::{self, page_size},
    error::Code,
    op,
};
use mesh_authz::{Grant, Permission};
use mesh_store::{bots, timers};
use mesh_types::{BotId, RoomId, TimerId, Timestamp, bot::Timer, limits};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The furthest that a timer can be set: ten years.
const FURTHEST_SECONDS: i64 = 10 * 366 * 24 * 3600;

/// `timer.list`
pub struct ListTimers;

/// Whose timers.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListTimersIn {
    /// The bot.
    pub bot_id: BotId,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

impl Op for ListTimers {
    const SPEC: OpSpec = op("timer.list", Effect::Read)
        .needs(Permission::BotState)
        .about("Lists a bot's timers that have still to fire, the oldest first.")
        .http(Method::Get, "/bots/{bot_id}/timers", 200)
        .wasm("timers", "list")
        .cli();
    type In = ListTimersIn;
    type Out = Page<Timer>;
    type On = BotId;

    fn on(input: &ListTimersIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, bot: Grant<BotId>, input: ListTimersIn) -> Result<Page<Timer>> {
        let (size, scope) = (page_size(input.limit)?, bot.to_string());
        let after = cursor::open(cx, &scope, input.cursor.as_deref())?.unwrap_or_default();
        let found = timers::list(cx.tx(), &bot, &after, size + 1).await?;
        Ok(cursor::page(cx, &scope, found, size, |timer| timer.id.to_string()))
    }
}

/// `timer.create`
pub struct CreateTimer;

/// A timer to set: with `at` or with `cron`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTimerIn {
    /// The bot.
    pub bot_id: BotId,
    /// Fires once, at this time; at once when it is over.
    #[serde(default)]
    pub at: Option<Timestamp>,
    /// Fires again and again: minute, hour, day of the month, month, day of the week.
    #[serde(default)]
    pub cron: Option<String>,
    /// The IANA time zone of `cron`; UTC when absent.
    #[serde(default)]
    pub zone: Option<String>,
    /// The room that it is about, one that the bot is in; the event keeps its place among those of the room.
    #[serde(default)]
    pub room_id: Option<RoomId>,
    /// Comes back with the event; at most 16 KiB as JSON.
    #[serde(default)]
    pub data: Value,
}

impl Op for CreateTimer {
    const SPEC: OpSpec = op("timer.create", Effect::Write)
        .needs(Permission::BotState)
        .about("Sets a timer of a bot: once at a time, or by a cron expression. It fires the event `timer.fired`.")
        .http(Method::Post, "/bots/{bot_id}/timers", 201)
        .wasm("timers", "create")
        .cli();
    type In = CreateTimerIn;
    type Out = Timer;
    type On = BotId;

    fn on(input: &CreateTimerIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, bot: Grant<BotId>, input: CreateTimerIn) -> Result<Timer> {
        let due_at = first(&input, cx.now())?;
        if input.data.to_string().len() > limits::TIMER_DATA {
            return Err(Error::invalid("/data", "has at most 16384 bytes as JSON"));
        }
        if let Some(room) = input.room_id
            && !bots::rooms(cx.tx(), *bot).await?.contains(&room)
        {
            return Err(Error::invalid("/room_id", "is not a room that the bot is in"));
        }
        if timers::count(cx.tx(), &bot).await? >= limits::TIMERS {
            let most = limits::TIMERS;
            let detail = format!("{most} timers of this bot have still to fire. Cancel some.");
            return Err(Error::new(Code::LimitReached, detail));
        }
        let timer = Timer {
            id: cx.id(TimerId::new),
            bot_id: *bot,
            room_id: input.room_id,
            cron: input.cron,
            zone: input.zone,
            data: input.data,
            due_at: Some(due_at),
            created_at: cx.now(),
        };
        timers::add(cx.tx(), &bot, &timer).await?;
        cx.note(timer.id, &serde_json::json!({ "due_at": due_at }))?;
        cx.afterwards(|host| host.timers.notify_one());
        Ok(timer)
    }
}

/// When a new timer fires first.
fn first(input: &CreateTimerIn, now: Timestamp) -> Result<Timestamp> {
    match (input.at, &input.cron) {
        (Some(_), None) if input.zone.is_some() => Err(Error::invalid("/zone", "belongs to `cron`")),
        (Some(at), None) if at > now.plus_seconds(FURTHEST_SECONDS) => {
            Err(Error::invalid("/at", "is within ten years"))
        }
        (Some(at), None) => Ok(at),
        (None, Some(cron)) => Schedule::parse(cron, input.zone.as_deref())?
            .next(now)
            .ok_or_else(|| Error::invalid("/cron", "never comes true")),
        _ => Err(Error::invalid("", "has either `at` or `cron`")),
    }
}

/// `timer.cancel`
pub struct CancelTimer;

/// Which timer.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelTimerIn {
    /// The timer.
    pub timer_id: TimerId,
}

impl Op for CancelTimer {
    const SPEC: OpSpec = op("timer.cancel", Effect::Write)
        .needs(Permission::BotState)
        .about("Ends a timer. What it fired and the bot was not handed yet does not come any more.")
        .http(Method::Delete, "/timers/{timer_id}", 204)
        .wasm("timers", "cancel")
        .cli();
    type In = CancelTimerIn;
    type Out = Nothing;
    type On = TimerId;

    fn on(input: &CancelTimerIn) -> TimerId {
        input.timer_id
    }

    async fn run(cx: &mut Cx<'_>, timer: Grant<TimerId>, _: CancelTimerIn) -> Result<Nothing> {
        timers::cancel(cx.tx(), &timer).await?;
        Ok(Nothing {})
    }
}
