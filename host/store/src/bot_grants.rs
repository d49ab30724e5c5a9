//! What people decided about bots.

use crate::{Error, Row, Tx, text};
use mesh_authz::{Grant, Pattern, Permission};
use mesh_types::{ActorId, BotId, Decision, Timestamp};

crate::statements! {
    PUT = "INSERT INTO bot_grants (bot_id, publisher, permission, pattern, effect, asked, expires_at, decided_by, decided_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (bot_id, publisher, permission, pattern) DO UPDATE SET effect = excluded.effect, asked = excluded.asked, expires_at = excluded.expires_at, decided_by = excluded.decided_by, decided_at = excluded.decided_at";
    REPLACE_DENIALS = "DELETE FROM bot_grants WHERE bot_id = $1 AND permission = $2 AND pattern = $3 AND effect = 'deny' AND publisher <> $4";
    DROP = "DELETE FROM bot_grants WHERE bot_id = $1 AND publisher = $2 AND permission = $3 AND pattern = $4";
    LIST = "SELECT publisher, permission, pattern, effect, asked, expires_at, decided_by, decided_at FROM bot_grants WHERE bot_id = $1 ORDER BY permission, pattern, publisher";
}

/// One decision.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Whose versions it holds for; a denial holds for all.
    pub publisher: String,
    /// The permission.
    pub permission: Permission,
    /// Where.
    pub on: Pattern,
    /// What was decided.
    pub effect: Decision,
    /// The patterns that the version in question asked for, as a JSON list.
    pub asked: String,
    /// Until when.
    pub expires_at: Option<Timestamp>,
    /// Who decided.
    pub by: ActorId,
    /// When.
    pub at: Timestamp,
}

fn read(row: &Row<'_>) -> Result<Stored, Error> {
    Ok(Stored {
        publisher: row.get(0)?,
        permission: row.parse(1)?,
        on: row.parse(2)?,
        effect: row.parse(3)?,
        asked: row.get(4)?,
        expires_at: row.time_option(5)?,
        by: row.parse(6)?,
        at: row.time(7)?,
    })
}

/// Keeps a decision in place of the one before about the same. A denial that was made for another
/// publisher gives way too, since otherwise it would win.
pub async fn put(tx: &mut Tx<'_>, bot: &Grant<BotId>, new: &Stored) -> Result<(), Error> {
    let about = [text(**bot), text(new.permission), text(new.on), (&new.publisher).into()];
    tx.exec(REPLACE_DENIALS, &about).await?;
    let values = [
        text(**bot),
        (&new.publisher).into(),
        text(new.permission),
        text(new.on),
        text(new.effect),
        (&new.asked).into(),
        new.expires_at.into(),
        text(new.by),
        new.at.into(),
    ];
    tx.exec(PUT, &values).await.map(drop)
}

/// Forgets a decision, so that what it was about is undecided again.
pub async fn forget(tx: &mut Tx<'_>, bot: &Grant<BotId>, old: &Stored) -> Result<(), Error> {
    let values = [text(**bot), (&old.publisher).into(), text(old.permission), text(old.on)];
    tx.exec(DROP, &values).await.map(drop)
}

/// Every decision about a bot.
pub async fn list(tx: &mut Tx<'_>, bot: BotId) -> Result<Vec<Stored>, Error> {
    tx.all(LIST, &[text(bot)], read).await
}
