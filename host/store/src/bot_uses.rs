//! What bots with caps did by themselves in the last hour.

use crate::{Error, Row, Tx, text};
use mesh_types::{BotId, bot::AutonomyUse};

crate::statements! {
    HOLD = "INSERT INTO bot_uses (bot_id, uses) VALUES ($1, '[]') ON CONFLICT (bot_id) DO UPDATE SET uses = bot_uses.uses RETURNING uses";
    KEEP = "UPDATE bot_uses SET uses = $2 WHERE bot_id = $1";
    GET = "SELECT uses FROM bot_uses WHERE bot_id = $1";
}

/// What a bot did in one minute.
#[derive(Debug, Clone, Copy)]
pub struct Minute {
    /// Minutes since 1970.
    pub minute: i64,
    /// How much it did.
    pub used: AutonomyUse,
}

fn read(row: &Row<'_>) -> Result<Vec<Minute>, Error> {
    let kept: Vec<(i64, AutonomyUse)> = serde_json::from_str(&row.get::<String>(0)?).map_err(Error::corrupt)?;
    let minutes = kept.into_iter().map(|(minute, used)| Minute { minute, used });
    Ok(minutes.collect())
}

/// What a bot did, held for one change: others wait. There is no grant: counting what a bot does gives it nothing.
pub async fn hold(tx: &mut Tx<'_>, bot: BotId) -> Result<Vec<Minute>, Error> {
    tx.one(HOLD, &[text(bot)], read).await
}

/// Replaces what a bot did.
pub async fn keep(tx: &mut Tx<'_>, bot: BotId, uses: &[Minute]) -> Result<(), Error> {
    let uses: Vec<_> = uses.iter().map(|one| (one.minute, one.used)).collect();
    let uses = serde_json::to_string(&uses).map_err(Error::corrupt)?;
    tx.exec(KEEP, &[text(bot), (&uses).into()]).await.map(drop)
}

/// What a bot did.
pub async fn get(tx: &mut Tx<'_>, bot: BotId) -> Result<Vec<Minute>, Error> {
    Ok(tx.opt(GET, &[text(bot)], read).await?.unwrap_or_default())
}
