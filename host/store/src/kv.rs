//! The key-value stores of bots. `bots.kv_bytes` is always the bytes of a bot's keys and values, also
//! of those whose time is over and that nobody swept yet.

use crate::{Error, Row, Tx, text};
use mesh_authz::Grant;
use mesh_types::{BotId, Timestamp, bot::KvEntry};

crate::statements! {
    OPEN = "UPDATE bots SET kv_version = kv_version + 1 WHERE id = $1 AND deleted_at IS NULL RETURNING kv_version, kv_bytes, limits";
    HEAD = "SELECT key, size, version, expires_at FROM bot_kv WHERE bot_id = $1 AND key = $2";
    GET = "SELECT key, size, version, expires_at, value FROM bot_kv WHERE bot_id = $1 AND key = $2 AND (expires_at IS NULL OR expires_at > $3)";
    LIST = "SELECT key, size, version, expires_at FROM bot_kv WHERE bot_id = $1 AND key >= $2 AND key < $3 AND (expires_at IS NULL OR expires_at > $4) ORDER BY key LIMIT $5";
    PUT = "INSERT INTO bot_kv (bot_id, key, value, size, version, expires_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (bot_id, key) DO UPDATE SET value = excluded.value, size = excluded.size, version = excluded.version, expires_at = excluded.expires_at, updated_at = excluded.updated_at";
    DELETE = "DELETE FROM bot_kv WHERE bot_id = $1 AND key = $2";
    SWEEP = "DELETE FROM bot_kv WHERE bot_id = $1 AND expires_at <= $2 RETURNING key, size";
    SET_BYTES = "UPDATE bots SET kv_bytes = $2 WHERE id = $1";
}

fn read(row: &Row<'_>) -> Result<KvEntry, Error> {
    Ok(KvEntry {
        key: row.get(0)?,
        size: row.get(1)?,
        version: row.get(2)?,
        expires_at: row.time_option(3)?,
    })
}

/// A bot's store, held for one write: others wait on the bot's row.
#[derive(Debug)]
pub struct Held {
    /// The version that this write gives.
    pub version: i64,
    /// Bytes of all keys and values.
    pub bytes: i64,
    /// What an admin set of the bot's limits, as JSON.
    pub limits: String,
}

/// Takes a bot's store for a write; none when the bot is gone.
pub async fn hold(tx: &mut Tx<'_>, bot: &Grant<BotId>) -> Result<Option<Held>, Error> {
    tx.opt(OPEN, &[text(**bot)], |row| {
        Ok(Held {
            version: row.get(0)?,
            bytes: row.get(1)?,
            limits: row.get(2)?,
        })
    })
    .await
}

/// A key, also one whose time is over.
pub async fn head(tx: &mut Tx<'_>, bot: BotId, key: &str) -> Result<Option<KvEntry>, Error> {
    tx.opt(HEAD, &[text(bot), key.into()], read).await
}

/// A key and its value, unless its time is over.
pub async fn get(tx: &mut Tx<'_>, bot: BotId, key: &str, now: Timestamp) -> Result<Option<(KvEntry, Vec<u8>)>, Error> {
    tx.opt(GET, &[text(bot), key.into(), now.into()], |row| {
        Ok((read(row)?, row.get(4)?))
    })
    .await
}

/// Keys from `first` on and before `end`, in order of their bytes.
pub async fn list(
    tx: &mut Tx<'_>,
    bot: BotId,
    (first, end): (&str, &str),
    now: Timestamp,
    limit: i64,
) -> Result<Vec<KvEntry>, Error> {
    tx.all(
        LIST,
        &[text(bot), first.into(), end.into(), now.into(), limit.into()],
        read,
    )
    .await
}

/// Writes a value.
pub async fn put(
    tx: &mut Tx<'_>,
    bot: &Grant<BotId>,
    entry: &KvEntry,
    value: &[u8],
    now: Timestamp,
) -> Result<(), Error> {
    let values = [
        text(**bot),
        (&entry.key).into(),
        value.into(),
        entry.size.into(),
        entry.version.into(),
        entry.expires_at.into(),
        now.into(),
    ];
    tx.exec(PUT, &values).await.map(drop)
}

/// Removes a key.
pub async fn delete(tx: &mut Tx<'_>, bot: &Grant<BotId>, key: &str) -> Result<(), Error> {
    tx.exec(DELETE, &[text(**bot), key.into()]).await.map(drop)
}

/// Removes the keys whose time is over; answers how many bytes that frees.
pub async fn sweep(tx: &mut Tx<'_>, bot: &Grant<BotId>, now: Timestamp) -> Result<i64, Error> {
    let gone = tx
        .all(SWEEP, &[text(**bot), now.into()], |row| {
            Ok(weight(&row.get::<String>(0)?, row.get(1)?))
        })
        .await?;
    Ok(gone.into_iter().sum())
}

/// Says how many bytes the store holds now.
pub async fn set_bytes(tx: &mut Tx<'_>, bot: &Grant<BotId>, bytes: i64) -> Result<(), Error> {
    tx.exec(SET_BYTES, &[text(**bot), bytes.into()]).await.map(drop)
}

/// What a key and a value of this size count.
pub fn weight(key: &str, size: i64) -> i64 {
    size.saturating_add(i64::try_from(key.len()).unwrap_or(i64::MAX))
}
