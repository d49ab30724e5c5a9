//! What a component would ask of a mesh, said before it is uploaded.

use super::super::{clean, show};
use crate::client::{Failure, Result};
use crate::print::line;
use anyhow::{Context as _, anyhow};
use clap::Args;
use mesh_authz::Permission;
use mesh_service::manifest::Manifest;
use mesh_wasm::{Inspection, InspectionBounds};
use serde_json::json;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

#[derive(Args)]
pub(crate) struct Inspect {
    /// The component.
    file: PathBuf,
}

/// Reads a component as the server would, without running any of it.
pub(super) fn read(file: &Path) -> Result<Inspection> {
    let bytes = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let found = mesh_wasm::inspect(&bytes, &InspectionBounds::default());
    found.map_err(|refused| Failure::failed(anyhow!("A mesh would refuse {}: {refused}", file.display())))
}

impl Inspect {
    pub(crate) fn run(self, as_json: bool) -> Result<()> {
        let found = read(&self.file)?;
        let manifest = match &found.manifest {
            Some(text) => Some(Manifest::from_toml(text).map_err(|error| Failure::failed(anyhow!("{error}")))?),
            None => None,
        };
        let mut needs = BTreeMap::<&str, Vec<&str>>::new();
        for import in &found.imports {
            let Some(operation) = import.operation() else { continue };
            let permission = mesh_service::operation(operation).and_then(|op| op.spec.permission());
            let permission = permission.map_or("", Permission::as_str);
            let operations = needs.entry(permission).or_default();
            if !operations.contains(&operation) {
                operations.push(operation);
            }
        }
        let shown = json!({
            "size": found.size, "sha256": found.sha256.to_string(), "manifest": manifest, "operations": needs,
        });
        show(as_json, &shown, |_| print(&found, manifest.as_ref(), &needs));
        Ok(())
    }
}

fn print(found: &Inspection, manifest: Option<&Manifest>, needs: &BTreeMap<&str, Vec<&str>>) {
    line!("{} bytes, sha256:{}", found.size, found.sha256);
    match manifest {
        Some(manifest) => {
            line!("{} {}", clean(&manifest.bot.name), clean(&manifest.bot.version));
            line!("{}", clean(&manifest.bot.description));
        }
        None => line!("It has no bot.toml inside, so no mesh takes it as it is."),
    }
    line!("");
    let asks = |permission: &str| {
        let known = permission.parse::<Permission>();
        let implied = permission.is_empty() || known.is_ok_and(Permission::is_implied_for_bots);
        let asked = |manifest: &Manifest| {
            manifest
                .capabilities
                .iter()
                .any(|one| one.permission.as_str() == permission)
        };
        implied || manifest.is_none_or(asked)
    };
    line!("It can call, where it is granted:");
    for (permission, operations) in needs.iter().filter(|(permission, _)| asks(permission)) {
        let permission = if permission.is_empty() {
            "(needs nothing)"
        } else {
            permission
        };
        line!("  {permission:18} {}", operations.join(", "));
    }
    let idle: Vec<&str> = needs.keys().filter(|permission| !asks(permission)).copied().collect();
    if !idle.is_empty() {
        line!("It imports calls for more, which bot.toml does not ask for and which are refused:");
        line!("  {}", idle.join(", "));
    }
    if let Some(manifest) = manifest {
        if !manifest.egress.hosts.is_empty() {
            line!("It wants to reach: {}", manifest.egress.hosts.join(", "));
        }
        let secrets: Vec<_> = manifest.secrets.iter().map(|secret| secret.name.as_str()).collect();
        if !secrets.is_empty() {
            line!("It has to be told: {}", secrets.join(", "));
        }
    }
}
