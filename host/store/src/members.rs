//! Members: an actor's place in a mesh.

use crate::{Error, Row, Tx, statuses, text};
use mesh_authz::Grant;
use mesh_types::{
    ActorId, MemberId, MeshId, Role, RoomId, Timestamp,
    view::{Actor, Member},
};

crate::statements! {
    INSERT = "INSERT INTO members (id, mesh_id, actor_id, handle, display_name, title, profile, role, state, revision, joined_at) VALUES ($1, $2, $3, $4, $5, '', '{}', $6, 'active', 1, $7)";
    WHO_HAS = "SELECT id FROM members WHERE mesh_id = $1 AND handle = $2 UNION ALL SELECT member_id FROM old_handles WHERE mesh_id = $1 AND handle = $2";
    KEEP_HANDLE = "INSERT INTO old_handles (mesh_id, handle, member_id) SELECT mesh_id, handle, id FROM members WHERE id = $1 AND handle <> $2 ON CONFLICT DO NOTHING";
    UPDATE = "UPDATE members SET handle = $2, display_name = $3, title = $4, profile = $5, revision = revision + 1 WHERE id = $1";
    ACTORS = "SELECT actor_id FROM members WHERE mesh_id = $1 AND state <> 'left' ORDER BY actor_id";
    GET = "SELECT id, mesh_id, actor_id, display_name, handle, role, state, joined_at, revision, title, profile, avatar FROM members WHERE id = $1";
    OF_ALL = "SELECT m.id, m.mesh_id, m.actor_id, m.display_name, m.handle, m.role, m.state, m.joined_at, m.revision, m.title, m.profile, m.avatar FROM members m JOIN meshes h ON h.id = m.mesh_id WHERE m.actor_id = $1 AND m.state = 'active' AND h.deleted_at IS NULL ORDER BY m.mesh_id";
    OF_ACTOR = "SELECT id, mesh_id, actor_id, display_name, handle, role, state, joined_at, revision, title, profile, avatar FROM members WHERE mesh_id = $1 AND actor_id = $2";
    HOLD = "UPDATE members SET revision = revision WHERE id = $1";
    SET_AVATAR = "UPDATE members SET avatar = $2, avatar_small = $3, revision = revision + 1 WHERE id = $1";
    AVATAR = "SELECT avatar, avatar_small FROM members WHERE id = $1";
    SET_ROLE = "UPDATE members SET role = $2, revision = revision + 1 WHERE id = $1";
    LEAVE = "UPDATE members SET state = 'left', revision = revision + 1 WHERE id = $1";
    COME_BACK = "UPDATE members SET state = 'active', role = $2, joined_at = $3, revision = revision + 1 WHERE id = $1";
    LIST_SHARED = "SELECT id, mesh_id, actor_id, display_name, handle, role, state, joined_at, revision, title, profile, avatar, (SELECT x.status FROM statuses x WHERE x.actor_id = members.actor_id AND (x.ends_at IS NULL OR x.ends_at > $6)) FROM members WHERE mesh_id = $1 AND state <> 'left' AND id > $2 AND ($3 = '' OR role = $3) AND ($5 = '' OR actor_id LIKE $5 || '%') AND (actor_id = $7 OR EXISTS (SELECT 1 FROM room_members a JOIN room_members b ON b.room_id = a.room_id JOIN rooms r ON r.id = a.room_id WHERE a.actor_id = $7 AND b.actor_id = members.actor_id AND r.mesh_id = $1 AND r.deleted_at IS NULL)) ORDER BY id LIMIT $4";
    ROOMS = "SELECT s.room_id FROM room_members s JOIN rooms r ON r.id = s.room_id WHERE s.actor_id = $1 AND r.mesh_id = $2 ORDER BY s.room_id";
    GUESTS = "SELECT actor_id FROM members WHERE mesh_id = $1 AND role = 'guest' AND state <> 'left' AND actor_id LIKE 'person%' ORDER BY actor_id";
    GUESTS_BESIDE = "SELECT actor_id FROM members WHERE mesh_id = $1 AND role = 'guest' AND state <> 'left' AND actor_id LIKE 'person%' AND EXISTS (SELECT 1 FROM room_members a JOIN room_members b ON b.room_id = a.room_id JOIN rooms r ON r.id = a.room_id WHERE a.actor_id = $2 AND b.actor_id = members.actor_id AND r.mesh_id = $1 AND r.deleted_at IS NULL) ORDER BY actor_id";
    HEIR = "SELECT s.actor_id, s.member_id FROM room_members s JOIN members m ON m.id = s.member_id WHERE s.room_id = $1 AND s.actor_id <> $2 AND s.room_role IN ('moderator', 'participant') AND m.state = 'active' AND m.role NOT IN ('guest', 'pending') ORDER BY CASE WHEN s.actor_id LIKE 'bot%' THEN 1 ELSE 0 END, CASE s.room_role WHEN 'moderator' THEN 0 ELSE 1 END, s.joined_at, s.actor_id LIMIT 1";
    LIST = "SELECT id, mesh_id, actor_id, display_name, handle, role, state, joined_at, revision, title, profile, avatar, (SELECT x.status FROM statuses x WHERE x.actor_id = members.actor_id AND (x.ends_at IS NULL OR x.ends_at > $6)) FROM members WHERE mesh_id = $1 AND state <> 'left' AND id > $2 AND ($3 = '' OR role = $3) AND ($5 = '' OR actor_id LIKE $5 || '%') ORDER BY id LIMIT $4";
}

