//! Seats: an actor's place in a room, and what a bot hears there.

use crate::{Error, Row, Tx, members, text};
use mesh_authz::Grant;
use mesh_types::{
    ActorId, BotId, Hears, MemberId, RoomId, RoomRole, Timestamp,
    view::{RoomBot, RoomMember},
};

crate::statements! {
    ADD = "INSERT INTO room_members (room_id, actor_id, member_id, room_role, joined_at, read_seq, notify) VALUES ($1, $2, $3, $4, $5, $6, 'all') ON CONFLICT DO NOTHING";
    REMOVE = "DELETE FROM room_members WHERE room_id = $1 AND actor_id = $2";
    SET_ROLE = "UPDATE room_members SET room_role = $3 WHERE room_id = $1 AND actor_id = $2";
    GET = "SELECT s.room_id, s.room_role, s.joined_at, m.id, m.mesh_id, m.actor_id, m.display_name, m.handle, m.role, m.state, m.joined_at, m.revision, m.title, m.profile, m.avatar FROM room_members s JOIN members m ON m.id = s.member_id WHERE s.room_id = $1 AND s.actor_id = $2";
    LIST = "SELECT s.room_id, s.room_role, s.joined_at, m.id, m.mesh_id, m.actor_id, m.display_name, m.handle, m.role, m.state, m.joined_at, m.revision, m.title, m.profile, m.avatar, (SELECT x.status FROM statuses x WHERE x.actor_id = m.actor_id AND (x.ends_at IS NULL OR x.ends_at > $4)) FROM room_members s JOIN members m ON m.id = s.member_id WHERE s.room_id = $1 AND s.actor_id > $2 ORDER BY s.actor_id LIMIT $3";
    ACTORS = "SELECT actor_id FROM room_members WHERE room_id = $1 ORDER BY actor_id";
    POST_AGAIN = "UPDATE room_members SET posted_at = $3 WHERE room_id = $1 AND actor_id = $2 AND (posted_at IS NULL OR posted_at <= $4)";
    OTHERS = "SELECT CAST(COALESCE(SUM(CASE WHEN room_role = 'owner' THEN 1 ELSE 0 END), 0) AS BIGINT), COUNT(*) FROM room_members WHERE room_id = $1 AND actor_id <> $2";
    ADD_BOT = "INSERT INTO room_bots (room_id, bot_id, hears, may_post, revision, added_by, added_at) VALUES ($1, $2, $3, $4, 1, $5, $6) ON CONFLICT DO NOTHING";
    UPDATE_BOT = "UPDATE room_bots SET hears = $3, may_post = $4, revision = revision + 1 WHERE room_id = $1 AND bot_id = $2";
    REMOVE_BOT = "DELETE FROM room_bots WHERE room_id = $1 AND bot_id = $2";
    GET_BOT = "SELECT b.room_id, b.bot_id, o.name, b.hears, b.may_post, b.added_at, b.revision FROM room_bots b JOIN bots o ON o.id = b.bot_id WHERE b.room_id = $1 AND b.bot_id = $2";
    LIST_BOTS = "SELECT b.room_id, b.bot_id, o.name, b.hears, b.may_post, b.added_at, b.revision FROM room_bots b JOIN bots o ON o.id = b.bot_id WHERE b.room_id = $1 ORDER BY b.bot_id";
    HEARING_ALL = "SELECT b.bot_id FROM room_bots b JOIN bots o ON o.id = b.bot_id WHERE b.room_id = $1 AND b.hears = 'all' AND o.wanted = 'running' AND o.deleted_at IS NULL";
    FOLLOW = "INSERT INTO cursors (consumer, stream, seq) VALUES ($1, $2, $3) ON CONFLICT (consumer, stream) DO UPDATE SET seq = excluded.seq";
    UNFOLLOW = "DELETE FROM cursors WHERE consumer = $1 AND stream = $2";
    FOLLOWED = "SELECT stream, seq FROM cursors WHERE consumer = $1 ORDER BY stream";
    BEHIND = "SELECT DISTINCT c.consumer FROM cursors c JOIN streams s ON s.id = c.stream JOIN bots b ON b.id = c.consumer WHERE s.head > c.seq AND b.wanted = 'running' AND b.deleted_at IS NULL";
}

fn read(row: &Row<'_>) -> Result<RoomMember, Error> {
    Ok(RoomMember {
        room_id: row.parse(0)?,
        member: members::read_at(row, 3)?,
        room_role: row.parse(1)?,
        joined_at: row.time(2)?,
    })
}

fn read_bot(row: &Row<'_>) -> Result<RoomBot, Error> {
    Ok(RoomBot {
        room_id: row.parse(0)?,
        bot_id: row.parse(1)?,
        name: row.get(2)?,
        hears: row.parse(3)?,
        may_post: row.flag(4)?,
        added_at: row.time(5)?,
        revision: row.get(6)?,
    })
}

/// Gives an actor a place in a room; false when it had one. It has read everything up to `read_seq`.
pub async fn add<R>(
    tx: &mut Tx<'_>,
    _allowed: &Grant<R>,
    room: RoomId,
    (actor, member): (ActorId, MemberId),
    role: RoomRole,
    (at, read_seq): (Timestamp, i64),
) -> Result<bool, Error> {
    let values = [
        text(room),
        text(actor),
        text(member),
        text(role),
        at.into(),
        read_seq.into(),
    ];
    Ok(tx.exec(ADD, &values).await? == 1)
}

