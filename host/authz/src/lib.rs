//! Who may do what. Pure: no IO, no clock, no randomness; the caller brings the facts.
//!
//! [`decide`] is the only maker of a [`Grant`], and whatever writes to the store asks for one.

mod bots;
mod caller;
mod case;
mod decide;
mod facts;
mod grant;
mod layer;
mod matter;
mod named;
mod permission;
mod policy;
mod rank;
mod rooms;
mod standing;
mod why;

pub use caller::{Caller, Credential, Scopes, Who};
pub use decide::{Refusal, conceivable, decide, explain, permitted};
pub use facts::{
    Ask, Autonomy, BotAuthority, BotGrant, Entering, Facts, GrantEffect, Pattern, Place, RoomFacts, Subject, Wish,
};
pub use grant::Grant;
pub use layer::{Finding, Layer, Reason, Verdict};
pub use matter::Matter;
pub use permission::{Access, Permission};
pub use policy::{Value, value};