/// Reads the twelve columns that every select of this noun asks for, from this column on. The status is
/// not among them; see [`shown_at`].
pub(crate) fn read_at(row: &Row<'_>, at: usize) -> Result<Member, Error> {
    let actor: ActorId = row.parse(at + 2)?;
    Ok(Member {
        id: row.parse(at)?,
        mesh_id: row.parse(at + 1)?,
        actor: Actor {
            id: actor,
            kind: actor.kind().into(),
            name: row.get(at + 3)?,
        },
        handle: row.get(at + 4)?,
        role: row.parse(at + 5)?,
        state: row.get(at + 6)?,
        joined_at: row.time(at + 7)?,
        revision: row.get(at + 8)?,
        title: row.get(at + 9)?,
        fields: serde_json::from_str(&row.get::<String>(at + 10)?).map_err(Error::corrupt)?,
        avatar: row.get(at + 11)?,
        status: None,
    })
}

/// As [`read_at`], with the status, which is the column after those.
pub(crate) fn shown_at(row: &Row<'_>, at: usize) -> Result<Member, Error> {
    let status: Option<String> = row.get(at + 12)?;
    Ok(Member {
        status: status.as_deref().map(statuses::from_json).transpose()?,
        ..read_at(row, at)?
    })
}

fn read(row: &Row<'_>) -> Result<Member, Error> {
    read_at(row, 0)
}

/// A member about to be added.
#[derive(Debug)]
pub struct New<'a> {
    /// Its id.
    pub id: MemberId,
    /// Where.
    pub mesh: MeshId,
    /// Who.
    pub actor: ActorId,
    /// A handle that is free; see [`free_handle`].
    pub handle: &'a str,
    /// For people.
    pub display_name: &'a str,
    /// The role.
    pub role: Role,
    /// Now.
    pub at: Timestamp,
}

/// Adds a member.
pub async fn insert<R>(tx: &mut Tx<'_>, _allowed: &Grant<R>, new: &New<'_>) -> Result<(), Error> {
    let values = [
        text(new.id),
        text(new.mesh),
        text(new.actor),
        new.handle.into(),
        new.display_name.into(),
        text(new.role),
        new.at.into(),
    ];
    tx.exec(INSERT, &values).await.map(drop)
}

/// Most characters of a handle.
const HANDLE: usize = 32;

/// The wanted handle, or the first of `wanted-2`, `wanted-3`, … that nobody in the mesh has or had;
/// cut where the number would make it too long.
pub async fn free_handle(tx: &mut Tx<'_>, mesh: MeshId, wanted: &str) -> Result<String, Error> {
    let mut handle = wanted.to_owned();
    for n in 2.. {
        if who_has(tx, mesh, &handle).await?.is_none() {
            break;
        }
        handle = numbered(wanted, n);
    }
    Ok(handle)
}

