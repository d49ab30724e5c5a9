//! A running bot: one store, called within its limits, and gone after any failure of its own.

use std::time::{Duration, Instant};

use tokio::time;
use wasmtime::Store;

use crate::bindings::{Bot, Event};
use crate::end::{self, CallEnd};
use crate::engine::TICK;
use crate::host::{BotHost, Guest};
use crate::limits::Limits;
use crate::link::Linked;
use crate::output::LogOutput;
use crate::turns::Turns;

/// Fuel between two returns to the scheduler, about a tenth of a millisecond of work.
const YIELD_EVERY: u64 = 1_000_000;

/// A bot that started and takes events.
///
/// Every call takes the instance and gives it back only if it can be called again, so an instance
/// that trapped, ran out or was dropped in the middle of a call cannot be used by mistake.
pub struct Instance<H: 'static> {
    store: Store<Guest<H>>,
    bot: Bot,
    turns: Turns,
}

/// One call: how it ended, what it cost, what the bot said, and what is left.
pub struct Called<H: 'static> {
    /// How it ended.
    pub end: CallEnd,
    /// What it cost.
    pub spent: Spent,
    /// What the bot said.
    pub log: LogOutput,
    /// The instance, or only its host.
    pub after: After<H>,
}

/// What is left after a call.
pub enum After<H: 'static> {
    /// The instance takes further events.
    Alive(Box<Instance<H>>),
    /// The instance is gone with its memory; this is what served it.
    Dead(Box<H>),
}

/// What one call cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// Fuel burnt.
    pub fuel: u64,
    /// Bytes of linear memory at its end; memories never shrink, so this is the peak too.
    pub memory: u64,
    /// Calls of the mesh.
    pub host_calls: u32,
    /// Messages posted.
    pub messages: u32,
    /// Time from begin to end, waiting included.
    pub wall: Duration,
}

impl<H: 'static> Called<H> {
    /// The instance if it can be called again.
    pub fn alive(self) -> Option<Instance<H>> {
        match self.after {
            After::Alive(instance) => Some(*instance),
            After::Dead(_) => None,
        }
    }
}

impl<H: BotHost> Instance<H> {
    /// Instantiates the bot and calls `start`, both within the limits of the host's sandbox.
    pub async fn start(linked: &Linked<H>, host: H) -> Called<H> {
        let (linked, turns) = (linked.clone(), linked.engine.turns.clone());
        let beginning = Self::begin(linked, host, turns.clone());
        turns.take(beginning).await
    }

    async fn begin(linked: Linked<H>, host: H, turns: Turns) -> Called<H> {
        let mut store = Store::new(linked.engine.inner(), Guest(host));
        let limits = store.data_mut().0.sandbox().limits().clone();
        store.limiter(|guest| &mut guest.0.sandbox().meter);
        store.set_hostcall_fuel(usize::try_from(limits.boundary_bytes).unwrap_or(usize::MAX));
        store.set_max_component_handles(limits.handles as usize);
        let began = Instant::now();
        let called = arm(&mut store, &limits, limits.start_time());
        let called = match called {
            Ok(()) => {
                let work = async {
                    let bot = linked.pre.instantiate_async(&mut store).await?;
                    let answer = bot.mesh_bot_handler().call_start(&mut store).await?;
                    wasmtime::Result::Ok((bot, answer))
                };
                // The epoch does not advance a call that waits for the host, so time is kept twice.
                time::timeout(limits.start_time(), work).await
            }
            Err(error) => Ok(Err(error)),
        };
        match called {
            Ok(Ok((bot, Ok(())))) => finish(store, Some((bot, turns)), CallEnd::Started, began, &limits),
            Ok(Ok((_, Err(why)))) => finish(store, None, CallEnd::HandlerError(end::cut(why)), began, &limits),
            Ok(Err(error)) => {
                let end = explain(&mut store, &error);
                finish(store, None, end, began, &limits)
            }
            Err(_) => finish(store, None, CallEnd::Timeout, began, &limits),
        }
    }

    /// Hands over one event. Dropping the returned future drops the instance.
    pub async fn on_event(self, event: &Event) -> Called<H> {
        let turns = self.turns.clone();
        turns.take(self.handle(event.clone())).await
    }

    async fn handle(self, event: Event) -> Called<H> {
        let Self { mut store, bot, turns } = self;
        let limits = store.data_mut().0.sandbox().limits().clone();
        let began = Instant::now();
        let called = match arm(&mut store, &limits, limits.event_time()) {
            Ok(()) => {
                let work = bot.mesh_bot_handler().call_on_event(&mut store, &event);
                time::timeout(limits.event_time(), work).await
            }
            Err(error) => Ok(Err(error)),
        };
        match called {
            Ok(Ok(Ok(outcome))) => finish(store, Some((bot, turns)), end::outcome(outcome), began, &limits),
            Ok(Ok(Err(why))) => finish(
                store,
                Some((bot, turns)),
                CallEnd::HandlerError(end::cut(why)),
                began,
                &limits,
            ),
            Ok(Err(error)) => {
                let end = explain(&mut store, &error);
                finish(store, None, end, began, &limits)
            }
            Err(_) => finish(store, None, CallEnd::Timeout, began, &limits),
        }
    }

    /// What serves this instance.
    pub fn host(&mut self) -> &mut H {
        &mut self.store.data_mut().0
    }

    /// Ends the instance and gives back what served it.
    pub fn stop(self) -> H {
        self.store.into_data().0
    }
}

/// Fills every budget for one call.
fn arm<H: BotHost>(store: &mut Store<Guest<H>>, limits: &Limits, time: Duration) -> wasmtime::Result<()> {
    store.data_mut().0.sandbox().begin_call();
    store.set_fuel(limits.fuel)?;
    store.fuel_async_yield_interval(Some(YIELD_EVERY))?;
    let ticks = u64::try_from(time.as_millis() / TICK.as_millis()).unwrap_or(u64::MAX / 2);
    store.set_epoch_deadline(ticks.saturating_add(2).min(u64::MAX / 2));
    store.epoch_deadline_trap();
    Ok(())
}

/// What the error means; its own words go to the bot's log, where its author looks for them.
fn explain<H: BotHost>(store: &mut Store<Guest<H>>, error: &wasmtime::Error) -> CallEnd {
    let sandbox = store.data_mut().0.sandbox();
    let end = end::classify(error, &sandbox.meter);
    if !end.is_hosts_fault() {
        sandbox.log.epitaph(end::cut(format!("{error:#}")));
    }
    end
}

/// Closes the books of one call. Without bindings the instance is dead.
fn finish<H: BotHost>(
    mut store: Store<Guest<H>>,
    bot: Option<(Bot, Turns)>,
    end: CallEnd,
    began: Instant,
    limits: &Limits,
) -> Called<H> {
    let fuel_left = store.get_fuel().unwrap_or(0);
    let sandbox = store.data_mut().0.sandbox();
    let (host_calls, messages) = sandbox.counts();
    let spent = Spent {
        fuel: limits.fuel.saturating_sub(fuel_left),
        memory: sandbox.meter.memory(),
        host_calls,
        messages,
        wall: began.elapsed(),
    };
    let log = sandbox.log.take();
    let after = match bot {
        Some((bot, turns)) => After::Alive(Box::new(Instance { store, bot, turns })),
        None => After::Dead(Box::new(store.into_data().0)),
    };
    Called { end, spent, log, after }
}
