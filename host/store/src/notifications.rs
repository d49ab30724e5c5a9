//! Notifications: messages that concern somebody in particular.

use crate::{Error, Row, Tx, text, text_option};
use mesh_authz::Grant;
use mesh_types::{
    ActorId, MessageId, NotificationId, RoomId, ThreadId, Timestamp,
    view::{Actor, Notification},
};

crate::statements! {
    ADD = "INSERT INTO notifications (id, actor_id, kind, room_id, message_id, created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    TAKE_BACK = "DELETE FROM notifications WHERE message_id = $1 AND actor_id = $2 AND kind = 'mention'";
    FORGET = "DELETE FROM notifications WHERE message_id = $1";
    ANSWERED = "SELECT c.actor_id FROM (SELECT author_id AS actor_id FROM messages WHERE id = $2 UNION SELECT m.author_id FROM threads t JOIN messages m ON m.id = t.root_id WHERE t.id = $3 AND NOT EXISTS (SELECT 1 FROM thread_follows f WHERE f.thread_id = t.id AND f.actor_id = m.author_id AND f.following = 0) UNION SELECT actor_id FROM thread_follows WHERE thread_id = $3 AND following = 1) c JOIN room_members s ON s.room_id = $1 AND s.actor_id = c.actor_id JOIN members m ON m.id = s.member_id WHERE m.state = 'active' AND s.notify <> 'none' AND (s.muted_until IS NULL OR s.muted_until <= $4) ORDER BY c.actor_id";
    LIST = "SELECT n.id, n.kind, r.mesh_id, n.room_id, n.message_id, m.thread_id, m.author_id, a.display_name, n.created_at, n.read_at FROM notifications n JOIN messages m ON m.id = n.message_id JOIN rooms r ON r.id = n.room_id JOIN meshes h ON h.id = r.mesh_id JOIN room_members s ON s.room_id = n.room_id AND s.actor_id = n.actor_id LEFT JOIN members a ON a.mesh_id = r.mesh_id AND a.actor_id = m.author_id WHERE n.actor_id = $1 AND ($2 = '' OR n.id < $2) AND ($3 = 0 OR n.read_at IS NULL) AND r.deleted_at IS NULL AND h.deleted_at IS NULL ORDER BY n.id DESC LIMIT $4";
    READ_ONE = "UPDATE notifications SET read_at = $3 WHERE actor_id = $1 AND id = $2 AND read_at IS NULL";
    READ_ROOM = "UPDATE notifications SET read_at = $3 WHERE actor_id = $1 AND room_id = $2 AND read_at IS NULL";
    READ_BEFORE = "UPDATE notifications SET read_at = $3 WHERE actor_id = $1 AND created_at <= $2 AND read_at IS NULL";
}

fn read(row: &Row<'_>) -> Result<Notification, Error> {
    let (author, name): (ActorId, Option<String>) = (row.parse(6)?, row.get(7)?);
    Ok(Notification {
        id: row.parse(0)?,
        kind: row.parse(1)?,
        mesh_id: row.parse(2)?,
        room_id: row.parse(3)?,
        message_id: row.parse(4)?,
        thread_id: row.parse_option(5)?,
        from: Actor {
            id: author,
            kind: author.kind().into(),
            name: name.unwrap_or_default(),
        },
        created_at: row.time(8)?,
        read_at: row.time_option(9)?,
    })
}

/// Notifies somebody; false when it was notified of this message before.
pub async fn add(tx: &mut Tx<'_>, room: &Grant<RoomId>, to: ActorId, new: &Notification) -> Result<bool, Error> {
    let values = [
        text(new.id),
        text(to),
        text(new.kind),
        text(**room),
        text(new.message_id),
        new.created_at.into(),
    ];
    Ok(tx.exec(ADD, &values).await? == 1)
}

/// A message does not mention somebody any more.
pub async fn take_back(tx: &mut Tx<'_>, message: &Grant<MessageId>, from: ActorId) -> Result<(), Error> {
    tx.exec(TAKE_BACK, &[text(**message), text(from)]).await.map(drop)
}

/// A message is gone, and nobody need look at it.
pub async fn forget(tx: &mut Tx<'_>, message: &Grant<MessageId>) -> Result<(), Error> {
    tx.exec(FORGET, &[text(**message)]).await.map(drop)
}

/// Who in a room wants to hear of an answer to a message or of a reply in a thread: the author of what
/// is answered, the author of the thread's root unless it does not follow, and who follows the thread.
pub async fn answered(
    tx: &mut Tx<'_>,
    room: &Grant<RoomId>,
    (reply_to, thread): (Option<MessageId>, Option<ThreadId>),
    at: Timestamp,
) -> Result<Vec<ActorId>, Error> {
    let values = [text(**room), text_option(reply_to), text_option(thread), at.into()];
    tx.all(ANSWERED, &values, |row| row.parse(0)).await
}

/// Somebody's notifications from rooms that it is in, newest first, from before the one named.
pub async fn list<R>(
    tx: &mut Tx<'_>,
    _allowed: &Grant<R>,
    actor: ActorId,
    (before, only_unread): (&str, bool),
    limit: i64,
) -> Result<Vec<Notification>, Error> {
    let values = [text(actor), before.into(), only_unread.into(), limit.into()];
    tx.all(LIST, &values, read).await
}

/// Which notifications were read.
#[derive(Debug, Clone)]
pub enum Which {
    /// This one.
    One(NotificationId),
    /// Those of a room.
    Room(RoomId),
    /// Those that came at this time or before.
    Before(Timestamp),
}

/// Marks somebody's notifications as read; says how many were not.
pub async fn mark_read<R>(
    tx: &mut Tx<'_>,
    _allowed: &Grant<R>,
    actor: ActorId,
    which: &Which,
    at: Timestamp,
) -> Result<u64, Error> {
    let (sql, value) = match which {
        Which::One(id) => (READ_ONE, text(id)),
        Which::Room(id) => (READ_ROOM, text(id)),
        Which::Before(time) => (READ_BEFORE, (*time).into()),
    };
    tx.exec(sql, &[text(actor), value, at.into()]).await
}
