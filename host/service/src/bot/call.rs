//! Asking a bot for something, and its answer.

use super::stored;
use crate::{Answer, Cx, Effect, Error, Host, Method, Nothing, Op, OpSpec, Result, error::Code, op};
use mesh_authz::{Grant, Permission, Reason};
use mesh_store::{
    bot_calls::{self, Call},
    log::Stream,
};
use mesh_types::{
    ActorId, BotCallId, BotId, Timestamp,
    limits::{BOT_CALL, BOT_CALL_MS, HOPS},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;

/// Who waits for answers of bots.
#[derive(Default)]
pub(crate) struct Answers(Mutex<HashMap<BotCallId, Arc<Notify>>>);

impl Answers {
    fn waiting(&self) -> MutexGuard<'_, HashMap<BotCallId, Arc<Notify>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes whoever waits for this answer.
    fn came(&self, call: BotCallId) {
        if let Some(waiting) = self.waiting().get(&call) {
            waiting.notify_waiters();
        }
    }
}

/// One who waits; gone when dropped.
struct Waiting<'h> {
    answers: &'h Answers,
    call: BotCallId,
    wake: Arc<Notify>,
}

impl<'h> Waiting<'h> {
    fn new(answers: &'h Answers, call: BotCallId) -> Self {
        let wake = answers.waiting().entry(call).or_default().clone();
        Self { answers, call, wake }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut waiting = self.answers.waiting();
        // The map's and this one.
        if Arc::strong_count(&self.wake) == 2 {
            waiting.remove(&self.call);
        }
    }
}

/// `bot.call`
pub struct CallBot;

/// What a bot is asked.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallBotIn {
    /// The bot.
    pub bot_id: BotId,
    /// What is asked for, in the words of that bot: 1 to 64 characters.
    pub method: String,
    /// With what: any JSON, at most 256 KiB.
    #[serde(default)]
    pub input: Value,
    /// How long to wait, in milliseconds: at most, and without a word, 30,000. Never longer than whoever asked the
    /// calling bot waits.
    #[serde(default)]
    pub timeout_ms: Option<u32>,
}

/// What a bot answered.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BotAnswer {
    /// Names the call; the bot was told it too.
    pub call_id: BotCallId,
    /// The answer.
    pub answer: Value,
    /// Why there is none, in the bot's words.
    pub error: Option<String>,
}

impl Answer for BotAnswer {}

impl Op for CallBot {
    const SPEC: OpSpec = op("bot.call", Effect::Write)
        .needs(Permission::CommandInvoke)
        .about("Asks a bot for something, and waits for its answer.")
        .http(Method::Post, "/bots/{bot_id}/call", 200)
        .socket()
        .wasm("calls", "call")
        .mcp()
        .cli();
    type In = CallBotIn;
    type Out = BotAnswer;
    type On = BotId;

    fn on(input: &CallBotIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, bot: Grant<BotId>, input: CallBotIn) -> Result<BotAnswer> {
        if !(1..=64).contains(&input.method.chars().count()) || input.method.contains('\0') {
            return Err(Error::invalid("/method", "has 1 to 64 characters"));
        }
        let timeout = input.timeout_ms.unwrap_or(BOT_CALL_MS);
        if !(1..=BOT_CALL_MS).contains(&timeout) {
            return Err(Error::invalid("/timeout_ms", format!("is 1 to {BOT_CALL_MS}")));
        }
        let asked = serialized("/input", &input.input)?;
        if stored(cx, *bot).await?.bot.wanted != "running" {
            return Err(Error::new(
                Code::BotStopped,
                "This bot is stopped. `bot.start` lets it run.",
            ));
        }
        if cx.envelope().hops > HOPS {
            return Err(Error::forbidden(
                Reason::Policy,
                "Too many bots in a row asked each other.",
            ));
        }
        let (chain, until) = chain(cx).await?;
        if chain.contains(&*bot) {
            return Err(Error::new(
                Code::Conflict,
                "This bot waits for the answer itself, so it would never come.",
            ));
        }
        let call = Call {
            bot: *bot,
            method: input.method,
            input: asked,
            chain: serde_json::to_string(&chain).map_err(Error::internal)?,
            deadline: until.min(Timestamp(cx.now().millis() + i64::from(timeout))),
            answer: None,
            error: None,
        };
        let (id, at) = (cx.id(BotCallId::new), cx.now());
        bot_calls::add(cx.tx(), &bot, id, &call, at).await?;
        let data = json!({ "call_id": id, "hops": cx.envelope().hops });
        cx.emit(Stream::Actor(ActorId::Bot(*bot)), "bot.called", id, &data)
            .await?;
        Ok(BotAnswer {
            call_id: id,
            answer: Value::Null,
            error: None,
        })
    }

