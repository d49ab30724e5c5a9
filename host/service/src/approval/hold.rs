//! A call that may only be made when a person agrees is kept until one does.

use super::tell;
use crate::{Body, Cx, Effect, Envelope, Error, Host, OpSpec, Result, error::Code};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use futures_util::future::BoxFuture;
use mesh_authz::{Facts, Permission, Refusal};
use mesh_store::{
    Job, Rollback, Tx,
    approvals::{self, Asked, Held, New},
    log::Entry,
};
use mesh_types::{
    ActorId, ApprovalId, MeshId, RoomId, limits,
    limits::{APPROVAL_DEFAULT_SECONDS, OPEN_APPROVALS},
};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use tokio::sync::oneshot;

/// What a person would let through.
pub(crate) struct About {
    permission: Permission,
    mesh: Option<MeshId>,
    room: Option<RoomId>,
}

impl About {
    pub(crate) fn new(permission: Permission, facts: &Facts) -> Self {
        let room = facts.room.as_ref().map(|room| room.id);
        Self {
            permission,
            mesh: facts.mesh,
            room,
        }
    }

    pub(crate) fn cannot_wait(&self) -> Error {
        Refusal::Ask {
            permission: self.permission,
        }
        .into()
    }
}

/// Whether calls of this operation can be kept for later: what they are is all in their fields, and so is the
/// answer.
pub(super) fn can_wait(spec: &OpSpec) -> bool {
    let in_fields = spec.http.is_none_or(|http| http.body == Body::Json);
    in_fields && spec.own_door.is_none() && spec.effect != Effect::Pass && !spec.shown_once && !spec.fresh
}

/// How a call that waits is asked about.
pub(super) fn question(operation: &str) -> String {
    format!("May I call `{operation}`?")
}

/// Of what is asked, so that the same is not asked twice at once.
pub(super) fn digest(parts: &[&str]) -> String {
    let mut sum = Sha256::new();
    for part in parts {
        sum.update((part.len() as u64).to_be_bytes());
        sum.update(part.as_bytes());
    }
    STANDARD_NO_PAD.encode(sum.finalize())
}

/// Keeps a call and asks; gives what its caller is told: the id of the question.
pub(crate) async fn hold(host: &Arc<Host>, spec: &OpSpec, envelope: Envelope, about: About, input: String) -> Error {
    let (Some(mesh), Some(requester)) = (about.mesh, envelope.caller.actor()) else {
        return about.cannot_wait();
    };
    if !can_wait(spec) {
        return about.cannot_wait();
    }
    if input.len() > limits::HELD_INPUT {
        return Error::new(
            Code::TooLarge,
            "A call that waits for a person has at most 256 KiB as JSON.",
        );
    }
    let now = host.clock.now();
    let new = New {
        id: ApprovalId::new(host.ids.next()),
        mesh,
        requester,
        room: about.room,
        question: question(spec.name),
        choices: "[]".into(),
        digest: digest(&[spec.name, &input]),
        held: Some(Held {
            operation: spec.name,
            permission: Some(about.permission.as_str()),
            input,
            key: envelope.idempotency_key.clone(),
            matching: envelope.if_match.clone(),
            hops: envelope.hops,
        }),
        at: now,
        expires_at: now.plus_seconds(APPROVAL_DEFAULT_SECONDS),
    };
    let (reply, answer) = oneshot::channel();
    let hold = Hold {
        host: host.clone(),
        envelope: Envelope {
            op: "approval.request",
            ..envelope
        },
        new,
        asked: None,
        reply: Some(reply),
    };
    if host.store.submit(Box::new(hold)).is_err() {
        return Error::later(Code::Overloaded, "Too many writes are waiting.", 250);
    }
    match answer.await {
        Ok(Ok(approval)) => Error::pending(approval),
        Ok(Err(error)) => error,
        Err(_) => Error::internal("the writer is gone"),
    }
}

/// Asks, if nobody asks the same already and not too much is open.
pub(super) async fn ask(cx: &mut Cx<'_>, new: &New) -> Result<ApprovalId> {
    let open = approvals::open(cx.tx(), new.requester).await?;
    match approvals::ask(cx.tx(), new).await? {
        Asked::Before(approval) => Ok(approval),
        Asked::New if open >= OPEN_APPROVALS => Err(too_many(new.requester)),
        Asked::New => {
            tell::requested(cx, new).await?;
            Ok(new.id)
        }
    }
}

fn too_many(requester: ActorId) -> Error {
    let what = requester.kind();
    let detail =
        format!("{OPEN_APPROVALS} questions of this {what} are open. Wait until some are decided, or cancel some.");
    Error::new(Code::LimitReached, detail)
}

struct Hold {
    host: Arc<Host>,
    envelope: Envelope,
    new: New,
    asked: Option<Result<ApprovalId>>,
    reply: Option<oneshot::Sender<Result<ApprovalId>>>,
}

impl Job for Hold {
    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Vec<Entry>, Rollback>> {
        Box::pin(async move {
            let filed = (mesh_authz::Layer::Approval.as_str(), Some(self.new.mesh));
            let mut cx = Cx::new(tx.lend(), &self.host, &self.envelope, filed);
            match ask(&mut cx, &self.new).await {
                Ok(approval) => {
                    let entries = if approval == self.new.id {
                        cx.take_entries()
                    } else {
                        Vec::new()
                    };
                    self.asked = Some(Ok(approval));
                    Ok(entries)
                }
                Err(error) if error.transient => Err(Rollback::Database(mesh_store::Error::Retry)),
                Err(error) => {
                    self.asked = Some(Err(error));
                    Err(Rollback::Refused)
                }
            }
        })
    }

    fn done(mut self: Box<Self>, committed: Result<Vec<Entry>, Rollback>) {
        let asked = match committed {
            Ok(entries) => {
                self.host.live.publish(entries, Vec::new(), None);
                self.asked.take()
            }
            Err(Rollback::Refused) => self.asked.take(),
            Err(rollback) => Some(Err(rollback.into())),
        };
        let asked = asked.unwrap_or_else(|| Err(Error::internal("a job has no answer")));
        // The caller may have gone away; what was asked stays asked.
        let _ = self.reply.take().map(|reply| reply.send(asked));
    }
}
