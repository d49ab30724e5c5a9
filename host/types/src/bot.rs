//! What the operations on bots answer, and what one bot may use.

use crate::{
    ActorId, AutonomyLevel, BotBackend, BotId, BotVersionId, DeadLetterId, Decision, InstanceId, LogLevel, MemberId,
    MeshId, PersonId, Role, RoomId, TimerId, Timestamp, limits,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bot {
    /// Its id.
    pub id: BotId,
    /// Its only mesh.
    pub mesh_id: MeshId,
    /// Its membership.
    pub member_id: MemberId,
    /// For people; also its display name.
    pub name: String,
    /// For mentions: unique in the mesh.
    pub handle: String,
    /// What it is for.
    pub description: String,
    /// What runs it.
    pub runtime: BotBackend,
    /// The person who answers for it.
    pub keeper_id: PersonId,
    /// Its role in the mesh.
    pub role: Role,
    /// What people want of it: `running` or `stopped`.
    pub wanted: String,
    /// How far it may act by itself.
    pub autonomy: AutonomyLevel,
    /// How it is: `uploaded`, `awaiting-approval`, `stopped`, `starting`, `ready`, `idle`, `backoff` or `tripped`.
    pub state: String,
    /// The version that runs.
    pub active_version: Option<BotVersionId>,
    /// The version that ran before; `bot.rollback` goes back to it.
    pub previous_version: Option<BotVersionId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Rises with every change.
    pub revision: i64,
}

/// How a bot is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BotStatus {
    /// The bot.
    pub bot_id: BotId,
    /// As in [`Bot::state`].
    pub state: String,
    /// What people want of it: `running` or `stopped`.
    pub wanted: String,
    /// The version that runs.
    pub active_version: Option<BotVersionId>,
    /// The running instance.
    pub instance: Option<InstanceId>,
    /// What ended the last instance.
    pub last_error: Option<String>,
    /// Crashes since it was started.
    pub restarts: u32,
    /// Since when it is in this state; none when nothing of it is in memory.
    pub since: Option<Timestamp>,
    /// Events that wait for it.
    pub lag: i64,
}

/// One uploaded version of a bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BotVersion {
    /// Its id.
    pub id: BotVersionId,
    /// The bot.
    pub bot_id: BotId,
    /// SHA-256 of the component, in hexadecimal.
    pub digest: String,
    /// Bytes of the component.
    pub size: i64,
    /// The name that the manifest gives.
    pub name: String,
    /// The author's own version.
    pub version: String,
    /// Who publishes it; empty when the manifest does not say.
    pub publisher: String,
    /// Who uploaded it.
    pub uploaded_by: ActorId,
    /// When it was uploaded.
    pub created_at: Timestamp,
    /// It is the one that runs.
    pub active: bool,
}

/// A version with its manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BotVersionDetail {
    /// The version.
    #[serde(flatten)]
    pub version: BotVersion,
    /// Its `bot.toml`, as JSON.
    pub manifest: serde_json::Value,
}

/// A secret of a bot, as far as anybody is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BotSecret {
    /// Its name in `bot.toml`.
    pub name: String,
    /// Rises with every change.
    pub revision: i64,
    /// Who wrote it last.
    pub updated_by: ActorId,
    /// When.
    pub updated_at: Timestamp,
}

/// An event that a bot could not handle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeadLetter {
    /// Its id.
    pub id: DeadLetterId,
    /// The event's stream.
    pub stream: String,
    /// Its position there.
    pub seq: i64,
    /// How often it was tried.
    pub attempts: i64,
    /// What went wrong the last time.
    pub error: String,
    /// When it was given up.
    pub at: Timestamp,
}

/// How far a bot has come in one stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StreamBacklog {
    /// The stream.
    pub stream: String,
    /// What it has handled up to.
    pub seq: i64,
    /// The stream's last position.
    pub head_seq: i64,
}

/// What waits for a bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BotBacklog {
    /// The streams that it follows and is behind in, the furthest first; at most 200.
    pub streams: Vec<StreamBacklog>,
    /// Events that wait, in all streams.
    pub waiting: i64,
    /// Events that failed and are tried again.
    pub parked: i64,
    /// When the next of those is tried.
    pub next_try_at: Option<Timestamp>,
    /// Dead letters.
    pub dead: i64,
}

/// A timer of a bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Timer {
    /// Its id.
    pub id: TimerId,
    /// The bot.
    pub bot_id: BotId,
    /// The room that it is about.
    pub room_id: Option<RoomId>,
    /// Minute, hour, day of the month, month, day of the week; none for one that fires once.
    pub cron: Option<String>,
    /// The time zone of `cron`; UTC when absent.
    pub zone: Option<String>,
    /// What comes back with the event.
    pub data: serde_json::Value,
    /// When it fires next; none when it has fired for the last time.
    pub due_at: Option<Timestamp>,
    /// When it was set.
    pub created_at: Timestamp,
}

