//! Ids, values and limits that every crate of The Mesh shares. No IO, no clock, no randomness.

pub mod approval;
pub mod bot;
pub mod id;
pub mod limits;
mod roles;
mod time;
pub mod trial;
pub mod view;

pub use id::{
    ActorId, ApprovalId, BotCallId, BotId, BotVersionId, CommandCallId, DeadLetterId, DecisionId, DeviceId, FileId,
    IdError, InstanceId, InviteId, MemberId, MeshId, MessageId, NotificationId, PersonId, PressId, RequestId, RoomId,
    SessionId, ThreadId, TimerId, TokenId,
};
pub use roles::{
    ActionStyle, ApprovalScope, ApprovalState, AutonomyLevel, BotBackend, Decision, Hears, JoinRule, LogLevel,
    NotificationKind, NotifyLevel, OnDeadline, Posters, Presence, Role, RoomKind, RoomRole, Shown, Trust,
};
pub use time::Timestamp;