/// The member of a mesh who has a handle, or else the one who had it.
pub async fn who_has(tx: &mut Tx<'_>, mesh: MeshId, handle: &str) -> Result<Option<MemberId>, Error> {
    tx.opt(WHO_HAS, &[text(mesh), handle.into()], |row| row.parse(0)).await
}

fn numbered(wanted: &str, n: u32) -> String {
    let number = format!("-{n}");
    let kept: String = wanted.chars().take(HANDLE - number.len()).collect();
    kept + &number
}

/// A handle made of a name: lower case, `a-z 0-9 _ . -`, at most 32 characters, never empty.
pub fn handle_from(name: &str) -> String {
    let mut handle: String = name
        .to_lowercase()
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.') {
                letter
            } else {
                '-'
            }
        })
        .take(HANDLE)
        .collect();
    while handle.contains("--") {
        handle = handle.replace("--", "-");
    }
    let handle = handle.trim_matches(['-', '_', '.']);
    if handle.is_empty() {
        "member".into()
    } else {
        handle.into()
    }
}

/// A member, also one who left; without its status.
pub async fn get(tx: &mut Tx<'_>, member: MemberId) -> Result<Option<Member>, Error> {
    tx.opt(GET, &[text(member)], read).await
}

/// An actor's membership, also one that ended; without its status.
pub async fn of_actor(tx: &mut Tx<'_>, mesh: MeshId, actor: ActorId) -> Result<Option<Member>, Error> {
    tx.opt(OF_ACTOR, &[text(mesh), text(actor)], read).await
}

/// Where an actor is an active member, in the order of the meshes' ids; without its status.
pub async fn of_all_meshes(tx: &mut Tx<'_>, actor: ActorId) -> Result<Vec<Member>, Error> {
    tx.all(OF_ALL, &[text(actor)], read).await
}

/// What narrows a list of members.
#[derive(Debug, Clone, Copy)]
pub struct Filter<'a> {
    /// A role; any when empty.
    pub role: &'a str,
    /// `person` or `bot`; both when empty.
    pub kind: &'a str,
    /// Only those who share a room of this mesh with this actor.
    pub shared_with: Option<ActorId>,
}

/// Members who are there, with their status now, in order of joining, from after the one named.
pub async fn list(
    tx: &mut Tx<'_>,
    mesh: &Grant<MeshId>,
    filter: Filter<'_>,
    (after, limit): (&str, i64),
    now: Timestamp,
) -> Result<Vec<Member>, Error> {
    let (role, kind) = (filter.role.into(), filter.kind.into());
    let mut values = vec![text(**mesh), after.into(), role, limit.into(), kind, now.into()];
    let sql = match filter.shared_with {
        None => LIST,
        Some(viewer) => {
            values.push(text(viewer));
            LIST_SHARED
        }
    };
    tx.all(sql, &values, |row| shown_at(row, 0)).await
}

/// Keeps everybody else from changing this member until the end of the transaction, so that what is
/// read of it from now on stays true. On SQLite that is so anyway.
pub async fn hold<R>(tx: &mut Tx<'_>, _allowed: &Grant<R>, member: MemberId) -> Result<(), Error> {
    tx.exec(HOLD, &[text(member)]).await.map(drop)
}

/// Changes a member's role.
pub async fn set_role<R>(tx: &mut Tx<'_>, _allowed: &Grant<R>, member: MemberId, role: Role) -> Result<(), Error> {
    tx.exec(SET_ROLE, &[text(member), text(role)]).await.map(drop)
}

/// Changes what people read about a member. The handle is one that [`who_has`] gives to nobody else; the
/// one before goes on leading here.
pub async fn update<R>(tx: &mut Tx<'_>, _allowed: &Grant<R>, member: &Member) -> Result<(), Error> {
    let profile = serde_json::to_string(&member.fields).map_err(Error::other)?;
    tx.exec(KEEP_HANDLE, &[text(member.id), (&member.handle).into()])
        .await?;
    let values = [
        text(member.id),
        (&member.handle).into(),
        (&member.actor.name).into(),
        (&member.title).into(),
        (&profile).into(),
    ];
    tx.exec(UPDATE, &values).await.map(drop)
}

