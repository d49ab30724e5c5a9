//! A bot's folder on an author's machine.

use crate::client::{Failure, Result};
use anyhow::anyhow;
use clap::ValueEnum;
use mesh_service::manifest::Manifest;
use std::path::{Path, PathBuf};

/// What a bot is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// With cargo.
    Rust,
    /// With stock Go.
    Go,
    /// With Node.js; TypeScript as well.
    Js,
    /// With Python 3.11 or newer.
    Python,
}

impl Language {
    /// The file that says so.
    const ALL: [(Self, &'static str); 4] = [
        (Self::Rust, "Cargo.toml"),
        (Self::Go, "go.mod"),
        (Self::Js, "package.json"),
        (Self::Python, "pyproject.toml"),
    ];

    /// As the command line calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Go => "go",
            Self::Js => "js",
            Self::Python => "python",
        }
    }
}

/// A folder with a `bot.toml` and a bot.
pub(crate) struct Project {
    pub(crate) folder: PathBuf,
    pub(crate) language: Language,
    pub(crate) manifest: Manifest,
    pub(crate) manifest_text: String,
}

impl Project {
    /// The project of a folder.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(folder.join("bot.toml")).map_err(|error| {
            let here = folder.display();
            Failure::usage(format!(
                "There is no bot in {here}: bot.toml cannot be read ({error}). `mesh bot new` begins one."
            ))
        })?;
        let manifest = Manifest::from_toml(&text).map_err(|error| Failure::failed(anyhow!("{error}")))?;
        let found = Language::ALL.into_iter().find(|(_, file)| folder.join(file).is_file());
        let (language, _) = found.ok_or_else(|| {
            Failure::usage("Beside bot.toml there is no Cargo.toml, go.mod, package.json or pyproject.toml, so this is in no language that `mesh` builds.")
        })?;
        Ok(Self {
            folder: folder.to_owned(),
            language,
            manifest,
            manifest_text: text,
        })
    }

    /// Where the component goes.
    pub(crate) fn component(&self) -> PathBuf {
        let file = Path::new("dist").join(format!("{}.wasm", self.manifest.bot.name));
        if self.folder == Path::new(".") {
            file
        } else {
            self.folder.join(file)
        }
    }
}
