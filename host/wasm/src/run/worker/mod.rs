//! One bot at work: its instance, its events, one at a time.
//!
//! A worker lives while its bot has something to do, an instance in memory, or events that wait.
//! Everything it knows can be lost: cursors, waiting events and effects are in the database.

mod reading;

use super::{
    allowed::allowed,
    event::event,
    guest::Guest,
    handle::{Handle, News},
    health::{Health, Verdict},
    lanes::Lanes,
    scope::Scope,
    supervisor::Shared,
    told::Told,
};
use crate::{
    LogLevel, LogLine, LogOutput, LogSource, Sandbox,
    bindings::Outcome,
    end::CallEnd,
    instance::{After, Called, Instance, Spent},
    link::{Allowed, Linked},
};
use mesh_authz::{Caller, Credential, Who};
use mesh_service::{
    Error, Result,
    inbox::{self, BotRow, InboxStream},
    manifest::Manifest,
};
use mesh_types::{BotId, InstanceId, Timestamp, bot::Subscription};
use std::{
    pin::Pin,
    sync::{Arc, PoisonError, atomic::Ordering},
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, oneshot},
    time::Sleep,
};

/// How long the news that an event was handled may wait for that of the next one. A crash meanwhile
/// brings these events again, and their effects meet their keys.
const PATIENCE: Duration = Duration::from_millis(5);

/// The active version of a bot, ready to be instantiated.
struct Loaded {
    row: BotRow,
    generation: u64,
    manifest: Manifest,
    chosen: Subscription,
    allowed: Allowed,
    linked: Linked<Guest>,
}

struct Live {
    instance: Instance<Guest>,
    id: InstanceId,
    _place: OwnedSemaphorePermit,
}

/// How an event ended.
enum Handled {
    Done,
    Later {
        due: Timestamp,
        error: String,
        counts: bool,
    },
    Never(String),
}

pub(crate) struct Worker {
    shared: Arc<Shared>,
    bot: BotId,
    handle: Arc<Handle>,
    loaded: Option<Loaded>,
    live: Option<Live>,
    /// The secrets that the instance was told.
    told: Told,
    lanes: Lanes,
    health: Health,
    paused_until: Option<Timestamp>,
    tripped: bool,
    last_settled: Option<oneshot::Receiver<()>>,
    /// How far streams were handled beyond what was settled, and since when there is such news.
    handled: Vec<(InboxStream, i64)>,
    /// When that is due. One timer for all of it: setting a timer wakes whoever waits for a later one.
    due: Option<Pin<Box<Sleep>>>,
    /// What was heard of and not read yet.
    unread: News,
    /// How far each followed stream was read; the database comes behind. None: ask it.
    cursors: Option<Vec<(InboxStream, i64)>>,
}

impl Worker {
    pub(crate) fn new(shared: Arc<Shared>, bot: BotId, handle: Arc<Handle>) -> Self {
        Self {
            shared,
            bot,
            handle,
            loaded: None,
            live: None,
            told: Told::default(),
            lanes: Lanes::default(),
            health: Health::default(),
            paused_until: None,
            tripped: false,
            last_settled: None,
            handled: Vec::new(),
            due: None,
            unread: News::default(),
            cursors: None,
        }
    }

    /// Works until there is nothing left to do and nothing left in memory.
    pub(crate) async fn run(mut self) {
        match inbox::parked(&self.shared.host, self.bot).await {
            Ok(parked) => self.lanes = Lanes::new(parked),
            Err(error) => tracing::error!(bot = %self.bot, %error, "the waiting events of a bot cannot be read"),
        }
        loop {
            self.unread.take(&mut self.handle.news());
            let stays = match self.pass().await {
                Ok(runs) => runs && self.rest().await,
                Err(error) => {
                    tracing::error!(bot = %self.bot, %error, "a bot cannot be served; trying again");
                    self.pause(Duration::from_secs(5));
                    self.rest().await
                }
            };
            if stays {
                continue;
            }
            if let Err(error) = self.settled().await {
                // These events come again when the bot is looked at next.
                tracing::warn!(bot = %self.bot, %error, "what a bot handled could not be stored");
            }
            if self.shared.retire(self.bot, &self.handle) {
                return;
            }
        }
    }

    fn pause(&mut self, time: Duration) {
        let millis = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        self.paused_until = Some(Timestamp(self.shared.host.clock.now().millis() + millis));
    }

