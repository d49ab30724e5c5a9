//! The configuration: a file, then the environment, then flags. Unknown keys are errors.

use anyhow::{Context as _, Result, anyhow, bail};
use clap::Args;
use mesh_api::Network;
use mesh_service::rate::{Rate, Rates};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::{net::SocketAddr, path::PathBuf};

/// What `mesh serve` can be told on its command line; each also by an environment variable.
#[derive(Args, Debug, Default, Clone)]
pub(crate) struct Flags {
    /// The configuration file; `mesh.toml` when it is there.
    #[arg(long, env = "MESH_CONFIG")]
    config: Option<PathBuf>,
    /// The folder for the database, keys and files.
    #[arg(long, env = "MESH_DATA")]
    data: Option<PathBuf>,
    /// The address to listen on.
    #[arg(long, env = "MESH_LISTEN")]
    listen: Option<SocketAddr>,
    /// A PostgreSQL URL; without it the database is a SQLite file in the data folder.
    #[arg(long, env = "MESH_DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
}

/// The whole configuration.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) server: Server,
    pub(crate) database: Database,
    pub(crate) auth: Auth,
    pub(crate) rates: RateLimits,
    pub(crate) bots: Bots,
    pub(crate) log: Log,
}

/// `[server]`
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Server {
    pub(crate) name: String,
    pub(crate) listen: SocketAddr,
    pub(crate) public_url: String,
    pub(crate) hosts: Vec<String>,
    pub(crate) origins: Vec<String>,
    pub(crate) proxies: Vec<String>,
    pub(crate) data: PathBuf,
}

/// `[database]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Database {
    pub(crate) url: Option<SecretString>,
}

/// `[auth]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Auth {
    pub(crate) open_registration: bool,
    pub(crate) operators: Vec<String>,
}

/// `[rates]`
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RateLimits {
    pub(crate) actor_per_second: u32,
    pub(crate) actor_burst: u32,
    pub(crate) address_per_second: u32,
    pub(crate) address_burst: u32,
    pub(crate) sign_in_per_minute: u32,
}

/// `[bots]`
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Bots {
    pub(crate) instances: u32,
    pub(crate) idle_s: u64,
    pub(crate) internal_origins: Vec<String>,
}

/// `[log]`
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Log {
    pub(crate) level: String,
    pub(crate) format: String,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            name: "The Mesh".into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: String::new(),
            hosts: Vec::new(),
            origins: Vec::new(),
            proxies: Vec::new(),
            data: "data".into(),
        }
    }
}

impl Default for RateLimits {
    fn default() -> Self {
        let rates = Rates::default();
        Self {
            actor_per_second: rates.actor.per_second,
            actor_burst: rates.actor.burst,
            address_per_second: rates.address.per_second,
            address_burst: rates.address.burst,
            sign_in_per_minute: rates.sign_in_per_minute,
        }
    }
}

impl Default for Bots {
    fn default() -> Self {
        Self {
            instances: 1000,
            idle_s: 30,
            internal_origins: Vec::new(),
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            level: "info".into(),
            format: "text".into(),
        }
    }
}

/// Every key with its default and its meaning.
pub(crate) const SAMPLE: &str = r#"# mesh.toml: every key with its default. Keys that are not listed here are errors.
# The environment and flags of `mesh serve` win over this file.

[server]
name = "The Mesh"            # shown to people
listen = "127.0.0.1:8080"    # this machine only; say 0.0.0.0:8080 to be reached from outside   (MESH_LISTEN)
public_url = ""              # the address people use, such as https://mesh.example; http://<listen> when empty
hosts = []                   # names besides this machine's own that `Host` may have; public_url's is added. With neither, a server
                             # that is reached from outside answers to IP addresses and localhost only: other names get 421
origins = []                 # pages elsewhere whose scripts may connect, such as "https://chat.example.org"
proxies = []                 # addresses or networks of proxies whose X-Forwarded-For is believed, such as "10.0.0.0/8"
data = "data"                # the database, keys and files; made readable by its owner alone    (MESH_DATA)

[database]
# url = "postgres://mesh@localhost/mesh"   # without it: SQLite in the data folder          (MESH_DATABASE_URL)

[auth]
open_registration = false    # true: anyone may make an account; false: with an invitation
operators = []               # e-mail addresses of accounts that operate the server, besides the first one; add an
                             # address once it has its account: nobody can register one that stands here, but
                             # with the first start's code or an invitation made for this address

