//! Bots, their settings and the verdicts that were kept about them.

use crate::{Error, Row, Tx, text};
use mesh_authz::Grant;
use mesh_types::{
    ActorId, AutonomyLevel, BotBackend, BotId, BotVersionId, DecisionId, MemberId, MeshId, PersonId, RoomId, Timestamp,
    bot::Bot,
};

crate::statements! {
    INSERT = "INSERT INTO bots (id, mesh_id, member_id, name, description, runtime, keeper_id, wanted, autonomy, caps, kv_bytes, kv_version, config, config_revision, limits, limits_revision, subscription, subscription_revision, revision, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'stopped', 'act', '{}', 0, 0, '{}', 1, '{}', 1, '{}', 1, 1, $8, $9)";
    GET = "SELECT b.id, b.mesh_id, b.member_id, b.name, m.handle, b.description, b.runtime, b.keeper_id, m.role, b.wanted, b.active_version, b.previous_version, b.created_at, b.revision, b.autonomy, (SELECT MAX(v.id) FROM bot_versions v WHERE v.bot_id = b.id) FROM bots b JOIN members m ON m.id = b.member_id WHERE b.id = $1 AND b.deleted_at IS NULL";
    LIST = "SELECT b.id, b.mesh_id, b.member_id, b.name, m.handle, b.description, b.runtime, b.keeper_id, m.role, b.wanted, b.active_version, b.previous_version, b.created_at, b.revision, b.autonomy, (SELECT MAX(v.id) FROM bot_versions v WHERE v.bot_id = b.id) FROM bots b JOIN members m ON m.id = b.member_id WHERE b.mesh_id = $1 AND b.id > $2 AND b.deleted_at IS NULL AND ($3 = '' OR EXISTS (SELECT 1 FROM room_members x JOIN room_members y ON y.room_id = x.room_id WHERE x.actor_id = b.id AND y.actor_id = $3)) ORDER BY b.id LIMIT $4";
    UPDATE = "UPDATE bots SET name = $2, description = $3, keeper_id = $4, revision = revision + 1 WHERE id = $1";
    RENAME = "UPDATE members SET display_name = $2, revision = revision + 1 WHERE id = (SELECT member_id FROM bots WHERE id = $1) AND display_name <> $2";
    WANT = "UPDATE bots SET wanted = $2, revision = revision + 1 WHERE id = $1 AND wanted <> $2";
    SET_AUTONOMY = "UPDATE bots SET autonomy = $2, caps = COALESCE($3, caps), revision = revision + 1 WHERE id = $1";
    ACTIVATE = "UPDATE bots SET previous_version = active_version, active_version = $2, revision = revision + 1 WHERE id = $1";
    ROOMS = "SELECT room_id FROM room_members WHERE actor_id = $1 ORDER BY room_id";
    DELETE = "UPDATE bots SET wanted = 'stopped', deleted_at = $2, kv_bytes = 0, config = '{}', revision = revision + 1 WHERE id = $1";
    LEAVE = "UPDATE members SET state = 'left', revision = revision + 1 WHERE id = (SELECT member_id FROM bots WHERE id = $1)";
    FORGET_CURSORS = "DELETE FROM cursors WHERE consumer = $1";
    FORGET_KV = "DELETE FROM bot_kv WHERE bot_id = $1";
    FORGET_GRANTS = "DELETE FROM bot_grants WHERE bot_id = $1";
    FORGET_SECRETS = "DELETE FROM bot_secrets WHERE bot_id = $1";
    FORGET_TIMERS = "DELETE FROM bot_timers WHERE bot_id = $1";
    FORGET_LOGS = "DELETE FROM bot_logs WHERE bot_id = $1";
    FORGET_USES = "DELETE FROM bot_uses WHERE bot_id = $1";
    FORGET_DEAD = "DELETE FROM dead_letters WHERE bot_id = $1";
    FORGET_PARKED = "DELETE FROM bot_parked WHERE bot_id = $1";
    LAG = "SELECT CAST(COALESCE(SUM(s.head - c.seq), 0) AS BIGINT) FROM cursors c JOIN streams s ON s.id = c.stream WHERE c.consumer = $1 AND s.head > c.seq";
    CONFIG = "SELECT config, config_revision FROM bots WHERE id = $1 AND deleted_at IS NULL";
    PUT_CONFIG = "UPDATE bots SET config = $2, config_revision = config_revision + 1 WHERE id = $1 RETURNING config_revision";
    LIMITS = "SELECT limits, limits_revision, kv_bytes FROM bots WHERE id = $1 AND deleted_at IS NULL";
    PUT_LIMITS = "UPDATE bots SET limits = $2, limits_revision = limits_revision + 1 WHERE id = $1 RETURNING limits_revision";
    SUBSCRIPTION = "SELECT subscription, subscription_revision FROM bots WHERE id = $1 AND deleted_at IS NULL";
    PUT_SUBSCRIPTION = "UPDATE bots SET subscription = $2, subscription_revision = subscription_revision + 1 WHERE id = $1 RETURNING subscription_revision";
    KEEP_DECISION = "INSERT INTO bot_decisions (id, bot_id, op, resource, findings, at) VALUES ($1, $2, $3, $4, $5, $6)";
    DECISIONS = "SELECT id, op, resource, findings, at FROM bot_decisions WHERE bot_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    DECISION = "SELECT op, resource, findings, at FROM bot_decisions WHERE id = $1 AND bot_id = $2";
}

