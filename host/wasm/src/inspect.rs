//! Reads an uploaded file within bounds of size, depth and time. Nothing is compiled or run.

mod contents;
mod refused;
mod walk;

use std::panic::{self, AssertUnwindSafe};
use std::time::{Duration, Instant};

pub use refused::Refused;

use crate::digest::Digest;

/// Bounds of an inspection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InspectionBounds {
    /// Largest file in bytes.
    pub size: u64,
    /// Longest time; checked often, so it is kept to within a second.
    pub time: Duration,
    /// How deep components may be nested, the outermost included.
    pub depth: usize,
    /// Core modules in all, at any depth.
    pub modules: usize,
    /// Imported functions in all.
    pub imports: usize,
    /// Largest manifest in bytes.
    pub manifest: usize,
}

impl Default for InspectionBounds {
    fn default() -> Self {
        Self {
            size: mesh_types::limits::COMPONENT,
            time: Duration::from_secs(20),
            depth: 8,
            modules: 64,
            imports: 1_000,
            manifest: 64 << 10,
        }
    }
}

/// One function that a component imports.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    /// The interface with its package: `mesh:bot/kv`.
    pub interface: String,
    /// The version the component was made for: `0.1.0`.
    pub version: String,
    /// The function: `get`, or `[method]output-stream.write` of a resource.
    pub function: String,
}

impl Import {
    /// The operation of the API behind this import; none for WASI.
    pub fn operation(&self) -> Option<&'static str> {
        let interface = self
            .interface
            .strip_prefix(crate::contract::PACKAGE)?
            .strip_prefix('/')?;
        crate::contract::operation(interface, &self.function)
    }
}

/// What an upload contains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Every imported function, in order and once.
    pub imports: Vec<Import>,
    /// The text of the custom section `mesh:bot`, not yet parsed.
    pub manifest: Option<String>,
    /// The identity of the file.
    pub sha256: Digest,
    /// Bytes of the file.
    pub size: u64,
}

/// Looks at an uploaded file. Takes up to the given time of one core: call it where blocking is fine.
///
/// Never panics, whatever the bytes.
pub fn inspect(bytes: &[u8], bounds: &InspectionBounds) -> Result<Inspection, Refused> {
    let size = bytes.len() as u64;
    if size > bounds.size {
        return Err(Refused::TooLarge {
            size,
            limit: bounds.size,
        });
    }
    let deadline = Instant::now() + bounds.time;
    // The parser is not known to panic; if it does, that file is refused and the server goes on.
    let walked = panic::catch_unwind(AssertUnwindSafe(|| walk::walk(bytes, bounds, deadline)))
        .unwrap_or_else(|_| Err(Refused::Invalid("the parser gave up on it".into())))?;
    let imports = contents::imports(&walked, bounds)?;
    contents::check_handler(&walked)?;
    Ok(Inspection {
        imports,
        manifest: walked.manifest,
        sha256: Digest::of(bytes),
        size,
    })
}
