//! Builds and tests the bot of a folder, with the tools of its language.

use super::{
    super::show,
    inspect,
    project::{Language, Project},
    script, toolchain,
};
use crate::client::{Failure, Result};
use crate::print::line;
use anyhow::{Context as _, anyhow};
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(crate) struct Build {
    /// The bot's folder.
    #[arg(default_value = ".")]
    folder: PathBuf,
}

impl Build {
    pub(crate) fn run(self, as_json: bool) -> Result<()> {
        let project = Project::open(&self.folder)?;
        let component = build(&project)?;
        let found = inspect::read(&component)?;
        let made = json!({ "component": component, "size": found.size, "sha256": found.sha256.to_string() });
        show(as_json, &made, |_| {
            line!(
                "{} has {} KiB. `mesh bot inspect` shows what it asks for, `mesh bot deploy` brings it to a mesh.",
                component.display(),
                found.size.div_ceil(1024)
            );
        });
        Ok(())
    }
}

/// Builds a bot; gives its component.
pub(crate) fn build(project: &Project) -> Result<PathBuf> {
    let component = project.component();
    std::fs::create_dir_all(project.folder.join("dist")).context("the folder dist cannot be made")?;
    match project.language {
        Language::Rust => rust(project, &component)?,
        Language::Go => go(project, &component)?,
        Language::Js => toolchain::js(&project.folder, &["npx", "--no-install", "mesh-bot", "build"])?,
        Language::Python => toolchain::python(&project.folder, &["-m", "mesh_bot", "build"])?,
    }
    if component.is_file() {
        Ok(component)
    } else {
        let missing = anyhow!("the build ended well, but {} is not there", component.display());
        Err(Failure::failed(missing))
    }
}

/// The manifest is in the component already: the SDK puts it there.
fn rust(project: &Project, component: &Path) -> Result<()> {
    toolchain::cargo(
        &project.folder,
        &["build", "--release", "--target", toolchain::RUST_TARGET],
    )?;
    let text = std::fs::read_to_string(project.folder.join("Cargo.toml")).context("Cargo.toml cannot be read")?;
    let cargo: toml::Table = text.parse().context("Cargo.toml")?;
    let name = |table: &str| Some(cargo.get(table)?.get("name")?.as_str()?.replace('-', "_"));
    let name = name("lib").or_else(|| name("package"));
    let name = name.ok_or_else(|| Failure::failed(anyhow!("Cargo.toml names no package")))?;
    let built = toolchain::rust_output(&project.folder).join(format!("{name}.wasm"));
    std::fs::copy(&built, component).with_context(|| format!("{} is not there", built.display()))?;
    Ok(())
}

fn go(project: &Project, component: &Path) -> Result<()> {
    let core = component.with_extension("core.wasm");
    toolchain::go_build(&project.folder, &core)?;
    let module = std::fs::read(&core).context("what Go built cannot be read")?;
    let whole = mesh_pack::componentize(&module).map_err(Failure::failed)?;
    let whole = mesh_pack::embed_manifest(&whole, &project.manifest_text).map_err(Failure::failed)?;
    std::fs::write(component, whole).context("the component cannot be written")?;
    let _ = std::fs::remove_file(core);
    Ok(())
}

#[derive(Args)]
pub(crate) struct Test {
    /// The bot's folder.
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// Only this script, once or more; without it the language's own tests and every script in `tests`.
    #[arg(long, value_name = "FILE")]
    script: Vec<PathBuf>,
    /// Build nothing: play the scripts with this component.
    #[arg(long, value_name = "FILE")]
    component: Option<PathBuf>,
}

impl Test {
    pub(crate) async fn run(self, as_json: bool) -> Result<()> {
        let scripts = if self.script.is_empty() {
            script::find(&self.folder)
        } else {
            self.script.clone()
        };
        let component = if let Some(component) = self.component {
            component
        } else {
            let project = Project::open(&self.folder)?;
            if self.script.is_empty() {
                test(&project)?;
            }
            if scripts.is_empty() {
                return Ok(());
            }
            build(&project)?
        };
        script::play(&component, &scripts, as_json).await
    }
}

/// The language's own tests.
fn test(project: &Project) -> Result<()> {
    let folder = &project.folder;
    match project.language {
        Language::Rust => toolchain::native_cargo(folder, &["test"]),
        Language::Go => toolchain::go(folder, &["test", "./..."]),
        Language::Js => toolchain::js(folder, &["npm", "test"]),
        Language::Python => toolchain::python(folder, &["-m", "unittest"]),
    }
}
