//! How far actors have read, and what is left.

use crate::{Error, Row, Tx, log::Stream, text};
use mesh_authz::Grant;
use mesh_types::{
    ActorId, MeshId, NotifyLevel, RoomId, Timestamp,
    view::{ReadState, ThreadReadState},
};

crate::statements! {
    GET = "SELECT s.room_id, s.read_seq, (SELECT COUNT(*) FROM (SELECT 1 AS one FROM messages m WHERE m.room_id = s.room_id AND m.seq > s.read_seq AND m.author_id <> s.actor_id AND m.deleted_at IS NULL LIMIT 1000) u), (SELECT COUNT(*) FROM mentions x WHERE x.actor_id = s.actor_id AND x.room_id = s.room_id AND x.seq > s.read_seq), s.notify, s.muted_until FROM room_members s WHERE s.room_id = $1 AND s.actor_id = $2";
    LIST = "SELECT s.room_id, s.read_seq, (SELECT COUNT(*) FROM (SELECT 1 AS one FROM messages m WHERE m.room_id = s.room_id AND m.seq > s.read_seq AND m.author_id <> s.actor_id AND m.deleted_at IS NULL LIMIT 1000) u), (SELECT COUNT(*) FROM mentions x WHERE x.actor_id = s.actor_id AND x.room_id = s.room_id AND x.seq > s.read_seq), s.notify, s.muted_until FROM room_members s JOIN rooms r ON r.id = s.room_id WHERE s.actor_id = $1 AND r.mesh_id = $2 AND r.deleted_at IS NULL AND s.room_id > $3 ORDER BY s.room_id LIMIT $4";
    THREADS = "SELECT t.room_id, t.id, COUNT(m.id), COUNT(x.message_id) FROM thread_follows f JOIN threads t ON t.id = f.thread_id JOIN room_members s ON s.room_id = t.room_id AND s.actor_id = f.actor_id JOIN messages m ON m.thread_id = t.id AND m.seq > s.read_seq AND m.author_id <> f.actor_id AND m.deleted_at IS NULL LEFT JOIN mentions x ON x.actor_id = f.actor_id AND x.message_id = m.id WHERE f.actor_id = $1 AND f.following = 1 AND t.room_id >= $2 AND t.room_id <= $3 GROUP BY t.room_id, t.id ORDER BY t.id DESC LIMIT 200";
    SET = "UPDATE room_members SET read_seq = $3 WHERE room_id = $1 AND actor_id = $2";
    NOTIFY = "UPDATE room_members SET notify = $3, muted_until = $4 WHERE room_id = $1 AND actor_id = $2";
    ACK = "INSERT INTO acks (actor_id, stream, seq) VALUES ($1, $2, $3) ON CONFLICT (actor_id, stream) DO UPDATE SET seq = CASE WHEN excluded.seq > acks.seq THEN excluded.seq ELSE acks.seq END";
    ACKED = "SELECT stream, seq FROM acks WHERE actor_id = $1 ORDER BY stream";
}

fn read(row: &Row<'_>) -> Result<ReadState, Error> {
    Ok(ReadState {
        room_id: row.parse(0)?,
        read_seq: row.get(1)?,
        unread: row.count(2)?,
        mentions: row.count(3)?,
        level: row.parse(4)?,
        muted_until: row.time_option(5)?,
        threads: Vec::new(),
    })
}

/// What an actor has not yet read of a room; none when it is not in there.
pub async fn get(tx: &mut Tx<'_>, room: RoomId, actor: ActorId) -> Result<Option<ReadState>, Error> {
    let mut found = Vec::from_iter(tx.opt(GET, &[text(room), text(actor)], read).await?);
    add_threads(tx, actor, &mut found).await?;
    Ok(found.pop())
}

/// What an actor has not yet read of the rooms of a mesh that it is in, from after the one named.
pub async fn list(
    tx: &mut Tx<'_>,
    mesh: &Grant<MeshId>,
    actor: ActorId,
    after: &str,
    limit: i64,
) -> Result<Vec<ReadState>, Error> {
    let values = [text(actor), text(**mesh), after.into(), limit.into()];
    let mut found = tx.all(LIST, &values, read).await?;
    add_threads(tx, actor, &mut found).await?;
    Ok(found)
}

/// The states are in the order of their rooms.
async fn add_threads(tx: &mut Tx<'_>, actor: ActorId, states: &mut [ReadState]) -> Result<(), Error> {
    let (Some(first), Some(last)) = (states.first(), states.last()) else {
        return Ok(());
    };
    let values = [text(actor), text(first.room_id), text(last.room_id)];
    let threads: Vec<(RoomId, ThreadReadState)> = tx
        .all(THREADS, &values, |row| {
            let thread = ThreadReadState {
                thread_id: row.parse(1)?,
                unread: row.count(2)?,
                mentions: row.count(3)?,
            };
            Ok((row.parse(0)?, thread))
        })
        .await?;
    for (room, thread) in threads {
        if let Some(state) = states.iter_mut().find(|state| state.room_id == room) {
            state.threads.push(thread);
        }
    }
    Ok(())
}

/// Sets how far an actor has read a room that it is in.
pub async fn set(tx: &mut Tx<'_>, room: &Grant<RoomId>, actor: ActorId, seq: i64) -> Result<(), Error> {
    tx.exec(SET, &[text(**room), text(actor), seq.into()]).await.map(drop)
}

/// Sets what an actor wants to be notified of in a room that it is in.
pub async fn notify(
    tx: &mut Tx<'_>,
    room: &Grant<RoomId>,
    actor: ActorId,
    (level, muted_until): (NotifyLevel, Option<Timestamp>),
) -> Result<(), Error> {
    let values = [text(**room), text(actor), text(level), muted_until.into()];
    tx.exec(NOTIFY, &values).await.map(drop)
}

/// Remembers that an actor has handled a stream up to here; never takes it back.
pub async fn ack<R>(
    tx: &mut Tx<'_>,
    _allowed: &Grant<R>,
    actor: ActorId,
    (stream, seq): (Stream, i64),
) -> Result<(), Error> {
    tx.exec(ACK, &[text(actor), text(stream), seq.into()]).await.map(drop)
}

/// How far an actor said that it has handled each stream.
pub async fn acked(tx: &mut Tx<'_>, actor: ActorId) -> Result<Vec<(Stream, i64)>, Error> {
    tx.all(ACKED, &[text(actor)], |row| Ok((row.parse(0)?, row.get(1)?)))
        .await
}
