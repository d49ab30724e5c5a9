//! The server around the operations: its store, its memory of rights, its clock and its ports.

use crate::{
    Error, Result,
    authority::Authority,
    blobs::Blobs,
    bot::{Answers, Tails},
    clock::{Clock, Ids},
    error::Code,
    live::Live,
    outbound::Outbound,
    presence::Present,
    rate::{Limiter, Rates},
    runtime::BotRuntime,
    search::Index,
    socket::Tickets,
};
use mesh_store::Store;
use std::{
    sync::{Arc, OnceLock, atomic::AtomicBool},
    time::Duration,
};
use tokio::sync::Notify;

/// What the configuration says about the operations.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The server's name, for people.
    pub name: String,
    /// The address under which the outside reaches it, without a slash at the end.
    pub public_url: String,
    /// Anyone may register; otherwise an invitation or the first start's code is needed.
    pub open_registration: bool,
    /// E-mail addresses of the people who operate the server. Nobody registers one of them without the
    /// first start's code or an invitation that was made for this address.
    pub operators: Vec<String>,
    /// Rate limits.
    pub rates: Rates,
    /// Where components, files and pictures are kept.
    pub blobs: Blobs,
    /// Reaches the outside, for bots.
    pub outbound: Outbound,
}

/// Secret keys of this server.
#[derive(Clone)]
pub struct Keys {
    /// Signs page cursors.
    pub cursor: [u8; 32],
    /// Authenticates the cache of compiled code.
    pub code_cache: [u8; 32],
    /// Seals the secrets of bots.
    pub secrets: [u8; 32],
}

/// One server.
pub struct Host {
    /// The database.
    pub store: Store,
    /// Who may do what, in memory.
    pub authority: Authority,
    /// The clock.
    pub clock: Clock,
    /// Makes ids.
    pub ids: Ids,
    /// Who is there.
    pub present: Present,
    /// Tickets that open a connection.
    pub tickets: Tickets,
    /// Wakes the followers of the log.
    pub live: Arc<Live>,
    /// Wakes those who follow what a bot says.
    pub tails: Tails,
    /// Wakes what runs calls that a person let go ahead.
    pub(crate) let_go: Notify,
    /// Wakes what fires timers.
    pub(crate) timers: Notify,
    /// Who waits for answers of bots.
    pub(crate) answers: Answers,
    /// What messages are found by.
    pub index: Index,
    /// Rate limits.
    pub limiter: Limiter,
    /// Secret keys.
    pub keys: Keys,
    /// The configuration.
    pub settings: Settings,
    /// Runs components; none in a process that only serves.
    pub runtime: OnceLock<Arc<dyn BotRuntime>>,
    /// Renders the metrics, where they are kept.
    pub metrics: OnceLock<Box<dyn Fn() -> String + Send + Sync>>,
    /// The server is about to end and takes no new work.
    pub ending: AtomicBool,
}

impl Host {
    /// Puts a server together.
    pub fn new(store: Store, settings: Settings, keys: Keys) -> Arc<Self> {
        let live = Arc::<Live>::default();
        let told = live.clone();
        store.after_commits(move || told.tell());
        Arc::new(Self {
            store,
            authority: Authority::new(settings.operators.clone()),
            clock: Clock::default(),
            ids: Ids::default(),
            present: Present::default(),
            tickets: Tickets::default(),
            live,
            tails: Tails::default(),
            let_go: Notify::new(),
            timers: Notify::new(),
            answers: Answers::default(),
            index: Index::default(),
            limiter: Limiter::new(settings.rates),
            keys,
            settings,
            runtime: OnceLock::new(),
            metrics: OnceLock::new(),
            ending: AtomicBool::new(false),
        })
    }

    /// Lets time pass at once, for those who play with it: scripts of bots, and tests.
    pub fn let_pass(&self, time: Duration) {
        self.clock.put_ahead(time);
        self.timers.notify_one();
    }

    /// What runs components, where something does.
    pub(crate) fn components(&self) -> Result<&dyn BotRuntime> {
        let runtime = self.runtime.get().map(AsRef::as_ref);
        runtime.ok_or_else(|| Error::new(Code::NotSupported, "This server does not run components."))
    }
}
