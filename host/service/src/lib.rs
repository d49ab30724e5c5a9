//! Every operation of The Mesh, and the one pipeline that runs them.
//!
//! [`call`] and the [`OPS`] table are the only ways in. See `docs/architecture.md`.

pub mod approval;
pub mod auth;
pub mod authority;
pub mod blobs;
pub mod call;
pub mod clock;
pub mod cursor;
mod cx;
pub mod error;
pub mod event;
mod host;
pub mod housekeeping;
pub mod inbox;
mod live;
pub mod manifest;
mod op;
mod ops;
pub mod outbound;
mod patch;
pub mod rate;
mod recent;
mod refusal;
pub mod resource;
pub mod runtime;
mod seal;
pub mod server;
mod text;
pub mod token;

pub mod bot;
pub mod command;
pub mod file;
pub mod kv;
pub mod member;
pub mod mesh;
pub mod message;
pub mod notification;
pub mod presence;
pub mod room;
pub mod search;
pub mod socket;
pub mod timer;

pub use authority::Stale;
pub use call::{Asked, Done, Door, Envelope, ErasedOp, Input, Reply, call};
pub use cursor::Page;
pub use cx::{Cx, etag};
pub use error::{Code, Error, Result};
pub use host::{Host, Keys, Settings};
pub use live::{News, Passing};
pub use mesh_store::{
    follows::Head,
    log::{Entry as LogEntry, Stream},
};
pub use op::{Answer, Body, Content, Doors, Effect, Http, Method, Nothing, Op, OpSpec, op};
pub use ops::{OPS, operation};
pub use refusal::{LayerVerdict, findings};
