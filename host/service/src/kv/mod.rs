//! The bots' own key-value stores.

mod look;
mod write;

pub use look::{GetValue, KeyIn, KvValue, ListKeys, ListKeysIn};
pub use write::{DeleteValue, KvDeleted, PutValue, PutValueIn};

use crate::{Answer, Error, Result};
use mesh_types::{bot::KvEntry, limits};

impl Answer for KvEntry {
    fn revision(&self) -> Option<i64> {
        Some(self.version)
    }
}

/// 1 to 512 bytes without control characters.
fn check_key(key: &str) -> Result<()> {
    if key.is_empty() || key.len() > limits::KV_KEY {
        return Err(Error::invalid("/key", format!("has 1 to {} bytes", limits::KV_KEY)));
    }
    if key.chars().any(char::is_control) {
        return Err(Error::invalid("/key", "has no control characters"));
    }
    Ok(())
}