    /// Handles everything that can be handled now. False when the bot should not run.
    async fn pass(&mut self) -> Result<bool> {
        loop {
            if !self.load().await? {
                return Ok(false);
            }
            if self.handle.parked.swap(false, Ordering::AcqRel) {
                self.settled().await?;
                self.lanes = Lanes::new(inbox::parked(&self.shared.host, self.bot).await?);
            }
            let now = self.shared.host.clock.now();
            if self.tripped || self.paused_until.is_some_and(|until| until > now) {
                return Ok(true);
            }
            self.paused_until = None;
            if let Some(parked) = self.lanes.due(now) {
                self.retry(parked).await?;
            } else if !self.read_on().await? {
                return Ok(true);
            }
        }
    }

    /// Until woken, until something is due, or until the instance was idle for too long.
    /// False when the worker may end.
    async fn rest(&mut self) -> bool {
        let now = self.shared.host.clock.now();
        let due = [self.lanes.next_due(), self.paused_until].into_iter().flatten().max();
        let until_due = due.map(|due| Duration::from_millis(u64::try_from(due.millis() - now.millis()).unwrap_or(0)));
        let idles = self.live.is_some();
        if !idles && until_due.is_none() && !self.tripped {
            return false;
        }
        if idles && self.paused_until.is_none() {
            self.set_state("ready");
        }
        let (handle, due) = (self.handle.clone(), &mut self.due);
        let told = async {
            match due {
                Some(due) => due.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = told => {
                if self.tell().is_err() {
                    // Too many writes wait.
                    self.due = Some(Box::pin(tokio::time::sleep(PATIENCE)));
                }
                true
            }
            () = handle.wake.notified() => true,
            () = tokio::time::sleep(until_due.unwrap_or_default()), if until_due.is_some() && !self.tripped => true,
            () = tokio::time::sleep(self.shared.config.idle), if idles => self.let_go(),
            () = handle.evict.notified(), if idles => self.let_go(),
        }
    }

    /// Drops the instance. True when events wait, so that the worker must stay.
    fn let_go(&mut self) -> bool {
        self.live = None;
        self.set_state("idle");
        !self.lanes.is_empty() || self.tripped
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
        self.cursors = None;
        if self.handle.restarted.swap(false, Ordering::AcqRel) {
            self.health.reset();
            (self.tripped, self.paused_until, self.live) = (false, None, None);
        }
        let row = inbox::bot(&self.shared.host, self.bot).await?;
        let Some(row) = row.filter(|row| row.wanted && row.version.is_some()) else {
            (self.live, self.loaded) = (None, None);
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
        if let Some(loaded) = self.loaded.as_mut()
            && loaded.allowed == allowed
            && loaded.row.runs_like(&row)
        {
            (loaded.row, loaded.chosen, loaded.generation) = (row, chosen, generation);
            return Ok(true);
        }
        let (digest, manifest) = row.version.clone().unwrap_or_default();
        let component = self.shared.component(&digest).await?;
        let linked = self.shared.link(&component, &allowed)?;
        self.live = None;
        self.loaded = Some(Loaded {
            row,
            generation,
            chosen,
            manifest: Manifest::from_json(&manifest)?,
            allowed,
            linked,
        });
        Ok(true)
    }

    async fn handle_event(&mut self, stream: InboxStream, seq: i64, found: mesh_types::view::Event) -> Result<Handled> {
        if let Some(failed) = self.bring_up().await? {
            return Ok(failed);
        }
        let Some(Live {
            mut instance,
            id,
            _place,
        }) = self.live.take()
        else {
            return Err(Error::internal("no instance after it was brought up"));
        };
        let (event, hops) = event(found, &instance.host().handle.clone());
        instance.host().scope = Scope::event(stream, seq, hops);
        let called = instance.on_event(&event).await;
        let Called { end, spent, log, after } = called;
        measure(&end, &spent);
        self.keep_log(log).await;
        if let After::Alive(instance) = after {
            self.live = Some(Live {
                instance: *instance,
                id,
                _place,
            });
        }
        let now = self.shared.host.clock.now();
        Ok(match end {
            CallEnd::Started | CallEnd::Done(Outcome::Ack) => Handled::Done,
            CallEnd::Done(Outcome::RetryAfter(wait)) => {
                let wait = i64::try_from(wait).unwrap_or(i64::MAX).clamp(100, 3_600_000);
                let error = "the bot asked for a later try".into();
                Handled::Later {
                    due: Timestamp(now.millis() + wait),
                    error,
                    counts: false,
                }
            }
            CallEnd::Done(Outcome::Reject(why)) => {
                Handled::Never(self.told.redact(format!("the bot rejected it: {why}")))
            }
            end if end.is_hosts_fault() => {
                tracing::error!(bot = %self.bot, %end, "the host failed a bot");
                Handled::Later {
                    due: Timestamp(now.millis() + 1000),
                    error: end.to_string(),
                    counts: false,
                }
            }
            end => {
                let error = self.told.redact(end.to_string());
                self.note(&error).await;
                if self.live.is_none() {
                    self.crashed(now, &error);
                }
                Handled::Later {
                    due: now,
                    error,
                    counts: true,
                }
            }
        })
    }

    /// Starts an instance if there is none. Answers what becomes of the event when that fails.
    async fn bring_up(&mut self) -> Result<Option<Handled>> {
        if self.live.is_some() {
            return Ok(None);
        }
        self.set_state("starting");
        let place = self.shared.place().await?;
        let Some(loaded) = &self.loaded else {
            return Err(Error::internal("not loaded"));
        };
        let limits = self.shared.limits(&loaded.row.limits);
        let sandbox = Sandbox::new(limits);
        self.told = Told::default();
        let guest = Guest::new(
            self.shared.host.clone(),
            (self.bot, loaded.row.mesh),
            loaded.row.handle.clone(),
            self.told.clone(),
            sandbox,
        );
        let id = InstanceId::new(self.shared.host.ids.next());
        let Called { end, log, after, .. } = Instance::start(&loaded.linked, guest).await;
        self.keep_log(log).await;
        if let After::Alive(instance) = after {
            self.live = Some(Live {
                instance: *instance,
                id,
                _place: place,
            });
            self.set_instance(Some(id));
            return Ok(None);
        }
        let (now, error) = (self.shared.host.clock.now(), self.told.redact(end.to_string()));
        self.note(&error).await;
        if end.is_hosts_fault() {
            self.pause(Duration::from_secs(1));
        } else {
            self.crashed(now, &error);
        }
        // The event did nothing wrong: it waits without losing a try.
        let due = self.paused_until.unwrap_or(now);
        Ok(Some(Handled::Later {
            due,
            error,
            counts: false,
        }))
    }

    fn crashed(&mut self, now: Timestamp, error: &str) {
        let [jitter] = mesh_service::clock::random::<1>();
        match self.health.crashed(now, jitter) {
            Verdict::Backoff(until) => {
                self.paused_until = Some(until);
                self.set_state("backoff");
            }
            Verdict::Tripped => {
                self.tripped = true;
                self.set_state("tripped");
                tracing::warn!(bot = %self.bot, error, "a bot crashed too often and is stopped until a person starts it");
            }
        }
        let mut status = self.handle.status.lock().unwrap_or_else(PoisonError::into_inner);
        status.restarts += 1;
        status.last_error = Some(error.to_owned());
        status.instance = None;
    }

    fn set_state(&self, state: &str) {
        let now = self.shared.host.clock.now();
        let mut status = self.handle.status.lock().unwrap_or_else(PoisonError::into_inner);
        if status.state != state {
            status.since = now;
            state.clone_into(&mut status.state);
        }
        if state == "idle" {
            status.instance = None;
        }
    }

    fn set_instance(&self, id: Option<InstanceId>) {
        self.handle
            .status
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .instance = id;
        self.set_state("ready");
    }

    /// A line in the bot's log, in the host's own words.
    async fn note(&mut self, text: &str) {
        let line = LogLine {
            source: LogSource::Log(LogLevel::Error),
            text: text.to_owned(),
        };
        self.keep_log(LogOutput {
            lines: vec![line],
            dropped: 0,
        })
        .await;
    }

    async fn keep_log(&mut self, mut log: LogOutput) {
        for line in &mut log.lines {
            line.text = self.told.redact(std::mem::take(&mut line.text));
        }
        let mesh = self.loaded.as_ref().map(|loaded| loaded.row.mesh);
        if let Some(mesh) = mesh.filter(|_| !log.lines.is_empty() || log.dropped > 0) {
            let caller = Caller {
                who: Who::Bot { id: self.bot, mesh },
                credential: Credential::Component,
            };
            self.shared.keep_log(caller, log).await;
        }
    }
}

fn measure(end: &CallEnd, spent: &Spent) {
    let well = if matches!(end, CallEnd::Done(_)) {
        "done"
    } else {
        "failed"
    };
    metrics::histogram!("mesh_bot_event_seconds", "end" => well).record(spent.wall);
    #[allow(
        clippy::cast_precision_loss,
        reason = "a histogram of fuel needs no more than 52 bits"
    )]
    metrics::histogram!("mesh_bot_event_fuel").record(spent.fuel as f64);
}
