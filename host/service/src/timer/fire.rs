//! Fires what is due.

use super::schedule::Schedule;
use crate::{Cx, Door, Envelope, Error, Host, Result, error::Code};
use futures_util::future::BoxFuture;
use mesh_authz::{Caller, Credential, Layer, Who};
use mesh_store::{
    Job, Rollback, Tx,
    log::{Entry, Stream},
    timers,
};
use mesh_types::{MeshId, RequestId, RoomId, TimerId, Timestamp, bot::Timer};
use serde::Serialize;
use std::{sync::Arc, time::Duration};
use tokio::{sync::oneshot, time::sleep};

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
    let more = (!due.is_empty()).then_some(now);
    for (timer, mesh) in due {
        fire(host, timer, mesh).await?;
    }
    match more {
        Some(now) => Ok(Some(now)),
        None => Ok(timers::next(&mut host.store.view().await?.tx(), now).await?),
    }
}

async fn fire(host: &Arc<Host>, timer: Timer, mesh: MeshId) -> Result<()> {
    let who = Who::Job {
        name: "timers",
        permissions: &[],
    };
    let credential = Credential::Internal;
    let mut envelope = Envelope::new(Caller { who, credential }, Door::Job, RequestId::new(host.ids.next()));
    envelope.op = "timer.fire";
    let (reply, done) = oneshot::channel();
    let job = Fire {
        host: host.clone(),
        envelope,
        timer,
        mesh,
        reply,
    };
    if host.store.submit(Box::new(job)).is_err() {
        return Err(Error::later(Code::Overloaded, "Too many writes are waiting.", 250));
    }
    done.await.map_err(|_| Error::internal("the writer is gone"))?
}

struct Fire {
    host: Arc<Host>,
    envelope: Envelope,
    timer: Timer,
    mesh: MeshId,
    reply: oneshot::Sender<Result<()>>,
}

impl Fire {
    async fn attempt(&self, tx: &mut Tx<'_>) -> Result<Vec<Entry>> {
        let timer = &self.timer;
        let Some(due_at) = timer.due_at else {
            return Ok(Vec::new());
        };
        let mut cx = Cx::new(
            tx.lend(),
            &self.host,
            &self.envelope,
            (Layer::Credential.as_str(), Some(self.mesh)),
        );
        // However many times were missed, it fires once.
        let next = match &timer.cron {
            Some(cron) => Schedule::parse(cron, timer.zone.as_deref())?.next(cx.now()),
            None => None,
        };
        let now = cx.now();
        if !timers::fired(cx.tx(), timer.id, due_at, next, now).await? {
            return Ok(Vec::new());
        }
        let fired = Fired {
            timer_id: timer.id,
            room_id: timer.room_id,
            due_at,
        };
        cx.emit(Stream::Actor(timer.bot_id.into()), "timer.fired", timer.id, &fired)
            .await?;
        Ok(cx.take_entries())
    }
}

impl Job for Fire {
    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Vec<Entry>, Rollback>> {
        Box::pin(async move {
            self.attempt(tx).await.map_err(|error| {
                tracing::error!(%error, timer = %self.timer.id, "a timer could not fire");
                Rollback::Database(mesh_store::Error::Retry)
            })
        })
    }

    fn done(self: Box<Self>, committed: Result<Vec<Entry>, Rollback>) {
        let fired = committed.map_err(Error::from).map(|entries| {
            self.host.live.publish(entries, Vec::new(), None);
        });
        let _ = self.reply.send(fired);
    }
}
