//! What bots have still to handle: cursors, parked events and dead letters.

use crate::{Error, Tx, log::Stream, text};
use mesh_authz::Grant;
use mesh_types::{
    BotId, DeadLetterId, MemberId, MeshId, PersonId, Timestamp,
    bot::{BotBacklog, DeadLetter, StreamBacklog},
};

crate::statements! {
    BOT = "SELECT b.mesh_id, b.member_id, b.keeper_id, b.wanted, b.limits, m.handle, v.digest, v.manifest, b.subscription FROM bots b JOIN members m ON m.id = b.member_id LEFT JOIN bot_versions v ON v.id = b.active_version WHERE b.id = $1 AND b.deleted_at IS NULL";
    ADVANCE = "UPDATE cursors SET seq = $3 WHERE consumer = $1 AND stream = $2 AND seq < $3";
    SET = "UPDATE cursors SET seq = $3 WHERE consumer = $1 AND stream = $2";
    UNPARK_ALL = "DELETE FROM bot_parked WHERE bot_id = $1 AND stream = $2";
    PARK = "INSERT INTO bot_parked (bot_id, stream, seq, lane, attempts, due_at, error, gap_to) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (bot_id, stream, seq) DO UPDATE SET attempts = excluded.attempts, due_at = excluded.due_at, error = excluded.error, gap_to = excluded.gap_to";
    UNPARK = "DELETE FROM bot_parked WHERE bot_id = $1 AND stream = $2 AND seq = $3";
    PARKED = "SELECT stream, seq, lane, attempts, due_at, gap_to FROM bot_parked WHERE bot_id = $1 ORDER BY stream, seq";
    BURY = "INSERT INTO dead_letters (id, bot_id, stream, seq, lane, attempts, error, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    DEAD = "SELECT id, stream, seq, attempts, error, at FROM dead_letters WHERE bot_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    COUNT_DEAD = "SELECT COUNT(*) FROM dead_letters WHERE bot_id = $1";
    REDRIVE = "INSERT INTO bot_parked (bot_id, stream, seq, lane, attempts, due_at, error) SELECT bot_id, stream, seq, lane, 0, $3, error FROM dead_letters WHERE bot_id = $1 AND id = $2 ON CONFLICT (bot_id, stream, seq) DO NOTHING";
    DROP_DEAD = "DELETE FROM dead_letters WHERE bot_id = $1 AND id = $2";
    BEHIND = "SELECT c.stream, c.seq, s.head FROM cursors c JOIN streams s ON s.id = c.stream WHERE c.consumer = $1 AND s.head > c.seq ORDER BY s.head - c.seq DESC, c.stream LIMIT 200";
    COUNT_PARKED = "SELECT COUNT(*), MIN(due_at) FROM bot_parked WHERE bot_id = $1";
    TROUBLED = "SELECT DISTINCT p.bot_id FROM bot_parked p JOIN bots b ON b.id = p.bot_id WHERE b.wanted = 'running' AND b.deleted_at IS NULL";
}

/// What it takes to run a bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotRow {
    /// Its mesh.
    pub mesh: MeshId,
    /// Its membership.
    pub member: MemberId,
    /// The person to tell of trouble.
    pub keeper: PersonId,
    /// People want it to run.
    pub wanted: bool,
    /// Overrides of the limits, as JSON.
    pub limits: String,
    /// How it is mentioned.
    pub handle: String,
    /// What it is to hear of, as JSON.
    pub subscription: String,
    /// Digest and manifest of the active version.
    pub version: Option<(String, String)>,
}

impl BotRow {
    /// Whether an instance that was made for this may go on for that one: only what it hears is another.
    pub fn runs_like(&self, other: &Self) -> bool {
        let Self {
            mesh,
            member,
            keeper,
            wanted,
            limits,
            handle,
            subscription: _,
            version,
        } = self;
        (mesh, member, keeper, wanted) == (&other.mesh, &other.member, &other.keeper, &other.wanted)
            && (limits, handle, version) == (&other.limits, &other.handle, &other.version)
    }
}

/// A bot that is not deleted.
pub async fn bot(tx: &mut Tx<'_>, bot: BotId) -> Result<Option<BotRow>, Error> {
    tx.opt(BOT, &[text(bot)], |row| {
        let version = match (row.get::<Option<String>>(6)?, row.get::<Option<String>>(7)?) {
            (Some(digest), Some(manifest)) => Some((digest, manifest)),
            _ => None,
        };
        Ok(BotRow {
            mesh: row.parse(0)?,
            member: row.parse(1)?,
            keeper: row.parse(2)?,
            wanted: row.get::<String>(3)? == "running",
            limits: row.get(4)?,
            handle: row.get(5)?,
            subscription: row.get(8)?,
            version,
        })
    })
    .await
}