/// Takes an actor's place away; false when it had none.
pub async fn remove<R>(tx: &mut Tx<'_>, _allowed: &Grant<R>, room: RoomId, actor: ActorId) -> Result<bool, Error> {
    Ok(tx.exec(REMOVE, &[text(room), text(actor)]).await? == 1)
}

/// Changes a room role.
pub async fn set_role<R>(
    tx: &mut Tx<'_>,
    _allowed: &Grant<R>,
    room: RoomId,
    actor: ActorId,
    role: RoomRole,
) -> Result<(), Error> {
    tx.exec(SET_ROLE, &[text(room), text(actor), text(role)])
        .await
        .map(drop)
}

/// An actor's place in a room; without the actor's status.
pub async fn get(tx: &mut Tx<'_>, room: RoomId, actor: ActorId) -> Result<Option<RoomMember>, Error> {
    tx.opt(GET, &[text(room), text(actor)], read).await
}

/// Everyone in a room, with their status now, in the order of their ids.
pub async fn list(
    tx: &mut Tx<'_>,
    room: &Grant<RoomId>,
    (after, limit): (&str, i64),
    now: Timestamp,
) -> Result<Vec<RoomMember>, Error> {
    let values = [text(**room), after.into(), limit.into(), now.into()];
    tx.all(LIST, &values, |row| {
        Ok(RoomMember {
            member: members::shown_at(row, 3)?,
            ..read(row)?
        })
    })
    .await
}

/// Everyone in a room, by id alone.
pub async fn actors(tx: &mut Tx<'_>, room: RoomId) -> Result<Vec<ActorId>, Error> {
    tx.all(ACTORS, &[text(room)], |row| row.parse(0)).await
}

/// Remembers that an actor posts now, if it did not since `before`; false when it did, or has no seat.
pub async fn post_again(
    tx: &mut Tx<'_>,
    room: &Grant<RoomId>,
    actor: ActorId,
    (at, before): (Timestamp, Timestamp),
) -> Result<bool, Error> {
    let values = [text(**room), text(actor), at.into(), before.into()];
    Ok(tx.exec(POST_AGAIN, &values).await? == 1)
}

/// How many owners and how many actors a room has besides this one.
pub async fn others(tx: &mut Tx<'_>, room: RoomId, but: ActorId) -> Result<(i64, i64), Error> {
    tx.one(OTHERS, &[text(room), text(but)], |row| Ok((row.get(0)?, row.get(1)?)))
        .await
}

/// Says what a bot hears in a room that it was given a place in; false when that was said before.
pub async fn add_bot<R>(
    tx: &mut Tx<'_>,
    _allowed: &Grant<R>,
    (room, bot): (RoomId, BotId),
    (hears, may_post): (Hears, bool),
    (by, at): (ActorId, Timestamp),
) -> Result<bool, Error> {
    let values = [text(room), text(bot), text(hears), may_post.into(), text(by), at.into()];
    Ok(tx.exec(ADD_BOT, &values).await? == 1)
}

/// Changes what a bot hears in a room and whether it may post there.
pub async fn update_bot(
    tx: &mut Tx<'_>,
    room: &Grant<RoomId>,
    bot: BotId,
    hears: Hears,
    may_post: bool,
) -> Result<(), Error> {
    tx.exec(UPDATE_BOT, &[text(**room), text(bot), text(hears), may_post.into()])
        .await
        .map(drop)
}

/// Forgets what a bot hears in a room.
pub async fn remove_bot<R>(tx: &mut Tx<'_>, _allowed: &Grant<R>, room: RoomId, bot: BotId) -> Result<bool, Error> {
    Ok(tx.exec(REMOVE_BOT, &[text(room), text(bot)]).await? == 1)
}

/// What a bot hears in a room.
pub async fn get_bot(tx: &mut Tx<'_>, room: RoomId, bot: BotId) -> Result<Option<RoomBot>, Error> {
    tx.opt(GET_BOT, &[text(room), text(bot)], read_bot).await
}

/// The bots of a room.
pub async fn list_bots(tx: &mut Tx<'_>, room: &Grant<RoomId>) -> Result<Vec<RoomBot>, Error> {
    tx.all(LIST_BOTS, &[text(**room)], read_bot).await
}

/// The running bots that hear every message of a room.
pub async fn hearing_all(tx: &mut Tx<'_>, room: RoomId) -> Result<Vec<BotId>, Error> {
    tx.all(HEARING_ALL, &[text(room)], |row| row.parse(0)).await
}

/// Sets how far a consumer has come in a stream.
pub async fn set_cursor(tx: &mut Tx<'_>, consumer: ActorId, stream: crate::log::Stream, seq: i64) -> Result<(), Error> {
    tx.exec(FOLLOW, &[text(consumer), text(stream), seq.into()])
        .await
        .map(drop)
}

/// A consumer no longer follows a stream.
pub async fn drop_cursor(tx: &mut Tx<'_>, consumer: ActorId, stream: crate::log::Stream) -> Result<(), Error> {
    tx.exec(UNFOLLOW, &[text(consumer), text(stream)]).await.map(drop)
}

/// The streams that a consumer follows, and how far it has come in each.
pub async fn cursors(tx: &mut Tx<'_>, consumer: ActorId) -> Result<Vec<(crate::log::Stream, i64)>, Error> {
    tx.all(FOLLOWED, &[text(consumer)], |row| Ok((row.parse(0)?, row.get(1)?)))
        .await
}

/// The running bots whose streams have events they have not handled.
pub async fn bots_behind(tx: &mut Tx<'_>) -> Result<Vec<BotId>, Error> {
    tx.all(BEHIND, &[], |row| row.parse(0)).await
}
