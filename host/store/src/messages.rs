//! Messages, their revisions and who they mention.

use crate::{Error, Row, Tx, text, text_option};
use mesh_authz::Grant;
use mesh_types::{
    ActorId, ApprovalId, MessageId, NotifyLevel, Posters, RoomId, RoomRole, ThreadId, Timestamp, Trust,
    view::{Action, Actor, Attachment, Message},
};

crate::statements! {
    INSERT = "INSERT INTO messages (id, room_id, seq, thread_id, reply_to, author_id, text, revision, hops, created_at, files, streamed_at, actions) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9, $10, $11, $12)";
    GET = "SELECT m.id, m.room_id, m.thread_id, m.reply_to, m.author_id, a.display_name, m.text, m.created_at, m.edited_at, m.revision, m.seq, m.hops, m.deleted_at, m.files, m.streamed_at, m.actions, m.approval_id FROM messages m JOIN rooms r ON r.id = m.room_id LEFT JOIN members a ON a.mesh_id = r.mesh_id AND a.actor_id = m.author_id WHERE m.id = $1";
    HELD = "SELECT m.id, m.room_id, m.thread_id, m.reply_to, m.author_id, a.display_name, m.text, m.created_at, m.edited_at, m.revision, m.seq, m.hops, m.deleted_at, m.files, m.streamed_at, m.actions, m.approval_id FROM messages m JOIN rooms r ON r.id = m.room_id LEFT JOIN members a ON a.mesh_id = r.mesh_id AND a.actor_id = m.author_id WHERE m.id = $1 /*postgres: FOR UPDATE OF m*/";
    NEWEST = "SELECT m.id, m.room_id, m.thread_id, m.reply_to, m.author_id, a.display_name, m.text, m.created_at, m.edited_at, m.revision, m.seq, m.hops, m.deleted_at, m.files, m.streamed_at, m.actions, m.approval_id FROM messages m JOIN rooms r ON r.id = m.room_id LEFT JOIN members a ON a.mesh_id = r.mesh_id AND a.actor_id = m.author_id WHERE m.room_id = $1 AND m.seq < $2 ORDER BY m.seq DESC LIMIT $3";
    OLDEST = "SELECT m.id, m.room_id, m.thread_id, m.reply_to, m.author_id, a.display_name, m.text, m.created_at, m.edited_at, m.revision, m.seq, m.hops, m.deleted_at, m.files, m.streamed_at, m.actions, m.approval_id FROM messages m JOIN rooms r ON r.id = m.room_id LEFT JOIN members a ON a.mesh_id = r.mesh_id AND a.actor_id = m.author_id WHERE m.room_id = $1 AND m.seq > $2 ORDER BY m.seq LIMIT $3";
    REPLIES = "SELECT m.id, m.room_id, m.thread_id, m.reply_to, m.author_id, a.display_name, m.text, m.created_at, m.edited_at, m.revision, m.seq, m.hops, m.deleted_at, m.files, m.streamed_at, m.actions, m.approval_id FROM messages m JOIN rooms r ON r.id = m.room_id LEFT JOIN members a ON a.mesh_id = r.mesh_id AND a.actor_id = m.author_id WHERE m.thread_id = $1 AND m.seq > $2 ORDER BY m.seq LIMIT $3";
    EDIT = "UPDATE messages SET text = $2, actions = $3, revision = revision + 1, edited_at = $4, streamed_at = NULL WHERE id = $1";
    APPEND = "UPDATE messages SET text = text || $2, streamed_at = $3, revision = revision + 1 WHERE id = $1";
    TOUCH = "UPDATE messages SET streamed_at = $2 WHERE id = $1";
    IS_IDLE = "SELECT 1 FROM messages WHERE id = $1 AND streamed_at <= $2";
    IDLE = "SELECT m.id FROM messages m JOIN rooms r ON r.id = m.room_id JOIN meshes h ON h.id = r.mesh_id WHERE m.streamed_at <= $1 AND r.deleted_at IS NULL AND h.deleted_at IS NULL ORDER BY m.streamed_at LIMIT 100";
    HOLD = "UPDATE messages SET revision = revision WHERE id = $1";
    KEEP_REVISION = "INSERT INTO message_revisions (message_id, revision, text, at) SELECT id, revision, text, COALESCE(edited_at, created_at) FROM messages WHERE id = $1";
    DELETE = "UPDATE messages SET text = '', files = NULL, streamed_at = NULL, actions = NULL, revision = revision + 1, deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL";
    SHOW_APPROVAL = "UPDATE messages SET approval_id = $2 WHERE id = $1";
    SHOW_FILES = "UPDATE messages SET files = $2 WHERE id = $1";
    FORGET_REVISIONS = "DELETE FROM message_revisions WHERE message_id = $1";
    MENTION = "INSERT INTO mentions (actor_id, message_id, room_id, seq) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    UNMENTION = "DELETE FROM mentions WHERE message_id = $1 AND actor_id = $2";
    UNMENTION_ALL = "DELETE FROM mentions WHERE message_id = $1";
    MENTIONS = "SELECT actor_id FROM mentions WHERE message_id = $1 ORDER BY actor_id";
    MENTIONED = "SELECT m.actor_id, rb.hears, s.notify, s.muted_until FROM members m JOIN room_members s ON s.actor_id = m.actor_id AND s.room_id = $3 LEFT JOIN room_bots rb ON rb.room_id = $3 AND rb.bot_id = m.actor_id WHERE m.mesh_id = $1 AND m.handle = $2 AND m.state = 'active'";
    DESK = "SELECT r.archived_at, m.display_name, r.who_may_post, r.slow_mode_s, r.threads_only, s.room_role FROM rooms r LEFT JOIN members m ON m.mesh_id = r.mesh_id AND m.actor_id = $2 LEFT JOIN room_members s ON s.room_id = r.id AND s.actor_id = $2 WHERE r.id = $1 AND r.deleted_at IS NULL";
}