/// Every person and bot of a mesh, by id alone.
pub async fn actors(tx: &mut Tx<'_>, mesh: MeshId) -> Result<Vec<ActorId>, Error> {
    tx.all(ACTORS, &[text(mesh)], |row| row.parse(0)).await
}

/// The member is not there any more; its row stays for the names of old messages.
pub async fn leave<R>(tx: &mut Tx<'_>, _allowed: &Grant<R>, member: MemberId) -> Result<(), Error> {
    tx.exec(LEAVE, &[text(member)]).await.map(drop)
}

/// A member who left is there again.
pub async fn come_back<R>(
    tx: &mut Tx<'_>,
    _allowed: &Grant<R>,
    member: MemberId,
    role: Role,
    at: Timestamp,
) -> Result<(), Error> {
    tx.exec(COME_BACK, &[text(member), text(role), at.into()])
        .await
        .map(drop)
}

/// The rooms of a mesh that an actor is in.
pub async fn rooms(tx: &mut Tx<'_>, mesh: MeshId, actor: ActorId) -> Result<Vec<RoomId>, Error> {
    tx.all(ROOMS, &[text(actor), text(mesh)], |row| row.parse(0)).await
}

/// The people who are Guests of a mesh. They are not on its stream and get copies of what concerns them.
pub async fn guests(tx: &mut Tx<'_>, mesh: MeshId) -> Result<Vec<ActorId>, Error> {
    tx.all(GUESTS, &[text(mesh)], |row| row.parse(0)).await
}

/// As [`guests`], but only those who share a room of the mesh with this actor.
pub async fn guests_beside(tx: &mut Tx<'_>, mesh: MeshId, actor: ActorId) -> Result<Vec<ActorId>, Error> {
    tx.all(GUESTS_BESIDE, &[text(mesh), text(actor)], |row| row.parse(0))
        .await
}

/// Who would own a room if this actor went: people before bots, moderators before participants, then
/// whoever came first. Readers and Guests do not inherit.
pub async fn heir(tx: &mut Tx<'_>, room: RoomId, but: ActorId) -> Result<Option<(ActorId, MemberId)>, Error> {
    tx.opt(HEIR, &[text(room), text(but)], |row| Ok((row.parse(0)?, row.parse(1)?)))
        .await
}

/// Gives a member a picture, or takes it away: the digests of the large and the small one.
pub async fn set_avatar(tx: &mut Tx<'_>, member: &Grant<MemberId>, avatar: Option<(&str, &str)>) -> Result<(), Error> {
    let (large, small) = avatar.unzip();
    let values = [text(**member), large.into(), small.into()];
    tx.exec(SET_AVATAR, &values).await.map(drop)
}

/// The digests of a member's picture, large and small.
pub async fn avatar(tx: &mut Tx<'_>, member: MemberId) -> Result<Option<(String, String)>, Error> {
    let found = tx
        .opt(AVATAR, &[text(member)], |row| {
            Ok((row.get::<Option<String>>(0)?, row.get::<Option<String>>(1)?))
        })
        .await?;
    Ok(found.and_then(|(large, small)| large.zip(small)))
}

#[cfg(test)]
mod tests {
    use super::{handle_from, numbered};

    #[test]
    fn handles_are_plain() {
        for (name, handle) in [
            ("Ann", "ann"),
            ("Zoë  Q.", "zo-q"),
            ("---", "member"),
            ("", "member"),
            ("A_b.c-d", "a_b.c-d"),
        ] {
            assert_eq!(handle_from(name), handle);
        }
    }

    #[test]
    fn numbered_handles_stay_short() {
        assert_eq!(numbered("ann", 2), "ann-2");
        assert_eq!(numbered(&"a".repeat(32), 17), format!("{}-17", "a".repeat(29)));
    }
}