/// What a bot is to hear of. It only narrows what the version that runs subscribes to, and its rooms.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Subscription {
    /// Event names as in `bot.toml`, such as `message-created`; what the version subscribes to when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<BTreeSet<String>>,
    /// Only these of its rooms; all of them when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rooms: Option<BTreeSet<RoomId>>,
}

impl Subscription {
    /// Whether it leaves in an event of this name, of this room.
    pub fn takes(&self, event: &str, room: Option<RoomId>) -> bool {
        let named = self.events.as_ref().is_none_or(|events| events.contains(event));
        let here = self
            .rooms
            .as_ref()
            .zip(room)
            .is_none_or(|(rooms, room)| rooms.contains(&room));
        named && here
    }
}

/// What a bot is to hear of, and its revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BotSubscription {
    /// What was chosen.
    #[serde(flatten)]
    pub chosen: Subscription,
    /// What the version that runs subscribes to; everything when empty.
    pub offered: BTreeSet<String>,
    /// Rises with every change.
    pub revision: i64,
}

/// One function that a version imports, and what would become of a call now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VersionImport {
    /// Such as `mesh:bot/messages`.
    pub interface: String,
    /// The interface's version.
    pub version: String,
    /// Such as `post`.
    pub function: String,
    /// The operation behind it; none for the sandbox's own functions.
    pub op: Option<String>,
    /// The permission that the operation needs.
    pub permission: Option<String>,
    /// `allow`, `ask`, `deny`, `undecided`, `not_asked` (the manifest does not ask for it), `implied` (nobody has to
    /// decide) or `unserved` (this server does not have the operation).
    pub verdict: String,
    /// The version compared with does not import it.
    pub new: bool,
}

/// Everything that a version imports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VersionImports {
    /// The version.
    pub version_id: BotVersionId,
    /// The version compared with.
    pub against: Option<BotVersionId>,
    /// One entry for each imported function.
    pub items: Vec<VersionImport>,
}

/// One decision of a person about a bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BotGrant {
    /// The bot.
    pub bot_id: BotId,
    /// The permission.
    pub permission: String,
    /// Where: `*` or the id of a mesh, a room or a bot.
    pub on: String,
    /// What was decided.
    pub effect: Decision,
    /// Whose versions it holds for; `deny` holds for all.
    pub publisher: String,
    /// Until when.
    pub expires_at: Option<Timestamp>,
    /// Who decided.
    pub decided_by: ActorId,
    /// When.
    pub decided_at: Timestamp,
    /// It counts for the version in question now: same publisher, no more asked for than then, not over.
    pub holds: bool,
}

/// One thing that a version asks for, and what was decided about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AskedCapability {
    /// The permission.
    pub permission: String,
    /// Where.
    pub on: String,
    /// The author's reason.
    pub reason: String,
    /// The version does not activate while this is undecided.
    pub required: bool,
    /// `allow`, `ask`, `deny` or `undecided`.
    pub verdict: String,
}

/// What a bot asked for, what was decided and what is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BotGrants {
    /// The version that asks; none for a bot without a manifest.
    pub version_id: Option<BotVersionId>,
    /// What it asks for.
    pub asked: Vec<AskedCapability>,
    /// Every decision about the bot.
    pub decided: Vec<BotGrant>,
    /// The permissions that it asks for and nobody decided about.
    pub undecided: Vec<String>,
}

/// A bot's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BotConfig {
    /// The document. Secrets are never in it.
    pub config: serde_json::Value,
    /// Rises with every change.
    pub revision: i64,
}

/// One line of a bot's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BotLogLine {
    /// Its id; ids rise with time.
    pub id: String,
    /// When it was written.
    pub at: Timestamp,
    /// How much it matters.
    pub level: LogLevel,
    /// What the bot said.
    pub text: String,
    /// The instance that wrote it; empty when unknown.
    pub instance: String,
}

/// A bot's new token.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BotToken {
    /// The bot.
    pub bot_id: BotId,
    /// The secret. It is shown only here.
    pub token: String,
    /// Until when the token before still works.
    pub old_until: Timestamp,
}

/// A key of a bot's key-value store, without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KvEntry {
    /// The key.
    pub key: String,
    /// Bytes of the value.
    pub size: i64,
    /// Rises with every write, and never comes back.
    pub version: i64,
    /// Its end.
    pub expires_at: Option<Timestamp>,
}

/// How much a bot whose autonomy is `act_limited` does by itself. Past it, what it does waits for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AutonomyCaps {
    /// Messages posted in an hour; 60 when absent, at most 100,000.
    pub messages_per_hour: u32,
    /// Changes made in an hour, messages among them; 120 when absent, at most 100,000. What the bot does with its own
    /// store, timers and log does not count.
    pub writes_per_hour: u32,
    /// HTTP requests sent in an hour; 60 when absent, at most 100,000. They cannot wait, so past it they are refused.
    pub requests_per_hour: u32,
    /// The only rooms in which it changes something by itself, at most 1,000; anywhere when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_ids: Option<BTreeSet<RoomId>>,
}