/// Reads the columns of `GET`, in their order.
pub(crate) fn read(row: &Row<'_>) -> Result<Message, Error> {
    let author: ActorId = row.parse(4)?;
    let name: Option<String> = row.get(5)?;
    let redacted = row.time_option(12)?.is_some();
    Ok(Message {
        id: row.parse(0)?,
        room_id: row.parse(1)?,
        thread_id: row.parse_option(2)?,
        reply_to: row.parse_option(3)?,
        author: Actor {
            id: author,
            kind: author.kind().into(),
            name: name.unwrap_or_default(),
        },
        text: row.get(6)?,
        created_at: row.time(7)?,
        edited_at: row.time_option(8)?,
        revision: row.get(9)?,
        seq: row.get(10)?,
        trust: Trust::Local,
        hops: u32::try_from(row.count(11)?).unwrap_or(u32::MAX),
        redacted,
        reactions: Vec::new(),
        files: match row.get::<Option<String>>(13)? {
            Some(files) => serde_json::from_str(&files).map_err(Error::corrupt)?,
            None => Vec::new(),
        },
        streaming: row.time_option(14)?.is_some(),
        actions: match row.get::<Option<String>>(15)? {
            Some(actions) => serde_json::from_str(&actions).map_err(Error::corrupt)?,
            None => Vec::new(),
        },
        approval_id: row.parse_option(16)?,
    })
}

/// A message about to be posted.
#[derive(Debug)]
pub struct New<'a> {
    /// Its id.
    pub id: MessageId,
    /// Its place in the room's stream.
    pub seq: i64,
    /// The thread it replies in.
    pub thread: Option<ThreadId>,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// Who writes it.
    pub author: ActorId,
    /// `CommonMark`.
    pub text: &'a str,
    /// Bots between it and a person.
    pub hops: u32,
    /// Now.
    pub at: Timestamp,
    /// What came with it.
    pub files: &'a [Attachment],
    /// More text is to come.
    pub streaming: bool,
    /// Its buttons.
    pub actions: &'a [Action],
}

fn files_json(files: &[Attachment]) -> Result<Option<String>, Error> {
    let some = (!files.is_empty()).then(|| serde_json::to_string(files));
    some.transpose().map_err(Error::corrupt)
}

fn actions_json(actions: &[Action]) -> Result<Option<String>, Error> {
    let some = (!actions.is_empty()).then(|| serde_json::to_string(actions));
    some.transpose().map_err(Error::corrupt)
}

