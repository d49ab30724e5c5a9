//! The events of questions. They name what is asked; the words are where only those look who may read them.

use crate::{Cx, Result};
use mesh_store::{approvals, log::Stream};
use mesh_types::{ActorId, ApprovalId, ApprovalScope, ApprovalState, MeshId, RoomId, Timestamp, approval::Approval};
use serde::Serialize;
use std::collections::BTreeSet;

#[derive(Serialize)]
struct Requested<'a> {
    approval_id: ApprovalId,
    mesh_id: MeshId,
    room_id: Option<RoomId>,
    requester: ActorId,
    operation: Option<&'a str>,
    expires_at: Timestamp,
}

#[derive(Serialize)]
struct Decided<'a> {
    approval_id: ApprovalId,
    mesh_id: MeshId,
    room_id: Option<RoomId>,
    operation: Option<&'a str>,
    state: ApprovalState,
    scope: Option<ApprovalScope>,
    choice: Option<&'a str>,
    /// What the held call came to, as an HTTP status.
    status: Option<u16>,
}

/// Tells those who may decide that something is asked.
pub(super) async fn requested(cx: &mut Cx<'_>, new: &approvals::New) -> Result<()> {
    let told = Requested {
        approval_id: new.id,
        mesh_id: new.mesh,
        room_id: new.room,
        requester: new.requester,
        operation: new.held.as_ref().map(|held| held.operation),
        expires_at: new.expires_at,
    };
    for person in approvals::deciders(cx.tx(), new.mesh).await? {
        cx.emit(Stream::Actor(person.into()), "approval.requested", new.id, &told)
            .await?;
    }
    Ok(())
}

/// Tells whoever asked, and those who could have decided, that it is settled.
pub(super) async fn decided(cx: &mut Cx<'_>, approval: &Approval) -> Result<()> {
    let held = approval.held.as_ref();
    let told = Decided {
        approval_id: approval.id,
        mesh_id: approval.mesh_id,
        room_id: approval.room_id,
        operation: held.map(|held| &*held.operation),
        state: approval.state,
        scope: approval.scope,
        choice: approval.choice.as_deref(),
        status: held.and_then(|held| held.result.as_ref()).map(|result| result.status),
    };
    let deciders = approvals::deciders(cx.tx(), approval.mesh_id).await?;
    let mut told_to: BTreeSet<ActorId> = deciders.into_iter().map(ActorId::from).collect();
    told_to.insert(approval.requester.id);
    for actor in told_to {
        cx.emit(Stream::Actor(actor), "approval.decided", approval.id, &told)
            .await?;
    }
    Ok(())
}
