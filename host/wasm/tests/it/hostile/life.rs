//! The life of a component: inspected, compiled, linked, started, one event. And what must be true of it.

use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use mesh_wasm::compile::{CompileError, Compiler, CompilerConfig};
use mesh_wasm::{
    After, Allowed, CallEnd, Called, Digest, InspectionBounds, Instance, Limits, Linked, LogOutput, inspect,
};
use wasmtime::component::Component;

use crate::guest::Guest;
use crate::recorder::{Bench, Recorder, event};

/// Instances that fit at once.
const PLACES: u32 = 4;
/// Every so many components the healthy bot is asked, and the child compiles what this process could.
const OFTEN: u64 = 25;
/// How much later than its bound something may end on a busy machine.
const LATE: Duration = Duration::from_secs(20);
/// Longest text of the host about how a bot ended.
const EPITAPH: usize = 4 << 10;
/// Bytes that this process may have more at the end than at the beginning.
const GROWTH: u64 = 512 << 20;

pub(super) struct Arena {
    bench: Bench,
    compiler: Compiler,
    _folder: tempfile::TempDir,
    echo: Linked<Recorder>,
    healthy: Option<Instance<Recorder>>,
    lived: u64,
    resident: u64,
}

fn limits() -> Limits {
    Limits {
        fuel: 5_000_000,
        event_ms: 1_000,
        start_ms: 1_000,
        memory: 4 << 20,
        table_elements: 20_000,
        handles: 32,
        boundary_bytes: 256 << 10,
        host_calls: 50,
        messages: 5,
        log_bytes: 4 << 10,
        ..Limits::default()
    }
}

impl Arena {
    /// With one healthy bot in it.
    pub(super) async fn new() -> Self {
        let bench = Bench::with_room_for(PLACES);
        let folder = tempfile::tempdir().expect("folder");
        let config = CompilerConfig {
            program: PathBuf::from(env!("CARGO_BIN_EXE_mesh-compile-child")),
            memory: 1 << 30,
            ..CompilerConfig::new(folder.path().to_owned(), [7; 32].into()).expect("configuration")
        };
        let compiler = Compiler::new(&bench.engine, config).expect("compiler");
        let echo = bench.link(&Guest::echo().build(), &Allowed::everything());
        let mut arena = Self {
            bench,
            compiler,
            _folder: folder,
            echo,
            healthy: None,
            lived: 0,
            resident: 0,
        };
        arena.is_healthy().await;
        arena.resident = resident();
        arena
    }

    /// What became of a component, in words.
    pub(super) async fn live(&mut self, bytes: &[u8]) -> String {
        self.lived += 1;
        if self.lived.is_multiple_of(OFTEN) {
            self.is_healthy().await;
        }
        let bounds = InspectionBounds {
            time: Duration::from_secs(5),
            ..InspectionBounds::default()
        };
        let begun = Instant::now();
        let inspected = inspect(bytes, &bounds);
        assert!(
            begun.elapsed() < bounds.time + LATE,
            "inspected for {:?}",
            begun.elapsed()
        );
        if let Err(refused) = inspected {
            return format!("refused when inspected: {}", word(&refused));
        }
        let component = match self.compile(bytes).await {
            Ok(component) => component,
            Err(error) => return format!("refused when compiled: {}", word(&error)),
        };
        let allowed = if self.lived.is_multiple_of(2) {
            Allowed::everything()
        } else {
            Allowed::nothing()
        };
        let Ok(linked) = self.bench.linker.link(&component, &allowed) else {
            return "refused when linked".into();
        };
        let begun = Instant::now();
        let started = Instance::start(&linked, Recorder::new(limits())).await;
        let how = judge(&started, begun);
        let Some(instance) = started.alive() else {
            return format!("ended in start: {how}");
        };
        let mail = event("hello");
        let begun = Instant::now();
        let called = instance.on_event(&mail).await;
        format!("ran: {}", judge(&called, begun))
    }

