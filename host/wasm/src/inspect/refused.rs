//! Why an upload is refused, in sentences for tired people.

/// Why an upload is refused. Each names what to do about it where something can be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Over the size limit.
    #[error(
        "The file has {size} bytes; at most {limit} are allowed. Build it in release mode and strip debug information."
    )]
    TooLarge {
        /// Bytes of the file.
        size: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// Another kind of file.
    #[error("This is not a WebAssembly file. Upload the .wasm component that the build made.")]
    NotWasm,
    /// Machine code that some wasmtime made earlier.
    #[error("This file is precompiled machine code, which the server never takes. Upload the .wasm component.")]
    Precompiled,
    /// A core module.
    #[error(
        "This is a core WebAssembly module, not a component. Build for wasm32-wasip2, or turn it into a component with `wasm-tools component new`."
    )]
    CoreModule,
    /// Damaged, or it uses features that are not allowed.
    #[error("The component is not valid: {0}.")]
    Invalid(String),
    /// Nested or numerous beyond the bounds.
    #[error("The component is too complex: {0}.")]
    TooComplex(String),
    /// The inspection took too long.
    #[error("Checking the component took too long. Make it smaller, or split it.")]
    TooSlow,
    /// Imports of a network socket.
    #[error("The component wants network sockets ({}), which bots never get. Ask for `egress` in the manifest and use HTTP.", .0.join(", "))]
    Sockets(Vec<String>),
    /// Imports that no bot can have.
    #[error("The component imports what this server does not offer: {}.", .0.join(", "))]
    UnknownImports(Vec<String>),
    /// No handler of a version the server serves.
    #[error(
        "The component does not export mesh:bot/handler@0.1 with `start` and `on-event`, so the server could not call it."
    )]
    NoHandler,
    /// A manifest beyond its bound.
    #[error("The manifest has {size} bytes; at most {limit} are allowed.")]
    ManifestTooLarge {
        /// Bytes of the section.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Two sections that differ.
    #[error("The component carries two different manifests. Keep one custom section `mesh:bot`.")]
    ManifestTwice,
    /// Not UTF-8.
    #[error("The manifest in the component is not UTF-8 text.")]
    ManifestNotText,
}
