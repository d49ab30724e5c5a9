//! What operations answer: the public shape of each thing.

use crate::{
    ActionStyle, ActorId, ApprovalId, BotId, FileId, Hears, JoinRule, MemberId, MeshId, MessageId, NotificationId,
    NotificationKind, NotifyLevel, Posters, Role, RoomId, RoomKind, RoomRole, ThreadId, Timestamp, Trust,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whoever did something, with the name it has in the mesh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Actor {
    /// The person or bot.
    pub id: ActorId,
    /// `person` or `bot`.
    pub kind: String,
    /// The display name in this mesh.
    pub name: String,
}

/// How often one emoji stands under a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReactionCount {
    /// The emoji.
    pub emoji: String,
    /// How many actors.
    pub count: u64,
    /// The caller is one of them; never in an event, which is the same for everyone.
    pub mine: bool,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Where it stands.
    pub room_id: RoomId,
    /// The thread it replies in.
    pub thread_id: Option<ThreadId>,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// Who wrote it.
    pub author: Actor,
    /// `CommonMark` source; empty when `redacted`.
    pub text: String,
    /// When it was posted.
    pub created_at: Timestamp,
    /// When it was last edited.
    pub edited_at: Option<Timestamp>,
    /// Rises by one with every change; the first is 1.
    pub revision: i64,
    /// Its place in the room's stream.
    pub seq: i64,
    /// Where the author stands; written by the server.
    pub trust: Trust,
    /// How many bots stand between this message and the person who caused it.
    pub hops: u32,
    /// It was deleted; its text is gone.
    pub redacted: bool,
    /// Reactions, in the order of their first use.
    pub reactions: Vec<ReactionCount>,
    /// The files that came with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<Attachment>,
    /// The author is still writing it: more text may come until `message.completed`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub streaming: bool,
    /// Buttons that those who may react can press.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action>,
    /// The question to people that it shows. The server writes what it says and keeps it up to date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_id: Option<ApprovalId>,
}

/// A button under a message. Its author hears of it when somebody presses it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// Its name in the message: 1 to 64 of `a-z`, `0-9`, `_` and `-`.
    pub id: String,
    /// What stands on it: 1 to 80 characters.
    pub label: String,
    /// How it looks.
    #[serde(default)]
    pub style: ActionStyle,
    /// What the author is told with it; at most 2,000 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// A file as its message shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attachment {
    /// The file.
    pub id: FileId,
    /// What it is called: 1 to 255 bytes.
    pub name: String,
    /// What its bytes say that it is; `application/octet-stream` when they do not say.
    pub media_type: String,
    /// Bytes.
    pub size: i64,
}

/// A file of a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct File {
    /// Its id.
    pub id: FileId,
    /// Its room.
    pub room_id: RoomId,
    /// The message it came with; none as long as it came with none.
    pub message_id: Option<MessageId>,
    /// Who uploaded it.
    pub uploaded_by: ActorId,
    /// What it is called: 1 to 255 bytes.
    pub name: String,
    /// What its bytes say that it is; `application/octet-stream` when they do not say.
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    /// `sha256:` and the hexadecimal digest of its bytes.
    pub digest: String,
    /// When it was uploaded.
    pub created_at: Timestamp,
}

/// A thread under a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Thread {
    /// Its id.
    pub id: ThreadId,
    /// Its room.
    pub room_id: RoomId,
    /// The message it stands under.
    pub root_id: MessageId,
    /// A title, if somebody gave one.
    pub title: String,
    /// What it was about is settled.
    pub resolved: bool,
    /// Nobody may reply.
    pub locked: bool,
    /// Replies that are not deleted.
    pub reply_count: u64,
    /// When the last one came.
    pub last_reply_at: Option<Timestamp>,
    /// The caller follows it; none when the caller never said.
    pub following: Option<bool>,
}

/// A room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Room {
    /// Its id.
    pub id: RoomId,
    /// Its mesh.
    pub mesh_id: MeshId,
    /// For people.
    pub name: String,
    /// For addresses: unique in the mesh.
    pub slug: String,
    /// What it is for.
    pub purpose: String,
    /// Chat, announcement or direct.
    pub kind: RoomKind,
    /// Who may come in.
    pub join_rule: JoinRule,
    /// Read-only since.
    pub archived_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Rises with every change.
    pub revision: i64,
    /// The caller's room role.
    pub my_role: Option<RoomRole>,
    /// People and bots in it.
    pub member_count: u64,
    /// Events in its stream.
    pub head_seq: i64,
    /// How far the caller has read.
    pub read_seq: i64,
}

/// What somebody has not yet read of a room, and what it wants to be notified of there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReadState {
    /// The room.
    pub room_id: RoomId,
    /// Read up to this place in the room's stream.
    pub read_seq: i64,
    /// Messages of others after it, replies too; 1,000 stands for that many or more.
    pub unread: u64,
    /// Those of them that mention the reader.
    pub mentions: u64,
    /// What it wants to be notified of.
    pub level: NotifyLevel,
    /// Nothing before this time.
    pub muted_until: Option<Timestamp>,
    /// The threads it follows that have unread replies; at most 200 in one answer.
    pub threads: Vec<ThreadReadState>,
}

