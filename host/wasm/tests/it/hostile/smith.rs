//! Core modules by wasm-smith that have the imports and exports of the contract, and random insides.

use std::sync::LazyLock;

use arbitrary::Unstructured;
use wasm_smith::{Config, Module};
use wit_parser::{LiftLowerAbi, ManglingAndAbi};

use super::chance::Chance;
use crate::guest::{contract, encode};

/// What the names of a bot's functions are in its core module, with types.
const EXPORTS: &str = r#"(module
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
    (func (export "mesh:bot/handler@0.1.0#start") (result i32) unreachable)
    (func (export "mesh:bot/handler@0.1.0#on-event") (param i32) (result i32) unreachable)
    (func (export "cabi_post_mesh:bot/handler@0.1.0#on-event") (param i32) unreachable))"#;

/// A component of a module in which everything is random.
pub(super) fn component(chance: &mut Chance) -> Option<Vec<u8>> {
    let text = text(&module(chance, EXPORTS)?)?;
    let module = wat::parse_str(format!("{text} (export \"memory\" (memory 0)))")).ok()?;
    let (resolve, world) = contract("bot");
    encode(module, resolve, world)
}

/// A module with these exports, which imports what it likes of the contract.
pub(super) fn module(chance: &mut Chance, exports: &str) -> Option<Vec<u8>> {
    let config = config(chance, exports);
    let bytes = 1_000 + chance.below(8_000);
    let bytes = chance.bytes(bytes);
    Some(Module::new(config, &mut Unstructured::new(&bytes)).ok()?.to_bytes())
}

/// The module as text, without the parenthesis at its end, so that more can be added to it.
pub(super) fn text(module: &[u8]) -> Option<String> {
    let mut text = wasmprinter::print_bytes(module).ok()?;
    text.truncate(text.trim_end().strip_suffix(')')?.len());
    Some(text)
}

/// Everything a bot may import.
static IMPORTS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let (resolve, world) = contract("bot");
    wit_component::dummy_module(resolve, world, ManglingAndAbi::Legacy(LiftLowerAbi::Sync))
});

/// Now and then with a feature that bots may not have, or more of something than they may have.
fn config(chance: &mut Chance, exports: &str) -> Config {
    let mut forbidden = || chance.one_in(100);
    let config = Config {
        threads_enabled: forbidden(),
        gc_enabled: forbidden(),
        exceptions_enabled: forbidden(),
        relaxed_simd_enabled: forbidden(),
        max_memories: if forbidden() { 3 } else { 1 },
        max_table_elements: if forbidden() { 10_000_000 } else { 1_000 },
        ..Config::default()
    };
    Config {
        available_imports: Some(IMPORTS.clone()),
        exports: Some(wat::parse_str(exports).expect("text")),
        bulk_memory_enabled: chance.one_in(2),
        reference_types_enabled: chance.one_in(2),
        simd_enabled: chance.one_in(2),
        tail_call_enabled: chance.one_in(2),
        extended_const_enabled: chance.one_in(2),
        memory64_enabled: false,
        custom_page_sizes_enabled: false,
        shared_everything_threads_enabled: false,
        wide_arithmetic_enabled: false,
        allow_start_export: chance.one_in(8),
        min_memories: 1,
        max_memory32_bytes: 32 << 16,
        max_tables: 1 + chance.below(3),
        max_imports: 1 + chance.below(30),
        max_funcs: 40 + chance.below(40),
        max_instructions: 20 + chance.below(400),
        max_globals: 20,
        max_data_segments: 8,
        max_element_segments: 8,
        ..config
    }
}
