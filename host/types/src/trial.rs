//! What a bot would do with an event: the answer of a dry run.

use crate::{BotVersionId, LogLevel};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What came of a dry run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BotTrial {
    /// The version that ran.
    pub version_id: BotVersionId,
    /// `done`, `retry`, `rejected` or `failed`.
    pub end: String,
    /// The same as a sentence.
    pub detail: String,
    /// Every call of the mesh, in order. None of those that write was kept.
    pub calls: Vec<TrialCall>,
    /// What the bot said meanwhile.
    pub log: Vec<TrialLine>,
    /// Lines, or pieces of them, that were over the limit.
    pub log_dropped: u32,
    /// Fuel that the event took.
    pub fuel: i64,
    /// Milliseconds that the event took.
    pub took_ms: i64,
}

/// One call of the mesh in a dry run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrialCall {
    /// The operation.
    pub op: String,
    /// What it was called with; null when that is too long to be shown.
    pub input: Value,
    /// It would have changed something.
    pub writes: bool,
    /// `done`, or the code of the refusal.
    pub outcome: String,
}

/// A line that a bot said in a dry run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrialLine {
    /// How much it matters.
    pub level: LogLevel,
    /// The text.
    pub text: String,
}
