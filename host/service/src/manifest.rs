//! `bot.toml`: what a bot says of itself, embedded in its component.

use crate::{Error, Result, command::is_name, error::Code, event, outbound::is_host_pattern, text::is_unseen};
use mesh_authz::{Pattern, Permission, Wish};
use mesh_types::{Hears, limits};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Most slash commands of one bot.
const COMMANDS: usize = 50;

/// A bot's manifest, schema 1.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always 1.
    pub schema: u32,
    /// Who it is.
    pub bot: About,
    /// How it runs.
    #[serde(default)]
    pub runtime: Runtime,
    /// What it wants to hear.
    #[serde(default)]
    pub events: Events,
    /// Its slash commands; at most 50.
    #[serde(default)]
    pub commands: Vec<SlashCommand>,
    /// What it asks for.
    #[serde(default)]
    pub capabilities: Vec<Capability>,
    /// Whom it wants to reach.
    #[serde(default)]
    pub egress: Egress,
    /// What it has to be told in secret; at most 100.
    #[serde(default)]
    pub secrets: Vec<Secret>,
    /// Limits it would like; an admin clamps them.
    #[serde(default)]
    pub limits: serde_json::Map<String, serde_json::Value>,
    /// The JSON Schema of its settings.
    #[serde(default)]
    pub config: Option<serde_json::Value>,
}

/// Who a bot is.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// 1 to 64 characters.
    pub name: String,
    /// The author's own version.
    #[serde(default)]
    pub version: String,
    /// One sentence.
    #[serde(default)]
    pub description: String,
    /// Who publishes it: a DID.
    #[serde(default)]
    pub publisher: String,
    /// An SPDX expression.
    #[serde(default)]
    pub license: String,
}

/// How a bot runs.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Runtime {
    /// `wasm`.
    pub backend: Option<String>,
    /// Instances at once, each of which serves one room at a time; 1 without a word. They share nothing but what
    /// is stored.
    pub instances: Option<u32>,
    /// What keeps its order: `room`.
    pub ordering: Option<String>,
}

/// What a bot wants to hear.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Events {
    /// Event names in kebab case; all when empty.
    pub subscribe: Vec<String>,
    /// Which messages.
    pub hears: Hears,
    /// Also those of other bots.
    pub from_bots: bool,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            subscribe: Vec::new(),
            hears: Hears::Mentions,
            from_bots: false,
        }
    }
}

/// A slash command that a bot answers.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlashCommand {
    /// 1 to 32 of `a-z`, `0-9`, `-` and `_`, a letter first.
    pub name: String,
    /// One sentence, at most 200 characters.
    #[serde(default)]
    pub description: String,
    /// The JSON Schema of its arguments, which are an object.
    #[serde(default)]
    pub arguments: Option<serde_json::Value>,
    /// With whose rights it acts: `bot`.
    #[serde(default)]
    pub acts_for: Option<String>,
}

/// One thing that a bot asks for.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Capability {
    /// The permission.
    pub permission: Permission,
    /// Where: `*` or the id of a room, a mesh or a bot.
    #[serde(default = "everywhere")]
    pub on: String,
    /// Why, for the person who decides.
    #[serde(default)]
    pub reason: String,
    /// The bot does not activate while this is undecided.
    #[serde(default)]
    pub required: bool,
}

/// Whom a bot wants to reach over HTTP. It also needs `bot.network`, and whoever grants that agrees to these hosts.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Egress {
    /// Host names, or `*.` and one for everything below it; at most 100.
    pub hosts: Vec<String>,
}

/// Something that a bot has to be told in secret, such as a key of another service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// 1 to 64 of letters, digits, `_`, `-` and `.`.
    pub name: String,
    /// What for, for the person who enters it.
    #[serde(default)]
    pub reason: String,
    /// Where the server may send it, in headers of the bot's requests. The bot itself cannot read one with hosts.
    #[serde(default)]
    pub hosts: Vec<String>,
}

fn everywhere() -> String {
    "*".into()
}

impl Manifest {
    /// Reads and checks a `bot.toml`.
    pub fn from_toml(text: &str) -> Result<Self> {
        let manifest: Self = toml::from_str(text).map_err(invalid)?;
        manifest.check()?;
        Ok(manifest)
    }

    /// The stored form.
    pub fn from_json(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(Error::internal)
    }

