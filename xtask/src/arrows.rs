//! Which crate may name which. The compiler would let any of these grow into a circle of friends.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path, process::Command};

/// Each crate of this workspace and those of it that it may name.
const ARROWS: &[(&str, &[&str])] = &[
    ("mesh-types", &[]),
    ("mesh-client", &["mesh-types"]),
    ("mesh-authz", &["mesh-types"]),
    ("mesh-store", &["mesh-authz", "mesh-types"]),
    ("mesh-service", &["mesh-authz", "mesh-store", "mesh-types"]),
    ("mesh-api", &["mesh-authz", "mesh-service", "mesh-types"]),
    ("mesh-realtime", &["mesh-authz", "mesh-service", "mesh-types"]),
    ("mesh-wasm", &["mesh-authz", "mesh-service", "mesh-types"]),
    ("mesh-pack", &[]),
    (
        "mesh-server",
        &[
            "mesh-api",
            "mesh-authz",
            "mesh-client",
            "mesh-pack",
            "mesh-realtime",
            "mesh-service",
            "mesh-store",
            "mesh-types",
            "mesh-wasm",
        ],
    ),
];

/// Libraries that only these crates may name.
const ALONE: &[(&str, &[&str])] = &[
    ("rusqlite", &["mesh-store"]),
    ("sqlx", &["mesh-store"]),
    ("wasmtime", &["mesh-wasm", "mesh-bench"]),
    ("wasmtime-wasi", &["mesh-wasm", "mesh-bench"]),
    ("axum", &["mesh-api", "mesh-realtime"]),
    ("rmcp", &["mesh-api"]),
    ("clap", &["mesh-server"]),
    ("anyhow", &["mesh-server", "xtask"]),
];

/// Crates that test or build and are no part of the server.
const BESIDE: &[&str] = &["mesh-tests", "mesh-bench", "xtask"];

/// Everything that is not as it should be.
pub(crate) fn wrong(root: &Path) -> Result<Vec<String>> {
    let told = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root)
        .output()
        .context("cargo metadata")?;
    ensure!(
        told.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&told.stderr)
    );
    let metadata: Value = serde_json::from_slice(&told.stdout)?;
    let dependencies = fs::read_to_string(root.join("docs/dependencies.md"))?;
    let mut wrong = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        wrong.extend(arrows(name, &named(package, &[""])));
        let undocumented = named(package, &["", "build", "dev"])
            .into_iter()
            .filter(|other| !is_documented(other, &dependencies));
        wrong.extend(
            undocumented.map(|other| format!("{name} names {other}, which docs/dependencies.md does not explain")),
        );
    }
    Ok(wrong)
}

/// The dependencies of these kinds; the usual kind is null in cargo's words, empty in ours.
fn named(package: &Value, kinds: &[&str]) -> BTreeSet<String> {
    let all = package["dependencies"].as_array().into_iter().flatten();
    all.filter(|one| kinds.contains(&one["kind"].as_str().unwrap_or_default()))
        .filter_map(|one| one["name"].as_str().map(str::to_owned))
        .collect()
}

fn arrows(name: &str, named: &BTreeSet<String>) -> Vec<String> {
    if BESIDE.contains(&name) {
        return Vec::new();
    }
    let Some((_, may)) = ARROWS.iter().find(|(of, _)| *of == name) else {
        return vec![format!("{name} has no line in xtask/src/arrows.rs")];
    };
    let up = |other: &&String| other.starts_with("mesh-") && !may.contains(&other.as_str());
    let taken = |other: &&String| {
        ALONE
            .iter()
            .any(|(library, by)| library == other && !by.contains(&name))
    };
    let up = named
        .iter()
        .filter(up)
        .map(|other| format!("{name} must not name {other}: arrows point down"));
    let taken = named
        .iter()
        .filter(taken)
        .map(|other| format!("{name} must not name {other}: another crate does"));
    up.chain(taken).collect()
}

/// The table's first column, in any of its rows, names the crate.
fn is_documented(name: &str, dependencies: &str) -> bool {
    name.starts_with("mesh-")
        || dependencies
            .lines()
            .filter_map(|line| line.strip_prefix("| "))
            .any(|line| {
                let first = line.split('|').next().unwrap_or_default();
                first.split(',').any(|one| one.trim() == name)
            })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn arrows_point_down_only() {
        assert!(arrows("mesh-api", &set(&["mesh-service", "axum"])).is_empty());
        assert_eq!(arrows("mesh-api", &set(&["mesh-store", "sqlx"])).len(), 2);
        assert_eq!(arrows("mesh-types", &set(&["mesh-authz"])).len(), 1);
        assert_eq!(arrows("mesh-new", &set(&[])).len(), 1);
        assert!(arrows("mesh-tests", &set(&["sqlx"])).is_empty());
    }

    #[test]
    fn a_row_may_explain_several() {
        let table = "| axum, hyper | HTTP | why |\n| insta, wat | tests | |\n";
        assert!(is_documented("hyper", table) && is_documented("wat", table) && !is_documented("HTTP", table));
    }
}