/// What somebody has not yet read of a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ThreadReadState {
    /// The thread.
    pub thread_id: ThreadId,
    /// Replies of others.
    pub unread: u64,
    /// Those of them that mention the reader.
    pub mentions: u64,
}

/// A message that concerns somebody in particular. The words are in the message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notification {
    /// Its id.
    pub id: NotificationId,
    /// Why it came.
    pub kind: NotificationKind,
    /// The mesh.
    pub mesh_id: MeshId,
    /// The room.
    pub room_id: RoomId,
    /// The message.
    pub message_id: MessageId,
    /// The thread that the message replies in.
    pub thread_id: Option<ThreadId>,
    /// Who wrote the message.
    pub from: Actor,
    /// When it came.
    pub created_at: Timestamp,
    /// When it was read.
    pub read_at: Option<Timestamp>,
}

/// The rules of a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoomSettings {
    /// The room.
    pub room_id: RoomId,
    /// Who may find it and come in.
    pub join_rule: JoinRule,
    /// Who may post.
    pub who_may_post: Posters,
    /// Seconds that an author waits between two messages; 0 for none. Those who lead do not wait.
    pub slow_mode_s: i64,
    /// Messages outside threads come only from those who lead.
    pub threads_only: bool,
    /// Those who only read may react.
    pub readers_may_react: bool,
    /// Rises with every change of the room.
    pub revision: i64,
}

/// One actor's place in one mesh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Member {
    /// Its id.
    pub id: MemberId,
    /// Its mesh.
    pub mesh_id: MeshId,
    /// Who it is.
    pub actor: Actor,
    /// For mentions: unique in the mesh.
    pub handle: String,
    /// Its role.
    pub role: Role,
    /// `active`, `suspended` or `left`.
    pub state: String,
    /// What it does here, in a few words. Absent when empty, and in events.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// What it says of itself, by the names that the mesh's settings give. Absent when empty, and in events.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
    /// The digest of its picture, which names its address: `/members/{member_id}/avatar?hash=…`. Absent when it
    /// has none, and in events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    /// What it does just now. Absent when it says nothing, and in events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// When it came.
    pub joined_at: Timestamp,
    /// Rises with every change.
    pub revision: i64,
}

impl Member {
    /// As events carry it: the log keeps nothing of what people say of themselves.
    #[must_use]
    pub fn without_words(self) -> Self {
        Self {
            title: String::new(),
            fields: BTreeMap::new(),
            avatar: None,
            status: None,
            ..self
        }
    }
}

/// What somebody does just now, as they say it; the same in all their meshes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// A Unicode emoji, or the name of a custom one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emoji: Option<String>,
    /// A few words; may be empty.
    pub text: String,
    /// Its end, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// The rules of a mesh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MeshSettings {
    /// The mesh.
    pub mesh_id: MeshId,
    /// The lowest role that may make rooms: `admin`, `moderator` or `member`.
    pub room_creators: Role,
    /// The public rooms into which everybody but a Guest comes when joining.
    pub default_room_ids: Vec<RoomId>,
    /// A language tag such as `de-CH` (BCP 47), for what has no language of its own.
    pub locale: String,
    /// What members may say of themselves besides their name and title.
    pub profile_fields: Vec<String>,
    /// Rises with every change of the mesh.
    pub revision: i64,
}

/// One actor's place in one room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoomMember {
    /// The room.
    pub room_id: RoomId,
    /// The member.
    pub member: Member,
    /// Its room role.
    pub room_role: RoomRole,
    /// When it came in.
    pub joined_at: Timestamp,
}

impl RoomMember {
    /// As events carry it; see [`Member::without_words`].
    #[must_use]
    pub fn without_words(self) -> Self {
        Self {
            member: self.member.without_words(),
            ..self
        }
    }
}

/// A mesh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mesh {
    /// Its id.
    pub id: MeshId,
    /// For people.
    pub name: String,
    /// For addresses: unique on the server.
    pub slug: String,
    /// What it is for.
    pub description: String,
    /// Shown in the server's directory.
    pub listed: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// Rises with every change.
    pub revision: i64,
    /// The caller's role.
    pub my_role: Option<Role>,
}

/// What a bot hears and may do in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoomBot {
    /// The room.
    pub room_id: RoomId,
    /// The bot.
    pub bot_id: BotId,
    /// Its name.
    pub name: String,
    /// Which messages it gets.
    pub hears: Hears,
    /// It may post here.
    pub may_post: bool,
    /// Since when it is here.
    pub added_at: Timestamp,
    /// Rises with every change.
    pub revision: i64,
}

/// A logged change. `stream` and `seq` together are its identity.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// Such as `room:room_…`.
    pub stream: String,
    /// Position in the stream, from 1, without gaps.
    pub seq: i64,
    /// Such as `message.created`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When.
    pub at: Timestamp,
    /// Who caused it; none for the server itself.
    pub actor: Option<Actor>,
    /// The operation that caused it.
    pub op: String,
    /// The request that caused it.
    pub request_id: String,
    /// What the matching read operation would answer now.
    pub data: serde_json::Value,
}