    async fn wait(host: &Host, out: &BotAnswer) -> Result<Option<BotAnswer>> {
        let waiting = Waiting::new(&host.answers, out.call_id);
        loop {
            let woken = waiting.wake.notified();
            tokio::pin!(woken);
            woken.as_mut().enable();
            let call = bot_calls::get(&mut host.store.view().await?.tx(), out.call_id)
                .await?
                .ok_or_else(late)?;
            if !call.is_open() {
                return Ok(Some(BotAnswer {
                    call_id: out.call_id,
                    answer: call
                        .answer
                        .map_or(Ok(Value::Null), |json| serde_json::from_str(&json))
                        .map_err(Error::internal)?,
                    error: call.error,
                }));
            }
            let left = call.deadline.millis() - host.clock.now().millis();
            let left = Duration::from_millis(u64::try_from(left).map_err(|_| late())?);
            // At the deadline it is looked at once more.
            let _ = tokio::time::timeout(left + Duration::from_millis(1), woken).await;
        }
    }
}

fn late() -> Error {
    Error::new(Code::PeerTimeout, "The bot did not answer in time.")
}

fn serialized(pointer: &str, value: &Value) -> Result<String> {
    let json = serde_json::to_string(value).map_err(Error::internal)?;
    if json.len() > BOT_CALL {
        return Err(Error::invalid(pointer, format!("has at most {BOT_CALL} bytes as JSON")));
    }
    Ok(json)
}

/// The bots that wait for this answer, and until when the first of all who asked waits.
async fn chain(cx: &mut Cx<'_>) -> Result<(Vec<BotId>, Timestamp)> {
    let (mut chain, mut until) = (Vec::new(), Timestamp(i64::MAX));
    if let Some(within) = cx.envelope().within
        && let Some(call) = bot_calls::get(cx.tx(), within).await?
    {
        chain = serde_json::from_str(&call.chain).map_err(Error::internal)?;
        until = call.deadline;
    }
    if let ActorId::Bot(bot) = cx.actor()? {
        chain.push(bot);
    }
    Ok((chain, until))
}

/// `bot_call.answer`
pub struct AnswerBotCall;

/// The answer to a question.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerBotCallIn {
    /// The bot that was asked.
    pub bot_id: BotId,
    /// The question, as `bot.called` names it.
    pub call_id: BotCallId,
    /// The answer: any JSON, at most 256 KiB.
    #[serde(default)]
    pub answer: Value,
    /// Why there is none: at most 1,000 characters.
    #[serde(default)]
    pub error: Option<String>,
}

impl Op for AnswerBotCall {
    const SPEC: OpSpec = op("bot_call.answer", Effect::Write)
        .needs(Permission::BotState)
        .about("Answers what the calling bot was asked.")
        .http(Method::Post, "/bots/{bot_id}/calls/{call_id}/answer", 200)
        .socket()
        .wasm("calls", "answer");
    type In = AnswerBotCallIn;
    type Out = Nothing;
    type On = BotId;

    fn on(input: &AnswerBotCallIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, bot: Grant<BotId>, input: AnswerBotCallIn) -> Result<Nothing> {
        if cx.actor()? != ActorId::Bot(*bot) {
            return Err(Error::forbidden(
                Reason::Ownership,
                "A bot answers for itself; nobody else can.",
            ));
        }
        let answer = match input.error {
            None => Ok(serialized("/answer", &input.answer)?),
            Some(_) if !input.answer.is_null() => return Err(Error::invalid("/error", "goes without an `answer`")),
            Some(error) if error.chars().count() > 1000 || error.contains('\0') => {
                return Err(Error::invalid("/error", "has at most 1000 characters, and no NUL"));
            }
            Some(error) => Err(error),
        };
        let call = bot_calls::get(cx.tx(), input.call_id).await?;
        let call = call.filter(|call| call.bot == *bot).ok_or_else(Error::not_found)?;
        if !call.is_open() {
            return Err(Error::wrong_state("answered", "This call was answered before."));
        }
        if call.deadline < cx.now() {
            return Err(Error::wrong_state("expired", "Nobody waits for this answer any more."));
        }
        bot_calls::answer(cx.tx(), &bot, input.call_id, answer).await?;
        cx.note(*bot, &json!({ "call_id": input.call_id }))?;
        cx.afterwards(move |host| host.answers.came(input.call_id));
        Ok(Nothing {})
    }
}
