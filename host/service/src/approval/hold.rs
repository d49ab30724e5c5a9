//! A call that may only be made when a person agrees is kept until one does.

use super::{card, tell, terms::terms};
use crate::{
    Body, Cx, Effect, Envelope, Error, Host, OpSpec, Result,
    call::work::{Work, Worked, work},
    error::Code,
};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use futures_util::future::BoxFuture;
use mesh_authz::{Facts, Layer, Permission, Refusal};
use mesh_store::approvals::{self, Asked, Held, New};
use mesh_types::{
    ActorId, ApprovalId, MeshId, RoomId, limits,
    limits::{APPROVAL_DEFAULT_SECONDS, OPEN_APPROVALS},
};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// What a person would let through.
pub(crate) struct About {
    permission: Permission,
    mesh: Option<MeshId>,
    room: Option<RoomId>,
}

impl About {
    pub(crate) fn new(permission: Permission, facts: &Facts) -> Self {
        let room = facts.room.as_ref().map(|room| room.id);
        Self::of(permission, facts.mesh, room)
    }

    pub(crate) fn of(permission: Permission, mesh: Option<MeshId>, room: Option<RoomId>) -> Self {
        Self { permission, mesh, room }
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
pub(crate) fn can_wait(spec: &OpSpec) -> bool {
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
    let (id, now) = (ApprovalId::new(host.ids.next()), host.clock.now());
    if envelope.dry {
        return Error::pending(id);
    }
    let new = New {
        id,
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
        seconds: APPROVAL_DEFAULT_SECONDS,
        at: now,
    };
    let filed = (Layer::Approval, mesh);
    let envelope = Envelope {
        op: "approval.request",
        ..envelope
    };
    match work(host, envelope, filed, Hold(new)).await {
        Ok(approval) => Error::pending(approval),
        Err(error) => error,
    }
}

/// Asks, if nobody asks the same already and not too much is open.
pub(super) async fn ask(cx: &mut Cx<'_>, new: &New) -> Result<ApprovalId> {
    let open = approvals::open(cx.tx(), new.requester).await?;
    let terms = terms(cx, new).await?;
    match approvals::ask(cx.tx(), new, &terms).await? {
        Asked::Before(approval) => Ok(approval),
        Asked::New if open >= OPEN_APPROVALS => Err(too_many(new.requester)),
        Asked::New => {
            let asked = approvals::get(cx.tx(), new.id).await?.ok_or_else(Error::not_found)?;
            tell::requested(cx, &asked).await?;
            card::show(cx, &asked, terms.cards).await?;
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

struct Hold(New);

impl Work for Hold {
    type Out = ApprovalId;

    fn act<'a>(&'a self, cx: &'a mut Cx<'_>) -> BoxFuture<'a, Result<Worked<ApprovalId>>> {
        Box::pin(async move {
            let out = ask(cx, &self.0).await?;
            let wrote = out == self.0.id;
            Ok(Worked { out, wrote })
        })
    }
}
