//! Write bots for The Mesh in Rust.
//!
//! A bot is a type with a trait and one line that exports it. It compiles to a WebAssembly
//! component, and its tests run natively on a [mesh in memory](testing::TestMesh).
//!
//! ```
//! use mesh_bot::{Bot, Mesh, Message, Result};
//!
//! #[derive(Default)]
//! struct Echo;
//!
//! impl Bot for Echo {
//!     fn on_mention(&mut self, mention: &Message, mesh: &Mesh) -> Result {
//!         mesh.reply(mention, format!("echo: {}", mention.text_without_mention()))?;
//!         Ok(())
//!     }
//! }
//!
//! mesh_bot::export!(Echo, manifest = "template/bot.toml");
//!
//! # fn main() {
//! # use mesh_bot::{Outcome, testing::TestMesh};
//! let mut test = TestMesh::new(Echo);
//! assert_eq!(test.mention("hello"), Ok(Outcome::Ack));
//! assert_eq!(test.replies(), ["echo: hello"]);
//! # }
//! ```
//!
//! # What a bot may rely on
//!
//! - Events of one room come one at a time and in order.
//! - Memory is a cache. The mesh may drop an instance whenever no event is being handled, and does
//!   so after a panic; what must last goes to [`Mesh::kv`].
//! - An event may come twice, after a crash for instance. A call that writes takes effect once for
//!   each event, counted in the order of the calls: let what a handler writes follow from the event.
//! - A refusal is an answer, never a trap: it is [`Error::Denied`], and says what would have to
//!   change.

mod actions;
mod approvals;
mod backend;
mod bot;
mod bots;
mod error;
mod event;
mod export;
mod files;
mod http;
mod kv;
pub mod log;
mod members;
mod mesh;
mod messages;
mod page;
pub mod raw;
mod rooms;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod timers;
mod writer;

pub use actions::Press;
pub use approvals::{Approvals, Question};
pub use bot::{Bot, Packaged};
pub use bots::OwnBot;
pub use error::{Error, Result};
pub use event::{Call, Command, Decision, Event, Outcome, Payload, Reaction, TimerFired};
pub use files::{FileReader, FileWriter, Files};
pub use http::{Request, Response};
pub use kv::{Kv, Versioned};
pub use members::Members;
pub use mesh::{Check, Mesh};
pub use messages::{Change, Draft, Messages, Threads};
pub use page::Pages;
pub use raw::mesh::bot::{
    auth::Identity,
    files::File,
    kv::Entry,
    meshes::Mesh as MeshInfo,
    rooms::NewRoom,
    types::{
        Action, Actor, Attachment, Denial, Id, Member, Message, ReactionCount, Room, RoomMember, Thread, Timestamp,
    },
};
pub use rooms::Rooms;
pub use timers::{Timer, Timers};
pub use writer::MessageWriter;

#[doc(hidden)]
pub use export::Runner;
