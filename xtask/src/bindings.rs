//! `guest-sdk/go/internal/wit`: the contract in Go. Bot authors have only Go, so what other languages generate when they
//! build is committed here.

use anyhow::{Context as _, Result, ensure};
use std::{fs, path::Path};
use wit_bindgen_core::{Files, wit_parser::Resolve};
use wit_bindgen_go::{Format, Opts};

const FOLDER: &str = "guest-sdk/go/internal/wit";
const CONTRACT: &str = "wit/0.1.0";

/// Where the bindings look for the library that they need, and where the SDK has its copy.
const LIBRARY: (&str, &str) = (
    "\"go.bytecodealliance.org/pkg/",
    "\"the-mesh.dev/bot/third_party/go-pkg/",
);

/// Every generated file: its path from the root, and its text.
pub(crate) fn files(root: &Path) -> Result<Vec<(String, String)>> {
    check_library(root)?;
    let mut contract = Resolve::default();
    let (package, _) = contract.push_path(root.join(CONTRACT))?;
    let world = contract.select_world(&[package], Some("bot"))?;
    let options = Opts {
        // Whether there is a gofmt on this machine must not change what comes out.
        format: Format::False,
        pkg_name: Some("the-mesh.dev/bot/internal/wit".into()),
        ..Opts::default()
    };
    let mut files = Files::default();
    options.build().generate(&mut contract, world, &mut files)?;
    let text = |(name, bytes)| {
        let text = std::str::from_utf8(bytes).with_context(|| format!("{name} is no text"))?;
        Ok((format!("{FOLDER}/{name}"), text.replace(LIBRARY.0, LIBRARY.1)))
    };
    files.iter().map(text).collect()
}

/// The copy of the library is of the version that the bindings are for.
fn check_library(root: &Path) -> Result<()> {
    let readme = "guest-sdk/go/third_party/README.md";
    let wanted = wit_bindgen_go::remote_pkg_version();
    let told = fs::read_to_string(root.join(readme)).context(readme)?;
    ensure!(
        told.contains(&wanted),
        "the bindings for Go need {wanted}, and {readme} names another"
    );
    Ok(())
}
