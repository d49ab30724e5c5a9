//! What permissions are checked on.

use mesh_types::{
    ApprovalId, BotId, BotVersionId, FileId, InviteId, MemberId, MeshId, MessageId, Role, RoomId, SessionId, ThreadId,
    TimerId, TokenId,
};

/// The resource of a call, as the authority looks it up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The server itself.
    Server,
    /// What belongs to the caller.
    Myself,
    /// A mesh.
    Mesh(MeshId),
    /// A room.
    Room(RoomId),
    /// A member's place in a room.
    RoomMember(RoomId, MemberId),
    /// A message.
    Message(MessageId),
    /// A thread.
    Thread(ThreadId),
    /// A file.
    File(FileId),
    /// A member, with the role it would be given.
    Member(MemberId, Option<Role>),
    /// An invitation to a mesh.
    Invite(InviteId),
    /// What the caller has of its own in a mesh.
    OwnIn(MeshId),
    /// A question to people.
    Approval(ApprovalId),
    /// The decision about a question to people.
    Verdict(ApprovalId),
    /// A bot.
    Bot(BotId),
    /// A timer of a bot.
    Timer(TimerId),
    /// A version of a bot.
    BotVersion(BotVersionId),
}

/// Something that a permission is checked on.
pub trait Resource: Clone + Send + Sync + 'static {
    /// How the authority looks it up.
    fn target(&self) -> Target;
}

macro_rules! resources {
    ($($id:ty => $target:expr;)*) => {$(
        impl Resource for $id {
            fn target(&self) -> Target {
                $target(*self)
            }
        }
    )*};
}

resources! {
    MeshId => Target::Mesh;
    RoomId => Target::Room;
    MessageId => Target::Message;
    ThreadId => Target::Thread;
    FileId => Target::File;
    MemberId => (|id| Target::Member(id, None));
    InviteId => Target::Invite;
    ApprovalId => Target::Approval;
    BotId => Target::Bot;
    BotVersionId => Target::BotVersion;
    TimerId => Target::Timer;
    SessionId => (|_| Target::Myself);
    TokenId => (|_| Target::Myself);
}

/// The server itself, for public and operator operations.
#[derive(Debug, Clone, Copy)]
pub struct Server;

impl Resource for Server {
    fn target(&self) -> Target {
        Target::Server
    }
}

/// The caller's own account and things.
#[derive(Debug, Clone, Copy)]
pub struct Myself;

impl Resource for Myself {
    fn target(&self) -> Target {
        Target::Myself
    }
}

/// A member's place in a room.
#[derive(Debug, Clone, Copy)]
pub struct Seat {
    /// The room.
    pub room: RoomId,
    /// The member.
    pub member: MemberId,
}

impl Resource for Seat {
    fn target(&self) -> Target {
        Target::RoomMember(self.room, self.member)
    }
}

/// A member and the role it would get.
#[derive(Debug, Clone, Copy)]
pub struct RoleGift {
    /// The member.
    pub member: MemberId,
    /// The role.
    pub role: Role,
}

impl Resource for RoleGift {
    fn target(&self) -> Target {
        Target::Member(self.member, Some(self.role))
    }
}
