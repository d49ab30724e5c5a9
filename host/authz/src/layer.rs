use crate::named::named;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

named! {
    /// The checks that are made here, in the order in which they are made. The first one that does
    /// not let the caller through decides.
    Layer {
        /// The credential names an actor of the kind that may ask this at all.
        Credential = "credential",
        /// The caller can see the resource and whatever holds it.
        Visibility = "visibility",
        /// Some permissions are for people.
        HumanOnly = "human_only",
        /// The matrix gives the permission to the caller's role, at least for some things.
        Role = "role",
        /// This is one of those things.
        Ownership = "ownership",
        /// What the room asks of those who act in it.
        RoomRole = "room_role",
        /// What was taken away in the room.
        Override = "override",
        /// Nobody acts on someone of equal or higher role.
        Rank = "rank",
        /// What the mesh forbids to everyone.
        Policy = "policy",
        /// What a personal access token is limited to.
        Scope = "scope",
        /// What a bot asked for and people decided.
        Grant = "grant",
        /// What a person has to allow each time.
        Approval = "approval",
    }
}

named! {
    /// Why a caller may not do something to a resource that it can see.
    Reason {
        /// The role in the mesh does not have the permission.
        Role = "role",
        /// The caller's role in the room, or its absence from it.
        RoomRole = "room_role",
        /// An override took the permission away in this room.
        Override = "override",
        /// The other one is of equal or higher role.
        Rank = "rank",
        /// The thing belongs to someone else.
        Ownership = "ownership",
        /// A policy of the mesh.
        Policy = "policy",
        /// The bot was not granted this.
        Grant = "grant",
        /// The credential is limited to other things.
        Scope = "scope",
        /// The capability chain does not prove this.
        Ucan = "ucan",
        /// Only people may.
        HumanOnly = "human_only",
    }
}

named! {
    /// What a layer said.
    Verdict {
        /// Nothing against it.
        Pass = "pass",
        /// No.
        Refuse = "refuse",
        /// Only when a person agrees.
        Ask = "ask",
        /// The layer has nothing to say about this.
        Skip = "skip",
    }
}

/// What one layer said and why, for people who wonder about a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The layer.
    pub layer: Layer,
    /// What it said.
    pub verdict: Verdict,
    /// Why it refused; none when it did not, and when the answer is "not found" or "sign in".
    pub reason: Option<Reason>,
    /// The same in a sentence, with what would have to change.
    pub detail: String,
}
