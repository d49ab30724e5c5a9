//! What every running bot carries with it: its WASI, its budgets and its log.

use wasmtime::component::ResourceTable;
use wasmtime_wasi::{HostWallClock, WasiCtx, WasiCtxBuilder, WasiCtxView};

use crate::end::Exhausted;
use crate::limits::Limits;
use crate::meter::Meter;
use crate::output::{LogBook, LogLevel, LogSource};

/// Bytes of randomness a guest may ask for at once.
const RANDOM_BYTES: u64 = 64 << 10;

/// The contained side of one bot: no directory, no environment, no socket, and counted budgets.
pub struct Sandbox {
    wasi: WasiCtx,
    table: ResourceTable,
    limits: Limits,
    pub(crate) meter: Meter,
    pub(crate) log: LogBook,
    host_calls: u32,
    messages: u32,
    http_calls: u32,
}

impl Sandbox {
    /// A fresh sandbox for one instance.
    pub fn new(limits: Limits) -> Self {
        Self::with(limits, &mut WasiCtx::builder())
    }

    /// A fresh sandbox for one instance, which knows the time by this clock and not by the machine's.
    pub(crate) fn by_clock(limits: Limits, clock: impl HostWallClock + 'static) -> Self {
        Self::with(limits, WasiCtx::builder().wall_clock(clock))
    }

    fn with(limits: Limits, wasi: &mut WasiCtxBuilder) -> Self {
        let log = LogBook::new(limits.log_bytes);
        let wasi = wasi
            .stdout(log.stream(LogSource::Stdout))
            .stderr(log.stream(LogSource::Stderr))
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .max_random_size(RANDOM_BYTES)
            .build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.handles as usize);
        Self {
            wasi,
            table,
            meter: Meter::new(&limits),
            log,
            limits,
            host_calls: 0,
            messages: 0,
            http_calls: 0,
        }
    }

    /// What this bot may use.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Handles of the resources that the host gave to the bot.
    pub fn table(&mut self) -> &mut ResourceTable {
        &mut self.table
    }

    /// Counts one call of the mesh. Call it first in every host function; the error stops the bot.
    pub fn spend_host_call(&mut self) -> Result<(), Exhausted> {
        self.host_calls = self.host_calls.saturating_add(1);
        if self.host_calls > self.limits.host_calls {
            Err(Exhausted::HostCalls)
        } else {
            Ok(())
        }
    }

    /// Counts one request that leaves the server; the error stops the bot.
    pub fn spend_http_call(&mut self) -> Result<(), Exhausted> {
        self.http_calls = self.http_calls.saturating_add(1);
        if self.http_calls > self.limits.http_calls {
            Err(Exhausted::HttpCalls)
        } else {
            Ok(())
        }
    }

    /// Counts one posted message, after it was authorized. The error may be answered to the bot as
    /// `rate-limited`, or stop it.
    pub fn spend_message(&mut self) -> Result<(), Exhausted> {
        if self.messages >= self.limits.messages {
            return Err(Exhausted::Messages);
        }
        self.messages += 1;
        Ok(())
    }

    /// Writes a line to the bot's log in the name of the host, within the bot's budget.
    pub fn write_log(&mut self, level: LogLevel, text: String) {
        self.log.write(level, text);
    }

    /// Calls of the mesh and messages since this call began.
    pub(crate) fn counts(&self) -> (u32, u32) {
        (self.host_calls.min(self.limits.host_calls), self.messages)
    }

    /// Fills the budgets of one call.
    pub(crate) fn begin_call(&mut self) {
        self.host_calls = 0;
        self.messages = 0;
        self.http_calls = 0;
        self.meter.begin_call();
    }

    pub(crate) fn wasi(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}