/// A bot as it is stored. Its `state` is empty: that depends on what runs, which the store does not know.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The bot.
    pub bot: Bot,
    /// The version that was uploaded last.
    pub newest: Option<BotVersionId>,
}

fn read(row: &Row<'_>) -> Result<Stored, Error> {
    let bot = Bot {
        id: row.parse(0)?,
        mesh_id: row.parse(1)?,
        member_id: row.parse(2)?,
        name: row.get(3)?,
        handle: row.get(4)?,
        description: row.get(5)?,
        runtime: row.parse(6)?,
        keeper_id: row.parse(7)?,
        role: row.parse(8)?,
        wanted: row.get(9)?,
        state: String::new(),
        active_version: row.parse_option(10)?,
        previous_version: row.parse_option(11)?,
        created_at: row.time(12)?,
        revision: row.get(13)?,
        autonomy: row.parse(14)?,
    };
    Ok(Stored {
        bot,
        newest: row.parse_option(15)?,
    })
}

/// A bot about to be made. Its member is there already.
#[derive(Debug)]
pub struct New<'a> {
    /// Its id.
    pub id: BotId,
    /// Its membership.
    pub member: MemberId,
    /// For people.
    pub name: &'a str,
    /// What it is for.
    pub description: &'a str,
    /// What runs it.
    pub runtime: BotBackend,
    /// Who answers for it.
    pub keeper: PersonId,
    /// Who makes it.
    pub by: ActorId,
    /// Now.
    pub at: Timestamp,
}

/// Makes a bot, stopped and without a version.
pub async fn insert(tx: &mut Tx<'_>, mesh: &Grant<MeshId>, new: &New<'_>) -> Result<(), Error> {
    let values = [
        text(new.id),
        text(**mesh),
        text(new.member),
        new.name.into(),
        new.description.into(),
        text(new.runtime),
        text(new.keeper),
        text(new.by),
        new.at.into(),
    ];
    tx.exec(INSERT, &values).await.map(drop)
}

/// A bot that is not deleted.
pub async fn get(tx: &mut Tx<'_>, bot: BotId) -> Result<Option<Stored>, Error> {
    tx.opt(GET, &[text(bot)], read).await
}

/// The bots of a mesh in order of creation; with a companion, only those in a room with it.
pub async fn list(
    tx: &mut Tx<'_>,
    mesh: &Grant<MeshId>,
    after: &str,
    companion: Option<ActorId>,
    limit: i64,
) -> Result<Vec<Stored>, Error> {
    let companion = companion.map(|actor| actor.to_string()).unwrap_or_default();
    tx.all(
        LIST,
        &[text(**mesh), after.into(), (&companion).into(), limit.into()],
        read,
    )
    .await
}

/// Changes what people read about a bot, and who answers for it.
pub async fn update(
    tx: &mut Tx<'_>,
    bot: &Grant<BotId>,
    name: &str,
    description: &str,
    keeper: PersonId,
) -> Result<(), Error> {
    tx.exec(UPDATE, &[text(**bot), name.into(), description.into(), text(keeper)])
        .await?;
    tx.exec(RENAME, &[text(**bot), name.into()]).await.map(drop)
}

/// Says whether a bot should run; false when that was said before.
pub async fn want(tx: &mut Tx<'_>, bot: &Grant<BotId>, wanted: &str) -> Result<bool, Error> {
    Ok(tx.exec(WANT, &[text(**bot), wanted.into()]).await? == 1)
}

/// Says how far a bot may act by itself; its caps, as JSON, stay without new ones.
pub async fn set_autonomy(
    tx: &mut Tx<'_>,
    bot: &Grant<BotId>,
    level: AutonomyLevel,
    caps: Option<&str>,
) -> Result<(), Error> {
    tx.exec(SET_AUTONOMY, &[text(**bot), text(level), caps.into()])
        .await
        .map(drop)
}

/// Makes a version the one that runs; the one that ran becomes the previous one.
pub async fn activate(tx: &mut Tx<'_>, bot: &Grant<BotId>, version: BotVersionId) -> Result<(), Error> {
    tx.exec(ACTIVATE, &[text(**bot), text(version)]).await.map(drop)
}

/// The rooms that a bot is in.
pub async fn rooms(tx: &mut Tx<'_>, bot: BotId) -> Result<Vec<RoomId>, Error> {
    tx.all(ROOMS, &[text(bot)], |row| row.parse(0)).await
}

