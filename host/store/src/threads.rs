//! Threads: replies under a message.

use crate::{Error, Row, Tx, text};
use mesh_authz::Grant;
use mesh_types::{ActorId, MessageId, RoomId, ThreadId, Timestamp, view::Thread};

crate::statements! {
    OPEN = "INSERT INTO threads (id, room_id, root_id, title, resolved, locked, reply_count, last_reply_at, created_at) SELECT $1, room_id, id, '', 0, 0, 0, NULL, $4 FROM messages WHERE id = $2 AND room_id = $3 AND thread_id IS NULL AND deleted_at IS NULL ON CONFLICT DO NOTHING";
    COUNT_REPLY = "UPDATE threads SET reply_count = reply_count + 1, last_reply_at = $3 WHERE id = $1 AND room_id = $2 AND locked = 0 RETURNING id, room_id, root_id, title, resolved, locked, reply_count, last_reply_at, NULL";
    UNCOUNT_REPLY = "UPDATE threads SET reply_count = reply_count - 1 WHERE id = $1 RETURNING id, room_id, root_id, title, resolved, locked, reply_count, last_reply_at, NULL";
    GET = "SELECT t.id, t.room_id, t.root_id, t.title, t.resolved, t.locked, t.reply_count, t.last_reply_at, f.following FROM threads t LEFT JOIN thread_follows f ON f.thread_id = t.id AND f.actor_id = $2 WHERE t.id = $1";
    LIST = "SELECT t.id, t.room_id, t.root_id, t.title, t.resolved, t.locked, t.reply_count, t.last_reply_at, f.following FROM threads t LEFT JOIN thread_follows f ON f.thread_id = t.id AND f.actor_id = $2 WHERE t.room_id = $1 AND ($3 = '' OR t.id < $3) ORDER BY t.id DESC LIMIT $4";
    FOLLOW = "INSERT INTO thread_follows (thread_id, actor_id, following) VALUES ($1, $2, $3) ON CONFLICT (thread_id, actor_id) DO UPDATE SET following = excluded.following";
}

fn read(row: &Row<'_>) -> Result<Thread, Error> {
    Ok(Thread {
        id: row.parse(0)?,
        room_id: row.parse(1)?,
        root_id: row.parse(2)?,
        title: row.get(3)?,
        resolved: row.flag(4)?,
        locked: row.flag(5)?,
        reply_count: row.count(6)?,
        last_reply_at: row.time_option(7)?,
        following: row.get::<Option<i64>>(8)?.map(|flag| flag != 0),
    })
}

/// Counts one more reply. A thread has the UUID of the message it stands under, and its first reply
/// opens it. `None` when this room has no such message, or the thread is locked.
pub async fn count_reply(
    tx: &mut Tx<'_>,
    room: &Grant<RoomId>,
    thread: ThreadId,
    at: Timestamp,
) -> Result<Option<Thread>, Error> {
    let count = [text(thread), text(**room), at.into()];
    if let Some(thread) = tx.opt(COUNT_REPLY, &count, read).await? {
        return Ok(Some(thread));
    }
    let under = MessageId::new(thread.uuid());
    tx.exec(OPEN, &[text(thread), text(under), text(**room), at.into()])
        .await?;
    tx.opt(COUNT_REPLY, &count, read).await
}

/// Counts one reply less, after it was deleted.
pub async fn uncount_reply(
    tx: &mut Tx<'_>,
    _message: &Grant<MessageId>,
    thread: ThreadId,
) -> Result<Option<Thread>, Error> {
    tx.opt(UNCOUNT_REPLY, &[text(thread)], read).await
}

/// A thread, with whether this actor follows it.
pub async fn get(tx: &mut Tx<'_>, thread: ThreadId, viewer: &str) -> Result<Option<Thread>, Error> {
    tx.opt(GET, &[text(thread), viewer.into()], read).await
}

/// A room's threads, newest first, from before the one named.
pub async fn list(
    tx: &mut Tx<'_>,
    room: &Grant<RoomId>,
    viewer: &str,
    before: &str,
    limit: i64,
) -> Result<Vec<Thread>, Error> {
    tx.all(LIST, &[text(**room), viewer.into(), before.into(), limit.into()], read)
        .await
}

/// Sets whether an actor follows a thread.
pub async fn follow(tx: &mut Tx<'_>, thread: &Grant<ThreadId>, actor: ActorId, following: bool) -> Result<(), Error> {
    tx.exec(FOLLOW, &[text(**thread), text(actor), following.into()])
        .await
        .map(drop)
}
