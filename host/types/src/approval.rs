//! Questions to people, and calls that wait for their answers.

use crate::{ApprovalId, ApprovalScope, ApprovalState, MeshId, RoomId, Timestamp, view::Actor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Something that a person is asked to decide.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Approval {
    /// Its id.
    pub id: ApprovalId,
    /// The mesh.
    pub mesh_id: MeshId,
    /// The room that it is about, if it is about one.
    pub room_id: Option<RoomId>,
    /// Who asks.
    pub requester: Actor,
    /// What is asked, in a sentence.
    pub question: String,
    /// Answers to choose from; empty for yes or no.
    pub choices: Vec<String>,
    /// The call that waits, if one does.
    pub held: Option<HeldCall>,
    /// How far it has come.
    pub state: ApprovalState,
    /// What an approval is good for.
    pub scope: Option<ApprovalScope>,
    /// The answer that was chosen.
    pub choice: Option<String>,
    /// Why it was rejected; empty when nothing was said.
    pub reason: String,
    /// Who decided.
    pub decided_by: Option<Actor>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// When it was asked.
    pub created_at: Timestamp,
    /// When it expires if nobody decides.
    pub expires_at: Timestamp,
    /// Rises with every change; the `ETag`.
    pub revision: i64,
}

/// A call that waits for a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HeldCall {
    /// The operation.
    pub operation: String,
    /// The permission that has to be let through; none for a call that its caller held by itself.
    pub permission: Option<String>,
    /// Exactly what it would be called with.
    pub input: Value,
    /// What it came to; none until it was let go.
    pub result: Option<HeldResult>,
}

/// What a held call came to. It was decided about again when it ran, so it may have been refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HeldResult {
    /// The HTTP status that a call over REST would have had.
    pub status: u16,
    /// The answer, or the problem when `status` is 400 or more; none when it is longer than 64 KiB.
    pub body: Option<Value>,
}
