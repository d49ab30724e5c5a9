//! What the command line remembers of an account.

use super::{Failure, Result};
use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use std::{
    env, fs,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// What `mesh init` stores: where the server is and the session's tokens. Readable by its owner alone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) url: String,
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    /// The mesh that commands mean when they do not say.
    pub(crate) mesh: String,
}

fn account_file() -> anyhow::Result<PathBuf> {
    let folder = match env::var_os("XDG_CONFIG_HOME").filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env::var_os("HOME").context("neither XDG_CONFIG_HOME nor HOME is set")?).join(".config"),
    };
    Ok(folder.join("mesh").join("account.json"))
}

impl Account {
    /// The account that commands use: that of `MESH_TOKEN` (on the server `MESH_URL`, or the stored one), else
    /// the stored one.
    pub(super) fn in_use() -> Result<Self> {
        let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let Some(access_token) = set("MESH_TOKEN") else {
            return Self::load();
        };
        let (mut url, mut mesh) = (set("MESH_URL"), String::new());
        if let Ok(stored) = Self::load() {
            url.get_or_insert(stored.url);
            mesh = stored.mesh;
        }
        let url = url.unwrap_or_else(|| "http://127.0.0.1:8080".into());
        Ok(Self {
            url,
            access_token,
            refresh_token: String::new(),
            mesh,
        })
    }

    /// The stored account.
    pub(super) fn load() -> Result<Self> {
        let file = account_file()?;
        let Ok(text) = fs::read_to_string(&file) else {
            return Err(Failure::usage(
                "You have no account here yet. `mesh init --code …` makes one with the code that the server printed.",
            ));
        };
        Ok(serde_json::from_str(&text)
            .with_context(|| format!("{} is damaged; run `mesh init` again", file.display()))?)
    }

    /// Stores it, readable by its owner alone.
    pub(crate) fn store(&self) -> Result<()> {
        let file = account_file()?;
        make_folder(&file)?;
        let part = file.with_extension("new");
        let _ = fs::remove_file(&part);
        let mut out = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&part)
            .context("the account cannot be stored")?;
        let text = serde_json::to_string_pretty(self).map_err(anyhow::Error::from)?;
        out.write_all(text.as_bytes())
            .and_then(|()| fs::rename(&part, &file))
            .context("the account cannot be stored")?;
        Ok(())
    }
}

fn make_folder(file: &Path) -> anyhow::Result<()> {
    let folder = file.parent().context("the account file has no folder")?;
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.context("the configuration folder cannot be made")
}

/// Waits until no other command of this user renews its tokens. Ends when it is dropped.
pub(super) fn take_turn() -> Result<fs::File> {
    let file = account_file()?.with_extension("lock");
    make_folder(&file)?;
    let lock = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&file);
    let lock = lock.context("the account cannot be locked")?;
    lock.lock().context("the account cannot be locked")?;
    Ok(lock)
}