    /// Compiles as the server does, in a child with limits: always when this process, which is quicker, could not.
    async fn compile(&self, bytes: &[u8]) -> Result<Component, CompileError> {
        let here = panic::catch_unwind(AssertUnwindSafe(|| self.bench.engine.compile_here(bytes)));
        let here = here.ok().and_then(Result::ok);
        if let Some(component) = &here
            && !self.lived.is_multiple_of(OFTEN)
        {
            return Ok(component.clone());
        }
        let read = async { Ok(bytes.to_vec()) };
        let in_child = self.compiler.load(Digest::of(bytes), read).await;
        self.compiler.sweep(Vec::new()).await.expect("swept");
        assert_eq!(in_child.is_ok(), here.is_some(), "{:?}", in_child.err());
        assert!(!matches!(in_child, Err(CompileError::Io(_))), "{:?}", in_child.err());
        in_child
    }

    /// The healthy bot answers.
    async fn is_healthy(&mut self) {
        let instance = match self.healthy.take() {
            Some(instance) => instance,
            None => self.start_healthy().await,
        };
        let called = instance.on_event(&event("are you there?")).await;
        let mut instance = called.alive().expect("the healthy bot lives");
        let said = instance.host().posts.pop().expect("an answer");
        assert_eq!(said.1, "are you there?");
        self.healthy = Some(instance);
    }

    async fn start_healthy(&self) -> Instance<Recorder> {
        let called = Instance::start(&self.echo, Recorder::new(Limits::default())).await;
        assert!(matches!(called.end, CallEnd::Started), "{}", called.end);
        called.alive().expect("alive")
    }

    /// The healthy bot still answers, every place in memory is free again, and memory was given back.
    pub(super) async fn is_whole(&mut self) {
        self.is_healthy().await;
        self.healthy = None;
        let mut all = Vec::new();
        for _ in 0..PLACES {
            all.push(self.start_healthy().await);
        }
        let grown = resident().saturating_sub(self.resident);
        assert!(grown < GROWTH, "{} MiB more than before", grown >> 20);
    }
}

/// A call stayed within every bound, and the host did not fail. How it ended, in a word.
fn judge(called: &Called<Recorder>, begun: Instant) -> String {
    let (limits, spent) = (limits(), &called.spent);
    let time = Duration::from_millis(limits.event_ms.max(limits.start_ms));
    assert!(begun.elapsed() < time + LATE, "called for {:?}", begun.elapsed());
    assert!(spent.fuel <= limits.fuel, "{spent:?}");
    assert!(spent.memory <= limits.memory, "{spent:?}");
    assert!(spent.host_calls <= limits.host_calls, "{spent:?}");
    assert!(spent.messages <= limits.messages, "{spent:?}");
    let LogOutput { lines, .. } = &called.log;
    let said: usize = lines.iter().map(|line| line.text.len()).sum();
    assert!(said as u64 <= limits.log_bytes + EPITAPH as u64, "{said} bytes of log");
    assert!(!called.end.is_hosts_fault(), "{}", called.end);
    if let CallEnd::HandlerError(why) = &called.end {
        assert!(why.len() <= EPITAPH);
    }
    let may_live = matches!(
        called.end,
        CallEnd::Started | CallEnd::Done(_) | CallEnd::HandlerError(_)
    );
    assert!(may_live || matches!(called.after, After::Dead(_)), "{}", called.end);
    match &called.end {
        CallEnd::Trap(kind) => format!("Trap({kind:?})"),
        end => word(end),
    }
}

/// The name of a case.
fn word(case: &impl std::fmt::Debug) -> String {
    let text = format!("{case:?}");
    let end = text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len());
    text[..end].to_owned()
}

/// Bytes of memory that this process has.
fn resident() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").expect("the process runs");
    let pages = pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.expect("a number") * 4096
}
