//! One event in the hands of one instance.

use super::Loaded;
use crate::{
    LogLevel, LogLine, LogOutput, LogSource,
    bindings::{Outcome, Payload},
    end::CallEnd,
    instance::{After, Called, Instance, Spent},
    run::{event::event, guest::Guest, handle::Handle, scope::Scope, supervisor::Shared, told::Told},
};
use mesh_authz::{Caller, Credential, Who};
use mesh_service::{Result, inbox::Parked};
use mesh_types::{BotId, InstanceId, view};
use std::{sync::Arc, time::Duration};
use tokio::sync::OwnedSemaphorePermit;
use tracing::Instrument as _;

/// An instance in memory.
pub(super) struct Live {
    instance: Instance<Guest>,
    id: InstanceId,
    /// The secrets that it was told.
    told: Told,
    /// Which of the bot's makings it is of; what is of an older one is not used again.
    pub(super) making: u64,
    _place: OwnedSemaphorePermit,
}

/// What is needed to handle an event.
pub(super) struct Shift {
    pub(super) shared: Arc<Shared>,
    pub(super) bot: BotId,
    pub(super) handle: Arc<Handle>,
    pub(super) loaded: Arc<Loaded>,
    /// An instance that is free; without one, one is started.
    pub(super) live: Option<Live>,
}

/// How it went with an event.
pub(super) enum Ending {
    Done,
    /// The bot wants it again, so much later.
    Again(Duration),
    /// The bot will never handle it.
    Rejected(String),
    /// The bot failed, and perhaps its instance is lost.
    Failed {
        error: String,
        crashed: bool,
    },
    /// The bot could not be started. The event did nothing wrong.
    NotStarted(String),
    /// The host failed; so nobody's fault.
    HostFailed(String),
}

/// An event that is out of its instance's hands.
pub(super) struct Finished {
    pub(super) place: Parked,
    pub(super) ending: Result<Ending>,
    /// The instance, if it can be used again.
    pub(super) live: Option<Live>,
    /// What the event was handled with.
    pub(super) loaded: Arc<Loaded>,
}

impl Shift {
    /// Hands over the event.
    pub(super) async fn work(mut self, place: Parked, event: view::Event) -> Finished {
        // Everything that the bot asks for while it handles the event is inside of this.
        let span = tracing::debug_span!(
            "bot_event", bot = %self.bot, stream = %place.stream, seq = place.seq, kind = event.kind,
            cause = event.request_id,
        );
        let ending = self.handle(&place, event).instrument(span).await;
        Finished {
            place,
            ending,
            live: self.live,
            loaded: self.loaded,
        }
    }

    async fn handle(&mut self, place: &Parked, found: view::Event) -> Result<Ending> {
        let live = match self.live.take() {
            Some(live) => live,
            None => match self.start().await? {
                Ok(live) => live,
                Err(ending) => return Ok(ending),
            },
        };
        let Live {
            mut instance,
            id,
            told,
            making,
            _place,
        } = live;
        let (event, hops) = event(found, &instance.host().handle.clone());
        let within = match &event.payload {
            Payload::BotCalled(question) => question.call_id.parse().ok(),
            _ => None,
        };
        instance.host().scope = Scope::event(place.stream, place.seq, hops, within);
        let Called { end, spent, log, after } = instance.on_event(&event).await;
        measure(&end, &spent);
        self.keep_log(&told, log).await;
        if let After::Alive(instance) = after {
            self.live = Some(Live {
                instance: *instance,
                id,
                told: told.clone(),
                making,
                _place,
            });
        }
        Ok(match end {
            CallEnd::Started | CallEnd::Done(Outcome::Ack) => Ending::Done,
            CallEnd::Done(Outcome::RetryAfter(wait)) => {
                Ending::Again(Duration::from_millis(wait.clamp(100, 3_600_000)))
            }
            CallEnd::Done(Outcome::Reject(why)) => Ending::Rejected(told.redact(format!("the bot rejected it: {why}"))),
            end if end.is_hosts_fault() => {
                tracing::error!(bot = %self.bot, %end, "the host failed a bot");
                Ending::HostFailed(end.to_string())
            }
            end => {
                let error = told.redact(end.to_string());
                self.note(&told, &error).await;
                Ending::Failed {
                    error,
                    crashed: self.live.is_none(),
                }
            }
        })
    }

    /// Starts an instance, or says why there is none.
    async fn start(&mut self) -> Result<Result<Live, Ending>> {
        let host = self.shared.host.clone();
        self.handle.starts(host.clock.now());
        let place = self.shared.place().await?;
        let row = &self.loaded.row;
        let (told, id) = (Told::default(), InstanceId::new(host.ids.next()));
        let guest = Guest::new(
            host.clone(),
            (self.bot, row.mesh),
            row.handle.clone(),
            told.clone(),
            self.shared.sandbox(&row.limits),
        );
        let Called { end, log, after, .. } = Instance::start(&self.loaded.linked, guest).await;
        self.keep_log(&told, log).await;
        if let After::Alive(instance) = after {
            self.handle.runs(id, host.clock.now());
            return Ok(Ok(Live {
                instance: *instance,
                id,
                told,
                making: self.loaded.making,
                _place: place,
            }));
        }
        let error = told.redact(end.to_string());
        self.note(&told, &error).await;
        Ok(Err(if end.is_hosts_fault() {
            Ending::HostFailed(error)
        } else {
            Ending::NotStarted(error)
        }))
    }

    /// A line in the bot's log, in the host's own words.
    async fn note(&mut self, told: &Told, text: &str) {
        let line = LogLine {
            source: LogSource::Log(LogLevel::Error),
            text: text.to_owned(),
        };
        let log = LogOutput {
            lines: vec![line],
            dropped: 0,
        };
        self.keep_log(told, log).await;
    }

    async fn keep_log(&mut self, told: &Told, mut log: LogOutput) {
        if log.lines.is_empty() && log.dropped == 0 {
            return;
        }
        for line in &mut log.lines {
            line.text = told.redact(std::mem::take(&mut line.text));
        }
        let who = Who::Bot {
            id: self.bot,
            mesh: self.loaded.row.mesh,
        };
        let credential = Credential::Component;
        self.shared.keep_log(Caller { who, credential }, log).await;
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
