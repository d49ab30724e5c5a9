//! Gives a component the imports it was granted, and a refusal for every other.

mod wasi;

use std::collections::BTreeSet;

use wasmtime::StoreContextMut;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, HasData, HasSelf, InstancePre, Linker as Imports, Val};
use wasmtime::error::Context as _;

use crate::bindings::log::Level;
use crate::bindings::{
    BotPre, Event, Outcome, approvals, auth, bots, calls, config, docs, events, files, http, kv, members, meshes,
    messages, rooms, secrets, timers, types,
};
use crate::contract;
use crate::engine::Engine;
use crate::host::{BotHost, Guest};
use crate::output::LogLevel;

/// How the line begins that a bot's log gets for each call of what it was never granted; the operation follows.
pub const REFUSED: &str = "refused, since nobody granted it: ";
/// Fuel that a refused call costs, so that a loop of them ends soon. Nothing else is spent.
const REFUSAL_FUEL: u64 = 10_000;
/// Fuel that a log line costs besides one unit for each byte.
const LOG_FUEL: u64 = 1_000;

/// The functions of `mesh:bot` that one bot may call. `log` is always among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed(BTreeSet<(String, String)>);

impl Allowed {
    /// Nothing but `log`.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Every function of the contract. What the bot may do is then decided at each call alone.
    pub fn everything() -> Self {
        contract::FUNCTIONS
            .iter()
            .map(|(interface, function, _)| (*interface, *function))
            .collect()
    }

    /// Whether the bot may call this function.
    pub fn contains(&self, interface: &str, function: &str) -> bool {
        interface == "log" || self.0.contains(&(interface.to_owned(), function.to_owned()))
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Allowed {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(functions: I) -> Self {
        Self(
            functions
                .into_iter()
                .map(|(interface, function)| (interface.to_owned(), function.to_owned()))
                .collect(),
        )
    }
}

/// The component does not fit the contract: a type differs, or it needs more than the engine has.
#[derive(Debug, thiserror::Error)]
#[error("The component does not fit the contract mesh:bot@0.1: {0}")]
pub struct LinkError(String);

impl From<wasmtime::Error> for LinkError {
    fn from(error: wasmtime::Error) -> Self {
        Self(format!("{error:#}"))
    }
}

/// Everything a bot could be given, served by hosts of one type. Made once for a process.
pub struct Linker<H: 'static> {
    engine: Engine,
    all: Imports<Guest<H>>,
}

/// A component with its imports decided: ready to be instantiated any number of times.
pub struct Linked<H: 'static> {
    pub(crate) engine: Engine,
    pub(crate) pre: BotPre<Guest<H>>,
}

impl<H: 'static> Clone for Linked<H> {
    fn clone(&self) -> Self {
        Self {
            engine: self.engine.clone(),
            pre: self.pre.clone(),
        }
    }
}

impl<H: BotHost> Linker<H> {
    /// Prepares every import of the contract and the minimal WASI.
    pub fn new(engine: &Engine) -> Result<Self, LinkError> {
        let mut all = Imports::new(engine.inner());
        wasi::add(&mut all)?;
        add_mesh(&mut all)?;
        add_log(&mut all)?;
        all.allow_shadowing(true);
        Ok(Self {
            engine: engine.clone(),
            all,
        })
    }

    /// Links a component so that it can call what is allowed; every other function of the contract
    /// answers `denied`. Linking never decides about resources: the host checks at each call.
    pub fn link(&self, component: &Component, allowed: &Allowed) -> Result<Linked<H>, LinkError> {
        let mut imports = self.all.clone();
        for (interface, function, operation) in contract::FUNCTIONS {
            if !allowed.contains(interface, function) {
                imports.instance(&contract::full_name(interface))?.func_new(
                    function,
                    move |mut store, _, _, results| {
                        charge(&mut store, REFUSAL_FUEL)?;
                        let line = format!("{REFUSED}{operation}");
                        store.data_mut().0.sandbox().write_log(LogLevel::Warn, line);
                        for result in results {
                            *result = denied(operation);
                        }
                        Ok(())
                    },
                )?;
            }
        }
        let pre = BotPre::new(imports.instantiate_pre(component)?)?;
        check_handler(pre.instance_pre())?;
        Ok(Linked {
            engine: self.engine.clone(),
            pre,
        })
    }
}

