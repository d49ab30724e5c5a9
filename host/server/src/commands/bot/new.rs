//! Begins a bot: the template of its language, and a copy of the SDK, so that no registry has to have it.

use super::{super::show, project::Language};
use crate::client::{Failure, Result};
use crate::print::line;
use anyhow::Context as _;
use clap::Args;
use rust_embed::RustEmbed;
use serde_json::json;
use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

#[derive(Args)]
pub(crate) struct New {
    /// Its name: 1 to 32 of a to z, 0 to 9 and -, a letter first.
    name: String,
    /// What to write it in.
    #[arg(long, value_enum)]
    lang: Language,
    /// The folder; the name when absent. It must not be there, or be empty.
    #[arg(long)]
    into: Option<PathBuf>,
}

impl New {
    pub(crate) fn run(self, as_json: bool) -> Result<()> {
        check_name(&self.name)?;
        let folder = self.into.clone().unwrap_or_else(|| PathBuf::from(&self.name));
        let occupied = std::fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some());
        if occupied || folder.is_file() {
            return Err(Failure::usage(format!("{} is there already.", folder.display())));
        }
        for (path, bytes) in files(self.lang) {
            let Some((path, bytes)) = placed(&path, bytes, &self.name) else {
                continue;
            };
            write(&folder.join(path), &bytes)?;
        }
        write(&folder.join("sdk/wit/bot.wit"), WIT.as_bytes())?;
        write(&folder.join(".gitignore"), IGNORED.as_bytes())?;
        let made = json!({ "name": self.name, "language": self.lang.name(), "folder": folder });
        show(as_json, &made, |_| {
            let folder = folder.display();
            line!("{folder} is a bot in {}. Next:", self.lang.name());
            line!("  cd {folder}");
            line!("  mesh bot test      # its tests, and its scripts on a mesh in memory");
            line!("  mesh bot build     # dist/{}.wasm", self.name);
            line!("  mesh bot deploy --room general");
            line!("  mesh bot dev       # the two above, whenever a file changes");
        });
        Ok(())
    }
}

const WIT: &str = include_str!("../../../../../wit/0.1.0/bot.wit");
const IGNORED: &str = "dist/\ntarget/\nnode_modules/\n.venv/\n__pycache__/\n*.egg-info/\n";

/// The SDKs as they are in this version of the server.
macro_rules! sdk {
    ($name:ident, $folder:literal, [$($pattern:literal),*]) => {
        #[derive(RustEmbed)]
        #[folder = $folder]
        $(#[include = $pattern])*
        #[exclude = "*target/*"]
        #[exclude = "*node_modules/*"]
        #[exclude = "*__pycache__/*"]
        #[exclude = "*.egg-info/*"]
        #[exclude = "*dist/*"]
        #[exclude = "tests/*"]
        #[exclude = "wit/*"]
        #[exclude = "Cargo.lock"]
        struct $name;
    };
}

sdk!(Rust, "../../guest-sdk/rust", ["*.rs", "*.toml", "*.md"]);
sdk!(
    Go,
    "../../guest-sdk/go",
    ["*.go", "*.s", "*.mod", "*.toml", "*.md", "*LICENSE*"]
);
sdk!(
    Js,
    "../../guest-sdk/js",
    ["*.js", "*.mjs", "*.ts", "*.json", "*.toml", "*.md"]
);
sdk!(
    Python,
    "../../guest-sdk/python",
    ["*.py", "*.toml", "*.md", "*py.typed"]
);

fn files(language: Language) -> Vec<(Cow<'static, str>, Cow<'static, [u8]>)> {
    fn all<E: RustEmbed>() -> Vec<(Cow<'static, str>, Cow<'static, [u8]>)> {
        E::iter()
            .filter_map(|path| E::get(&path).map(|file| (path, file.data)))
            .collect()
    }
    match language {
        Language::Rust => all::<Rust>(),
        Language::Go => all::<Go>(),
        Language::Js => all::<Js>(),
        Language::Python => all::<Python>(),
    }
}

/// Where a file of an SDK's folder goes in a new project, and what is in it there: the template is the project, the
/// rest is its `sdk`.
fn placed(path: &str, bytes: Cow<'static, [u8]>, name: &str) -> Option<(String, Vec<u8>)> {
    let Some(path) = path.strip_prefix("template/") else {
        // Tests of the SDK itself are for whoever changes it.
        if path.ends_with("_test.go") {
            return None;
        }
        let mut bytes = bytes.into_owned();
        if path == "Cargo.toml" {
            // There is one workspace, which is the project.
            bytes = String::from_utf8(bytes).ok()?.replace("[workspace]\n", "").into_bytes();
        }
        return Some((format!("sdk/{path}"), bytes));
    };
    let module = name.replace('-', "_");
    let text = String::from_utf8(bytes.into_owned()).ok()?;
    let text = text
        .replace("my-bot", name)
        .replace("my_bot", &module)
        .replace("path = \"..\"", "path = \"sdk\"");
    Some((path.replace("my_bot", &module), text.into_bytes()))
}

fn check_name(name: &str) -> Result<()> {
    let fits = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.len() <= 32
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !name.ends_with('-');
    if fits {
        Ok(())
    } else {
        Err(Failure::usage(format!(
            "`{name}` is no name for a bot: 1 to 32 of a to z, 0 to 9 and -, a letter first."
        )))
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    std::fs::write(path, bytes).with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(())
}
