//! Completes messages whose authors said that more was to come, and then were silent.

use super::append::complete;
use crate::{
    Cx, Error, Host, Result,
    call::work::{Work, Worked, by_itself, work},
    resource::Resource as _,
};
use futures_util::future::BoxFuture;
use mesh_authz::{Access, Grant, Permission, Refusal, Who, decide};
use mesh_store::messages;
use mesh_types::{MessageId, Timestamp, limits::STREAM_IDLE_SECONDS};
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

/// How exactly the time is kept.
const EVERY: Duration = Duration::from_secs(5);

/// Completes what is left lying, until the server ends.
pub async fn follow(host: Arc<Host>) {
    loop {
        if let Err(error) = close_idle(&host, host.clock.now()).await {
            tracing::warn!(%error, "messages that were left unfinished could not be completed; they are tried again");
        }
        sleep(EVERY).await;
    }
}

/// Completes every message for which no text has come in the minute before this time.
pub async fn close_idle(host: &Arc<Host>, now: Timestamp) -> Result<()> {
    let since = now.plus_seconds(-STREAM_IDLE_SECONDS);
    let idle = messages::idle(&mut host.store.view().await?.tx(), since).await?;
    let mut failed = None;
    for message in idle {
        // One that cannot be completed keeps no other from it.
        if let Err(error) = close(host, message, since).await {
            failed = Some(error);
        }
    }
    failed.map_or(Ok(()), Err)
}

async fn close(host: &Arc<Host>, message: MessageId, since: Timestamp) -> Result<()> {
    const MAY: Permission = Permission::MessageEdit;
    let mut envelope = by_itself(host, "messages", "message.append");
    envelope.caller.who = Who::Job {
        name: "messages",
        permissions: &[MAY],
    };
    let (now, target) = (host.clock.now(), message.target());
    let facts = host.authority.facts(&host.store, now, &envelope.caller, target).await?;
    let message = match decide(&envelope.caller, Access::Needs(MAY), &facts, message) {
        Ok(message) => message,
        // Its room was deleted in the meantime.
        Err(Refusal::NotFound) => return Ok(()),
        Err(refusal) => return Err(refusal.into()),
    };
    let filed = (message.layer(), message.mesh().ok_or_else(Error::not_found)?);
    work(host, envelope, filed, Close { message, since }).await
}

struct Close {
    message: Grant<MessageId>,
    since: Timestamp,
}

impl Work for Close {
    type Out = ();

    fn act<'a>(&'a self, cx: &'a mut Cx<'_>) -> BoxFuture<'a, Result<Worked<()>>> {
        Box::pin(async move {
            let wrote = self.close(cx).await?;
            Ok(Worked { out: (), wrote })
        })
    }
}

impl Close {
    /// False when the author was faster.
    async fn close(&self, cx: &mut Cx<'_>) -> Result<bool> {
        let Some(mut found) = messages::held(cx.tx(), &self.message).await? else {
            return Ok(false);
        };
        if !messages::is_idle(cx.tx(), &self.message, self.since).await? {
            return Ok(false);
        }
        messages::append(cx.tx(), &self.message, "", None).await?;
        found.streaming = false;
        let room = self.message.in_room().ok_or_else(Error::not_found)?;
        complete(cx, &room, &found).await?;
        Ok(true)
    }
}
