//! How long to wait before the next try.

use rand::Rng as _;
use std::time::Duration;

/// The longest wait before the second try.
const FIRST: Duration = Duration::from_millis(500);
/// The longest wait of all.
const LONGEST: Duration = Duration::from_secs(30);
/// Tries after which waits no longer grow.
const STEPS: u32 = 6;

/// Waits that grow from half a second to half a minute. Each is drawn from the whole span below its
/// limit (full jitter), so that many clients do not come back at the same moment.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    tries: u32,
}

impl Backoff {
    /// The next wait.
    pub(crate) fn wait(&mut self) -> Duration {
        let limit = self.limit();
        self.tries += 1;
        rand::rng().random_range(Duration::ZERO..=limit)
    }

    fn limit(&self) -> Duration {
        (FIRST * 2_u32.pow(self.tries.min(STEPS))).min(LONGEST)
    }

    /// Something worked: the next wait is short.
    pub(crate) fn reset(&mut self) {
        self.tries = 0;
    }

    /// Somebody asks for room: the next waits are long.
    pub(crate) fn slow_down(&mut self) {
        self.tries = self.tries.max(STEPS - 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_their_limit_and_start_again() {
        let mut backoff = Backoff::default();
        let mut limits = Vec::new();
        for _ in 0..8 {
            let limit = backoff.limit();
            assert!(backoff.wait() <= limit);
            limits.push(limit.as_millis());
        }
        assert_eq!(limits, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
        backoff.reset();
        assert_eq!(backoff.limit(), FIRST);
        backoff.slow_down();
        assert_eq!(backoff.limit(), Duration::from_secs(8));
    }
}
