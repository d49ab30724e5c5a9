//! Pins: messages that a room keeps in view.

use crate::{Error, Tx, text};
use mesh_authz::Grant;
use mesh_types::{ActorId, MessageId, RoomId, Timestamp};

crate::statements! {
    ADD = "INSERT INTO pins (room_id, message_id, pinned_by, pinned_at) SELECT room_id, id, $2, $3 FROM messages WHERE id = $1 AND deleted_at IS NULL ON CONFLICT DO NOTHING";
    REMOVE = "DELETE FROM pins WHERE room_id = $1 AND message_id = $2";
    COUNT = "SELECT COUNT(*) FROM pins WHERE room_id = $1";
    LIST = "SELECT p.message_id, p.pinned_by, p.pinned_at FROM pins p JOIN messages m ON m.id = p.message_id WHERE p.room_id = $1 AND m.deleted_at IS NULL ORDER BY p.pinned_at DESC, p.message_id DESC LIMIT $2";
}

/// Pins a message that is not deleted; false when it was pinned.
pub async fn add(tx: &mut Tx<'_>, message: &Grant<MessageId>, by: ActorId, at: Timestamp) -> Result<bool, Error> {
    Ok(tx.exec(ADD, &[text(**message), text(by), at.into()]).await? == 1)
}

/// Takes a message's pin away; false when it had none.
pub async fn remove(tx: &mut Tx<'_>, message: &Grant<MessageId>, room: RoomId) -> Result<bool, Error> {
    Ok(tx.exec(REMOVE, &[text(room), text(**message)]).await? == 1)
}

/// How many messages of a room are pinned.
pub async fn count(tx: &mut Tx<'_>, room: RoomId) -> Result<i64, Error> {
    tx.one(COUNT, &[text(room)], |row| row.get(0)).await
}

/// The pinned messages of a room, with who pinned each and when; the newest pin first.
pub async fn list(
    tx: &mut Tx<'_>,
    room: &Grant<RoomId>,
    limit: i64,
) -> Result<Vec<(MessageId, ActorId, Timestamp)>, Error> {
    tx.all(LIST, &[text(**room), limit.into()], |row| {
        Ok((row.parse(0)?, row.parse(1)?, row.time(2)?))
    })
    .await
}
