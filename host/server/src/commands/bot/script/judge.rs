//! What was expected of a bot, and what came instead.

use super::{
    effects::Effects,
    format::{Source, Step, Text},
    world::World,
};
use crate::client::Result;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use toml::Spanned;

/// Something that did not come as expected.
#[derive(Debug, serde::Serialize)]
pub(super) struct Miss {
    /// The line of the script.
    pub(super) line: usize,
    /// What was expected there.
    pub(super) expected: String,
    /// What came.
    pub(super) instead: String,
}

/// Everything that did not come as a step expects it.
pub(super) async fn judge(world: &World, source: &Source, step: &Step, effects: &Effects) -> Result<Vec<Miss>> {
    let mut misses = Vec::new();
    if let Some(replies) = &step.replies {
        misses.extend(replies_missed(source, replies, &effects.replies));
    }
    if let Some(wanted) = &step.reactions {
        let same = *wanted.get_ref() == effects.reactions;
        misses.extend((!same).then(|| Miss {
            line: source.line(wanted),
            expected: format!("the reactions {}", list(wanted.get_ref())),
            instead: list(&effects.reactions),
        }));
    }
    if let Some(logs) = &step.logs {
        misses.extend(log_missed(source, logs, effects));
    }
    for (key, wanted) in &step.kv {
        misses.extend(value_missed(world, source, key, wanted).await?);
    }
    if let Some(wanted) = &step.denied {
        let came: BTreeSet<&str> = effects.denied.iter().map(|denied| &*denied.op).collect();
        let same = wanted.get_ref().iter().map(String::as_str).collect::<BTreeSet<_>>() == came;
        misses.extend((!same).then(|| Miss {
            line: source.line(wanted),
            expected: format!("to be refused {}", list(wanted.get_ref())),
            instead: list(&came),
        }));
    }
    if let Some(nothing) = step.nothing.as_ref().filter(|nothing| *nothing.get_ref()) {
        let did = did(effects);
        misses.extend((!did.is_empty()).then(|| Miss {
            line: source.line(nothing),
            expected: "nothing".into(),
            instead: did.join("; "),
        }));
    }
    Ok(misses)
}

/// Texts in quotes, or `nothing`.
fn list<T: std::fmt::Debug>(texts: impl IntoIterator<Item = T>) -> String {
    let texts: Vec<String> = texts.into_iter().map(|text| format!("{text:?}")).collect();
    if texts.is_empty() {
        "nothing".into()
    } else {
        texts.join(", ")
    }
}

fn replies_missed(source: &Source, wanted: &Spanned<Vec<Spanned<Text>>>, came: &[String]) -> Vec<Miss> {
    let texts = wanted.get_ref();
    let each = texts.iter().enumerate().filter_map(|(n, text)| match came.get(n) {
        Some(reply) if text.get_ref().fits(reply) => None,
        reply => Some(Miss {
            line: source.line(text),
            expected: format!("the reply {}", text.get_ref()),
            instead: reply.map_or("no reply".into(), |reply| format!("{reply:?}")),
        }),
    });
    let more = came.iter().skip(texts.len()).map(|reply| Miss {
        line: source.line(wanted),
        expected: match texts.len() {
            0 => "no reply".into(),
            1 => "1 reply".into(),
            n => format!("{n} replies"),
        },
        instead: format!("one more, {reply:?}"),
    });
    each.chain(more).collect()
}

/// The first line that is not there behind those before it.
fn log_missed(source: &Source, wanted: &Spanned<Vec<Spanned<Text>>>, effects: &Effects) -> Option<Miss> {
    let mut lines = effects.logs.iter();
    let missed = wanted
        .get_ref()
        .iter()
        .find(|text| !lines.any(|(level, line)| text.get_ref().fits_line(*level, line)))?;
    let came = effects.logs.iter().map(|(level, line)| format!("{level} {line:?}"));
    let came: Vec<String> = came.collect();
    Some(Miss {
        line: source.line(missed),
        expected: format!("the log line {}", missed.get_ref()),
        instead: if came.is_empty() {
            "nothing was logged".into()
        } else {
            came.join(", ")
        },
    })
}

async fn value_missed(
    world: &World,
    source: &Source,
    key: &str,
    wanted: &Spanned<toml::Value>,
) -> Result<Option<Miss>> {
    let expected = json!(wanted.get_ref());
    let instead = match world.stored(key).await {
        Ok(bytes) => {
            let value = serde_json::from_slice(&bytes).unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&bytes)));
            if value == expected {
                return Ok(None);
            }
            value.to_string()
        }
        Err(error) if error.code.as_str() == "not_found" => "there is no such key".into(),
        Err(error) => error.to_string(),
    };
    Ok(Some(Miss {
        line: source.line(wanted),
        expected: format!("{key:?} to be {expected} in the store"),
        instead,
    }))
}

/// What the bot did, in words.
pub(super) fn did(effects: &Effects) -> Vec<String> {
    let replies = effects.replies.iter().map(|reply| format!("it replied {reply:?}"));
    let reactions = effects.reactions.iter().map(|emoji| format!("it reacted with {emoji}"));
    let others = effects.others.iter().map(|kind| format!("it caused {kind}"));
    let denied = effects
        .denied
        .iter()
        .map(|denied| format!("it was refused {}: {}", denied.op, denied.why));
    replies.chain(reactions).chain(others).chain(denied).collect()
}
