//! Timers of bots.

use crate::{Error, Row, Tx, text, text_option};
use mesh_authz::Grant;
use mesh_types::{BotId, MeshId, TimerId, Timestamp, bot::Timer};

crate::statements! {
    ADD = "INSERT INTO bot_timers (id, bot_id, room_id, cron, zone, data, due_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    COUNT = "SELECT COUNT(*) FROM bot_timers WHERE bot_id = $1 AND due_at IS NOT NULL";
    GET = "SELECT id, bot_id, room_id, cron, zone, data, due_at, created_at FROM bot_timers WHERE id = $1";
    LIST = "SELECT id, bot_id, room_id, cron, zone, data, due_at, created_at FROM bot_timers WHERE bot_id = $1 AND due_at IS NOT NULL AND id > $2 ORDER BY id LIMIT $3";
    DUE = "SELECT t.id, t.bot_id, t.room_id, t.cron, t.zone, t.data, t.due_at, t.created_at, b.mesh_id FROM bot_timers t JOIN bots b ON b.id = t.bot_id WHERE t.due_at <= $1 AND b.wanted = 'running' AND b.deleted_at IS NULL ORDER BY t.due_at LIMIT 100";
    NEXT = "SELECT MIN(t.due_at) FROM bot_timers t JOIN bots b ON b.id = t.bot_id WHERE t.due_at > $1 AND b.wanted = 'running' AND b.deleted_at IS NULL";
    FIRED = "UPDATE bot_timers SET due_at = $3, fired_at = $4 WHERE id = $1 AND due_at = $2";
    CANCEL = "DELETE FROM bot_timers WHERE id = $1";
    FORGET = "DELETE FROM bot_timers WHERE due_at IS NULL AND fired_at < $1";
}

fn read(row: &Row<'_>) -> Result<Timer, Error> {
    Ok(Timer {
        id: row.parse(0)?,
        bot_id: row.parse(1)?,
        room_id: row.parse_option(2)?,
        cron: row.get(3)?,
        zone: row.get(4)?,
        data: serde_json::from_str(&row.get::<String>(5)?).map_err(Error::corrupt)?,
        due_at: row.time_option(6)?,
        created_at: row.time(7)?,
    })
}

/// Sets a timer.
pub async fn add(tx: &mut Tx<'_>, bot: &Grant<BotId>, timer: &Timer) -> Result<(), Error> {
    let data = timer.data.to_string();
    let values = [
        text(timer.id),
        text(**bot),
        text_option(timer.room_id),
        (&timer.cron).into(),
        (&timer.zone).into(),
        (&data).into(),
        timer.due_at.into(),
        timer.created_at.into(),
    ];
    tx.exec(ADD, &values).await.map(drop)
}

/// How many timers of a bot have still to fire.
pub async fn count(tx: &mut Tx<'_>, bot: &Grant<BotId>) -> Result<i64, Error> {
    tx.one(COUNT, &[text(**bot)], |row| row.get(0)).await
}

/// A timer, also one that has fired for the last time.
pub async fn get(tx: &mut Tx<'_>, timer: TimerId) -> Result<Option<Timer>, Error> {
    tx.opt(GET, &[text(timer)], read).await
}

/// The timers of a bot that have still to fire, the oldest first.
pub async fn list(tx: &mut Tx<'_>, bot: &Grant<BotId>, after: &str, limit: i64) -> Result<Vec<Timer>, Error> {
    tx.all(LIST, &[text(**bot), after.into(), limit.into()], read).await
}

/// Timers of running bots that are to fire by now, and their meshes; at most 100.
pub async fn due(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<(Timer, MeshId)>, Error> {
    tx.all(DUE, &[now.into()], |row| Ok((read(row)?, row.parse(8)?))).await
}

/// When the next one after this time is to fire.
pub async fn next(tx: &mut Tx<'_>, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    tx.one(NEXT, &[now.into()], |row| row.time_option(0)).await
}

/// A timer fires: the next time, if there is one. False when it was cancelled, or has fired already.
pub async fn fired(
    tx: &mut Tx<'_>,
    timer: TimerId,
    due: Timestamp,
    next: Option<Timestamp>,
    at: Timestamp,
) -> Result<bool, Error> {
    let values = [text(timer), due.into(), next.into(), at.into()];
    Ok(tx.exec(FIRED, &values).await? == 1)
}

/// Ends a timer; what has fired and was not handed over yet is not any more.
pub async fn cancel(tx: &mut Tx<'_>, timer: &Grant<TimerId>) -> Result<(), Error> {
    tx.exec(CANCEL, &[text(**timer)]).await.map(drop)
}

/// Forgets what fired for the last time before this time.
pub async fn forget(tx: &mut Tx<'_>, before: Timestamp) -> Result<(), Error> {
    tx.exec(FORGET, &[before.into()]).await.map(drop)
}