/// The bot has handled a stream up to here.
pub async fn advance(tx: &mut Tx<'_>, bot: BotId, stream: Stream, seq: i64) -> Result<(), Error> {
    tx.exec(ADVANCE, &[text(bot), text(stream), seq.into()]).await.map(drop)
}

/// From now on the bot counts as having handled a stream up to here, and nothing else of it: what waits is dropped.
pub async fn set_cursor(tx: &mut Tx<'_>, bot: &Grant<BotId>, stream: Stream, seq: i64) -> Result<(), Error> {
    tx.exec(UNPARK_ALL, &[text(**bot), text(stream)]).await?;
    tx.exec(SET, &[text(**bot), text(stream), seq.into()]).await.map(drop)
}

/// An event that has to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// Its stream.
    pub stream: Stream,
    /// Its position there.
    pub seq: i64,
    /// What it must stay in order with: a room's id, or nothing.
    pub lane: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When to try again.
    pub due_at: Timestamp,
    /// It stands for everything of its lane from `seq` to there, which was too much to keep.
    pub gap_to: Option<i64>,
}

/// Lets an event wait; the one that waits already is replaced.
pub async fn park(tx: &mut Tx<'_>, bot: BotId, event: &Parked, error: &str) -> Result<(), Error> {
    let values = [
        text(bot),
        text(event.stream),
        event.seq.into(),
        (&event.lane).into(),
        event.attempts.into(),
        event.due_at.into(),
        error.into(),
        event.gap_to.into(),
    ];
    tx.exec(PARK, &values).await.map(drop)
}

/// The event need not wait any more.
pub async fn unpark(tx: &mut Tx<'_>, bot: BotId, stream: Stream, seq: i64) -> Result<(), Error> {
    tx.exec(UNPARK, &[text(bot), text(stream), seq.into()]).await.map(drop)
}

/// The events that wait, in the order of their streams.
pub async fn parked(tx: &mut Tx<'_>, bot: BotId) -> Result<Vec<Parked>, Error> {
    tx.all(PARKED, &[text(bot)], |row| {
        Ok(Parked {
            stream: row.parse(0)?,
            seq: row.get(1)?,
            lane: row.get(2)?,
            attempts: u32::try_from(row.count(3)?).unwrap_or(u32::MAX),
            due_at: row.time(4)?,
            gap_to: row.get(5)?,
        })
    })
    .await
}

/// Keeps an event that the bot could not handle for people to look at.
pub async fn bury(
    tx: &mut Tx<'_>,
    id: DeadLetterId,
    bot: BotId,
    event: &Parked,
    error: &str,
    at: Timestamp,
) -> Result<(), Error> {
    let values = [
        text(id),
        text(bot),
        text(event.stream),
        event.seq.into(),
        (&event.lane).into(),
        event.attempts.into(),
        error.into(),
        at.into(),
    ];
    tx.exec(BURY, &values).await.map(drop)
}

/// The running bots that have events waiting.
pub async fn troubled(tx: &mut Tx<'_>) -> Result<Vec<BotId>, Error> {
    tx.all(TROUBLED, &[], |row| row.parse(0)).await
}

/// A bot's dead letters, the newest first, from before an id.
pub async fn dead(tx: &mut Tx<'_>, bot: &Grant<BotId>, before: &str, limit: i64) -> Result<Vec<DeadLetter>, Error> {
    tx.all(DEAD, &[text(**bot), before.into(), limit.into()], |row| {
        Ok(DeadLetter {
            id: row.parse(0)?,
            stream: row.get(1)?,
            seq: row.get(2)?,
            attempts: row.get(3)?,
            error: row.get(4)?,
            at: row.time(5)?,
        })
    })
    .await
}

/// Takes a dead letter away, to be tried again by then or, without a time, for good. False when it is not there.
pub async fn take_dead(
    tx: &mut Tx<'_>,
    bot: &Grant<BotId>,
    letter: DeadLetterId,
    again: Option<Timestamp>,
) -> Result<bool, Error> {
    if let Some(at) = again {
        tx.exec(REDRIVE, &[text(**bot), text(letter), at.into()]).await?;
    }
    Ok(tx.exec(DROP_DEAD, &[text(**bot), text(letter)]).await? == 1)
}

/// What waits for a bot.
pub async fn backlog(tx: &mut Tx<'_>, bot: &Grant<BotId>, waiting: i64) -> Result<BotBacklog, Error> {
    let own = [text(**bot)];
    let streams = tx
        .all(BEHIND, &own, |row| {
            Ok(StreamBacklog {
                stream: row.get(0)?,
                seq: row.get(1)?,
                head_seq: row.get(2)?,
            })
        })
        .await?;
    let (parked, next_try_at) = tx
        .one(COUNT_PARKED, &own, |row| Ok((row.get(0)?, row.time_option(1)?)))
        .await?;
    Ok(BotBacklog {
        streams,
        waiting,
        parked,
        next_try_at,
        dead: tx.one(COUNT_DEAD, &own, |row| row.get(0)).await?,
    })
}
