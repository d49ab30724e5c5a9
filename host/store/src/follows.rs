//! Which streams an actor is on, and where each of them stands.

use crate::{Error, Tx, log::Stream, text};
use mesh_types::{ActorId, Hears, JoinRule, MeshId, RoomId, RoomKind};

crate::statements! {
    OWN = "SELECT head FROM streams WHERE id = $1";
    ROOMS = "SELECT r.id, r.kind, r.join_rule, b.hears, COALESCE(h.head, 0) FROM room_members s JOIN rooms r ON r.id = s.room_id LEFT JOIN room_bots b ON b.room_id = s.room_id AND b.bot_id = s.actor_id LEFT JOIN streams h ON h.id = 'room:' || r.id WHERE s.actor_id = $1 AND r.deleted_at IS NULL ORDER BY r.id LIMIT 2000";
    MESHES = "SELECT m.mesh_id, COALESCE(h.head, 0) FROM members m LEFT JOIN streams h ON h.id = 'mesh:' || m.mesh_id WHERE m.actor_id = $1 AND m.state = 'active' ORDER BY m.mesh_id LIMIT 2000";
}

/// A stream and the `seq` of its last event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The stream.
    pub stream: Stream,
    /// Its last `seq`; 0 when it has no event yet.
    pub seq: i64,
}

/// The streams of an actor, by its memberships alone: its own, its rooms' and its meshes'. A bot is on
/// the streams of rooms that it hears as a whole. Whether it may read them is not looked at.
pub async fn of(tx: &mut Tx<'_>, actor: ActorId) -> Result<Vec<Head>, Error> {
    let own = Stream::Actor(actor);
    let seq = tx.opt(OWN, &[text(own)], |row| row.get(0)).await?.unwrap_or(0);
    let mut streams = vec![Head { stream: own, seq }];
    let rooms = tx
        .all(ROOMS, &[text(actor)], |row| {
            let (kind, join_rule): (RoomKind, JoinRule) = (row.parse(1)?, row.parse(2)?);
            let hears: Option<Hears> = row.parse_option(3)?;
            let direct = kind == RoomKind::Direct && join_rule == JoinRule::Direct;
            let hears = direct || matches!((actor, hears), (ActorId::Person(_), _) | (_, Some(Hears::All)));
            let room: RoomId = row.parse(0)?;
            let seq = row.get(4)?;
            Ok(hears.then_some(Head {
                stream: Stream::Room(room),
                seq,
            }))
        })
        .await?;
    streams.extend(rooms.into_iter().flatten());
    let meshes = tx
        .all(MESHES, &[text(actor)], |row| {
            let mesh: MeshId = row.parse(0)?;
            let seq = row.get(1)?;
            Ok(Head {
                stream: Stream::Mesh(mesh),
                seq,
            })
        })
        .await?;
    streams.extend(meshes);
    Ok(streams)
}
