//! One event in a dry run: a bot's version by itself, with its rights, and with nothing of what it writes kept.

use super::{
    allowed::allowed,
    event::event,
    guest::Guest,
    supervisor::{Shared, line},
    told::Told,
};
use crate::{
    bindings::Outcome,
    end::CallEnd,
    instance::{After, Instance, Spent},
    output::LogOutput,
};
use mesh_service::{Effect, OpSpec, Result, runtime::Tried};
use mesh_types::trial::{BotTrial, TrialCall, TrialLine};
use serde::Serialize;
use serde_json::Value;

/// Longest input that is shown, as JSON, and the most of all inputs together.
const SHOWN: usize = 64 << 10;
const SHOWN_IN_ALL: usize = 1 << 20;

/// The calls that a bot makes in a dry run.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    made: Vec<TrialCall>,
    size: usize,
}

impl Calls {
    /// A call is about to be made.
    pub(super) fn add(&mut self, spec: &OpSpec, input: &impl Serialize) {
        let text = serde_json::to_string(input).unwrap_or_default();
        let fits = text.len() <= SHOWN && self.size + text.len() <= SHOWN_IN_ALL;
        let input = if fits {
            self.size += text.len();
            serde_json::from_str(&text).unwrap_or_default()
        } else {
            Value::Null
        };
        self.made.push(TrialCall {
            op: spec.name.into(),
            input,
            writes: spec.effect != Effect::Read,
            outcome: "unanswered".into(),
        });
    }

    /// It was answered so.
    pub(super) fn answered(&mut self, outcome: &str) {
        if let Some(last) = self.made.last_mut() {
            outcome.clone_into(&mut last.outcome);
        }
    }
}

/// What a dry run came to so far.
struct Course {
    told: Told,
    lines: Vec<TrialLine>,
    dropped: u32,
}

impl Course {
    fn heard(&mut self, log: LogOutput) {
        self.dropped = self.dropped.saturating_add(log.dropped);
        for said in log.lines {
            let said = line(said);
            self.lines.push(TrialLine {
                level: said.level,
                text: self.told.redact(said.text),
            });
        }
    }

    fn ended(self, tried: &Tried, end: &CallEnd, spent: &Spent, host: &mut Guest) -> BotTrial {
        let word = match end {
            CallEnd::Done(Outcome::Ack) => "done",
            CallEnd::Done(Outcome::RetryAfter(_)) => "retry",
            CallEnd::Done(Outcome::Reject(_)) => "rejected",
            _ => "failed",
        };
        let mut calls = host.dry.take().unwrap_or_default().made;
        for call in &mut calls {
            redact(&mut call.input, &self.told);
        }
        BotTrial {
            version_id: tried.version,
            end: word.into(),
            detail: self.told.redact(end.to_string()),
            calls,
            log: self.lines,
            log_dropped: self.dropped,
            fuel: i64::try_from(spent.fuel).unwrap_or(i64::MAX),
            took_ms: i64::try_from(spent.wall.as_millis()).unwrap_or(i64::MAX),
        }
    }
}

impl Shared {
    /// Hands a made-up event to a version that was started for it.
    pub(super) async fn try_event(&self, tried: Tried) -> Result<BotTrial> {
        let authority = self.host.authority.bot_rights(&self.host.store, tried.bot).await?;
        let component = self.component(&tried.digest).await?;
        let linked = self.link(&component, &allowed(&authority))?;
        let _place = self.place().await?;
        let mut course = Course {
            told: Told::default(),
            lines: Vec::new(),
            dropped: 0,
        };
        let mut guest = Guest::new(
            self.host.clone(),
            (tried.bot, tried.mesh),
            tried.handle.clone(),
            course.told.clone(),
            self.sandbox(&tried.limits),
        );
        guest.dry = Some(Calls::default());
        let started = Instance::start(&linked, guest).await;
        course.heard(started.log);
        let instance = match started.after {
            After::Alive(instance) => instance,
            After::Dead(mut host) => return Ok(course.ended(&tried, &started.end, &started.spent, &mut host)),
        };
        let (mail, _) = event(tried.event.clone(), &tried.handle);
        let called = instance.on_event(&mail).await;
        course.heard(called.log);
        let mut host = match called.after {
            After::Alive(instance) => instance.stop(),
            After::Dead(host) => *host,
        };
        Ok(course.ended(&tried, &called.end, &called.spent, &mut host))
    }
}

/// Takes secrets out of every text.
fn redact(value: &mut Value, told: &Told) {
    match value {
        Value::String(text) => *text = told.redact(std::mem::take(text)),
        Value::Array(values) => values.iter_mut().for_each(|value| redact(value, told)),
        Value::Object(fields) => fields.values_mut().for_each(|value| redact(value, told)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
