//! The events of questions. They name what is asked; the words are where only those look who may read them.

use super::card;
use crate::{Cx, Result};
use mesh_store::{approval_votes, log::Stream};
use mesh_types::{
    ActorId, ApprovalId, ApprovalScope, ApprovalState, MeshId, PersonId, RoomId, Timestamp, approval::Approval,
};
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
pub(super) async fn requested(cx: &mut Cx<'_>, asked: &Approval) -> Result<()> {
    for person in deciders(cx, asked).await? {
        tell(cx, asked, person).await?;
    }
    Ok(())
}

/// Tells one person that something is asked of them.
pub(super) async fn tell(cx: &mut Cx<'_>, asked: &Approval, person: PersonId) -> Result<()> {
    let told = Requested {
        approval_id: asked.id,
        mesh_id: asked.mesh_id,
        room_id: asked.room_id,
        requester: asked.requester.id,
        operation: asked.held.as_ref().map(|held| &*held.operation),
        expires_at: asked.expires_at,
    };
    cx.emit(Stream::Actor(person.into()), "approval.requested", asked.id, &told)
        .await
        .map(drop)
}

/// Tells whoever asked, and those who could have decided, that it is settled; its card says so.
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
    let mut told_to: BTreeSet<ActorId> = deciders(cx, approval).await?.into_iter().map(ActorId::from).collect();
    told_to.insert(approval.requester.id);
    for actor in told_to {
        cx.emit(Stream::Actor(actor), "approval.decided", approval.id, &told)
            .await?;
    }
    card::update(cx, approval).await
}

async fn deciders(cx: &mut Cx<'_>, asked: &Approval) -> Result<Vec<PersonId>> {
    let who = (asked.id, asked.requester.id, asked.approver_role);
    Ok(approval_votes::deciders(cx.tx(), asked.mesh_id, who).await?)
}
