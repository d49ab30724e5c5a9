//! Judges the names of a valid component: its imports and its handler.

use std::collections::BTreeSet;

use wasmparser::component_types::{ComponentEntityType, ComponentInstanceTypeId};

use super::walk::Walked;
use super::{Import, InspectionBounds, Refused};
use crate::contract::{self, InterfaceName};

/// Most names listed in a refusal.
const LISTED: usize = 10;

/// Every function the component imports, or what it imports and cannot have.
pub(super) fn imports(walked: &Walked, bounds: &InspectionBounds) -> Result<Vec<Import>, Refused> {
    let mut imports = BTreeSet::new();
    let (mut sockets, mut unknown) = (Vec::new(), Vec::new());
    for name in &walked.imports {
        if name.starts_with("wasi:sockets/") {
            sockets.push(name.clone());
            continue;
        }
        let item = walked.types.component_item_for_import(name);
        let (Some(of), Some(ComponentEntityType::Instance(id))) =
            (InterfaceName::parse(name), item.map(|item| item.ty))
        else {
            unknown.push(name.clone());
            continue;
        };
        let in_mesh = of.is_mesh() && contract::has_interface(of.interface);
        if !in_mesh && !of.is_allowed_wasi() {
            unknown.push(name.clone());
            continue;
        }
        for function in functions(walked, id) {
            if in_mesh && contract::operation(of.interface, function).is_none() {
                unknown.push(format!("{name} {function}"));
                continue;
            }
            imports.insert(Import {
                interface: format!("{}/{}", of.package, of.interface),
                version: of.version.to_owned(),
                function: function.to_owned(),
            });
            if imports.len() > bounds.imports {
                return Err(Refused::TooComplex(format!(
                    "it imports more than {} functions",
                    bounds.imports
                )));
            }
        }
    }
    if !sockets.is_empty() {
        return Err(Refused::Sockets(listed(sockets)));
    }
    if !unknown.is_empty() {
        return Err(Refused::UnknownImports(listed(unknown)));
    }
    Ok(imports.into_iter().collect())
}

/// Whether the component can be called at all. That the types fit is checked when it is linked.
pub(super) fn check_handler(walked: &Walked) -> Result<(), Refused> {
    let handles = walked.exports.iter().any(|name| {
        let is_handler = InterfaceName::parse(name).is_some_and(|of| of.is_mesh() && of.interface == contract::HANDLER);
        let item = walked.types.component_item_for_export(name).map(|item| item.ty);
        match item {
            Some(ComponentEntityType::Instance(id)) if is_handler => contract::HANDLER_FUNCTIONS
                .iter()
                .all(|wanted| functions(walked, id).any(|name| name == *wanted)),
            _ => false,
        }
    });
    if handles { Ok(()) } else { Err(Refused::NoHandler) }
}

fn functions(walked: &Walked, id: ComponentInstanceTypeId) -> impl Iterator<Item = &str> {
    walked.types[id]
        .exports
        .iter()
        .filter(|(_, item)| matches!(item.ty, ComponentEntityType::Func(_)))
        .map(|(name, _)| name.as_str())
}

/// The first few names, each cut, since a hostile file can bring thousands of long ones.
fn listed(mut names: Vec<String>) -> Vec<String> {
    let more = names.len().saturating_sub(LISTED);
    names.truncate(LISTED);
    for name in &mut names {
        name.truncate(name.floor_char_boundary(120));
    }
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    names
}
