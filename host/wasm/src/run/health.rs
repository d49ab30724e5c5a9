//! When a bot that crashes may try again.

use mesh_types::Timestamp;
use std::collections::VecDeque;

/// Crashes within [`WINDOW`] that trip the breaker.
const CRASHES: usize = 5;
/// Milliseconds in which crashes add up.
const WINDOW: i64 = 600_000;
/// Milliseconds without a crash after which the bot counts as healthy again.
const HEALTHY: i64 = 60_000;
/// The first wait in milliseconds; it doubles up to [`LONGEST`].
const FIRST: i64 = 1_000;
/// The longest wait in milliseconds.
const LONGEST: i64 = 300_000;

/// What to do after a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Wait until then.
    Backoff(Timestamp),
    /// Stop until a person starts it again.
    Tripped,
}

/// The crashes of one bot.
#[derive(Debug, Default)]
pub(crate) struct Health {
    crashes: VecDeque<Timestamp>,
    in_a_row: u32,
}

impl Health {
    /// A crash happened. `jitter` is a number from 0 to 255.
    pub(crate) fn crashed(&mut self, now: Timestamp, jitter: u8) -> Verdict {
        if self
            .crashes
            .back()
            .is_some_and(|last| now.millis() - last.millis() > HEALTHY)
        {
            self.in_a_row = 0;
        }
        self.crashes.push_back(now);
        while self
            .crashes
            .front()
            .is_some_and(|first| now.millis() - first.millis() > WINDOW)
        {
            self.crashes.pop_front();
        }
        if self.crashes.len() >= CRASHES {
            return Verdict::Tripped;
        }
        let wait = FIRST.saturating_mul(1 << self.in_a_row.min(16)).min(LONGEST);
        self.in_a_row += 1;
        Verdict::Backoff(Timestamp(now.millis() + wait + wait * i64::from(jitter) / 1024))
    }

    /// A person started the bot again.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_the_fifth_crash_in_ten_minutes_trips() {
        let mut health = Health::default();
        let mut waits = Vec::new();
        for n in 0..4 {
            let Verdict::Backoff(until) = health.crashed(Timestamp(n * 10_000), 0) else {
                panic!("too early")
            };
            waits.push(until.millis() - n * 10_000);
        }
        assert_eq!(waits, [1_000, 2_000, 4_000, 8_000]);
        assert_eq!(health.crashed(Timestamp(40_000), 0), Verdict::Tripped);
        health.reset();
        assert_eq!(
            health.crashed(Timestamp(50_000), 0),
            Verdict::Backoff(Timestamp(51_000))
        );
    }

    #[test]
    fn rare_crashes_never_trip_and_health_resets_the_wait() {
        let mut health = Health::default();
        for n in 0..50 {
            let now = Timestamp(n * 151_000);
            assert_eq!(
                health.crashed(now, 0),
                Verdict::Backoff(Timestamp(now.millis() + FIRST)),
                "{n}"
            );
        }
    }
}
