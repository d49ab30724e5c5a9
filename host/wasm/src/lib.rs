//! Runs bots: WebAssembly components, contained. The only crate that names wasmtime.
//!
//! A file becomes a running bot in four steps, each its own module:
//! [`mod@inspect`] reads an upload without running or compiling it, [`compile`] turns it into machine
//! code in a child process and keeps the result, [`link`] gives it the imports it was granted and
//! a refusal for every other, and [`Instance`] calls it within [`Limits`].
//!
//! What is absent on purpose: nothing here opens a socket, a directory or the environment for a
//! bot, nothing accepts precompiled code from outside, and no instance is used again after a trap.

pub mod bindings;
pub mod compile;
pub mod contract;
mod digest;
mod end;
mod engine;
mod files;
mod host;
pub mod inspect;
mod instance;
mod limits;
pub mod link;
mod meter;
mod output;
mod run;
mod sandbox;
mod turns;

pub use digest::{Digest, DigestError};
pub use end::{CallEnd, Exhausted, HostFault, TrapKind};
pub use engine::{Engine, EngineConfig, EngineError};
pub use files::{FileReader, FileWriter};
pub use host::BotHost;
pub use inspect::{Import, Inspection, InspectionBounds, Refused, inspect};
pub use instance::{After, Called, Instance, Spent};
pub use limits::Limits;
pub use link::{Allowed, LinkError, Linked, Linker};
pub use output::{LogLevel, LogLine, LogOutput, LogSource};
pub use run::{Guest, Supervisor, SupervisorConfig};
pub use sandbox::Sandbox;
