//! Questions to people, and calls that wait for their answers.

use crate::{
    ApprovalId, ApprovalScope, ApprovalState, BotId, MeshId, MessageId, OnDeadline, PersonId, Role, RoomId, Timestamp,
    limits::APPROVAL_DEFAULT_SECONDS, view::Actor,
};
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
    /// The rule of the mesh under which it was asked; a later change of the rule changes nothing here.
    pub rule: Option<String>,
    /// People of this role or a higher one decide; none when only those named do.
    pub approver_role: Option<Role>,
    /// People who decide besides: named by the rule, or the question was handed to them.
    pub approver_ids: Vec<PersonId>,
    /// How many people have to agree.
    pub votes_needed: u32,
    /// Who has agreed, in order.
    pub votes: Vec<Vote>,
    /// What becomes of it when nobody decides in time.
    pub on_deadline: OnDeadline,
    /// The message that shows it in a room.
    pub card_id: Option<MessageId>,
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

/// A person who agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Vote {
    /// Who.
    pub by: Actor,
    /// The answer that they chose, where there were some to choose from.
    pub choice: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// A rule about approvals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApprovalRule {
    /// The mesh.
    pub mesh_id: MeshId,
    /// Its name in the mesh.
    pub rule: String,
    /// What it says.
    pub terms: RuleTerms,
    /// Rises with every change; the `ETag`.
    pub revision: i64,
}

/// What a rule about approvals says: which calls, who decides, how many, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleTerms {
    /// What is done: a permission such as `message.post`, a family such as `message.*`, an operation such as
    /// `op:message.post`, or `*`.
    pub about: String,
    /// Only calls about this room.
    #[serde(default)]
    pub room_id: Option<RoomId>,
    /// Only calls of this bot.
    #[serde(default)]
    pub bot_id: Option<BotId>,
    /// It makes such calls of bots wait, whatever they were granted. Without it the rule only says how that is decided
    /// which waits anyway.
    #[serde(default)]
    pub asks: bool,
    /// People of this role or a higher one decide: `creator`, `admin`, `moderator` or `member`. When it is absent and
    /// nobody is named, `admin`.
    #[serde(default)]
    pub approver_role: Option<Role>,
    /// These people decide, too; at most 20.
    #[serde(default)]
    pub approver_ids: Vec<PersonId>,
    /// How many people have to agree: 1 to 5. One no ends it.
    #[serde(default = "one")]
    pub votes: u32,
    /// Seconds until nobody can decide any more: 60 to 2,592,000 (30 days); a day when absent.
    #[serde(default = "a_day")]
    pub deadline_s: i64,
    /// What happens then. `allow` only for one operation or permission, and one vote.
    #[serde(default = "expire")]
    pub on_deadline: OnDeadline,
    /// Where the question is shown, in place of the room that it is about.
    #[serde(default)]
    pub cards_room_id: Option<RoomId>,
}

const fn one() -> u32 {
    1
}

const fn a_day() -> i64 {
    APPROVAL_DEFAULT_SECONDS
}

const fn expire() -> OnDeadline {
    OnDeadline::Expire
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
