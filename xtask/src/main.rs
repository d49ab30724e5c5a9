//! `cargo xtask gen` writes the generated files; `cargo xtask check` says whether they are fresh and
//! whether the crates keep to their arrows.

mod arrows;
mod bindings;
mod reference;

use anyhow::{Context as _, Result, bail};
use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

fn main() -> ExitCode {
    let done = match std::env::args().nth(1).as_deref() {
        Some("gen") => generate(),
        Some("check") => check(),
        _ => Err(anyhow::anyhow!("use: cargo xtask gen | check")),
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
    if wrong.is_empty() {
        return Ok(());
    }
    bail!("\n  {}", wrong.join("\n  "))
}
