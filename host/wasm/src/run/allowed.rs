//! Which functions a bot is linked with: those that its grants could ever allow.

use crate::{contract, link::Allowed};
use mesh_authz::{Access, BotAuthority, GrantEffect};
use mesh_service::operation;

/// Every function whose operation could be allowed somewhere. What is allowed here and now is decided
/// at each call; this only spares the calls that no resource could make right.
pub(crate) fn allowed(authority: &BotAuthority) -> Allowed {
    let possible = |name: &str| {
        let Some(op) = operation(name) else {
            return false;
        };
        match op.spec.access {
            Access::Needs(permission) => {
                let wished = authority
                    .manifest
                    .as_ref()
                    .is_none_or(|wishes| wishes.iter().any(|wish| wish.permission == permission));
                let granted = authority
                    .grants
                    .iter()
                    .any(|grant| grant.permission == permission && grant.effect != GrantEffect::Deny);
                permission.is_implied_for_bots() || (wished && granted)
            }
            Access::Myself | Access::Public(_) => true,
            Access::Operator => false,
        }
    };
    contract::FUNCTIONS
        .iter()
        .filter(|(_, _, operation)| possible(operation))
        .map(|(interface, function, _)| (*interface, *function))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mesh_service::OPS;
    use std::collections::BTreeSet;

    /// An operation whose door is missing in the contract could never be called, and the other way
    /// round a bot would be linked with a function that leads nowhere.
    #[test]
    fn the_doors_of_the_operations_are_the_contract() {
        let doors: BTreeSet<_> = OPS
            .iter()
            .filter_map(|op| op.spec.doors.wasm.map(|(of, function)| (of, function, op.spec.name)))
            .collect();
        let contract: BTreeSet<_> = contract::FUNCTIONS.iter().copied().collect();
        assert_eq!(doors, contract);
    }
}