impl Default for AutonomyCaps {
    fn default() -> Self {
        Self {
            messages_per_hour: 60,
            writes_per_hour: 120,
            requests_per_hour: 60,
            room_ids: None,
        }
    }
}

/// What a bot did by itself in the last hour, while its autonomy was `act_limited`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct AutonomyUse {
    /// Messages posted.
    pub messages: u32,
    /// Changes made, messages among them.
    pub writes: u32,
    /// HTTP requests sent.
    pub requests: u32,
}

/// How far a bot acts by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BotAutonomy {
    /// The bot.
    pub bot_id: BotId,
    /// The level.
    pub level: AutonomyLevel,
    /// What bounds it with `act_limited`.
    pub caps: AutonomyCaps,
    /// How much of that is used. What people let through does not count.
    pub used: AutonomyUse,
}

/// What one bot uses of its limits now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BotUse {
    /// Bytes of keys and values in its key-value store.
    pub kv_bytes: i64,
}

/// A bot's limits: what holds, what an admin set, what the manifest would like, and what is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BotLimitsView {
    /// What holds.
    pub limits: BotLimits,
    /// What an admin set; the rest are defaults.
    pub set: BotLimitSettings,
    /// What the active version's manifest would like. It changes nothing by itself.
    pub asked: serde_json::Map<String, serde_json::Value>,
    /// What is used.
    pub used: BotUse,
    /// Rises with every change.
    pub revision: i64,
}

macro_rules! bot_limits {
    ($($(#[$doc:meta])* $name:ident = $default:expr, $least:expr => $most:expr;)*) => {
        /// What one bot may use.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        pub struct BotLimits { $($(#[$doc])* pub $name: u64,)* }

        /// What an admin set of a bot's limits; what is absent has its default.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct BotLimitSettings {
            $($(#[$doc])* #[serde(default, skip_serializing_if = "Option::is_none")] pub $name: Option<u64>,)*
        }

        impl Default for BotLimits {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        impl BotLimitSettings {
            /// What holds: the settings, and the defaults for the rest.
            pub fn effective(&self) -> BotLimits {
                BotLimits { $($name: self.$name.unwrap_or($default),)* }
            }

            /// The settings that are out of bounds: name, least, most.
            pub fn out_of_bounds(&self) -> Vec<(&'static str, u64, u64)> {
                let mut wrong = Vec::new();
                $(if self.$name.is_some_and(|value| !($least..=$most).contains(&value)) {
                    wrong.push((stringify!($name), $least, $most));
                })*
                wrong
            }
        }
    };
}

bot_limits! {
    /// Fuel for one event, about one unit for each instruction.
    fuel_per_event = 1_000_000_000, 1_000_000 => 100_000_000_000;
    /// Wall clock for one event, in milliseconds; waiting for calls of the mesh counts.
    event_ms = 10_000, 100 => 120_000;
    /// Wall clock for instantiation and `start`, in milliseconds.
    start_ms = 5_000, 100 => 60_000;
    /// Bytes of all linear memories together.
    memory_bytes = 64 << 20, 1 << 20 => 256 << 20;
    /// Instances at once; each serves one room at a time. A bot has as many as its manifest asks for, within this.
    instances = 4, 1 => 32;
    /// Calls of the mesh for one event.
    host_calls = 200, 1 => 10_000;
    /// Messages posted for one event.
    messages = 20, 0 => 1_000;
    /// Bytes of one message.
    message_bytes = limits::MESSAGE_TEXT as u64, 1 => limits::MESSAGE_TEXT as u64;
    /// Bytes of all values that cross the boundary for one event.
    boundary_bytes = 4 << 20, 64 << 10 => 64 << 20;
    /// Bytes of log for one event.
    log_bytes = 64 << 10, 0 => 1 << 20;
    /// Outgoing HTTP requests for one event.
    http_calls = 10, 0 => 200;
    /// Wall clock for one outgoing HTTP request, in milliseconds.
    http_ms = 30_000, 100 => 120_000;
    /// Bytes of one HTTP answer.
    http_bytes = 8 << 20, 1 << 10 => 64 << 20;
    /// Bytes of all keys and values in the key-value store.
    kv_bytes = limits::KV_TOTAL as u64, 0 => 1 << 30;
    /// Bytes of one value in the key-value store.
    value_bytes = limits::KV_VALUE as u64, 1 => limits::KV_VALUE as u64;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_kept_within_bounds_and_the_rest_is_default() {
        let set: BotLimitSettings = serde_json::from_str(r#"{"messages": 3, "memory_bytes": 1}"#).unwrap();
        assert_eq!(
            set.effective(),
            BotLimits {
                messages: 3,
                memory_bytes: 1,
                ..BotLimits::default()
            }
        );
        assert_eq!(set.out_of_bounds(), [("memory_bytes", 1 << 20, 256 << 20)]);
        assert_eq!(
            serde_json::to_string(&set).unwrap(),
            r#"{"memory_bytes":1,"messages":3}"#
        );
        assert!(serde_json::from_str::<BotLimitSettings>(r#"{"memroy_bytes": 1}"#).is_err());
    }
}
