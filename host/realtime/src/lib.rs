//! The doors that stay open: plain WebSocket, Socket.IO and server-sent events. They speak differently and
//! share everything else: one hub, one kind of connection, one log behind both.
//!
//! `docs/realtime.md` is the contract.

#[cfg(feature = "echo")]
pub mod echo;
mod end;
mod handshake;
mod held;
mod hub;
mod line;
mod plain;
mod server_sent;
mod session;
mod socket_io;
mod told;
mod web_socket;

use axum::{
    Router,
    extract::Path,
    routing::{any, get},
};
use hub::Hub;
use mesh_service::Host;
use rand::Rng as _;
use socket_io::Speech;
use std::{sync::Arc, time::Duration};
use tokio_util::task::TaskTracker;

/// How long connections may take to end.
const DRAIN: Duration = Duration::from_secs(5);

/// Every connection of a server that stays open.
pub struct Realtime {
    pub(crate) host: Arc<Host>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) engines: socket_io::Engines,
    pub(crate) tasks: TaskTracker,
}

impl Realtime {
    /// Starts a task that follows the log until the server ends. An error when there is no thread to be had.
    pub fn start(host: &Arc<Host>) -> std::io::Result<Arc<Self>> {
        let hub = Arc::new(Hub::default());
        let live = host.live.subscribe();
        let (follower, following) = (hub.clone(), host.clone());
        let passes = hub.clone();
        host.live.on_passing(move |passing| passes.pass(passing));
        let runtime = tokio::runtime::Handle::current();
        std::thread::Builder::new()
            .name("hub".into())
            .spawn(move || runtime.block_on(follower.follow(following, live)))?;
        tokio::spawn(hub.clone().tick(host.clone()));
        tokio::spawn(mesh_service::presence::follow(host.clone()));
        Ok(Arc::new(Self {
            host: host.clone(),
            hub,
            engines: socket_io::Engines::default(),
            tasks: TaskTracker::new(),
        }))
    }

    /// The routes of its doors. Whoever serves them has checked where the page is from.
    pub fn router(self: &Arc<Self>) -> Router {
        let (plain, sent, tails) = (self.clone(), self.clone(), self.clone());
        let socket_io = |speech| {
            let realtime = self.clone();
            any(move |request| {
                let realtime = realtime.clone();
                Box::pin(async move { socket_io::answer(&realtime, speech, request).await })
            })
        };
        Router::new()
            .route(
                "/api/v1/socket",
                get(move |request| async move { plain::answer(&plain, request) }),
            )
            .route(
                "/api/v1/me/events/stream",
                get(move |request| async move { server_sent::answer(&sent, request).await }),
            )
            .route(
                "/api/v1/bots/{bot_id}/logs/tail",
                get(move |bot: Path<String>, request| async move { server_sent::tail(&tails, bot.0, request).await }),
            )
            .route("/socket.io/", socket_io(Speech::Text))
            .route("/socket.io/msgpack/", socket_io(Speech::Pack))
    }

    /// Tells every connection to come back to whoever serves next, each at its own time, and waits until
    /// they are gone.
    pub async fn end(&self) {
        self.hub.end_all();
        self.tasks.close();
        if tokio::time::timeout(DRAIN, self.tasks.wait()).await.is_err() {
            tracing::warn!(open = self.hub.count(), "some connections were cut off at the end");
        }
    }
}

/// When to come back, in milliseconds: spread out, so that not everyone does at once.
fn spread() -> u64 {
    rand::rng().random_range(500..3_000)
}
