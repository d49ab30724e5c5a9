//! A connection that is on no stream, and lasts as long as the credential that opened it.

use crate::{
    Realtime,
    end::End,
    line::Line,
    session::{WARNING, proof, unauthenticated},
};
use mesh_service::authority::Known;
use std::{collections::VecDeque, future::poll_fn, sync::Arc};

/// One of them.
pub(crate) struct Held {
    realtime: Arc<Realtime>,
    line: Arc<Line>,
    expires_at: i64,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.realtime.hub.exit(&self.line, std::iter::empty());
    }
}

impl Held {
    /// Opens one for whom a credential proved.
    pub(crate) fn open(realtime: &Arc<Realtime>, (known, token): (&Known, Option<String>)) -> Result<Self, End> {
        let actor = known.caller.actor().ok_or_else(|| End::Refused(unauthenticated()))?;
        let now = realtime.host.clock.now().0;
        let line = realtime.hub.enter(actor, proof(&known.caller, token), now)?;
        Ok(Self {
            realtime: realtime.clone(),
            line,
            expires_at: known.expires_at.map_or(i64::MAX, |end| end.0),
        })
    }

    /// The client takes what it is sent.
    pub(crate) fn hear(&self) {
        self.line.hear(self.now());
    }

    fn now(&self) -> i64 {
        self.realtime.host.clock.now().0
    }

    /// Waits until it has to end.
    pub(crate) async fn end(&mut self) -> End {
        let mut events = VecDeque::new();
        loop {
            self.line.remind_at(self.expires_at);
            let notices = poll_fn(|context| self.line.poll_take(context, &mut events)).await;
            if self.now() >= self.expires_at {
                return End::TokenExpired;
            }
            match notices.map(|notices| *notices) {
                Some(notices) if notices.end.is_some() => return notices.end.unwrap_or(End::Revoked),
                // Its token is worth nothing any more; it has a minute to connect with the new one.
                Some(notices) if notices.renewed => self.expires_at = self.expires_at.min(self.now() + WARNING),
                _ => {}
            }
        }
    }
}
