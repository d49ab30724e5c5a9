//! Secrets of bots, sealed: what is stored here can only be opened with a key from elsewhere.

use crate::{Error, Row, Tx, text};
use mesh_authz::Grant;
use mesh_types::{ActorId, BotId, Timestamp, bot::BotSecret};

crate::statements! {
    PUT = "INSERT INTO bot_secrets (bot_id, name, sealed, revision, updated_by, updated_at) VALUES ($1, $2, $3, 1, $4, $5) ON CONFLICT (bot_id, name) DO UPDATE SET sealed = excluded.sealed, revision = bot_secrets.revision + 1, updated_by = excluded.updated_by, updated_at = excluded.updated_at";
    HEAD = "SELECT name, revision, updated_by, updated_at FROM bot_secrets WHERE bot_id = $1 AND name = $2";
    LIST = "SELECT name, revision, updated_by, updated_at FROM bot_secrets WHERE bot_id = $1 ORDER BY name";
    SEALED = "SELECT sealed FROM bot_secrets WHERE bot_id = $1 AND name = $2";
    DELETE = "DELETE FROM bot_secrets WHERE bot_id = $1 AND name = $2";
}

fn read(row: &Row<'_>) -> Result<BotSecret, Error> {
    Ok(BotSecret {
        name: row.get(0)?,
        revision: row.get(1)?,
        updated_by: row.parse(2)?,
        updated_at: row.time(3)?,
    })
}

/// Keeps a secret in place of the one of this name.
pub async fn put(
    tx: &mut Tx<'_>,
    bot: &Grant<BotId>,
    name: &str,
    sealed: &[u8],
    by: ActorId,
    at: Timestamp,
) -> Result<(), Error> {
    let values = [text(**bot), name.into(), sealed.into(), text(by), at.into()];
    tx.exec(PUT, &values).await.map(drop)
}

/// What is known of a secret without opening it.
pub async fn head(tx: &mut Tx<'_>, bot: &Grant<BotId>, name: &str) -> Result<Option<BotSecret>, Error> {
    tx.opt(HEAD, &[text(**bot), name.into()], read).await
}

/// A bot's secrets by name, without what is in them.
pub async fn list(tx: &mut Tx<'_>, bot: &Grant<BotId>) -> Result<Vec<BotSecret>, Error> {
    tx.all(LIST, &[text(**bot)], read).await
}

/// A sealed secret.
pub async fn sealed(tx: &mut Tx<'_>, bot: BotId, name: &str) -> Result<Option<Vec<u8>>, Error> {
    tx.opt(SEALED, &[text(bot), name.into()], |row| row.get(0)).await
}

/// Forgets a secret; false when there was none.
pub async fn delete(tx: &mut Tx<'_>, bot: &Grant<BotId>, name: &str) -> Result<bool, Error> {
    Ok(tx.exec(DELETE, &[text(**bot), name.into()]).await? == 1)
}
