//! Bots on bare wasmtime, with the same engine, against the same in the bot host.

use crate::{
    process::{percentile, resident_kib},
    recorder::{Bench, Recorder, event},
    report::Report,
};
use mesh_tests::component;
use mesh_wasm::{
    Allowed, Instance, Limits,
    bindings::{self, Bot, BotPre},
};
use std::time::Instant;
use wasmtime::{
    Store,
    component::{HasData, HasSelf, Linker, ResourceTable},
};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

const ROUNDS: usize = 2_000;
const CALLS: u32 = 5_000;
const INSTANCES: u32 = 500;

/// Gives what a host call that does nothing costs, in microseconds.
pub(crate) async fn measure(report: &mut Report) -> f64 {
    let bench = Bench::with_room_for(INSTANCES + 1);
    let echo = component("echo");
    let (pre, linked) = (link(&bench, &echo), bench.link(&echo, &Allowed::everything()));
    // First, while nothing was used that an instance could use again.
    let before = resident_kib(std::process::id());
    let mut alive = Vec::new();
    for _ in 0..INSTANCES {
        let called = Instance::start(&linked, Recorder::new(Limits::default())).await;
        alive.push(called.alive().expect("it starts"));
    }
    let each = (resident_kib(std::process::id()) - before) / f64::from(INSTANCES);
    report.add(
        "Memory of a live instance of the echo bot",
        format!("{each:.0} KiB"),
        "",
        true,
    );
    drop(alive);

    // In turn, so that a drift of the machine meets both.
    let (mut bare, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        drop(instantiate(&bench, &pre).await);
        bare.push(begun.elapsed().as_secs_f64() * 1e6);
        let begun = Instant::now();
        drop(Instance::start(&linked, Recorder::new(Limits::default())).await);
        ours.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    let (bare, ours) = (median(&mut bare), median(&mut ours));
    report.add(
        "Instantiating and starting the echo bot, bare wasmtime, p50",
        format!("{bare:.0} µs"),
        "",
        true,
    );
    report.add(
        "The same in the bot host ÷ bare wasmtime",
        format!("{:.2}×", ours / bare),
        "at most 1.5×",
        ours / bare <= 1.5,
    );
    host_call(&bench, &component("lab")).await
}

/// What one event of the echo bot takes on bare wasmtime, in microseconds, p50.
pub(crate) async fn event_us() -> f64 {
    let bench = Bench::with_room_for(2);
    let (mut store, bot) = instantiate(&bench, &link(&bench, &component("echo"))).await;
    let (event, mut times) = (event("hello"), Vec::new());
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let handled = bot.mesh_bot_handler().call_on_event(&mut store, &event).await;
        handled.expect("no trap").expect("handled");
        times.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    median(&mut times)
}

/// A bot's store with nothing of ours but the imports.
struct Bare {
    recorder: Recorder,
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for Bare {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

struct TypesOnly;

impl HasData for TypesOnly {
    type Data<'a> = TypesOnly;
}

impl bindings::types::Host for TypesOnly {}

fn link(bench: &Bench, component: &[u8]) -> BotPre<Bare> {
    use bindings::{auth, bots, calls, config, docs, events, kv, members, meshes, messages, rooms, types};
    let mut linker = Linker::<Bare>::new(bench.engine.inner());
    wasmtime_wasi::p2::add_to_linker_async(&mut linker).expect("WASI links");
    types::add_to_linker::<_, TypesOnly>(&mut linker, |_| TypesOnly).expect("links");
    macro_rules! add {
        ($($interface:ident)*) => {$(
            $interface::add_to_linker::<_, HasSelf<Recorder>>(&mut linker, |bare| &mut bare.recorder).expect("links");
        )*};
    }
    add!(auth bots calls config docs events kv members meshes messages rooms);
    linker
        .instance("mesh:bot/log@0.1.0")
        .expect("an instance")
        .func_wrap("write", |_, (_, _): (bindings::log::Level, String)| Ok(()))
        .expect("links");
    let component = bench.engine.compile_here(component).expect("compiles");
    BotPre::new(linker.instantiate_pre(&component).expect("links")).expect("a bot")
}

async fn instantiate(bench: &Bench, pre: &BotPre<Bare>) -> (Store<Bare>, Bot) {
    let bare = Bare {
        recorder: Recorder::new(unlimited()),
        wasi: WasiCtx::builder().build(),
        table: ResourceTable::new(),
    };
    let mut store = Store::new(bench.engine.inner(), bare);
    store.set_fuel(1 << 40).expect("fuel");
    store.set_epoch_deadline(1 << 20);
    let bot = pre.instantiate_async(&mut store).await.expect("instantiates");
    let started = bot.mesh_bot_handler().call_start(&mut store).await;
    started.expect("no trap").expect("starts");
    (store, bot)
}

/// One call of the host that does nothing, from an event of many and an event of none.
async fn host_call(bench: &Bench, lab: &[u8]) -> f64 {
    let mut instance = bench.start(lab, unlimited()).await.alive().expect("it starts");
    let (mut many, mut none) = (Vec::new(), Vec::new());
    for _ in 0..50 {
        for (calls, times) in [(CALLS, &mut many), (0, &mut none)] {
            let event = event(&format!("reads {calls}"));
            let begun = Instant::now();
            instance = instance.on_event(&event).await.alive().expect("it goes on");
            times.push(begun.elapsed().as_secs_f64() * 1e6);
        }
    }
    (median(&mut many) - median(&mut none)) / f64::from(CALLS)
}

fn unlimited() -> Limits {
    Limits {
        host_calls: u32::MAX,
        messages: u32::MAX,
        ..Limits::default()
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    percentile(values, 0.5)
}