/// Deletes a bot with its state, grants and log. Its messages and versions stay.
pub async fn delete(tx: &mut Tx<'_>, bot: &Grant<BotId>, at: Timestamp) -> Result<(), Error> {
    tx.exec(DELETE, &[text(**bot), at.into()]).await?;
    for statement in [
        LEAVE,
        FORGET_CURSORS,
        FORGET_KV,
        FORGET_GRANTS,
        FORGET_SECRETS,
        FORGET_TIMERS,
        FORGET_LOGS,
        FORGET_PARKED,
        FORGET_DEAD,
        FORGET_USES,
    ] {
        tx.exec(statement, &[text(**bot)]).await?;
    }
    Ok(())
}

/// How many events wait for a bot.
pub async fn lag(tx: &mut Tx<'_>, bot: BotId) -> Result<i64, Error> {
    tx.one(LAG, &[text(bot)], |row| row.get(0)).await
}

/// A bot's settings as JSON, and their revision.
pub async fn config(tx: &mut Tx<'_>, bot: BotId) -> Result<Option<(String, i64)>, Error> {
    tx.opt(CONFIG, &[text(bot)], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Replaces a bot's settings; answers their new revision.
pub async fn put_config(tx: &mut Tx<'_>, bot: &Grant<BotId>, json: &str) -> Result<i64, Error> {
    tx.one(PUT_CONFIG, &[text(**bot), json.into()], |row| row.get(0)).await
}

/// What is stored about a bot's limits.
#[derive(Debug)]
pub struct LimitRow {
    /// What an admin set, as JSON.
    pub set: String,
    /// Its revision.
    pub revision: i64,
    /// Bytes in the key-value store.
    pub kv_bytes: i64,
}

/// A bot's limits.
pub async fn limits(tx: &mut Tx<'_>, bot: BotId) -> Result<Option<LimitRow>, Error> {
    tx.opt(LIMITS, &[text(bot)], |row| {
        Ok(LimitRow {
            set: row.get(0)?,
            revision: row.get(1)?,
            kv_bytes: row.get(2)?,
        })
    })
    .await
}

/// Replaces what is set of a bot's limits; answers the new revision.
pub async fn put_limits(tx: &mut Tx<'_>, bot: &Grant<BotId>, json: &str) -> Result<i64, Error> {
    tx.one(PUT_LIMITS, &[text(**bot), json.into()], |row| row.get(0)).await
}

/// What a bot is to hear of as JSON, and the revision of that.
pub async fn subscription(tx: &mut Tx<'_>, bot: BotId) -> Result<Option<(String, i64)>, Error> {
    tx.opt(SUBSCRIPTION, &[text(bot)], |row| Ok((row.get(0)?, row.get(1)?)))
        .await
}

/// Replaces what a bot is to hear of; answers the new revision.
pub async fn put_subscription(tx: &mut Tx<'_>, bot: &Grant<BotId>, json: &str) -> Result<i64, Error> {
    tx.one(PUT_SUBSCRIPTION, &[text(**bot), json.into()], |row| row.get(0))
        .await
}

/// Keeps the verdict of every layer on a call that was refused.
pub async fn keep_decision(
    tx: &mut Tx<'_>,
    id: DecisionId,
    bot: BotId,
    op: &str,
    resource: &str,
    findings: &str,
    at: Timestamp,
) -> Result<(), Error> {
    let values = [
        text(id),
        text(bot),
        op.into(),
        resource.into(),
        findings.into(),
        at.into(),
    ];
    tx.exec(KEEP_DECISION, &values).await.map(drop)
}

/// A verdict that was kept.
#[derive(Debug)]
pub struct DecisionRow {
    /// The operation.
    pub op: String,
    /// The room or mesh it was tried on.
    pub resource: String,
    /// The verdict of every layer, as JSON.
    pub findings: String,
    /// When.
    pub at: Timestamp,
}

/// A verdict about this bot.
pub async fn decision(tx: &mut Tx<'_>, bot: BotId, id: DecisionId) -> Result<Option<DecisionRow>, Error> {
    tx.opt(DECISION, &[text(id), text(bot)], |row| {
        Ok(DecisionRow {
            op: row.get(0)?,
            resource: row.get(1)?,
            findings: row.get(2)?,
            at: row.time(3)?,
        })
    })
    .await
}

/// Verdicts about a bot with their ids, the newest first, from before an id.
pub async fn decisions(
    tx: &mut Tx<'_>,
    bot: &Grant<BotId>,
    before: &str,
    limit: i64,
) -> Result<Vec<(DecisionId, DecisionRow)>, Error> {
    tx.all(DECISIONS, &[text(**bot), before.into(), limit.into()], |row| {
        let decision = DecisionRow {
            op: row.get(1)?,
            resource: row.get(2)?,
            findings: row.get(3)?,
            at: row.time(4)?,
        };
        Ok((row.parse(0)?, decision))
    })
    .await
}
