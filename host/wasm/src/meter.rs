//! Sums the memory of one bot over all its linear memories and tables, and refuses growth past its limit.

use wasmtime::ResourceLimiter;

use crate::engine;
use crate::limits::Limits;

/// Counts what a store holds. wasmtime asks it before every growth, the first one included.
///
/// What was granted stays counted even if the growth then fails in the operating system: wasmtime
/// also reports failures of growth it never asked about, so taking bytes off again on a report
/// would let a bot lower its own count.
#[derive(Debug)]
pub(crate) struct Meter {
    memory_limit: usize,
    memory: usize,
    table_limit: usize,
    elements: usize,
    refused: bool,
}

impl Meter {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            memory_limit: usize::try_from(limits.memory).unwrap_or(usize::MAX),
            memory: 0,
            table_limit: limits.table_elements as usize,
            elements: 0,
            refused: false,
        }
    }

    /// Forgets refusals of the call before; memory itself stays counted.
    pub(crate) fn begin_call(&mut self) {
        self.refused = false;
    }

    /// Whether this call asked for memory that it did not get.
    pub(crate) fn refused(&self) -> bool {
        self.refused
    }

    /// Bytes of linear memory. WebAssembly cannot shrink a memory, so this is the peak as well.
    pub(crate) fn memory(&self) -> u64 {
        self.memory as u64
    }
}

/// The count after growing, or none when it would pass the limit or the type's own maximum.
fn grown(counted: usize, limit: usize, current: usize, desired: usize, maximum: Option<usize>) -> Option<usize> {
    if maximum.is_some_and(|maximum| desired > maximum) {
        return None;
    }
    let total = counted.checked_add(desired.saturating_sub(current))?;
    (total <= limit).then_some(total)
}

impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if let Some(total) = grown(self.memory, self.memory_limit, current, desired, maximum) {
            self.memory = total;
            return Ok(true);
        }
        self.refused = true;
        Ok(false)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.refused = true;
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if let Some(total) = grown(self.elements, self.table_limit, current, desired, maximum) {
            self.elements = total;
            return Ok(true);
        }
        self.refused = true;
        Ok(false)
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.refused = true;
        Ok(())
    }

    fn instances(&self) -> usize {
        engine::CORE_INSTANCES as usize
    }

    fn tables(&self) -> usize {
        engine::TABLES as usize
    }

    fn memories(&self) -> usize {
        engine::MEMORIES as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_are_summed() {
        let mut meter = Meter::new(&Limits {
            memory: 100,
            ..Limits::default()
        });
        assert!(meter.memory_growing(0, 60, None).expect("never fails"));
        assert!(!meter.memory_growing(0, 60, None).expect("never fails"));
        assert!(meter.refused());
        assert!(meter.memory_growing(60, 100, None).expect("never fails"));
        assert_eq!(meter.memory(), 100);
    }

    #[test]
    fn a_reported_failure_gives_nothing_back() {
        let mut meter = Meter::new(&Limits {
            memory: 100,
            ..Limits::default()
        });
        assert!(meter.memory_growing(0, 100, None).expect("never fails"));
        meter
            .memory_grow_failed(wasmtime::Error::msg("past 4 GiB"))
            .expect("never fails");
        assert!(!meter.memory_growing(0, 1, None).expect("never fails"));
    }
}
