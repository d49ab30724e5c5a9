//! The seam between a running bot and what serves its imports.

use wasmtime_wasi::{WasiCtxView, WasiView};

use crate::bindings::{
    approvals, auth, bots, calls, config, docs, events, files, http, kv, members, meshes, messages, rooms, secrets,
    timers,
};
use crate::sandbox::Sandbox;

/// What serves the imports of one bot: one trait of the bindings for each interface of the contract.
///
/// `log` is not among them: the sandbox takes log lines itself. Each function should begin with
/// [`Sandbox::spend_host_call`]. An answer for the bot, a refusal too, is `Ok(Err(_))`.
/// An `Err` stops the bot: [`crate::Exhausted`] and every unknown error blame the bot, [`crate::HostFault`]
/// blames the server.
pub trait BotHost:
    approvals::Host
    + auth::Host
    + bots::Host
    + calls::Host
    + config::Host
    + docs::Host
    + events::Host
    + files::Host
    + files::HostReader
    + files::HostWriter
    + http::Host
    + kv::Host
    + members::Host
    + meshes::Host
    + messages::Host
    + rooms::Host
    + secrets::Host
    + timers::Host
    + Send
    + 'static
{
    /// The bot's sandbox, made with [`Sandbox::new`] together with the host.
    fn sandbox(&mut self) -> &mut Sandbox;
}

/// The data of a store: wraps the host so that WASI is implemented once, here.
pub(crate) struct Guest<H>(pub(crate) H);

impl<H: BotHost> WasiView for Guest<H> {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.0.sandbox().wasi()
    }
}
