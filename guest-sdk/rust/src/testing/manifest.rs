use serde::Deserialize;
use std::collections::BTreeMap;

/// A `bot.toml`, read strictly: a key that no mesh knows is an error.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of the format: 1.
    pub schema: u32,
    /// What the bot is.
    pub bot: About,
    /// How it runs.
    pub runtime: Runtime,
    /// What it gets to hear.
    #[serde(default)]
    pub events: Events,
    /// What it wants to do.
    #[serde(default)]
    pub capabilities: Vec<Capability>,
    /// Slash commands.
    #[serde(default)]
    pub commands: Vec<toml::Table>,
    /// Whom it wants to reach.
    #[serde(default)]
    pub egress: Egress,
    /// What it has to be told in secret.
    #[serde(default)]
    pub secrets: Vec<Secret>,
    /// Limits it asks for.
    #[serde(default)]
    pub limits: BTreeMap<String, toml::Value>,
    /// The JSON Schema of its settings.
    #[serde(default)]
    pub config: toml::Table,
}

/// The table `[egress]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Egress {
    /// Host names, or `*.` and one for everything below it.
    #[serde(default)]
    pub hosts: Vec<String>,
}

/// One of the tables `[[secrets]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// Its name, for [`crate::Mesh::secret`].
    pub name: String,
    /// What for, for the person who enters it.
    #[serde(default)]
    pub reason: String,
    /// Where the mesh may send it; the bot itself cannot read one with hosts.
    #[serde(default)]
    pub hosts: Vec<String>,
}

/// The table `[bot]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// Its name, from which the mesh makes a handle.
    pub name: String,
    /// Its version.
    pub version: String,
    /// One sentence about what it does.
    #[serde(default)]
    pub description: String,
    /// Who publishes it.
    #[serde(default)]
    pub publisher: String,
    /// Its license, as an SPDX expression.
    #[serde(default)]
    pub license: String,
}

/// The table `[runtime]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runtime {
    /// `wasm` for a component.
    pub backend: String,
    /// How many instances share the work.
    #[serde(default)]
    pub instances: Option<u32>,
    /// What keeps its order: `room`.
    #[serde(default)]
    pub ordering: Option<String>,
}

/// The table `[events]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Events {
    /// `mentions`, `commands` or `all`.
    #[serde(default)]
    pub hears: Option<String>,
    /// Names of events, such as `message-created`.
    #[serde(default)]
    pub subscribe: Vec<String>,
    /// Whether it hears other bots.
    #[serde(default)]
    pub from_bots: bool,
}

/// One of `[[capabilities]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capability {
    /// A permission, such as `message.post`.
    pub permission: String,
    /// A pattern for what it is used on.
    pub on: String,
    /// Why, for the person who decides.
    pub reason: String,
    /// Whether the bot is of no use without it.
    #[serde(default)]
    pub required: bool,
}

impl Manifest {
    /// Reads a manifest; the error is a sentence with the line it is about.
    pub fn parse(text: &str) -> Result<Self, String> {
        let manifest: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        if manifest.schema != 1 {
            return Err(format!("schema is {}, and only 1 is known", manifest.schema));
        }
        if let Some(hears) = &manifest.events.hears
            && !["mentions", "commands", "all"].contains(&hears.as_str())
        {
            return Err(format!(
                "hears is `{hears}`, and only `mentions`, `commands` and `all` are known"
            ));
        }
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests {
    use super::Manifest;

    #[test]
    fn the_template_is_right_and_slips_are_found() {
        let template = include_str!("../../template/bot.toml");
        assert!(Manifest::parse(template).is_ok());
        for (right, wrong) in [
            ("schema = 1", "schema = 2"),
            ("hears = \"mentions\"", "hears = \"all_of_it\""),
            ("permission", "permision"),
        ] {
            assert!(template.contains(right), "{right}");
            assert!(Manifest::parse(&template.replace(right, wrong)).is_err(), "{wrong}");
        }
    }
}
