//! Makes bots of core modules: wraps them as components and puts their manifest inside.
//!
//! For languages whose compiler writes core modules with WASI preview 1, as Go's does. What comes out is what the
//! mesh takes: a component that has the types of `mesh:bot` and its `bot.toml` as the custom section `mesh:bot`.

mod component;
mod manifest;

pub use component::componentize;
pub use manifest::{embed_manifest, manifest};

/// Why a bot could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are not WebAssembly, or not whole.
    #[error("this is no valid WebAssembly: {0}")]
    Unreadable(#[from] wasmparser::BinaryReaderError),
    /// A component was asked for, and this is a core module.
    #[error("this is a core module, not a component")]
    NotComponent,
    /// A core module was asked for, and this is a component.
    #[error("this is a component already, not a core module")]
    NotModule,
    /// The module does not fit the world `bot`: it lacks `handler`, or imports what the mesh does not have.
    #[error("this module is no bot: {0}")]
    NotBot(String),
}

/// What this crate gives.
pub type Result<T, E = Error> = std::result::Result<T, E>;
