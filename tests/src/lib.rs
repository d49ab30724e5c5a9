//! What end-to-end tests share: a real server on a free port, and people who call it.
//!
//! A story that should hold on both databases is written once with [`on_both_engines!`].

#![allow(clippy::missing_panics_doc, reason = "a test that cannot go on panics")]

mod client;
mod database;
mod live;
mod ops;
mod program;
mod raw;
mod sent;
mod server;
mod world;

pub use client::{Client, Response, content_digest, send};
pub use database::Engine;
pub use live::{Closed, Live};
pub use ops::{PICTURE, op, required_fields};
pub use program::{
    LANGUAGES, Machine, Program, component, conformance_bot, deploy, golden_bots, messages_until, upload,
};
pub use raw::{Raw, raw};
pub use sent::{Block, Sent};
pub use server::{Options, TestServer};
pub use world::{Mesh, PASSWORD, Person};

/// Runs each story on SQLite and on PostgreSQL, as two tests: `name::sqlite` and `name::postgres`.
///
/// ```ignore
/// on_both_engines! {
///     /// A message that was posted can be read.
///     async fn posted_is_readable(server) { … }
/// }
/// ```
#[macro_export]
macro_rules! on_both_engines {
    ($($(#[$meta:meta])* async fn $name:ident($server:ident) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports, reason = "a story may need nothing")]
            use super::*;

            async fn story($server: &$crate::TestServer) $body

            #[tokio::test]
            async fn sqlite() {
                story(&$crate::TestServer::start($crate::Engine::Sqlite).await).await;
            }

            #[tokio::test]
            async fn postgres() {
                story(&$crate::TestServer::start($crate::Engine::Postgres).await).await;
            }
        }
    )*};
}
