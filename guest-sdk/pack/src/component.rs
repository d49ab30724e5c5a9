use crate::{Error, Result};
use std::fmt::Display;
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wasmparser::Parser;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The contract between bots and the mesh, as it is when this crate is compiled.
const CONTRACT: &str = include_str!("../../../wit/0.1.0/bot.wit");

/// Makes a component of a core module that has the functions of the world `bot` and, besides, WASI preview 1.
///
/// The module may already carry the type of its component; then it stays as it is.
pub fn componentize(core_module: &[u8]) -> Result<Vec<u8>> {
    if Parser::is_component(core_module) {
        return Err(Error::NotModule);
    }
    let mut module = core_module.to_vec();
    let mut contract = Resolve::default();
    let package = contract.push_str("bot.wit", CONTRACT).map_err(not_bot)?;
    let world = contract.select_world(&[package], Some("bot")).map_err(not_bot)?;
    embed_component_metadata(&mut module, &contract, world, StringEncoding::UTF8).map_err(not_bot)?;
    ComponentEncoder::default()
        .module(&module)
        .and_then(|encoder| encoder.validate(true).adapter(ADAPTER.0, ADAPTER.1))
        .and_then(|mut encoder| encoder.encode())
        .map_err(not_bot)
}

/// Says in WASI preview 2 what a module says in preview 1. The reactor has no `main`, as bots have none.
const ADAPTER: (&str, &[u8]) = (
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME,
    WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
);

/// The whole chain of causes in one line.
fn not_bot(error: impl Display) -> Error {
    Error::NotBot(format!("{error:#}"))
}
