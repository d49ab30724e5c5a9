//! Reactions: emoji under messages.

use crate::{Error, Tx, text};
use mesh_authz::Grant;
use mesh_types::{
    ActorId, MessageId, Timestamp,
    view::{Message, ReactionCount},
};

crate::statements! {
    ADD = "INSERT INTO reactions (message_id, emoji, actor_id, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    REMOVE = "DELETE FROM reactions WHERE message_id = $1 AND emoji = $2 AND actor_id = $3";
    COUNTS = "SELECT emoji, COUNT(*), CAST(COALESCE(SUM(CASE WHEN actor_id = $2 THEN 1 ELSE 0 END), 0) AS BIGINT) FROM reactions WHERE message_id = $1 GROUP BY emoji ORDER BY MIN(at), emoji";
    OF_PAGE = "SELECT r.message_id, r.emoji, COUNT(*), CAST(COALESCE(SUM(CASE WHEN r.actor_id = $4 THEN 1 ELSE 0 END), 0) AS BIGINT) FROM messages m JOIN reactions r ON r.message_id = m.id WHERE m.room_id = $1 AND m.seq BETWEEN $2 AND $3 GROUP BY r.message_id, r.emoji ORDER BY MIN(r.at), r.emoji";
    KINDS = "SELECT COUNT(DISTINCT emoji) FROM reactions WHERE message_id = $1";
}

/// Adds an actor's reaction; false when it was there.
pub async fn add(
    tx: &mut Tx<'_>,
    message: &Grant<MessageId>,
    emoji: &str,
    actor: ActorId,
    at: Timestamp,
) -> Result<bool, Error> {
    Ok(tx
        .exec(ADD, &[text(**message), emoji.into(), text(actor), at.into()])
        .await?
        == 1)
}

/// Takes an actor's reaction away; false when it was not there.
pub async fn remove(tx: &mut Tx<'_>, message: &Grant<MessageId>, emoji: &str, actor: ActorId) -> Result<bool, Error> {
    Ok(tx.exec(REMOVE, &[text(**message), emoji.into(), text(actor)]).await? == 1)
}

/// How often each emoji stands under a message, as this viewer sees it.
pub async fn counts(tx: &mut Tx<'_>, message: MessageId, viewer: &str) -> Result<Vec<ReactionCount>, Error> {
    tx.all(COUNTS, &[text(message), viewer.into()], |row| {
        Ok(ReactionCount {
            emoji: row.get(0)?,
            count: row.count(1)?,
            mine: row.flag(2)?,
        })
    })
    .await
}

/// Adds the reactions to messages of one room, as this viewer sees them.
pub async fn add_counts(tx: &mut Tx<'_>, messages: &mut [Message], viewer: &str) -> Result<(), Error> {
    let (Some(first), Some(last)) = (
        messages.iter().map(|m| m.seq).min(),
        messages.iter().map(|m| m.seq).max(),
    ) else {
        return Ok(());
    };
    let values = [text(messages[0].room_id), first.into(), last.into(), viewer.into()];
    let counts: Vec<(MessageId, ReactionCount)> = tx
        .all(OF_PAGE, &values, |row| {
            Ok((
                row.parse(0)?,
                ReactionCount {
                    emoji: row.get(1)?,
                    count: row.count(2)?,
                    mine: row.flag(3)?,
                },
            ))
        })
        .await?;
    for (id, count) in counts {
        if let Some(message) = messages.iter_mut().find(|message| message.id == id) {
            message.reactions.push(count);
        }
    }
    Ok(())
}

/// How many different emoji stand under a message.
pub async fn kinds(tx: &mut Tx<'_>, message: MessageId) -> Result<i64, Error> {
    tx.one(KINDS, &[text(message)], |row| row.get(0)).await
}
