//! The time as bots know it: the server's, so that timers fire when they say they should.

use mesh_service::Host;
use std::{sync::Arc, time::Duration};
use wasmtime_wasi::HostWallClock;

/// The clock of a server.
pub(super) struct Time(pub(super) Arc<Host>);

impl HostWallClock for Time {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.clock.now().millis()).unwrap_or(0))
    }
}
