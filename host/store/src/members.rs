//! Members: an actor's place in a mesh.

use crate::{Error, Row, Tx, text};
use mesh_authz::Grant;
use mesh_types::{
    ActorId, MemberId, MeshId, Role, Timestamp,
    view::{Actor, Member},
};

crate::statements! {
    INSERT = "INSERT INTO members (id, mesh_id, actor_id, handle, display_name, role, state, revision, joined_at) VALUES ($1, $2, $3, $4, $5, $6, 'active', 1, $7)";
    HANDLE_TAKEN = "SELECT 1 FROM members WHERE mesh_id = $1 AND handle = $2";
    GET = "SELECT id, mesh_id, actor_id, display_name, handle, role, state, joined_at, revision FROM members WHERE id = $1";
    OF_ACTOR = "SELECT id, mesh_id, actor_id, display_name, handle, role, state, joined_at, revision FROM members WHERE mesh_id = $1 AND actor_id = $2";
    LIST = "SELECT id, mesh_id, actor_id, display_name, handle, role, state, joined_at, revision FROM members WHERE mesh_id = $1 AND state <> 'left' AND id > $2 AND ($3 = '' OR role = $3) ORDER BY id LIMIT $4";
}

/// Reads the nine columns that every select of this noun asks for, from this column on.
pub(crate) fn read_at(row: &Row<'_>, at: usize) -> Result<Member, Error> {
    let actor: ActorId = row.parse(at + 2)?;
    Ok(Member {
        id: row.parse(at)?,
        mesh_id: row.parse(at + 1)?,
        actor: Actor { id: actor, kind: actor.kind().into(), name: row.get(at + 3)? },
        handle: row.get(at + 4)?,
        role: row.parse(at + 5)?,
        state: row.get(at + 6)?,
        joined_at: row.time(at + 7)?,
        revision: row.get(at + 8)?,
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

/// The wanted handle, or the first of `wanted-2`, `wanted-3`, … that nobody in the mesh has or had.
pub async fn free_handle(tx: &mut Tx<'_>, mesh: MeshId, wanted: &str) -> Result<String, Error> {
    let mut handle = wanted.to_owned();
    for n in 2.. {
        if tx.opt(HANDLE_TAKEN, &[text(mesh), handle.as_str().into()], |_| Ok(())).await?.is_none() {
            break;
        }
        handle = format!("{wanted}-{n}");
    }
    Ok(handle)
}

/// A handle made of a name: lower case, `a-z 0-9 _ . -`, at most 32 characters, never empty.
pub fn handle_from(name: &str) -> String {
    let mut handle: String = name
        .to_lowercase()
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.') { letter } else { '-' })
        .take(32)
        .collect();
    while handle.contains("--") {
        handle = handle.replace("--", "-");
    }
    let handle = handle.trim_matches(['-', '_', '.']);
    if handle.is_empty() { "member".into() } else { handle.into() }
}

/// A member, also one who left.
pub async fn get(tx: &mut Tx<'_>, member: MemberId) -> Result<Option<Member>, Error> {
    tx.opt(GET, &[text(member)], read).await
}

/// An actor's membership, also one that ended.
pub async fn of_actor(tx: &mut Tx<'_>, mesh: MeshId, actor: ActorId) -> Result<Option<Member>, Error> {
    tx.opt(OF_ACTOR, &[text(mesh), text(actor)], read).await
}

/// Members who are there, in order of joining; `role` narrows unless it is empty.
pub async fn list(tx: &mut Tx<'_>, mesh: &Grant<MeshId>, after: &str, role: &str, limit: i64) -> Result<Vec<Member>, Error> {
    tx.all(LIST, &[text(**mesh), after.into(), role.into(), limit.into()], read).await
}

#[cfg(test)]
mod tests {
    use super::handle_from;

    #[test]
    fn handles_are_plain() {
        for (name, handle) in [("Ann", "ann"), ("Zoë  Q.", "zo-q"), ("---", "member"), ("", "member"), ("A_b.c-d", "a_b.c-d")] {
            assert_eq!(handle_from(name), handle);
        }
    }
}
