//! Writing that is no call of an operation: what the server does by itself, and holding calls. It has a transaction
//! and a context like an operation, and its rows are told of in the same way.

use crate::{Cx, Envelope, Error, Host, Result, error::Code};
use futures_util::future::BoxFuture;
use mesh_authz::{Caller, Credential, Layer, Who};
use mesh_store::{Job, Rollback, Tx, log::Entry};
use mesh_types::{MeshId, RequestId};
use std::sync::Arc;
use tokio::sync::oneshot;

/// What came of some work.
pub(crate) struct Worked<T> {
    /// The answer.
    pub(crate) out: T,
    /// Something was written, which the log is to have.
    pub(crate) wrote: bool,
}

/// Some work. It may be done again after its writes were taken back.
pub(crate) trait Work: Send + 'static {
    /// Its answer.
    type Out: Send + 'static;

    /// Does it; awaits nothing but the transaction.
    fn act<'a>(&'a self, cx: &'a mut Cx<'_>) -> BoxFuture<'a, Result<Worked<Self::Out>>>;
}

/// The server itself as a caller, under the name of one of its jobs.
pub(crate) fn by_itself(host: &Host, name: &'static str, op: &'static str) -> Envelope {
    let who = Who::Job { name, permissions: &[] };
    let credential = Credential::Internal;
    let request = RequestId::new(host.ids.next());
    let mut envelope = Envelope::new(Caller { who, credential }, super::Door::Job, request);
    envelope.op = op;
    envelope
}

/// Does some work, waits for its commit, and tells the followers of the log.
pub(crate) async fn work<W: Work>(
    host: &Arc<Host>,
    envelope: Envelope,
    filed: (Layer, MeshId),
    work: W,
) -> Result<W::Out> {
    let (reply, done) = oneshot::channel();
    let job = Working {
        host: host.clone(),
        envelope,
        filed,
        work,
        out: None,
        reply,
    };
    if host.store.submit(Box::new(job)).is_err() {
        return Err(Error::later(Code::Overloaded, "Too many writes are waiting.", 250));
    }
    done.await.map_err(|_| Error::internal("the writer is gone"))?
}

struct Working<W: Work> {
    host: Arc<Host>,
    envelope: Envelope,
    filed: (Layer, MeshId),
    work: W,
    out: Option<Result<W::Out>>,
    reply: oneshot::Sender<Result<W::Out>>,
}

impl<W: Work> Job for Working<W> {
    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Vec<Entry>, Rollback>> {
        Box::pin(async move {
            let (layer, mesh) = self.filed;
            let filed = (layer.as_str(), Some(mesh));
            let mut cx = Cx::new(tx.lend(), &self.host, &self.envelope, filed);
            match self.work.act(&mut cx).await {
                Ok(Worked { out, wrote }) => {
                    let entries = if wrote { cx.take_entries() } else { Vec::new() };
                    self.out = Some(Ok(out));
                    Ok(entries)
                }
                Err(error) if error.transient => Err(Rollback::Database(mesh_store::Error::Retry)),
                Err(error) => {
                    self.out = Some(Err(error));
                    Err(Rollback::Refused)
                }
            }
        })
    }

    fn done(mut self: Box<Self>, committed: Result<Vec<Entry>, Rollback>) {
        let out = match committed {
            Ok(entries) => {
                self.host.live.publish(entries, Vec::new(), None);
                self.out.take()
            }
            Err(Rollback::Refused) => self.out.take(),
            Err(rollback) => Some(Err(rollback.into())),
        };
        // Whoever waited may have gone away; what was done stays done.
        let _ = self
            .reply
            .send(out.unwrap_or_else(|| Err(Error::internal("a job has no answer"))));
    }
}
