//! Timers of bots: they fire an event, once or by a cron expression.

mod change;
mod fire;
mod schedule;

pub use change::{CancelTimer, CancelTimerIn, CreateTimer, CreateTimerIn, ListTimers, ListTimersIn};
pub use fire::follow;

use crate::Answer;
use mesh_types::bot::Timer;

impl Answer for Timer {
    fn location(&self) -> Option<String> {
        Some(format!("/timers/{}", self.id))
    }
}
