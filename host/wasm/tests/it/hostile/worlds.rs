//! Valid components that are no bots of this contract: of random worlds, and of the contract with a type changed.

use std::panic::{self, AssertUnwindSafe};

use arbitrary::{Arbitrary as _, Unstructured};
use wit_component::{DecodedWasm, dummy_module};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve, WorldId};

use super::chance::Chance;
use crate::guest::encode;

const CONTRACT: &str = include_str!("../../../../../wit/0.1.0/bot.wit");
/// Types that can stand for each other.
const TYPES: [&str; 10] = [
    "string",
    "id",
    "json",
    "timestamp",
    "bool",
    "u8",
    "u32",
    "u64",
    "f64",
    "char",
];

pub(super) fn component(chance: &mut Chance) -> Option<Vec<u8>> {
    match chance.below(4) {
        0 => random_package(chance),
        1 => {
            let DecodedWasm::WitPackage(resolve, package) = wit_component::decode(&random_package(chance)?).ok()?
            else {
                return None;
            };
            let worlds: Vec<WorldId> = resolve.packages[package].worlds.values().copied().collect();
            let world = worlds.get(chance.below(worlds.len()))?;
            hollow(&resolve, *world)
        }
        2 => random_component(chance),
        _ => other_contract(chance),
    }
}

/// A document in WIT, as a component.
fn random_package(chance: &mut Chance) -> Option<Vec<u8>> {
    let bytes = chance.bytes(4 << 10);
    let mut bytes = Unstructured::new(&bytes);
    let config = wit_smith::Config::arbitrary(&mut bytes).ok()?;
    // It makes documents that its own parser does not like, and panics.
    panic::catch_unwind(AssertUnwindSafe(|| wit_smith::smith(&config, &mut bytes)))
        .ok()?
        .ok()
}

/// A component by wasm-smith.
fn random_component(chance: &mut Chance) -> Option<Vec<u8>> {
    let bytes = chance.bytes(2 << 10);
    let made = wasm_smith::Component::new(wasm_smith::Config::default(), &mut Unstructured::new(&bytes));
    Some(made.ok()?.to_bytes())
}

/// The contract with one to three types in it changed, and a component that has it so.
fn other_contract(chance: &mut Chance) -> Option<Vec<u8>> {
    let mut contract = CONTRACT.to_owned();
    for _ in 0..=chance.below(3) {
        let from = *chance.pick(&TYPES);
        let whole = |at: &usize| {
            let around = [
                contract[..*at].chars().last(),
                contract[at + from.len()..].chars().next(),
            ];
            around
                .iter()
                .flatten()
                .all(|c| !c.is_alphanumeric() && !"-%`".contains(*c))
        };
        let places: Vec<_> = contract.match_indices(from).map(|(at, _)| at).filter(whole).collect();
        if let Some(at) = places.get(chance.below(places.len())) {
            contract.replace_range(*at..*at + from.len(), chance.pick::<&str>(&TYPES));
        }
    }
    let mut resolve = Resolve::default();
    let package = resolve.push_str("bot.wit", &contract).ok()?;
    let world = resolve.select_world(&[package], Some("bot")).ok()?;
    hollow(&resolve, world)
}

/// A component of a world whose functions all end in a trap.
fn hollow(resolve: &Resolve, world: WorldId) -> Option<Vec<u8>> {
    let abi = ManglingAndAbi::Legacy(LiftLowerAbi::Sync);
    let module = panic::catch_unwind(AssertUnwindSafe(|| dummy_module(resolve, world, abi))).ok()?;
    encode(module, resolve, world)
}
