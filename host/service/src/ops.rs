//! The table of all operations. Every door is a loop over it. (Registries that fill themselves by
//! linker magic came back empty, silently, from a library crate; so this list is written by hand.)

use crate::{call::ErasedOp, event, message, room, server};

/// Every operation, by domain.
pub static OPS: &[ErasedOp] = &[
    // Rooms
    ErasedOp::of::<room::ListRooms>(),
    ErasedOp::of::<room::CreateRoom>(),
    ErasedOp::of::<room::GetRoom>(),
    ErasedOp::of::<room::UpdateRoom>(),
    ErasedOp::of::<room::JoinRoom>(),
    ErasedOp::of::<room::LeaveRoom>(),
    ErasedOp::of::<room::ListRoomMembers>(),
    ErasedOp::of::<room::AddRoomMember>(),
    ErasedOp::of::<room::RemoveRoomMember>(),
    ErasedOp::of::<room::SetRoomRole>(),
    ErasedOp::of::<room::ListRoomBots>(),
    ErasedOp::of::<room::AddRoomBot>(),
    ErasedOp::of::<room::UpdateRoomBot>(),
    ErasedOp::of::<room::RemoveRoomBot>(),
    // Messages
    ErasedOp::of::<message::ListMessages>(),
    ErasedOp::of::<message::GetMessage>(),
    ErasedOp::of::<message::PostMessage>(),
    ErasedOp::of::<message::EditMessage>(),
    ErasedOp::of::<message::DeleteMessage>(),
    ErasedOp::of::<message::ListThreads>(),
    ErasedOp::of::<message::GetThread>(),
    ErasedOp::of::<message::ThreadReplies>(),
    ErasedOp::of::<message::FollowThread>(),
    ErasedOp::of::<message::AddReaction>(),
    ErasedOp::of::<message::RemoveReaction>(),
    // Events and audit
    ErasedOp::of::<event::SyncEvents>(),
    ErasedOp::of::<event::PollEvents>(),
    ErasedOp::of::<event::ListRoomEvents>(),
    ErasedOp::of::<event::ListAudit>(),
    // Server
    ErasedOp::of::<server::Live>(),
    ErasedOp::of::<server::Ready>(),
    ErasedOp::of::<server::Metrics>(),
    ErasedOp::of::<server::ServerInfo>(),
    ErasedOp::of::<server::OpenApi>(),
    ErasedOp::of::<server::ListOps>(),
];
