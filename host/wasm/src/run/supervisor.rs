//! Follows the log and wakes the bots that have something to do. Ten thousand idle bots cost nothing
//! here: a bot has a worker only while there is work, an instance, or an event that waits.

use super::{clock::Time, guest::Guest, handle::Handle, worker::Worker};
use crate::{
    Digest, Engine, EngineConfig, InspectionBounds, Limits, LogLevel, LogOutput, LogSource, Refused, Sandbox,
    compile::{CompileError, Compiler, CompilerConfig},
    inspect,
    link::{Allowed, Linked, Linker},
};
use futures_util::future::BoxFuture;
use mesh_authz::Caller;
use mesh_service::{
    Code, Door, Envelope, Error, Host, Result,
    bot::{WriteBotLog, WriteBotLogIn, WriteLine},
    call,
    inbox::{self, InboxStream},
    runtime::{BotRuntime, ImportedFunction, Inspection, InstanceStatus, Tried},
};
use mesh_types::{ActorId, BotId, RequestId, RoomId, bot::BotLimitSettings, trial::BotTrial};
use std::{
    collections::{HashMap, hash_map::Entry},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast::error::RecvError};
use wasmtime::component::Component;

/// Lines of a bot's log that are stored in one transaction.
const LINES: usize = 64;
/// Compiled components kept in memory; others are loaded from the disk again, in about a millisecond.
const COMPONENTS: usize = 256;

/// How bots are run.
#[derive(Debug, Clone)]
pub struct SupervisorConfig {
    /// Room for instances.
    pub engine: EngineConfig,
    /// How components are compiled.
    pub compiler: CompilerConfig,
    /// What a bot may use when nobody decided otherwise.
    pub limits: Limits,
    /// How long an instance without events stays in memory.
    pub idle: Duration,
}

/// What workers share.
pub(crate) struct Shared {
    pub(crate) host: Arc<Host>,
    pub(crate) config: SupervisorConfig,
    linker: Linker<Guest>,
    compiler: Compiler,
    places: Arc<Semaphore>,
    workers: Mutex<HashMap<BotId, Arc<Handle>>>,
    components: Mutex<HashMap<Digest, Component>>,
}

/// Runs every bot of a server.
pub struct Supervisor {
    shared: Arc<Shared>,
}

impl Supervisor {
    /// Starts the engine, and a task that follows the log until the server ends.
    pub async fn start(host: Arc<Host>, config: SupervisorConfig) -> Result<Arc<Self>> {
        let engine = Engine::new(&config.engine).map_err(Error::internal)?;
        let compiler = Compiler::new(&engine, config.compiler.clone()).map_err(Error::internal)?;
        let shared = Arc::new(Shared {
            linker: Linker::new(&engine).map_err(Error::internal)?,
            compiler,
            places: Arc::new(Semaphore::new(config.engine.instances as usize)),
            workers: Mutex::default(),
            components: Mutex::default(),
            host,
            config,
        });
        let live = shared.host.live.subscribe();
        shared.wake_all().await?;
        tokio::spawn(shared.clone().follow(live));
        Ok(Arc::new(Self { shared }))
    }
}

impl BotRuntime for Supervisor {
    fn inspect(&self, component: PathBuf) -> BoxFuture<'_, Result<Inspection>> {
        Box::pin(async move {
            let bytes = tokio::fs::read(&component).await.map_err(Error::internal)?;
            let read = tokio::task::spawn_blocking(move || inspect(&bytes, &InspectionBounds::default())).await;
            let found = read.map_err(Error::internal)?.map_err(|refused| {
                let code = match refused {
                    Refused::Sockets(_) | Refused::UnknownImports(_) => Code::ImportsDenied,
                    Refused::TooLarge { .. } => Code::TooLarge,
                    _ => Code::ComponentInvalid,
                };
                Error::new(code, refused)
            })?;
            let imports = found.imports.into_iter().map(|import| ImportedFunction {
                interface: import.interface,
                version: import.version,
                function: import.function,
            });
            Ok(Inspection {
                imports: imports.collect(),
                manifest: found.manifest,
            })
        })
    }

    fn check<'a>(&'a self, digest: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let component = self.shared.component(digest).await?;
            self.shared.link(&component, &Allowed::everything()).map(drop)
        })
    }

    fn parked(&self, bot: BotId) {
        let handle = self.shared.wake(bot, None);
        handle.parked.store(true, Ordering::Release);
        handle.wake(None);
    }

    fn try_event(&self, tried: Tried) -> BoxFuture<'_, Result<BotTrial>> {
        Box::pin(self.shared.try_event(tried))
    }

    fn status(&self, bot: BotId) -> Option<InstanceStatus> {
        self.shared.workers().get(&bot).map(|handle| handle.status())
    }
}

