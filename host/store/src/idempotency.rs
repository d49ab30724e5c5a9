//! Repeated calls: the first answer is kept and given again.

use crate::{Error, Tx};
use mesh_types::Timestamp;

crate::statements! {
    KEEP = "INSERT INTO idempotency (actor, op, key, digest, answer, at) VALUES ($1, $2, $3, $4, $5, $6)";
    FIND = "SELECT digest, answer FROM idempotency WHERE actor = $1 AND op = $2 AND key = $3";
    FORGET = "DELETE FROM idempotency WHERE at < $1";
}

/// Whose call, of what, under which key.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a> {
    /// The actor's id.
    pub actor: &'a str,
    /// The operation.
    pub op: &'a str,
    /// The caller's key.
    pub key: &'a str,
}

/// Keeps an answer. [`Error::Unique`] says that the key was used.
pub async fn keep(tx: &mut Tx<'_>, key: Key<'_>, digest: &str, answer: &str, at: Timestamp) -> Result<(), Error> {
    let values = [
        key.actor.into(),
        key.op.into(),
        key.key.into(),
        digest.into(),
        answer.into(),
        at.into(),
    ];
    tx.exec(KEEP, &values).await.map(drop)
}

/// The digest of the first call's input and its answer.
pub async fn find(tx: &mut Tx<'_>, key: Key<'_>) -> Result<Option<(String, String)>, Error> {
    tx.opt(FIND, &[key.actor.into(), key.op.into(), key.key.into()], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
    .await
}

/// Forgets answers from before a time.
pub async fn forget(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, Error> {
    tx.exec(FORGET, &[before.into()]).await
}
