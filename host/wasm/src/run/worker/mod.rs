//! One bot at work: its instances and its events, one at a time for each room.
//!
//! A worker lives while its bot has something to do, an instance in memory, or events that wait.
//! Everything it knows can be lost: cursors, waiting events and effects are in the database.

mod agenda;
mod reading;
mod settling;
mod shift;

use super::{
    allowed::allowed,
    guest::Guest,
    handle::Handle,
    health::{Health, Verdict},
    supervisor::{Shared, instances},
};
use crate::link::{Allowed, Linked};
use agenda::{Agenda, Next};
use futures_util::{StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use mesh_service::{
    Error, Result,
    inbox::{self, BotRow, Parked},
    manifest::Manifest,
};
use mesh_types::{BotId, Timestamp, bot::Subscription, view};
use settling::Settling;
use shift::{Finished, Live, Shift};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

/// The active version of a bot, with the rights of now, ready to be instantiated.
struct Loaded {
    row: BotRow,
    generation: u64,
    manifest: Arc<Manifest>,
    chosen: Subscription,
    allowed: Allowed,
    linked: Linked<Guest>,
    /// Another number whenever instances of before are not to be used again.
    making: u64,
    /// How many instances there may be at once.
    instances: usize,
}

pub(crate) struct Worker {
    shared: Arc<Shared>,
    bot: BotId,
    handle: Arc<Handle>,
    loaded: Option<Arc<Loaded>>,
    makings: u64,
    /// Instances that are free.
    spare: Vec<Live>,
    /// Events in hand.
    shifts: FuturesUnordered<BoxFuture<'static, Finished>>,
    agenda: Agenda,
    /// The rights with which the streams to follow were read.
    followed: Option<u64>,
    settling: Settling,
    health: Health,
    paused_until: Option<Timestamp>,
    tripped: bool,
}

impl Worker {
    pub(crate) fn new(shared: Arc<Shared>, bot: BotId, handle: Arc<Handle>) -> Self {
        Self {
            settling: Settling::new(shared.host.clone(), bot),
            shared,
            bot,
            handle,
            loaded: None,
            makings: 0,
            spare: Vec::new(),
            shifts: FuturesUnordered::new(),
            agenda: Agenda::default(),
            followed: None,
            health: Health::default(),
            paused_until: None,
            tripped: false,
        }
    }

    /// Works until there is nothing left to do and nothing left in memory.
    pub(crate) async fn run(mut self) {
        self.handle.parked.store(true, Ordering::Release);
        loop {
            let stays = match self.work().await {
                Ok(stays) => stays,
                Err(error) => {
                    tracing::error!(bot = %self.bot, %error, "a bot cannot be served; trying again");
                    self.start_over().await;
                    true
                }
            };
            if stays {
                continue;
            }
            self.drain().await;
            if let Err(error) = self.settling.settled().await {
                // These events come again when the bot is looked at next.
                tracing::warn!(bot = %self.bot, %error, "what a bot handled could not be stored");
            }
            if self.shared.retire(self.bot, &self.handle) {
                return;
            }
        }
    }

    /// Does what can be done now, and waits for more. False when the worker may end.
    async fn work(&mut self) -> Result<bool> {
        Ok(self.pass().await? && self.rest().await?)
    }

    /// Forgets what is not stored, after a while; it is read again.
    async fn start_over(&mut self) {
        self.drain().await;
        (self.agenda, self.followed) = (Agenda::default(), None);
        self.handle.parked.store(true, Ordering::Release);
        tokio::time::sleep(Duration::from_secs(5)).await;
    }

    /// Lets the events in hand be finished, or drops them when somebody is in a hurry.
    async fn drain(&mut self) {
        while !self.shifts.is_empty() {
            if self.handle.at_once.swap(false, Ordering::AcqRel) {
                self.shifts.clear();
            }
            tokio::select! {
                Some(finished) = self.shifts.next() => {
                    if let Err(error) = self.conclude(finished) {
                        tracing::warn!(bot = %self.bot, %error, "what a bot handled could not be stored");
                    }
                }
                () = self.handle.wake.notified() => {}
            }
        }
        self.spare.clear();
    }

    /// Begins everything that can be handled now. False when the bot should not run.
    async fn pass(&mut self) -> Result<bool> {
        loop {
            self.agenda.heard(&mut self.handle.news());
            if !self.load().await? {
                return Ok(false);
            }
            if self.handle.parked.swap(false, Ordering::AcqRel) {
                self.settling.settled().await?;
                self.agenda.wait(inbox::parked(&self.shared.host, self.bot).await?);
            }
            let now = self.shared.host.clock.now();
            let (places, generation) = self
                .loaded
                .as_ref()
                .map_or((0, 0), |loaded| (loaded.instances, loaded.generation));
            let rests = self.tripped || self.paused_until.is_some_and(|until| until > now);
            if rests || self.shifts.len() >= places {
                return Ok(true);
            }
            self.paused_until = None;
            match self.agenda.next(now, generation) {
                Some(Next::Handle(place, Some(event))) => self.begin(place, *event)?,
                Some(Next::Handle(place, None)) => match self.find(&place).await? {
                    Some(event) => self.begin(place, event)?,
                    None => self.handled(&place)?,
                },
                Some(Next::Wait(place)) => self.wait_behind(&place)?,
                None if self.read_on().await? => {}
                None => return Ok(true),
            }
        }
    }

    /// Hands an event to an instance.
    fn begin(&mut self, place: Parked, event: view::Event) -> Result<()> {
        let shift = Shift {
            shared: self.shared.clone(),
            bot: self.bot,
            handle: self.handle.clone(),
            loaded: self.loaded.clone().ok_or_else(|| Error::internal("not loaded"))?,
            live: self.spare.pop(),
        };
        self.shifts.push(Box::pin(shift.work(place, event)));
        Ok(())
    }

    /// Until an event was handled, until woken, until something is due, or until the instances were idle
    /// for too long. False when the worker may end.
    async fn rest(&mut self) -> Result<bool> {
        let now = self.shared.host.clock.now();
        let due = self.paused_until.or_else(|| self.agenda.next_due());
        let until_due = due.map(|due| Duration::from_millis(u64::try_from(due.millis() - now.millis()).unwrap_or(0)));
        let works = !self.shifts.is_empty();
        let idles = !works && !self.spare.is_empty();
        if !works && !idles && until_due.is_none() && !self.tripped {
            return Ok(false);
        }
        if idles && self.paused_until.is_none() {
            self.handle.set_state("ready", now);
        }
        let places = self.loaded.as_ref().map_or(0, |loaded| loaded.instances);
        let begins = self.shifts.len() < places && !self.tripped;
        tokio::select! {
            Some(finished) = self.shifts.next(), if works => {
                self.conclude(finished)?;
                Ok(true)
            }
            () = self.settling.due() => {
                self.settling.tell_or_wait();
                Ok(true)
            }
            () = self.handle.wake.notified() => Ok(true),
            () = tokio::time::sleep(until_due.unwrap_or_default()), if until_due.is_some() && begins => Ok(true),
            () = tokio::time::sleep(self.shared.config.idle), if idles => Ok(self.let_go()),
            () = self.handle.evict.notified(), if !self.spare.is_empty() => Ok(self.let_go()),
        }
    }

    /// Drops the instances that are free. True when the worker must stay.
    fn let_go(&mut self) -> bool {
        self.spare.clear();
        if self.shifts.is_empty() {
            self.handle.set_state("idle", self.shared.host.clock.now());
        }
        !self.shifts.is_empty() || !self.agenda.is_untroubled() || self.tripped
    }

    /// Makes sure that the active version is linked with the rights of now. False when the bot is not
    /// to run.
    async fn load(&mut self) -> Result<bool> {
        let generation = self.shared.host.authority.generation();
        if self
            .loaded
            .as_ref()
            .is_some_and(|loaded| loaded.generation == generation)
        {
            return Ok(true);
        }
        let restarted = self.handle.restarted.swap(false, Ordering::AcqRel);
        if restarted {
            self.health.reset();
            (self.tripped, self.paused_until) = (false, None);
            self.spare.clear();
        }
        let row = inbox::bot(&self.shared.host, self.bot).await?;
        let Some(row) = row.filter(|row| row.wanted && row.version.is_some()) else {
            self.loaded = None;
            return Ok(false);
        };
        let authority = self
            .shared
            .host
            .authority
            .bot_rights(&self.shared.host.store, self.bot)
            .await?;
        let allowed = allowed(&authority);
        let chosen = serde_json::from_str(&row.subscription).map_err(Error::internal)?;
        let before = self
            .loaded
            .take()
            .filter(|loaded| !restarted && loaded.allowed == allowed && loaded.row.runs_like(&row));
        let loaded = if let Some(before) = before {
            Loaded {
                row,
                generation,
                chosen,
                manifest: before.manifest.clone(),
                allowed,
                linked: before.linked.clone(),
                making: before.making,
                instances: before.instances,
            }
        } else {
            self.spare.clear();
            self.makings += 1;
            let (digest, manifest) = row.version.clone().unwrap_or_default();
            let component = self.shared.component(&digest).await?;
            let manifest = Manifest::from_json(&manifest)?;
            Loaded {
                linked: self.shared.link(&component, &allowed)?,
                instances: instances(&row.limits, manifest.runtime.instances),
                manifest: Arc::new(manifest),
                row,
                generation,
                chosen,
                allowed,
                making: self.makings,
            }
        };
        self.handle.at_once.store(false, Ordering::Release);
        self.loaded = Some(Arc::new(loaded));
        Ok(true)
    }

    /// An instance failed. Gives until when the bot rests, if it does.
    fn crashed(&mut self, error: &str) -> Option<Timestamp> {
        let now = self.shared.host.clock.now();
        let [jitter] = mesh_service::clock::random::<1>();
        match self.health.crashed(now, jitter) {
            Verdict::Backoff(until) => {
                self.paused_until = Some(until);
                self.handle.crashed("backoff", error, now);
            }
            Verdict::Tripped => {
                self.tripped = true;
                self.handle.crashed("tripped", error, now);
                tracing::warn!(bot = %self.bot, error, "a bot crashed too often and is stopped until a person starts it");
            }
        }
        self.paused_until
    }
}