    fn check(&self) -> Result<()> {
        if self.schema != 1 {
            return Err(invalid(format!("`schema` is {}; this server knows 1", self.schema)));
        }
        if self.bot.name.is_empty() || self.bot.name.chars().count() > 64 {
            return Err(invalid("`bot.name` has 1 to 64 characters"));
        }
        if self.runtime.backend.as_deref().is_some_and(|backend| backend != "wasm") {
            return Err(invalid("`runtime.backend` of a component is \"wasm\""));
        }
        self.check_commands()?;
        self.check_secrets()?;
        check_hosts(&self.egress.hosts, "egress.hosts")?;
        if let Some(unknown) = self.events.subscribe.iter().find(|name| !event::is_heard(name)) {
            return Err(invalid(format!("`events.subscribe`: no bot hears of `{unknown}`")));
        }
        for capability in &self.capabilities {
            if capability.permission.human_only() {
                return Err(invalid(format!(
                    "`{}` is for people only; no bot can have it",
                    capability.permission
                )));
            }
            capability
                .on
                .parse::<Pattern>()
                .map_err(|error| invalid(format!("`capabilities.on`: {error}")))?;
        }
        if let Some(schema) = &self.config {
            jsonschema::validator_for(schema)
                .map_err(|error| invalid(format!("`config` is no JSON Schema: {error}")))?;
        }
        Ok(())
    }

    fn check_commands(&self) -> Result<()> {
        if self.commands.len() > COMMANDS {
            return Err(invalid(format!("there are at most {COMMANDS} `[[commands]]`")));
        }
        let mut names = BTreeSet::new();
        for command in &self.commands {
            let name = &command.name;
            if !is_name(name) {
                return Err(invalid(
                    "`commands.name` has 1 to 32 of `a-z`, `0-9`, `-` and `_`, a letter first",
                ));
            }
            if !names.insert(name) {
                return Err(invalid(format!("there are two commands `{name}`")));
            }
            if command.description.chars().count() > 200 || command.description.chars().any(is_unseen) {
                return Err(invalid(format!(
                    "`description` of `{name}` has at most 200 characters, all of which can be seen"
                )));
            }
            if command.acts_for.as_deref().is_some_and(|whom| whom != "bot") {
                return Err(invalid("`commands.acts_for` is \"bot\" on this server"));
            }
            if let Some(schema) = &command.arguments {
                jsonschema::validator_for(schema)
                    .map_err(|error| invalid(format!("`arguments` of `{name}` is no JSON Schema: {error}")))?;
            }
        }
        Ok(())
    }

    fn check_secrets(&self) -> Result<()> {
        if self.secrets.len() > limits::BOT_SECRETS {
            return Err(invalid(format!(
                "there are at most {} `[[secrets]]`",
                limits::BOT_SECRETS
            )));
        }
        let mut names = BTreeSet::new();
        for Secret { name, hosts, .. } in &self.secrets {
            check_hosts(hosts, "secrets.hosts")?;
            if !is_secret_name(name) {
                return Err(invalid("`secrets.name` has 1 to 64 letters, digits, `_`, `-` and `.`"));
            }
            if !names.insert(name) {
                return Err(invalid(format!("there are two secrets `{name}`")));
            }
        }
        Ok(())
    }

    /// What it asks for, as the authorization reads it.
    pub fn wishes(&self) -> Vec<Wish> {
        let wish = |capability: &Capability| {
            let on = capability.on.parse().ok()?;
            Some(Wish {
                permission: capability.permission,
                on,
                required: capability.required,
            })
        };
        self.capabilities.iter().filter_map(wish).collect()
    }
}

fn check_hosts(hosts: &[String], field: &str) -> Result<()> {
    if hosts.len() > 100 {
        return Err(invalid(format!("`{field}` has at most 100 hosts")));
    }
    match hosts.iter().find(|host| !is_host_pattern(host)) {
        Some(host) => Err(invalid(format!("`{field}`: `{host}` is no host name in lower case"))),
        None => Ok(()),
    }
}

/// Whether a secret may be called this.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.');
    (1..=64).contains(&name.len()) && name.chars().all(fits)
}

fn invalid(why: impl std::fmt::Display) -> Error {
    Error::new(Code::ManifestInvalid, format!("bot.toml: {why}"))
}
