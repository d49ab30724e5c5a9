//! The writing half of the pipeline: a job in a transaction, and the answer to a repeated call.

use super::{Done, Envelope, encode};
use crate::{Cx, Error, Host, Op, OpSpec, Passing, Result, authority::Stale, cx::Afterwards, error::Code};
use futures_util::future::BoxFuture;
use mesh_authz::Grant;
use mesh_store::{Job, Rollback, Tx, idempotency, log::Entry};
use mesh_types::{limits, view::Message};
use std::sync::Arc;
use tokio::sync::oneshot;

/// A caller's own name for one call.
#[derive(Clone)]
pub(super) struct Keyed {
    actor: String,
    op: &'static str,
    key: String,
    digest: String,
}

impl Keyed {
    fn key(&self) -> idempotency::Key<'_> {
        idempotency::Key {
            actor: &self.actor,
            op: self.op,
            key: &self.key,
        }
    }
}

/// An answer that holds a secret is not kept, and neither is one for a caller whom nobody can tell from
/// another: the key would hand it to whoever says it.
pub(super) fn keyed(spec: &OpSpec, envelope: &Envelope, digest: String) -> Result<Option<Keyed>> {
    let Some(key) = envelope.idempotency_key.clone() else {
        return Ok(None);
    };
    if spec.shown_once || envelope.caller.actor().is_none() {
        return Err(Error::new(
            Code::BadRequest,
            "This call takes no `Idempotency-Key`: its answer is not kept.",
        ));
    }
    if key.is_empty() || key.chars().count() > limits::IDEMPOTENCY_KEY {
        return Err(Error::new(
            Code::BadRequest,
            "`Idempotency-Key` has 1 to 255 characters.",
        ));
    }
    let actor = envelope
        .caller
        .actor()
        .map(|actor| actor.to_string())
        .unwrap_or_default();
    Ok(Some(Keyed {
        actor,
        op: envelope.op,
        key,
        digest,
    }))
}

pub(super) async fn write<O: Op>(
    host: &Arc<Host>,
    envelope: Envelope,
    grant: Grant<O::On>,
    input: O::In,
    keyed: Option<Keyed>,
    json: bool,
) -> Result<Done<O::Out>> {
    let (reply, answer) = oneshot::channel();
    let job = Box::new(OpJob::<O> {
        host: host.clone(),
        envelope,
        grant,
        input,
        json: json || keyed.is_some(),
        keyed,
        stale: Vec::new(),
        posted: None,
        passing: Vec::new(),
        afterwards: None,
        answer: None,
        reply: Some(reply),
    });
    if host.store.submit(job).is_err() {
        return Err(Error::later(Code::Overloaded, "Too many writes are waiting.", 250));
    }
    answer.await.map_err(|_| Error::internal("the writer is gone"))?
}

/// The call was made before with this key.
pub(super) async fn is_repeat(host: &Arc<Host>, keyed: &Keyed) -> Result<bool> {
    let found = idempotency::find(&mut host.store.view().await?.tx(), keyed.key()).await?;
    Ok(found.is_some())
}

/// The keyed call failed: perhaps because it was done before.
pub(super) async fn repeat<O: Op>(host: &Arc<Host>, keyed: &Keyed, error: Error) -> Result<Done<O::Out>> {
    let found = idempotency::find(&mut host.store.view().await?.tx(), keyed.key()).await?;
    match found {
        None => Err(error),
        Some((digest, _)) if digest != keyed.digest => Err(Error::new(
            Code::IdempotencyMismatch,
            "This `Idempotency-Key` was used with another body.",
        )),
        Some((_, json)) => {
            let out = serde_json::from_str(&json).map_err(Error::internal)?;
            Ok(Done {
                out,
                json: Some(json),
                replayed: true,
                left: None,
            })
        }
    }
}

struct OpJob<O: Op> {
    host: Arc<Host>,
    envelope: Envelope,
    grant: Grant<O::On>,
    input: O::In,
    keyed: Option<Keyed>,
    json: bool,
    stale: Vec<Stale>,
    posted: Option<Message>,
    passing: Vec<Passing>,
    afterwards: Option<Afterwards>,
    answer: Option<Result<Done<O::Out>>>,
    reply: Option<oneshot::Sender<Result<Done<O::Out>>>>,
}

impl<O: Op> OpJob<O> {
    /// The answer and the rows for the log. An error means that nothing of it is kept.
    async fn attempt(&mut self, tx: &mut Tx<'_>) -> Result<(Result<Done<O::Out>>, Vec<Entry>)> {
        let filed = (self.grant.layer().as_str(), self.grant.mesh());
        let mut cx = Cx::new(tx.lend(), &self.host, &self.envelope, filed);
        let out = match O::run(&mut cx, self.grant.clone(), self.input.clone()).await {
            Ok(out) => out,
            Err(error) if error.commits => {
                self.stale = std::mem::take(&mut cx.stale);
                return Ok((Err(error), cx.take_entries()));
            }
            Err(error) => return Err(error),
        };
        let json = self.json.then(|| encode(&out)).transpose()?;
        if let (Some(keyed), Some(json)) = (&self.keyed, &json) {
            let now = cx.now();
            idempotency::keep(cx.tx(), keyed.key(), &keyed.digest, json, now).await?;
        }
        (self.stale, self.passing) = (std::mem::take(&mut cx.stale), std::mem::take(&mut cx.passing));
        (self.posted, self.afterwards) = (cx.posted.take(), cx.afterwards.take());
        Ok((
            Ok(Done {
                out,
                json,
                replayed: false,
                left: None,
            }),
            cx.take_entries(),
        ))
    }
}

impl<O: Op> Job for OpJob<O> {
    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Vec<Entry>, Rollback>> {
        Box::pin(async move {
            match self.attempt(tx).await {
                Ok((answer, entries)) => {
                    self.answer = Some(answer);
                    if self.envelope.dry {
                        return Err(Rollback::Refused);
                    }
                    Ok(entries)
                }
                Err(error) if error.transient => Err(Rollback::Database(mesh_store::Error::Retry)),
                Err(error) => {
                    self.answer = Some(Err(error));
                    Err(Rollback::Refused)
                }
            }
        })
    }

    fn done(mut self: Box<Self>, committed: Result<Vec<Entry>, Rollback>) {
        let answer = match committed {
            Ok(entries) => {
                self.host.authority.forget(&self.stale);
                if let Some(act) = self.afterwards {
                    act(&self.host);
                }
                // Where commits are not told in their order, a message may have been changed by now.
                let posted = self.posted.filter(|_| self.host.store.tells_in_order());
                self.host.live.publish(entries, self.stale, posted);
                self.passing.iter().for_each(|passing| self.host.live.pass(passing));
                self.answer
                    .unwrap_or_else(|| Err(Error::internal("a job has no answer")))
            }
            Err(Rollback::Refused) => match self.answer {
                Some(answer) if answer.is_err() || self.envelope.dry => answer,
                _ => Err(Rollback::Refused.into()),
            },
            Err(rollback) => Err(rollback.into()),
        };
        // The caller may have gone away; what was done stays done.
        let _ = self.reply.take().map(|reply| reply.send(answer));
    }
}