impl Shared {
    fn workers(&self) -> MutexGuard<'_, HashMap<BotId, Arc<Handle>>> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes sure that a bot looks at a stream of its inbox; without one, at all of it.
    fn wake(self: &Arc<Self>, bot: BotId, stream: Option<InboxStream>) -> Arc<Handle> {
        let mut workers = self.workers();
        let handle = workers.entry(bot).or_insert_with(|| {
            let handle = Arc::new(Handle::default());
            tokio::spawn(Worker::new(self.clone(), bot, handle.clone()).run());
            handle
        });
        handle.wake(stream);
        handle.clone()
    }

    /// A worker that wants to end may, unless it was woken in the meantime.
    pub(crate) fn retire(&self, bot: BotId, handle: &Handle) -> bool {
        let mut workers = self.workers();
        let done = handle.is_quiet();
        if done {
            workers.remove(&bot);
        }
        done
    }

    async fn wake_all(self: &Arc<Self>) -> Result<()> {
        for bot in inbox::bots_with_work(&self.host).await? {
            self.wake(bot, None);
        }
        Ok(())
    }

    /// Wakes whoever a commit concerns. A miss is not possible: who lags looks at every inbox.
    async fn follow(self: Arc<Self>, mut live: tokio::sync::broadcast::Receiver<Arc<[mesh_service::News]>>) {
        let mut hearing = HashMap::<RoomId, Vec<BotId>>::new();
        loop {
            let commit = match live.recv().await {
                Ok(commit) => commit,
                Err(RecvError::Lagged(_)) => {
                    hearing.clear();
                    if let Err(error) = self.wake_all().await {
                        tracing::error!(%error, "the bots with work cannot be found");
                    }
                    continue;
                }
                Err(RecvError::Closed) => return,
            };
            for entry in commit.iter().flat_map(|news| &*news.entries) {
                let Some((stream, _)) = entry.event else { continue };
                if matches!(
                    &*entry.kind,
                    "bot.changed" | "room_member.joined" | "room_member.left" | "room_bot.changed"
                ) {
                    hearing.clear();
                }
                match stream {
                    InboxStream::Actor(ActorId::Bot(bot)) => drop(self.wake(bot, Some(stream))),
                    InboxStream::Actor(ActorId::Person(_)) => {}
                    InboxStream::Room(room) => self.wake_hearing(&mut hearing, room).await,
                    InboxStream::Mesh(_) => {
                        let changed = entry.target.as_deref().filter(|_| entry.kind == "bot.changed");
                        if let Some(Ok(bot)) = changed.map(str::parse::<BotId>) {
                            let handle = self.wake(bot, None);
                            let flag = match &*entry.op {
                                "bot.start" | "bot.restart" => Some(&handle.restarted),
                                "bot.stop" if says_now(&entry.data) => Some(&handle.at_once),
                                _ => None,
                            };
                            if let Some(flag) = flag {
                                flag.store(true, Ordering::Release);
                                handle.wake(None);
                            }
                        }
                    }
                }
            }
        }
    }