/// Compares the types of the handler's functions, which `BotPre` does only with an instance. The two hidden
/// functions are what generated code calls for functions that a world exports itself.
fn check_handler<T>(pre: &InstancePre<T>) -> wasmtime::Result<()> {
    let (component, types) = (pre.component(), pre.instance_type());
    let handler = component.get_export_index(None, contract::full_name(contract::HANDLER));
    let function = |name| match component.get_export(handler.as_ref(), name) {
        Some((ComponentItem::ComponentFunc(function), _)) => Ok(function),
        _ => Err(wasmtime::format_err!("the handler has no function `{name}`")),
    };
    function("start")?
        .typecheck::<(), (Result<(), String>,)>(&types)
        .context("the handler's `start` has another type")?;
    function("on-event")?
        .typecheck::<(&Event,), (Result<Outcome, String>,)>(&types)
        .context("the handler's `on-event` has another type")
}

/// Serves the interface `types`, which has no functions.
struct TypesOnly;

impl HasData for TypesOnly {
    type Data<'a> = TypesOnly;
}

impl types::Host for TypesOnly {}

fn add_mesh<H: BotHost>(imports: &mut Imports<Guest<H>>) -> wasmtime::Result<()> {
    types::add_to_linker::<_, TypesOnly>(imports, |_| TypesOnly)?;
    approvals::add_to_linker::<_, HasSelf<H>>(imports, |guest| &mut guest.0)?;
    calls::add_to_linker::<_, HasSelf<H>>(imports, |guest| &mut guest.0)?;
    auth::add_to_linker::<_, HasSelf<H>>(imports, |guest| &mut guest.0)?;
    bots::add_to_linker::<_, HasSelf<H>>(imports, |guest| &mut guest.0)?;
    config::add_to_linker::<_, HasSelf<H>>(imports, |guest| &mut guest.0)?;
    docs::add_to_linker::<_, HasSelf<H>>(imports, |guest| &mut guest.0)?;
    events::add_to_linker::<_, HasSelf<H>>(imports, |guest| &mut guest.0)?;
    files::add_to_linker::<_, HasSelf<H>>(imports, |guest| &mut guest.0)?;
    http::add_to_linker::<_, HasSelf<H>>(imports, |guest| &mut guest.0)?;
    kv::add_to_linker::<_, HasSelf<H>>(imports, |guest| &mut guest.0)?;
    members::add_to_linker::<_, HasSelf<H>>(imports, |guest| &mut guest.0)?;
    meshes::add_to_linker::<_, HasSelf<H>>(imports, |guest| &mut guest.0)?;
    messages::add_to_linker::<_, HasSelf<H>>(imports, |guest| &mut guest.0)?;
    rooms::add_to_linker::<_, HasSelf<H>>(imports, |guest| &mut guest.0)?;
    secrets::add_to_linker::<_, HasSelf<H>>(imports, |guest| &mut guest.0)?;
    timers::add_to_linker::<_, HasSelf<H>>(imports, |guest| &mut guest.0)
}

/// `log.write` is served here, so that its cost is charged in fuel and a flood of lines ends.
fn add_log<H: BotHost>(imports: &mut Imports<Guest<H>>) -> wasmtime::Result<()> {
    imports.instance(&contract::full_name("log"))?.func_wrap(
        "write",
        |mut store: StoreContextMut<'_, Guest<H>>, (level, text): (Level, String)| {
            charge(&mut store, LOG_FUEL.saturating_add(text.len() as u64))?;
            let level = match level {
                Level::Trace => LogLevel::Trace,
                Level::Debug => LogLevel::Debug,
                Level::Info => LogLevel::Info,
                Level::Warn => LogLevel::Warn,
                Level::Error => LogLevel::Error,
            };
            store.data_mut().0.sandbox().write_log(level, text);
            Ok(())
        },
    )
}

/// Takes fuel from the bot; what it lacks ends the call at its next instruction.
fn charge<T>(store: &mut StoreContextMut<'_, T>, fuel: u64) -> wasmtime::Result<()> {
    let left = store.get_fuel()?;
    store.set_fuel(left.saturating_sub(fuel))
}

/// `err(denied({reason: "grant", detail}))`, the answer to a call that was never granted.
fn denied(operation: &str) -> Val {
    let detail = format!("This bot has no grant for {operation}. A keeper of the bot can give it.");
    let denial = Val::Record(vec![
        ("reason".into(), Val::String("grant".into())),
        ("detail".into(), Val::String(detail)),
    ]);
    Val::Result(Err(Some(Box::new(Val::Variant(
        "denied".into(),
        Some(Box::new(denial)),
    )))))
}
