//! Versions of bots: what was uploaded, and what it says of itself.

use crate::{Error, Row, Tx, text};
use mesh_authz::Grant;
use mesh_types::{ActorId, BotId, BotVersionId, Timestamp};

crate::statements! {
    INSERT = "INSERT INTO bot_versions (id, bot_id, digest, size, publisher, manifest, imports, uploaded_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (bot_id, digest) DO NOTHING";
    GET = "SELECT v.id, v.bot_id, v.digest, v.size, v.publisher, v.manifest, v.imports, v.uploaded_by, v.created_at, CAST(CASE WHEN b.active_version = v.id THEN 1 ELSE 0 END AS BIGINT) FROM bot_versions v JOIN bots b ON b.id = v.bot_id WHERE v.id = $1";
    BY_DIGEST = "SELECT v.id, v.bot_id, v.digest, v.size, v.publisher, v.manifest, v.imports, v.uploaded_by, v.created_at, CAST(CASE WHEN b.active_version = v.id THEN 1 ELSE 0 END AS BIGINT) FROM bot_versions v JOIN bots b ON b.id = v.bot_id WHERE v.bot_id = $1 AND v.digest = $2";
    DELETE = "DELETE FROM bot_versions WHERE id = $1";
    FORGET_PREVIOUS = "UPDATE bots SET previous_version = NULL, revision = revision + 1 WHERE previous_version = $1";
    LIST = "SELECT v.id, v.bot_id, v.digest, v.size, v.publisher, v.manifest, v.imports, v.uploaded_by, v.created_at, CAST(CASE WHEN b.active_version = v.id THEN 1 ELSE 0 END AS BIGINT) FROM bot_versions v JOIN bots b ON b.id = v.bot_id WHERE v.bot_id = $1 AND v.id < $2 ORDER BY v.id DESC LIMIT $3";
}

/// A version as it is stored.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its id.
    pub id: BotVersionId,
    /// The bot.
    pub bot: BotId,
    /// SHA-256 of the component, in hexadecimal.
    pub digest: String,
    /// Bytes of the component.
    pub size: i64,
    /// Who publishes it; may be empty.
    pub publisher: String,
    /// Its manifest, as JSON.
    pub manifest: String,
    /// What it imports, as JSON.
    pub imports: String,
    /// Who uploaded it.
    pub uploaded_by: ActorId,
    /// When.
    pub at: Timestamp,
    /// It is the one that runs.
    pub active: bool,
}

fn read(row: &Row<'_>) -> Result<Stored, Error> {
    Ok(Stored {
        id: row.parse(0)?,
        bot: row.parse(1)?,
        digest: row.get(2)?,
        size: row.get(3)?,
        publisher: row.get(4)?,
        manifest: row.get(5)?,
        imports: row.get(6)?,
        uploaded_by: row.parse(7)?,
        at: row.time(8)?,
        active: row.flag(9)?,
    })
}

/// A version about to be stored.
#[derive(Debug)]
pub struct New<'a> {
    /// Its id.
    pub id: BotVersionId,
    /// SHA-256 of the component, in hexadecimal.
    pub digest: &'a str,
    /// Bytes of the component.
    pub size: i64,
    /// Who publishes it; may be empty.
    pub publisher: &'a str,
    /// Its manifest, as JSON.
    pub manifest: &'a str,
    /// What it imports, as JSON.
    pub imports: &'a str,
    /// Who uploads it.
    pub by: ActorId,
    /// Now.
    pub at: Timestamp,
}

/// Stores a version; false when the bot has one with this digest.
pub async fn insert(tx: &mut Tx<'_>, bot: &Grant<BotId>, new: &New<'_>) -> Result<bool, Error> {
    let values = [
        text(new.id),
        text(**bot),
        new.digest.into(),
        new.size.into(),
        new.publisher.into(),
        new.manifest.into(),
        new.imports.into(),
        text(new.by),
        new.at.into(),
    ];
    Ok(tx.exec(INSERT, &values).await? == 1)
}

/// A version.
pub async fn get(tx: &mut Tx<'_>, version: BotVersionId) -> Result<Option<Stored>, Error> {
    tx.opt(GET, &[text(version)], read).await
}

/// The version of a bot with this digest.
pub async fn by_digest(tx: &mut Tx<'_>, bot: BotId, digest: &str) -> Result<Option<Stored>, Error> {
    tx.opt(BY_DIGEST, &[text(bot), digest.into()], read).await
}

/// A bot's versions from before `before`, newest first.
pub async fn list(tx: &mut Tx<'_>, bot: &Grant<BotId>, before: &str, limit: i64) -> Result<Vec<Stored>, Error> {
    tx.all(LIST, &[text(**bot), before.into(), limit.into()], read).await
}

/// Forgets a version; what would go back to it cannot any more.
pub async fn delete(tx: &mut Tx<'_>, version: &Grant<BotVersionId>) -> Result<(), Error> {
    tx.exec(FORGET_PREVIOUS, &[text(**version)]).await?;
    tx.exec(DELETE, &[text(**version)]).await.map(drop)
}
