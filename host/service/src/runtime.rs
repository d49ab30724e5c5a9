//! The port to whatever runs components. The bot host implements it; the operations call it.

use crate::Result;
use futures_util::future::BoxFuture;
use mesh_types::{BotId, BotVersionId, InstanceId, MeshId, Timestamp, trial::BotTrial, view::Event};
use std::path::PathBuf;

/// One function that a component imports.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ImportedFunction {
    /// Such as `mesh:bot/messages`.
    pub interface: String,
    /// Such as `0.1.0`.
    pub version: String,
    /// Such as `post`.
    pub function: String,
}

/// What a component says of itself, read without running it.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// What it imports.
    pub imports: Vec<ImportedFunction>,
    /// Its `bot.toml`, if one is embedded.
    pub manifest: Option<String>,
}

/// How a bot's instance is now.
#[derive(Debug, Clone, Default)]
pub struct InstanceStatus {
    /// `starting`, `ready`, `idle`, `backoff` or `tripped`.
    pub state: String,
    /// The running instance.
    pub instance: Option<InstanceId>,
    /// What ended the last instance.
    pub last_error: Option<String>,
    /// Crashes since the bot was started.
    pub restarts: u32,
    /// Since when it is in this state.
    pub since: Timestamp,
}

/// An event that a version of a bot gets in a dry run.
#[derive(Debug, Clone)]
pub struct Tried {
    /// The bot.
    pub bot: BotId,
    /// Its mesh.
    pub mesh: MeshId,
    /// How it is mentioned.
    pub handle: String,
    /// Overrides of its limits, as JSON.
    pub limits: String,
    /// The version.
    pub version: BotVersionId,
    /// SHA-256 of the version's component, in hexadecimal.
    pub digest: String,
    /// The event.
    pub event: Event,
}

/// Runs components. It follows the log by itself: which bots should run, and what they hear.
pub trait BotRuntime: Send + Sync {
    /// Reads an uploaded file, within bounds and without running it.
    fn inspect(&self, component: PathBuf) -> BoxFuture<'_, Result<Inspection>>;

    /// Whether the stored component of this digest could be started: it is compiled and linked, and not
    /// run. What cannot be is refused as `component_invalid`.
    fn check<'a>(&'a self, digest: &'a str) -> BoxFuture<'a, Result<()>>;

    /// Events of this bot wait that the database was told of by somebody else.
    fn parked(&self, bot: BotId);

    /// Starts a version by itself and hands it one event. What it writes is decided and taken back.
    fn try_event(&self, tried: Tried) -> BoxFuture<'_, Result<BotTrial>>;

    /// How a bot is; `None` when nothing of it is in memory.
    fn status(&self, bot: BotId) -> Option<InstanceStatus>;
}
