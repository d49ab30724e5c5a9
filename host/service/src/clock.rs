//! The only places where this server reads the time and makes randomness.

use mesh_types::Timestamp;
use rand::{TryRngCore, rngs::OsRng};
use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};
use uuid::{ContextV7, Uuid};

/// The time. It never goes back, even when the machine's clock does.
#[derive(Debug, Default)]
pub struct Clock {
    last: AtomicI64,
    ahead: AtomicI64,
}

impl Clock {
    /// Now, in milliseconds.
    pub fn now(&self) -> Timestamp {
        #[allow(clippy::disallowed_methods, reason = "this is the clock")]
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        let millis = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        let millis = millis.saturating_add(self.ahead.load(Ordering::Relaxed));
        Timestamp(self.last.fetch_max(millis, Ordering::Relaxed).max(millis))
    }

    /// Puts this clock ahead of the machine's by so much more.
    pub(crate) fn put_ahead(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.ahead.fetch_add(millis, Ordering::Relaxed);
    }
}

/// Makes ids in order of creation (`UUIDv7` with a counter).
pub struct Ids {
    context: std::sync::Mutex<ContextV7>,
}

impl Default for Ids {
    fn default() -> Self {
        Self {
            context: std::sync::Mutex::new(ContextV7::new()),
        }
    }
}

impl Ids {
    /// The next one.
    pub fn next(&self) -> Uuid {
        let context = self.context.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        #[allow(clippy::disallowed_methods, reason = "this is where ids are made")]
        let timestamp = uuid::Timestamp::now(&*context);
        Uuid::new_v7(timestamp)
    }
}

/// Bytes that nobody can guess.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // Without the operating system's randomness nothing here is safe; there is no second choice.
    OsRng
        .try_fill_bytes(&mut bytes)
        .expect("the operating system gives random bytes");
    bytes
}
