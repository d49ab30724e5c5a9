//! Reactions: emoji under messages.

use crate::{Error, Tx, text};
use mesh_authz::Grant;
use mesh_types::{ActorId, MessageId, Timestamp, view::ReactionCount};

crate::statements! {
    ADD = "INSERT INTO reactions (message_id, emoji, actor_id, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    REMOVE = "DELETE FROM reactions WHERE message_id = $1 AND emoji = $2 AND actor_id = $3";
    COUNTS = "SELECT emoji, COUNT(*), CAST(COALESCE(SUM(CASE WHEN actor_id = $2 THEN 1 ELSE 0 END), 0) AS BIGINT) FROM reactions WHERE message_id = $1 GROUP BY emoji ORDER BY MIN(at), emoji";
    KINDS = "SELECT COUNT(DISTINCT emoji) FROM reactions WHERE message_id = $1";
}

/// Adds an actor's reaction; false when it was there.
pub async fn add(tx: &mut Tx<'_>, message: &Grant<MessageId>, emoji: &str, actor: ActorId, at: Timestamp) -> Result<bool, Error> {
    Ok(tx.exec(ADD, &[text(**message), emoji.into(), text(actor), at.into()]).await? == 1)
}

/// Takes an actor's reaction away; false when it was not there.
pub async fn remove(tx: &mut Tx<'_>, message: &Grant<MessageId>, emoji: &str, actor: ActorId) -> Result<bool, Error> {
    Ok(tx.exec(REMOVE, &[text(**message), emoji.into(), text(actor)]).await? == 1)
}

/// How often each emoji stands under a message, as this viewer sees it.
pub async fn counts(tx: &mut Tx<'_>, message: MessageId, viewer: &str) -> Result<Vec<ReactionCount>, Error> {
    tx.all(COUNTS, &[text(message), viewer.into()], |row| {
        Ok(ReactionCount { emoji: row.get(0)?, count: row.count(1)?, mine: row.flag(2)? })
    })
    .await
}

/// How many different emoji stand under a message.
pub async fn kinds(tx: &mut Tx<'_>, message: MessageId) -> Result<i64, Error> {
    tx.one(KINDS, &[text(message)], |row| row.get(0)).await
}