[rates]
actor_per_second = 100       # calls of one account in the long run
actor_burst = 400            # and at once
address_per_second = 50      # calls of one address without an account
address_burst = 200
sign_in_per_minute = 20      # sign-in attempts of one address, and on one account

[bots]
instances = 1000             # bots in memory at once
idle_s = 30                  # seconds without an event after which a bot leaves memory
internal_origins = []        # what bots may reach besides the public internet, such as "http://10.0.0.7:3000"

[log]
level = "info"               # error, warn, info, debug, trace, or a filter such as "mesh_wasm=debug,info"
format = "text"              # or "json"
"#;

impl Config {
    /// Reads the file, then applies environment and flags.
    pub(crate) fn load(flags: &Flags) -> Result<Self> {
        let file = flags
            .config
            .clone()
            .or_else(|| Some(PathBuf::from("mesh.toml")).filter(|path| path.exists()));
        let mut config = match file {
            Some(path) => {
                let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
                toml::from_str(&text).with_context(|| format!("{} is wrong", path.display()))?
            }
            None => Self::default(),
        };
        if let Some(data) = &flags.data {
            config.server.data.clone_from(data);
        }
        if let Some(listen) = flags.listen {
            config.server.listen = listen;
        }
        if let Some(url) = &flags.database_url {
            config.database.url = Some(url.clone().into());
        }
        if !matches!(config.log.format.as_str(), "text" | "json") {
            bail!("`log.format` is \"text\" or \"json\"");
        }
        Ok(config)
    }

    /// The configuration in effect, without secrets.
    pub(crate) fn shown(&self) -> String {
        let database = match &self.database.url {
            Some(url) if url.expose_secret().contains("://") => "a PostgreSQL URL (hidden)",
            Some(_) => "set (hidden)",
            None => "SQLite in the data folder",
        };
        format!(
            "[server]\nname = {:?}\nlisten = \"{}\"\npublic_url = {:?}\nhosts = {:?}\norigins = {:?}\nproxies = {:?}\ndata = {:?}\n\n[database]\n# {database}\n\n\
             [auth]\nopen_registration = {}\noperators = {:?}\n\n\
             [rates]\nactor_per_second = {}\nactor_burst = {}\naddress_per_second = {}\naddress_burst = {}\nsign_in_per_minute = {}\n\n\
             [bots]\ninstances = {}\nidle_s = {}\ninternal_origins = {:?}\n\n[log]\nlevel = {:?}\nformat = {:?}\n",
            self.server.name,
            self.server.listen,
            self.server.public_url,
            self.server.hosts,
            self.server.origins,
            self.server.proxies,
            self.server.data.display().to_string(),
            self.auth.open_registration,
            self.auth.operators,
            self.rates.actor_per_second,
            self.rates.actor_burst,
            self.rates.address_per_second,
            self.rates.address_burst,
            self.rates.sign_in_per_minute,
            self.bots.instances,
            self.bots.idle_s,
            self.bots.internal_origins,
            self.log.level,
            self.log.format,
        )
    }

    /// The proxies as the door takes them.
    pub(crate) fn proxies(&self) -> Result<Vec<Network>> {
        let read = |text: &String| text.parse().map_err(|error| anyhow!("`server.proxies`: {error}"));
        self.server.proxies.iter().map(read).collect()
    }

    /// The rate limits as the operations take them.
    pub(crate) fn rates(&self) -> Rates {
        Rates {
            actor: Rate {
                per_second: self.rates.actor_per_second,
                burst: self.rates.actor_burst,
            },
            address: Rate {
                per_second: self.rates.address_per_second,
                burst: self.rates.address_burst,
            },
            sign_in_per_minute: self.rates.sign_in_per_minute,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_the_default_and_unknown_keys_are_errors() {
        let sample: Config = toml::from_str(SAMPLE).unwrap();
        assert_eq!(sample.shown(), Config::default().shown());
        let error = toml::from_str::<Config>("[server]\nlisten_on = 1")
            .unwrap_err()
            .to_string();
        assert!(error.contains("listen_on"), "{error}");
    }

    #[test]
    fn secrets_are_not_shown() {
        let config: Config = toml::from_str("[database]\nurl = \"postgres://u:hunter2@h/d\"").unwrap();
        assert!(!config.shown().contains("hunter2") && !format!("{config:?}").contains("hunter2"));
    }
}
