//! Tokens of bots. Only the hash of a token is kept.

use crate::{Error, Tx, text};
use mesh_authz::Grant;
use mesh_types::{BotId, Timestamp, TokenId};

crate::statements! {
    INSERT = "INSERT INTO tokens (id, hash, kind, owner_id, name, permissions, meshes, rooms, created_at) VALUES ($1, $2, 'bot', $3, '', '[]', '[]', '[]', $4)";
    EXPIRE = "UPDATE tokens SET expires_at = $2 WHERE owner_id = $1 AND kind = 'bot' AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2) RETURNING hash";
    REVOKE = "UPDATE tokens SET revoked_at = $2 WHERE owner_id = $1 AND kind = 'bot' AND revoked_at IS NULL RETURNING hash";
}

/// Keeps a new token.
pub async fn insert(tx: &mut Tx<'_>, bot: &Grant<BotId>, id: TokenId, hash: &str, at: Timestamp) -> Result<(), Error> {
    tx.exec(INSERT, &[text(id), hash.into(), text(**bot), at.into()])
        .await
        .map(drop)
}

/// Lets a bot's tokens end at a time, unless they end before; answers the hashes of those that changed.
pub async fn expire(tx: &mut Tx<'_>, bot: &Grant<BotId>, end: Timestamp) -> Result<Vec<String>, Error> {
    tx.all(EXPIRE, &[text(**bot), end.into()], |row| row.get(0)).await
}

/// Ends a bot's tokens at once; answers their hashes.
pub async fn revoke(tx: &mut Tx<'_>, bot: &Grant<BotId>, at: Timestamp) -> Result<Vec<String>, Error> {
    tx.all(REVOKE, &[text(**bot), at.into()], |row| row.get(0)).await
}
