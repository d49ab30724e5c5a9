//! Makes the calls that were let go, and ends the questions that nobody decided in time.

use super::{
    decide::{close, let_go},
    tell,
};
use crate::{
    Cx, Door, Envelope, Error, Host, Input, Result,
    call::work::{Work, Worked, by_itself, work},
    error::Code,
    operation,
};
use futures_util::future::BoxFuture;
use mesh_authz::{Caller, Credential, Layer, Who};
use mesh_store::approvals::{self, Due};
use mesh_types::{
    ActorId, ApprovalId, ApprovalScope, ApprovalState, MeshId, OnDeadline, RequestId, Timestamp,
    approval::{Approval, HeldResult},
    limits,
};
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

/// How exactly deadlines are kept.
const EVERY: Duration = Duration::from_secs(15);

/// Makes calls as soon as they are let go, until the server ends.
pub async fn follow(host: Arc<Host>) {
    loop {
        if let Err(error) = settle(&host, host.clock.now()).await {
            tracing::warn!(%error, "calls that people let go could not be made; they are tried again");
        }
        tokio::select! {
            () = host.let_go.notified() => {}
            () = sleep(EVERY) => {}
        }
    }
}

/// Makes every call that was let go, and ends every question whose time is over by then.
pub async fn settle(host: &Arc<Host>, now: Timestamp) -> Result<()> {
    let due = approvals::due(&mut host.store.view().await?.tx()).await?;
    for call in due {
        if let Some(result) = make(host, &call).await? {
            finish(host, call.id, call.mesh, End::Made(result)).await?;
        }
    }
    let overdue = approvals::overdue(&mut host.store.view().await?.tx(), now).await?;
    for (id, mesh, then) in overdue {
        let end = match then {
            OnDeadline::Expire => End::Expired,
            OnDeadline::Allow => End::Unopposed,
        };
        finish(host, id, mesh, end).await?;
    }
    Ok(())
}

/// Makes a call as whoever asked, with the rights that it has now. What keeps it from being made twice is its own
/// idempotency key, or the approval's id. None when it is to be tried again.
async fn make(host: &Arc<Host>, call: &Due) -> Result<Option<HeldResult>> {
    let Some(op) = operation(&call.operation) else {
        let gone = Error::new(Code::NotSupported, "This server does not know the operation any more.");
        return result_of(Err(&gone)).map(Some);
    };
    let who = match call.requester {
        ActorId::Person(id) => Who::Person { id, operator: false },
        ActorId::Bot(id) => Who::Bot { id, mesh: call.mesh },
    };
    let credential = Credential::Internal;
    let mut envelope = Envelope::new(Caller { who, credential }, Door::Job, RequestId::new(host.ids.next()));
    envelope.approved = Some(call.id);
    envelope.idempotency_key = Some(call.key.clone().unwrap_or_else(|| call.id.to_string()));
    envelope.if_match.clone_from(&call.matching);
    envelope.hops = call.hops;
    let input = Input {
        fields: call.input.clone().into_bytes().into(),
        body: None,
    };
    match (op.call)(host.clone(), envelope, input).await {
        Ok(reply) => {
            let status = op.spec.http.map_or(200, |http| http.status);
            result_of(Ok((status, &reply.body.1))).map(Some)
        }
        Err(error) if error.code.status() == 503 || error.code.status() == 429 => {
            tracing::debug!(%error, approval = %call.id, "a call that was let go is tried again later");
            Ok(None)
        }
        Err(error) => result_of(Err(&error)).map(Some),
    }
}

fn result_of(answer: Result<(u16, &[u8]), &Error>) -> Result<HeldResult> {
    let (status, body) = match answer {
        Ok((status, body)) => (status, body.to_vec()),
        Err(error) => {
            let problem = error.problem("The call that waited was refused", None);
            (
                error.code.status(),
                serde_json::to_vec(&problem).map_err(Error::internal)?,
            )
        }
    };
    let short = body.len() <= limits::HELD_RESULT;
    let body = short
        .then(|| serde_json::from_slice(&body))
        .transpose()
        .map_err(Error::internal)?;
    Ok(HeldResult { status, body })
}

/// How a question came to its end.
enum End {
    /// The call was made.
    Made(HeldResult),
    /// Nobody decided in time.
    Expired,
    /// Nobody objected in time.
    Unopposed,
}

/// Keeps the end of a question and tells of it.
async fn finish(host: &Arc<Host>, id: ApprovalId, mesh: MeshId, end: End) -> Result<()> {
    let op = match end {
        End::Made(_) => "approval.approve",
        End::Expired | End::Unopposed => "approval.expire",
    };
    let envelope = by_itself(host, "approvals", op);
    work(host, envelope, (Layer::Approval, mesh), Finish { id, end }).await
}

struct Finish {
    id: ApprovalId,
    end: End,
}

impl Work for Finish {
    type Out = ();

    fn act<'a>(&'a self, cx: &'a mut Cx<'_>) -> BoxFuture<'a, Result<Worked<()>>> {
        Box::pin(async move {
            let ended = self.ended(cx).await?;
            match (&ended, &self.end) {
                (Some(approval), End::Unopposed) => let_go(cx, approval).await?,
                (Some(approval), _) => tell::decided(cx, approval).await?,
                (None, _) => {}
            }
            Ok(Worked {
                out: (),
                wrote: ended.is_some(),
            })
        })
    }
}

impl Finish {
    /// The question as it ended; none when it had ended before.
    async fn ended(&self, cx: &mut Cx<'_>) -> Result<Option<Approval>> {
        match &self.end {
            End::Made(result) => {
                let result = serde_json::to_string(result).map_err(Error::internal)?;
                if !approvals::finish(cx.tx(), self.id, &result).await? {
                    return Ok(None);
                }
                Ok(approvals::get(cx.tx(), self.id).await?)
            }
            End::Expired => by_time(cx, self.id, (ApprovalState::Expired, None)).await,
            End::Unopposed => by_time(cx, self.id, (ApprovalState::Approved, Some(ApprovalScope::Once))).await,
        }
    }
}

/// Ends a question whose time is over; none when somebody decided at the last moment.
async fn by_time(
    cx: &mut Cx<'_>,
    id: ApprovalId,
    (state, scope): (ApprovalState, Option<ApprovalScope>),
) -> Result<Option<Approval>> {
    let verdict = approvals::Verdict {
        state,
        scope,
        choice: None,
        reason: "",
        by: None,
        at: cx.now(),
    };
    match close(cx, id, &verdict).await {
        Ok(approval) => Ok(Some(approval)),
        Err(error) if error.code == Code::WrongState => Ok(None),
        Err(error) => Err(error),
    }
}