/// Shows these files with a message, in place of those it had.
pub async fn show_files(tx: &mut Tx<'_>, message: MessageId, files: &[Attachment]) -> Result<(), Error> {
    let files = files_json(files)?;
    tx.exec(SHOW_FILES, &[text(message), (&files).into()]).await.map(drop)
}

/// Says which question to people a new message shows.
pub async fn show_approval(
    tx: &mut Tx<'_>,
    _: &Grant<RoomId>,
    message: MessageId,
    approval: ApprovalId,
) -> Result<(), Error> {
    tx.exec(SHOW_APPROVAL, &[text(message), text(approval)]).await.map(drop)
}

/// Stores a message.
pub async fn insert(tx: &mut Tx<'_>, room: &Grant<RoomId>, new: &New<'_>) -> Result<(), Error> {
    let (files, actions) = (files_json(new.files)?, actions_json(new.actions)?);
    let values = [
        text(new.id),
        text(**room),
        new.seq.into(),
        text_option(new.thread),
        text_option(new.reply_to),
        text(new.author),
        new.text.into(),
        new.hops.into(),
        new.at.into(),
        (&files).into(),
        new.streaming.then_some(new.at).into(),
        (&actions).into(),
    ];
    tx.exec(INSERT, &values).await.map(drop)
}

/// A message, also a deleted one.
pub async fn get(tx: &mut Tx<'_>, message: MessageId) -> Result<Option<Message>, Error> {
    tx.opt(GET, &[text(message)], read).await
}

/// A message, also a deleted one, that nobody else changes until the end of the transaction.
pub async fn held(tx: &mut Tx<'_>, message: &Grant<MessageId>) -> Result<Option<Message>, Error> {
    tx.opt(HELD, &[text(**message)], read).await
}

/// A room's messages before a position, newest first.
pub async fn before(tx: &mut Tx<'_>, room: &Grant<RoomId>, seq: i64, limit: i64) -> Result<Vec<Message>, Error> {
    tx.all(NEWEST, &[text(**room), seq.into(), limit.into()], read).await
}

/// A room's messages after a position, oldest first.
pub async fn after(tx: &mut Tx<'_>, room: &Grant<RoomId>, seq: i64, limit: i64) -> Result<Vec<Message>, Error> {
    tx.all(OLDEST, &[text(**room), seq.into(), limit.into()], read).await
}

/// A thread's replies after a position, oldest first.
pub async fn replies(tx: &mut Tx<'_>, thread: &Grant<ThreadId>, seq: i64, limit: i64) -> Result<Vec<Message>, Error> {
    tx.all(REPLIES, &[text(**thread), seq.into(), limit.into()], read).await
}

/// Keeps everybody else from changing this message until the end of the transaction, so that what is
/// read of it from now on stays true. On SQLite that is so anyway.
pub async fn hold(tx: &mut Tx<'_>, message: &Grant<MessageId>) -> Result<(), Error> {
    tx.exec(HOLD, &[text(**message)]).await.map(drop)
}

/// Replaces the text and the buttons; the old text becomes a revision. No more text is to come.
pub async fn edit(
    tx: &mut Tx<'_>,
    message: &Grant<MessageId>,
    (new, actions): (&str, &[Action]),
    at: Timestamp,
) -> Result<(), Error> {
    let actions = actions_json(actions)?;
    tx.exec(KEEP_REVISION, &[text(**message)]).await?;
    let values = [text(**message), new.into(), (&actions).into(), at.into()];
    tx.exec(EDIT, &values).await.map(drop)
}

/// Adds to the end of the text. With a time, which is now, more is to come; without, that was all.
pub async fn append(
    tx: &mut Tx<'_>,
    message: &Grant<MessageId>,
    new: &str,
    more: Option<Timestamp>,
) -> Result<(), Error> {
    let values = [text(**message), new.into(), more.into()];
    tx.exec(APPEND, &values).await.map(drop)
}

/// There is still text to come.
pub async fn touch(tx: &mut Tx<'_>, message: &Grant<MessageId>, at: Timestamp) -> Result<(), Error> {
    tx.exec(TOUCH, &[text(**message), at.into()]).await.map(drop)
}

