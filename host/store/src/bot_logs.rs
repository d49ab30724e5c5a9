//! What bots said.

use crate::{Error, Row, Tx, text};
use mesh_authz::Grant;
use mesh_types::{BotId, LogLevel, Timestamp, bot::BotLogLine, limits};

crate::statements! {
    TURN = "SELECT id FROM bots WHERE id = $1 /*postgres: FOR NO KEY UPDATE*/";
    WRITE = "INSERT INTO bot_logs (bot_id, id, at, level, text, instance) VALUES ($1, $2, $3, $4, $5, $6)";
    TRIM = "DELETE FROM bot_logs WHERE bot_id = $1 AND id < (SELECT id FROM bot_logs WHERE bot_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)";
    LIST = "SELECT id, at, level, text, instance FROM bot_logs WHERE bot_id = $1 AND id < $2 AND at >= $3 AND $4 LIKE '% ' || level || ' %' AND ($5 = '' OR LOWER(text) LIKE LOWER($5) ESCAPE '!') ORDER BY id DESC LIMIT $6";
    NEWEST = "SELECT id FROM bot_logs WHERE bot_id = $1 ORDER BY id DESC LIMIT 1";
    AFTER = "SELECT id, at, level, text, instance FROM bot_logs WHERE bot_id = $1 AND id > $2 AND $3 LIKE '% ' || level || ' %' ORDER BY id LIMIT $4";
}

fn levels(least: LogLevel) -> String {
    let mut levels = String::from(" ");
    for level in LogLevel::ALL.iter().filter(|level| **level >= least) {
        levels.push_str(level.as_str());
        levels.push(' ');
    }
    levels
}

fn read(row: &Row<'_>) -> Result<BotLogLine, Error> {
    Ok(BotLogLine {
        id: row.get(0)?,
        at: row.time(1)?,
        level: row.parse(2)?,
        text: row.get(3)?,
        instance: row.get(4)?,
    })
}

/// Waits until no other transaction adds lines to this bot's log, so that lines are kept in the order of ids that are
/// made from here on. Whoever follows the log goes by that.
pub async fn take_turn<R>(tx: &mut Tx<'_>, _allowed: &Grant<R>, bot: BotId) -> Result<(), Error> {
    tx.opt(TURN, &[text(bot)], |_| Ok(())).await.map(drop)
}

/// Adds a line.
pub async fn write<R>(tx: &mut Tx<'_>, _allowed: &Grant<R>, bot: BotId, line: &BotLogLine) -> Result<(), Error> {
    let values = [
        text(bot),
        (&line.id).into(),
        line.at.into(),
        text(line.level),
        (&line.text).into(),
        (&line.instance).into(),
    ];
    tx.exec(WRITE, &values).await.map(drop)
}

/// Forgets all but the newest lines.
pub async fn trim<R>(tx: &mut Tx<'_>, _allowed: &Grant<R>, bot: BotId) -> Result<u64, Error> {
    tx.exec(TRIM, &[text(bot), (limits::LOG_LINES - 1).into()]).await
}

/// Which lines.
#[derive(Debug)]
pub struct Filter<'a> {
    /// Ids from before this one.
    pub before: &'a str,
    /// Not older.
    pub since: Timestamp,
    /// This level and those that matter more.
    pub least: LogLevel,
    /// Lines with this text in them, whatever the case; all when empty.
    pub text: &'a str,
}

/// A bot's lines, newest first.
pub async fn list(
    tx: &mut Tx<'_>,
    bot: &Grant<BotId>,
    filter: &Filter<'_>,
    limit: i64,
) -> Result<Vec<BotLogLine>, Error> {
    let (levels, text_like) = (levels(filter.least), like(filter.text));
    let values = [
        text(**bot),
        filter.before.into(),
        filter.since.into(),
        (&levels).into(),
        (&text_like).into(),
        limit.into(),
    ];
    tx.all(LIST, &values, read).await
}

/// The id of a bot's newest line.
pub async fn newest(tx: &mut Tx<'_>, bot: &Grant<BotId>) -> Result<Option<String>, Error> {
    tx.opt(NEWEST, &[text(**bot)], |row| row.get(0)).await
}

/// A bot's lines behind this one, of this level and those that matter more, oldest first.
pub async fn after(
    tx: &mut Tx<'_>,
    bot: &Grant<BotId>,
    (after, least): (&str, LogLevel),
    limit: i64,
) -> Result<Vec<BotLogLine>, Error> {
    let levels = levels(least);
    let values = [text(**bot), after.into(), (&levels).into(), limit.into()];
    tx.all(AFTER, &values, read).await
}

/// A pattern that matches everything with this text in it; empty for an empty text.
fn like(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let mut pattern = String::from("%");
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern + "%"
}
