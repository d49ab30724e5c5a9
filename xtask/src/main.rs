//! `cargo xtask gen` writes the generated files; `cargo xtask check` says whether they are fresh, whether the
//! crates keep to their arrows, and whether released versions of the contract are what they were.
//! `cargo xtask released VERSION` says the line by which a version of the contract is released.

mod arrows;
mod bindings;
mod reference;
mod released;

use anyhow::{Context as _, Result, bail};
use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let done = match (arguments.next().as_deref(), arguments.next()) {
        (Some("gen"), None) => generate(),
        (Some("check"), None) => check(),
        (Some("released"), Some(version)) => released::line(&root(), &version).map(|line| println!("{line}")),
        _ => Err(anyhow::anyhow!("use: cargo xtask gen | check | released VERSION")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(Path::to_owned)
        .unwrap_or_default()
}

/// Every generated file: its path from the root, and its text.
fn files() -> Result<Vec<(String, String)>> {
    let reference = reference::files().map(|(path, text)| (path.to_owned(), text));
    Ok(reference.into_iter().chain(bindings::files(&root())?).collect())
}

fn generate() -> Result<()> {
    for (path, text) in files()? {
        let path = root().join(path);
        fs::create_dir_all(path.parent().context("a file has a folder")?)?;
        if fs::read_to_string(&path).ok().as_ref() != Some(&text) {
            fs::write(&path, text)?;
            println!("wrote {}", path.display());
        }
    }
    Ok(())
}

fn check() -> Result<()> {
    let mut wrong: Vec<String> = Vec::new();
    for (path, text) in files()? {
        if fs::read_to_string(root().join(&path)).ok().as_ref() != Some(&text) {
            wrong.push(format!("{path} is not what `make gen` writes"));
        }
    }
    wrong.extend(arrows::wrong(&root())?);
    wrong.extend(released::wrong(&root())?);
    if wrong.is_empty() {
        return Ok(());
    }
    bail!("\n  {}", wrong.join("\n  "))
}