/// Whether no text has come for a message since this time, though more was to come.
pub async fn is_idle(tx: &mut Tx<'_>, message: &Grant<MessageId>, since: Timestamp) -> Result<bool, Error> {
    let values = [text(**message), since.into()];
    Ok(tx.opt(IS_IDLE, &values, |_| Ok(())).await?.is_some())
}

/// Messages for which no text has come since this time, though more was to come; at most 100.
pub async fn idle(tx: &mut Tx<'_>, since: Timestamp) -> Result<Vec<MessageId>, Error> {
    tx.all(IDLE, &[since.into()], |row| row.parse(0)).await
}

/// Takes the text and all its revisions away and leaves a tombstone; false when it was one already.
pub async fn delete(tx: &mut Tx<'_>, message: &Grant<MessageId>, at: Timestamp) -> Result<bool, Error> {
    let deleted = tx.exec(DELETE, &[text(**message), at.into()]).await? == 1;
    tx.exec(FORGET_REVISIONS, &[text(**message)]).await?;
    Ok(deleted)
}

/// Remembers that a message mentions an actor.
pub async fn mention(
    tx: &mut Tx<'_>,
    room: &Grant<RoomId>,
    message: MessageId,
    seq: i64,
    actor: ActorId,
) -> Result<(), Error> {
    tx.exec(MENTION, &[text(actor), text(message), text(**room), seq.into()])
        .await
        .map(drop)
}

/// Whom a message mentions.
pub async fn mentions(tx: &mut Tx<'_>, message: MessageId) -> Result<Vec<ActorId>, Error> {
    tx.all(MENTIONS, &[text(message)], |row| row.parse(0)).await
}

/// A message does not mention an actor any more.
pub async fn unmention(tx: &mut Tx<'_>, message: &Grant<MessageId>, actor: ActorId) -> Result<(), Error> {
    tx.exec(UNMENTION, &[text(**message), text(actor)]).await.map(drop)
}

/// A message mentions nobody any more.
pub async fn unmention_all(tx: &mut Tx<'_>, message: &Grant<MessageId>) -> Result<(), Error> {
    tx.exec(UNMENTION_ALL, &[text(**message)]).await.map(drop)
}

/// An actor that a message names.
#[derive(Debug, Clone)]
pub struct Named {
    /// Who it is.
    pub actor: ActorId,
    /// What it hears in the room, if it is a bot.
    pub hears: Option<String>,
    /// What it wants to be notified of in the room.
    pub level: NotifyLevel,
    /// Nothing before this time.
    pub muted_until: Option<Timestamp>,
}

/// The actor in this room that a handle names.
pub async fn mentioned(tx: &mut Tx<'_>, room: &Grant<RoomId>, handle: &str) -> Result<Option<Named>, Error> {
    let values = [text_option(room.mesh()), handle.into(), text(**room)];
    tx.opt(MENTIONED, &values, |row| {
        Ok(Named {
            actor: row.parse(0)?,
            hears: row.get(1)?,
            level: row.parse(2)?,
            muted_until: row.time_option(3)?,
        })
    })
    .await
}

/// What somebody who wants to post finds in a room.
#[derive(Debug)]
pub struct Desk {
    /// Nobody may post.
    pub archived: bool,
    /// The name that the author has there.
    pub name: String,
    /// Who may post.
    pub who_may_post: Posters,
    /// Seconds between two messages of one author.
    pub slow_mode_s: i64,
    /// Only those who lead post outside threads.
    pub threads_only: bool,
    /// The author's room role.
    pub room_role: Option<RoomRole>,
}

/// What an author finds in a room; none when it is gone.
pub async fn desk(tx: &mut Tx<'_>, room: &Grant<RoomId>, author: ActorId) -> Result<Option<Desk>, Error> {
    tx.opt(DESK, &[text(**room), text(author)], |row| {
        let name: Option<String> = row.get(1)?;
        Ok(Desk {
            archived: row.time_option(0)?.is_some(),
            name: name.unwrap_or_default(),
            who_may_post: row.parse(2)?,
            slow_mode_s: row.get(3)?,
            threads_only: row.flag(4)?,
            room_role: row.parse_option(5)?,
        })
    })
    .await
}