    async fn wake_hearing(self: &Arc<Self>, hearing: &mut HashMap<RoomId, Vec<BotId>>, room: RoomId) {
        let bots = match hearing.entry(room) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => match inbox::hearing_all(&self.host, room).await {
                Ok(bots) => place.insert(bots),
                Err(error) => return tracing::error!(%error, "the bots of a room cannot be found"),
            },
        };
        for bot in bots {
            self.wake(*bot, Some(InboxStream::Room(room)));
        }
    }

    /// A place in memory for an instance. When there is none, idle instances make room.
    pub(crate) async fn place(&self) -> Result<OwnedSemaphorePermit> {
        if let Ok(place) = self.places.clone().try_acquire_owned() {
            return Ok(place);
        }
        self.workers().values().for_each(|handle| handle.evict.notify_waiters());
        self.places.clone().acquire_owned().await.map_err(Error::internal)
    }

    /// The compiled component of a digest.
    pub(crate) async fn component(&self, digest: &str) -> Result<Component> {
        let digest: Digest = digest.parse().map_err(Error::internal)?;
        let kept = || self.components.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(component) = kept().get(&digest) {
            return Ok(component.clone());
        }
        let hex = digest.to_string();
        let file = self.host.settings.blobs.file(&hex)?;
        let component = self
            .compiler
            .load(digest, tokio::fs::read(file))
            .await
            .map_err(|error| match error {
                CompileError::Io(_) | CompileError::WrongBytes(_) => Error::internal(error),
                _ => Error::new(Code::ComponentInvalid, error),
            })?;
        let mut kept = kept();
        if kept.len() >= COMPONENTS {
            kept.clear();
        }
        kept.insert(digest, component.clone());
        Ok(component)
    }

    /// A component with the functions that its bot may call.
    pub(crate) fn link(&self, component: &Component, allowed: &Allowed) -> Result<Linked<Guest>> {
        let linked = self.linker.link(component, allowed);
        linked.map_err(|error| Error::new(Code::ComponentInvalid, error))
    }

    /// A sandbox for an instance of a bot with these limits, which knows the time as the server does.
    pub(crate) fn sandbox(&self, limits: &str) -> Sandbox {
        Sandbox::by_clock(self.limits(limits), Time(self.host.clone()))
    }

    /// What a bot may use: the server's defaults, with what an administrator set for this one.
    fn limits(&self, set: &str) -> Limits {
        let set: BotLimitSettings = serde_json::from_str(set).unwrap_or_default();
        let (limits, defaults) = (set.effective(), &self.config.limits);
        let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        Limits {
            fuel: limits.fuel_per_event,
            event_ms: limits.event_ms,
            start_ms: limits.start_ms,
            memory: limits.memory_bytes,
            boundary_bytes: limits.boundary_bytes,
            host_calls: small(limits.host_calls),
            messages: small(limits.messages),
            log_bytes: limits.log_bytes,
            http_calls: small(limits.http_calls),
            ..defaults.clone()
        }
    }

    /// Stores what a bot said, in its own name.
    pub(crate) async fn keep_log(&self, caller: Caller, log: LogOutput) {
        let mut lines: Vec<WriteLine> = log.lines.into_iter().map(line).collect();
        if log.dropped > 0 {
            let text = format!("{} more lines were over the limit and are lost.", log.dropped);
            lines.push(WriteLine {
                level: mesh_types::LogLevel::Warn,
                text,
            });
        }
        while !lines.is_empty() {
            // Others get to write in between.
            let rest = lines.split_off(lines.len().min(LINES));
            let envelope = Envelope::new(caller.clone(), Door::Wasm, RequestId::new(self.host.ids.next()));
            if let Err(error) = call::<WriteBotLog>(&self.host, envelope, WriteBotLogIn { lines }).await {
                tracing::warn!(%error, "what a bot said could not be stored");
                return;
            }
            lines = rest;
        }
    }
}

/// How many instances a bot may have at once: as many as its manifest asks for, within its limit.
pub(crate) fn instances(set: &str, asked: Option<u32>) -> usize {
    let set: BotLimitSettings = serde_json::from_str(set).unwrap_or_default();
    let most = usize::try_from(set.effective().instances).unwrap_or(usize::MAX);
    most.min(asked.unwrap_or(1) as usize).max(1)
}

/// Whether somebody who stopped a bot was in a hurry.
fn says_now(data: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(data).is_ok_and(|data| data["now"] == true)
}

/// A line as the bot's log takes it.
pub(super) fn line(line: crate::LogLine) -> WriteLine {
    use mesh_types::LogLevel as Level;
    let level = match line.source {
        LogSource::Log(LogLevel::Trace) => Level::Trace,
        LogSource::Log(LogLevel::Debug) => Level::Debug,
        LogSource::Log(LogLevel::Info) | LogSource::Stdout => Level::Info,
        LogSource::Log(LogLevel::Warn) | LogSource::Stderr => Level::Warn,
        LogSource::Log(LogLevel::Error) | LogSource::Server => Level::Error,
    };
    WriteLine { level, text: line.text }
}
