//! What one bot may use. The defaults are those of `docs` and of the limits table of the bot host.

use std::time::Duration;

use mesh_types::limits;
use serde::{Deserialize, Serialize};

/// What one bot may use. A manifest can ask, an administrator decides, and [`Limits::clamped`]
/// keeps both within what the server offers.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Fuel for one event, about one unit for each instruction. 1e9 is 50 to 150 ms of work.
    pub fuel: u64,
    /// Wall clock for one event in milliseconds; waiting for host calls counts.
    pub event_ms: u64,
    /// Wall clock for instantiation and `start` in milliseconds.
    pub start_ms: u64,
    /// Bytes of all linear memories together. JavaScript and Python want 128 MiB.
    pub memory: u64,
    /// Entries of all tables together.
    pub table_elements: u32,
    /// Handles the host keeps for the bot at a time.
    pub handles: u32,
    /// Bytes that one call may carry from the guest to the host.
    pub boundary_bytes: u64,
    /// Calls of the mesh for one event; lines to the log are not among them.
    pub host_calls: u32,
    /// Messages posted for one event.
    pub messages: u32,
    /// Bytes of one message.
    pub message_bytes: u64,
    /// Bytes of log, standard output and standard error for one event.
    pub log_bytes: u64,
    /// Outgoing HTTP requests for one event.
    pub http_calls: u32,
    /// Wall clock for one outgoing HTTP request in milliseconds.
    pub http_ms: u64,
    /// Bytes of one HTTP answer.
    pub http_bytes: u64,
    /// Bytes of everything in the key-value store.
    pub kv_bytes: u64,
    /// Bytes of one value in the key-value store.
    pub kv_value_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel: 1_000_000_000,
            event_ms: 10_000,
            start_ms: 5_000,
            memory: 64 << 20,
            table_elements: 100_000,
            handles: 1_024,
            boundary_bytes: 4 << 20,
            host_calls: 200,
            messages: 20,
            message_bytes: limits::MESSAGE_TEXT as u64,
            log_bytes: 64 << 10,
            http_calls: 10,
            http_ms: 30_000,
            http_bytes: 8 << 20,
            kv_bytes: limits::KV_TOTAL.unsigned_abs(),
            kv_value_bytes: limits::KV_VALUE as u64,
        }
    }
}

impl Limits {
    /// The most an administrator may give one bot when the server's own configuration says nothing.
    pub fn ceiling() -> Self {
        Self {
            fuel: 100_000_000_000,
            event_ms: 120_000,
            start_ms: 60_000,
            memory: 256 << 20,
            table_elements: 200_000,
            handles: 16_384,
            boundary_bytes: 64 << 20,
            host_calls: 10_000,
            messages: 1_000,
            message_bytes: limits::MESSAGE_TEXT as u64,
            log_bytes: 1 << 20,
            http_calls: 200,
            http_ms: 120_000,
            http_bytes: 64 << 20,
            kv_bytes: 1 << 30,
            kv_value_bytes: limits::KV_VALUE as u64,
        }
    }

    /// Each limit lowered to that of `most` where it is above it.
    #[must_use]
    pub fn clamped(self, most: &Self) -> Self {
        Self {
            fuel: self.fuel.min(most.fuel),
            event_ms: self.event_ms.min(most.event_ms),
            start_ms: self.start_ms.min(most.start_ms),
            memory: self.memory.min(most.memory),
            table_elements: self.table_elements.min(most.table_elements),
            handles: self.handles.min(most.handles),
            boundary_bytes: self.boundary_bytes.min(most.boundary_bytes),
            host_calls: self.host_calls.min(most.host_calls),
            messages: self.messages.min(most.messages),
            message_bytes: self.message_bytes.min(most.message_bytes),
            log_bytes: self.log_bytes.min(most.log_bytes),
            http_calls: self.http_calls.min(most.http_calls),
            http_ms: self.http_ms.min(most.http_ms),
            http_bytes: self.http_bytes.min(most.http_bytes),
            kv_bytes: self.kv_bytes.min(most.kv_bytes),
            kv_value_bytes: self.kv_value_bytes.min(most.kv_value_bytes),
        }
    }

    pub(crate) fn event_time(&self) -> Duration {
        Duration::from_millis(self.event_ms)
    }

    pub(crate) fn start_time(&self) -> Duration {
        Duration::from_millis(self.start_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partial_document_keeps_the_other_defaults() {
        let limits: Limits = serde_json::from_str(r#"{"memory": 1048576}"#).expect("limits");
        assert_eq!(
            limits,
            Limits {
                memory: 1 << 20,
                ..Limits::default()
            }
        );
        assert!(serde_json::from_str::<Limits>(r#"{"memroy": 1}"#).is_err());
    }

    #[test]
    fn clamping_lowers_and_never_raises() {
        let greedy = Limits {
            fuel: u64::MAX,
            memory: u64::MAX,
            messages: 1,
            ..Limits::default()
        };
        let clamped = greedy.clamped(&Limits::default());
        assert_eq!(
            clamped,
            Limits {
                messages: 1,
                ..Limits::default()
            }
        );
        assert_eq!(Limits::default().clamped(&Limits::ceiling()), Limits::default());
    }
}
