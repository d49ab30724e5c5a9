//! The engine: one per process, shared by every bot.

use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wasmparser::WasmFeatures;
use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::turns::Turns;

/// How often the epoch advances; wall-clock bounds are kept to about this.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// The WebAssembly a bot may use: what the four guest toolchains emit, and no more.
///
/// Absent: threads and shared memory, 64-bit memory, garbage collection, exceptions, component-model
/// async, and relaxed SIMD, whose results differ between machines. Multiple memories are here because
/// wasmtime joins the core modules of one component with adapters that need them, and panics without;
/// the pool lets a module define one only.
pub(crate) const FEATURES: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::CALL_INDIRECT_OVERLONG)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::BULK_MEMORY_OPT)
    .union(WasmFeatures::SIMD)
    .union(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::FLOATS)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::COMPONENT_MODEL);

/// Core instances one component may have. Python guests link about thirty.
pub(crate) const CORE_INSTANCES: u32 = 64;
/// Linear memories one component may have.
pub(crate) const MEMORIES: u32 = 4;
/// Tables one component may have.
pub(crate) const TABLES: u32 = 32;
/// Entries one table may have.
pub(crate) const TABLE_ELEMENTS: u32 = 20_000;
/// Native stack that wasm may use, in bytes.
const WASM_STACK: usize = 512 << 10;
/// Native stack of one running call, host functions included, in bytes.
const CALL_STACK: usize = 1 << 20;

/// Room for bots, reserved as address space when the engine starts and paid for when used.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct EngineConfig {
    /// Bots that may be in memory at once. Each reserves about 8 GiB of address space, so 8,000
    /// is about the most that 47 bits hold.
    pub instances: u32,
    /// Largest linear memory any bot may be given, in bytes. Each bot's own bound is in [`crate::Limits`].
    pub memory_max: usize,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            instances: 1_000,
            memory_max: 256 << 20,
        }
    }
}

/// The engine could not be made: usually too little address space for the number of instances.
#[derive(Debug, thiserror::Error)]
#[error("The WebAssembly engine does not start: {0}")]
pub struct EngineError(pub(crate) String);

/// Compiled-code settings, the instance pool and the clock that bounds every call. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    inner: wasmtime::Engine,
    pub(crate) turns: Turns,
}

impl Engine {
    /// Reserves the pool and starts the ticker thread, which ends when the last use of the engine does.
    pub fn new(config: &EngineConfig) -> Result<Self, EngineError> {
        let mut settings = code_settings();
        settings.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(config)));
        let inner = wasmtime::Engine::new(&settings).map_err(|error| EngineError(format!("{error:#}")))?;
        let ticking = inner.weak();
        thread::Builder::new()
            .name("bot-epoch".into())
            .spawn(move || {
                loop {
                    thread::sleep(TICK);
                    match ticking.upgrade() {
                        Some(engine) => engine.increment_epoch(),
                        None => break,
                    }
                }
            })
            .map_err(|error| EngineError(format!("no ticker thread: {error}")))?;
        Ok(Self {
            inner,
            turns: Turns::default(),
        })
    }

    /// An engine that only compiles: same code, no pool and no ticker.
    pub(crate) fn for_compiling() -> Result<Self, EngineError> {
        let inner = wasmtime::Engine::new(&code_settings()).map_err(|error| EngineError(format!("{error:#}")))?;
        Ok(Self {
            inner,
            turns: Turns::default(),
        })
    }

    /// The engine that everything here runs on.
    pub fn inner(&self) -> &wasmtime::Engine {
        &self.inner
    }
}

/// Everything that decides what machine code comes out. The compile child and the server share it.
fn code_settings() -> Config {
    let mut config = Config::new();
    config
        .wasm_features(WasmFeatures::all().difference(FEATURES), false)
        .wasm_features(FEATURES, true)
        .concurrency_support(false)
        .shared_memory(false)
        .consume_fuel(true)
        .epoch_interruption(true)
        .max_wasm_stack(WASM_STACK)
        .async_stack_size(CALL_STACK);
    config
}

fn pool(config: &EngineConfig) -> PoolingAllocationConfig {
    let bots = config.instances.max(1);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(bots)
        .total_core_instances(bots.saturating_mul(CORE_INSTANCES))
        .total_memories(bots.saturating_mul(2).max(MEMORIES))
        .total_tables(bots.saturating_mul(4).max(TABLES))
        .total_stacks(bots)
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_memories_per_module(1)
        .max_tables_per_component(TABLES)
        .max_tables_per_module(4)
        .table_elements(TABLE_ELEMENTS as usize)
        .max_memory_size(config.memory_max)
        .max_component_instance_size(1 << 20)
        .max_core_instance_size(1 << 20)
        // A dropped bot gives everything back: kept pages of a thousand bots are a gigabyte.
        .linear_memory_keep_resident(0)
        .table_keep_resident(0)
        .max_unused_warm_slots(100);
    pool
}

#[cfg(test)]
mod tests {
    use std::hash::{DefaultHasher, Hash, Hasher};

    use super::*;

    fn fingerprint(engine: &Engine) -> u64 {
        let mut hasher = DefaultHasher::new();
        engine.inner().precompile_compatibility_hash().hash(&mut hasher);
        hasher.finish()
    }

    #[test]
    fn what_the_child_compiles_the_server_can_load() {
        let server = Engine::new(&EngineConfig {
            instances: 2,
            ..EngineConfig::default()
        })
        .expect("engine");
        let child = Engine::for_compiling().expect("engine");
        assert_eq!(fingerprint(&server), fingerprint(&child));
    }

    #[test]
    fn the_configuration_refuses_unknown_keys() {
        assert!(serde_json::from_str::<EngineConfig>(r#"{"instances": 3}"#).is_ok());
        assert!(serde_json::from_str::<EngineConfig>(r#"{"instance": 3}"#).is_err());
    }
}
