//! Personal access tokens.

use crate::{Error, Row, Tx, text};
use mesh_authz::Grant;
use mesh_types::{PersonId, Timestamp, TokenId};

crate::statements! {
    INSERT = "INSERT INTO tokens (id, hash, kind, owner_id, name, permissions, meshes, rooms, created_at, expires_at) VALUES ($1, $2, 'pat', $3, $4, $5, $6, $7, $8, $9)";
    LIST = "SELECT id, name, permissions, meshes, rooms, created_at, expires_at FROM tokens WHERE owner_id = $1 AND kind = 'pat' AND revoked_at IS NULL AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3";
    REVOKE = "UPDATE tokens SET revoked_at = $3 WHERE id = $1 AND owner_id = $2 AND kind = 'pat' AND revoked_at IS NULL RETURNING hash";
}

/// A token; the lists are JSON.
#[derive(Debug)]
pub struct TokenRow {
    /// Its id.
    pub id: TokenId,
    /// What its owner calls it.
    pub name: String,
    /// Permissions.
    pub permissions: String,
    /// Meshes; all when empty.
    pub meshes: String,
    /// Rooms; all when empty.
    pub rooms: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its end.
    pub expires_at: Timestamp,
}

/// Stores a token under its hash.
pub async fn insert<R>(
    tx: &mut Tx<'_>,
    _allowed: &Grant<R>,
    owner: PersonId,
    hash: &str,
    token: &TokenRow,
) -> Result<(), Error> {
    let values = [
        text(token.id),
        hash.into(),
        text(owner),
        (&token.name).into(),
        (&token.permissions).into(),
        (&token.meshes).into(),
        (&token.rooms).into(),
        token.created_at.into(),
        token.expires_at.into(),
    ];
    tx.exec(INSERT, &values).await.map(drop)
}

/// A person's tokens that are not revoked, newest first, from before the one named.
pub async fn list(tx: &mut Tx<'_>, owner: PersonId, before: &str, limit: i64) -> Result<Vec<TokenRow>, Error> {
    let read = |row: &Row<'_>| {
        Ok(TokenRow {
            id: row.parse(0)?,
            name: row.get(1)?,
            permissions: row.get(2)?,
            meshes: row.get(3)?,
            rooms: row.get(4)?,
            created_at: row.time(5)?,
            expires_at: row.time(6)?,
        })
    };
    tx.all(LIST, &[text(owner), before.into(), limit.into()], read).await
}

/// Revokes a person's token; its hash, or `None` when there is no such token.
pub async fn revoke<R>(
    tx: &mut Tx<'_>,
    _allowed: &Grant<R>,
    id: TokenId,
    owner: PersonId,
    at: Timestamp,
) -> Result<Option<String>, Error> {
    tx.opt(REVOKE, &[text(id), text(owner), at.into()], |row| row.get(0))
        .await
}
