//! Fires what is due.

use super::schedule::Schedule;
use crate::{
    Cx, Host, Result,
    call::work::{Work, Worked, by_itself, work},
};
use futures_util::future::BoxFuture;
use mesh_authz::Layer;
use mesh_store::{log::Stream, timers};
use mesh_types::{RoomId, TimerId, Timestamp, bot::Timer};
use serde::Serialize;
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

/// The longest sleep, so that a clock that was set, or a bot that was started, is seen.
const LONGEST: Duration = Duration::from_secs(5);

/// What the log keeps: what the timer carries is read when the event is.
#[derive(Serialize)]
struct Fired {
    timer_id: TimerId,
    room_id: Option<RoomId>,
    due_at: Timestamp,
}

/// Fires timers when they are due, until the server ends.
pub async fn follow(host: Arc<Host>) {
    loop {
        let wait = match fire_due(&host).await {
            Ok(next) => next.map_or(LONGEST, |next| until(&host, next)),
            Err(error) => {
                tracing::warn!(%error, "timers could not be fired; they are tried again");
                LONGEST
            }
        };
        tokio::select! {
            () = host.timers.notified() => {}
            () = sleep(wait) => {}
        }
    }
}

fn until(host: &Host, next: Timestamp) -> Duration {
    let millis = next.millis() - host.clock.now().millis();
    Duration::from_millis(u64::try_from(millis).unwrap_or(0)).min(LONGEST)
}

/// Fires what is due by now; gives when there is more to do.
async fn fire_due(host: &Arc<Host>) -> Result<Option<Timestamp>> {
    let now = host.clock.now();
    let due = timers::due(&mut host.store.view().await?.tx(), now).await?;
    if due.is_empty() {
        return Ok(timers::next(&mut host.store.view().await?.tx(), now).await?);
    }
    let mut failed = None;
    for (timer, mesh) in due {
        let envelope = by_itself(host, "timers", "timer.fire");
        // One that cannot fire keeps no other from it.
        if let Err(error) = work(host, envelope, (Layer::Credential, mesh), Fire(timer)).await {
            failed = Some(error);
        }
    }
    failed.map_or(Ok(Some(now)), Err)
}

struct Fire(Timer);

impl Work for Fire {
    type Out = ();

    fn act<'a>(&'a self, cx: &'a mut Cx<'_>) -> BoxFuture<'a, Result<Worked<()>>> {
        Box::pin(async move {
            let wrote = self.fire(cx).await?;
            Ok(Worked { out: (), wrote })
        })
    }
}

impl Fire {
    /// False when it was cancelled, or has fired already.
    async fn fire(&self, cx: &mut Cx<'_>) -> Result<bool> {
        let (timer, now) = (&self.0, cx.now());
        let Some(due_at) = timer.due_at else { return Ok(false) };
        // However many times were missed, it fires once.
        let next = match &timer.cron {
            Some(cron) => Schedule::parse(cron, timer.zone.as_deref())?.next(now),
            None => None,
        };
        if !timers::fired(cx.tx(), timer.id, due_at, next, now).await? {
            return Ok(false);
        }
        let fired = Fired {
            timer_id: timer.id,
            room_id: timer.room_id,
            due_at,
        };
        cx.emit(Stream::Actor(timer.bot_id.into()), "timer.fired", timer.id, &fired)
            .await?;
        Ok(true)
    }
}
