//! Rooms.

use crate::{Error, Row, Tx, Value, text};
use mesh_authz::Grant;
use mesh_types::{
    ActorId, JoinRule, MeshId, RoomId, RoomKind, Timestamp,
    view::{Room, RoomSettings},
};

crate::statements! {
    INSERT = "INSERT INTO rooms (id, mesh_id, name, slug, purpose, kind, join_rule, readers_may_react, who_may_post, slow_mode_s, threads_only, revision, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 'everyone', 0, 0, 1, $8, $9)";
    OPEN_DIRECT = "INSERT INTO rooms (id, mesh_id, name, slug, purpose, kind, join_rule, readers_may_react, who_may_post, slow_mode_s, threads_only, revision, created_by, created_at, direct_key) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 'everyone', 0, 0, 1, $8, $9, $10) ON CONFLICT DO NOTHING";
    DIRECT = "SELECT id FROM rooms WHERE mesh_id = $1 AND direct_key = $2";
    SLUG_TAKEN = "SELECT 1 FROM rooms WHERE mesh_id = $1 AND slug = $2";
    GET = "SELECT r.id, r.mesh_id, r.name, r.slug, r.purpose, r.kind, r.join_rule, r.archived_at, r.created_at, r.revision, s.room_role, (SELECT COUNT(*) FROM room_members c WHERE c.room_id = r.id), COALESCE(h.head, 0), COALESCE(s.read_seq, 0) FROM rooms r LEFT JOIN room_members s ON s.room_id = r.id AND s.actor_id = $2 LEFT JOIN streams h ON h.id = 'room:' || r.id WHERE r.id = $1 AND r.deleted_at IS NULL";
    LIST = "SELECT r.id, r.mesh_id, r.name, r.slug, r.purpose, r.kind, r.join_rule, r.archived_at, r.created_at, r.revision, s.room_role, (SELECT COUNT(*) FROM room_members c WHERE c.room_id = r.id), COALESCE(h.head, 0), COALESCE(s.read_seq, 0) FROM rooms r LEFT JOIN room_members s ON s.room_id = r.id AND s.actor_id = $2 LEFT JOIN streams h ON h.id = 'room:' || r.id WHERE r.mesh_id = $1 AND r.deleted_at IS NULL AND r.id > $3 AND (s.actor_id IS NOT NULL OR ($4 = 1 AND r.join_rule IN ('public', 'request')) OR ($5 = 1 AND r.join_rule <> 'direct')) ORDER BY r.id LIMIT $6";
    MINE = "SELECT r.id, r.mesh_id, r.name, r.slug, r.purpose, r.kind, r.join_rule, r.archived_at, r.created_at, r.revision, s.room_role, (SELECT COUNT(*) FROM room_members c WHERE c.room_id = r.id), COALESCE(h.head, 0), COALESCE(s.read_seq, 0) FROM room_members s JOIN rooms r ON r.id = s.room_id JOIN meshes g ON g.id = r.mesh_id LEFT JOIN streams h ON h.id = 'room:' || r.id WHERE s.actor_id = $1 AND r.deleted_at IS NULL AND g.deleted_at IS NULL ORDER BY r.id LIMIT 2000";
    UPDATE = "UPDATE rooms SET name = $2, slug = $3, purpose = $4, revision = revision + 1 WHERE id = $1 AND revision = $5 AND deleted_at IS NULL";
    KEEP_SLUG = "INSERT INTO old_slugs (mesh_id, slug, room_id) SELECT mesh_id, slug, id FROM rooms WHERE id = $1 ON CONFLICT (mesh_id, slug) DO UPDATE SET room_id = excluded.room_id";
    RESOLVE = "SELECT id FROM rooms WHERE mesh_id = $1 AND slug = $2 AND deleted_at IS NULL";
    RESOLVE_OLD = "SELECT room_id FROM old_slugs WHERE mesh_id = $1 AND slug = $2";
    ARCHIVE = "UPDATE rooms SET archived_at = $2, revision = revision + 1 WHERE id = $1 AND archived_at IS NULL AND deleted_at IS NULL";
    UNARCHIVE = "UPDATE rooms SET archived_at = NULL, revision = revision + 1 WHERE id = $1 AND archived_at IS NOT NULL AND deleted_at IS NULL";
    DELETE = "UPDATE rooms SET deleted_at = $2, direct_key = NULL, revision = revision + 1 WHERE id = $1 AND revision = $3 AND deleted_at IS NULL";
    SETTINGS = "SELECT id, join_rule, who_may_post, slow_mode_s, threads_only, readers_may_react, revision FROM rooms WHERE id = $1 AND deleted_at IS NULL";
    SET = "UPDATE rooms SET who_may_post = $2, slow_mode_s = $3, threads_only = $4, readers_may_react = $5, revision = revision + 1 WHERE id = $1 AND revision = $6 AND deleted_at IS NULL";
}

fn read(row: &Row<'_>) -> Result<Room, Error> {
    Ok(Room {
        id: row.parse(0)?,
        mesh_id: row.parse(1)?,
        name: row.get(2)?,
        slug: row.get(3)?,
        purpose: row.get(4)?,
        kind: row.parse(5)?,
        join_rule: row.parse(6)?,
        archived_at: row.time_option(7)?,
        created_at: row.time(8)?,
        revision: row.get(9)?,
        my_role: row.parse_option(10)?,
        member_count: row.count(11)?,
        head_seq: row.get(12)?,
        read_seq: row.get(13)?,
    })
}

/// A room about to be made.
#[derive(Debug)]
pub struct New<'a> {
    /// Its id.
    pub id: RoomId,
    /// For people.
    pub name: &'a str,
    /// Free in the mesh; see [`slug_taken`].
    pub slug: &'a str,
    /// What it is for.
    pub purpose: &'a str,
    /// Chat or announcement.
    pub kind: RoomKind,
    /// Who may come in.
    pub join_rule: JoinRule,
    /// Who makes it.
    pub by: ActorId,
    /// Now.
    pub at: Timestamp,
}

fn values<'a>(mesh: MeshId, new: &New<'a>) -> [Value<'a>; 9] {
    [
        text(new.id),
        text(mesh),
        new.name.into(),
        new.slug.into(),
        new.purpose.into(),
        text(new.kind),
        text(new.join_rule),
        text(new.by),
        new.at.into(),
    ]
}

/// Makes a room.
pub async fn insert(tx: &mut Tx<'_>, mesh: &Grant<MeshId>, new: &New<'_>) -> Result<(), Error> {
    tx.exec(INSERT, &values(**mesh, new)).await.map(drop)
}

/// The direct room of these people, made if they have none. `key` is the same for the same people.
pub async fn open_direct(tx: &mut Tx<'_>, mesh: &Grant<MeshId>, new: &New<'_>, key: &str) -> Result<RoomId, Error> {
    let mut values = Vec::from(values(**mesh, new));
    values.push(key.into());
    if tx.exec(OPEN_DIRECT, &values).await? == 1 {
        return Ok(new.id);
    }
    // On PostgreSQL the room that was in the way may be deleted by now; then the next try makes one.
    let found = tx.opt(DIRECT, &[text(**mesh), key.into()], |row| row.parse(0)).await?;
    found.ok_or(Error::Retry)
}

/// Whether a room of the mesh has this slug, deleted ones too.
pub async fn slug_taken(tx: &mut Tx<'_>, mesh: MeshId, slug: &str) -> Result<bool, Error> {
    Ok(tx
        .opt(SLUG_TAKEN, &[text(mesh), slug.into()], |_| Ok(()))
        .await?
        .is_some())
}

/// A room that is not deleted, as this viewer sees it.
pub async fn get(tx: &mut Tx<'_>, room: RoomId, viewer: &str) -> Result<Option<Room>, Error> {
    tx.opt(GET, &[text(room), viewer.into()], read).await
}

/// Which rooms a viewer may find besides those it is in.
#[derive(Debug, Clone, Copy)]
pub struct Sight {
    /// Public rooms and those one may ask to join.
    pub open: bool,
    /// All but direct rooms.
    pub all: bool,
}

/// The rooms of a mesh that a viewer may find, in order of creation.
pub async fn list(
    tx: &mut Tx<'_>,
    mesh: &Grant<MeshId>,
    viewer: &str,
    sight: Sight,
    after: &str,
    limit: i64,
) -> Result<Vec<Room>, Error> {
    let values = [
        text(**mesh),
        viewer.into(),
        after.into(),
        sight.open.into(),
        sight.all.into(),
        limit.into(),
    ];
    tx.all(LIST, &values, read).await
}

/// The rooms that an actor is in, in all meshes; 2,000 at most.
pub async fn mine(tx: &mut Tx<'_>, actor: ActorId) -> Result<Vec<Room>, Error> {
    tx.all(MINE, &[text(actor)], read).await
}

/// What people read about a room.
#[derive(Debug)]
pub struct About<'a> {
    /// For people.
    pub name: &'a str,
    /// For addresses: free in the mesh; see [`slug_taken`].
    pub slug: &'a str,
    /// What it is for.
    pub purpose: &'a str,
}

/// One row was to change. Only on PostgreSQL can somebody have been faster since it was read.
fn changed(rows: u64) -> Result<(), Error> {
    if rows == 1 { Ok(()) } else { Err(Error::Retry) }
}

/// Changes what people read about a room, if it is still at this revision.
pub async fn update(tx: &mut Tx<'_>, room: &Grant<RoomId>, about: &About<'_>, revision: i64) -> Result<(), Error> {
    let values = [
        text(**room),
        about.name.into(),
        about.slug.into(),
        about.purpose.into(),
        revision.into(),
    ];
    changed(tx.exec(UPDATE, &values).await?)
}

/// Remembers the slug that a room has, before it gets another one.
pub async fn keep_slug(tx: &mut Tx<'_>, room: &Grant<RoomId>) -> Result<(), Error> {
    tx.exec(KEEP_SLUG, &[text(**room)]).await.map(drop)
}

/// The room of a mesh that has this slug, or else the last one that had it.
pub async fn resolve(tx: &mut Tx<'_>, mesh: MeshId, slug: &str) -> Result<Option<RoomId>, Error> {
    let values = [text(mesh), slug.into()];
    match tx.opt(RESOLVE, &values, |row| row.parse(0)).await? {
        Some(room) => Ok(Some(room)),
        None => tx.opt(RESOLVE_OLD, &values, |row| row.parse(0)).await,
    }
}

/// Makes a room read-only; false when it was.
pub async fn archive(tx: &mut Tx<'_>, room: &Grant<RoomId>, at: Timestamp) -> Result<bool, Error> {
    Ok(tx.exec(ARCHIVE, &[text(**room), at.into()]).await? == 1)
}

/// Lets people write in a room again; false when they could.
pub async fn unarchive(tx: &mut Tx<'_>, room: &Grant<RoomId>) -> Result<bool, Error> {
    Ok(tx.exec(UNARCHIVE, &[text(**room)]).await? == 1)
}

/// Takes a room away from everybody, if it is still at this revision.
pub async fn delete(tx: &mut Tx<'_>, room: &Grant<RoomId>, at: Timestamp, revision: i64) -> Result<(), Error> {
    changed(tx.exec(DELETE, &[text(**room), at.into(), revision.into()]).await?)
}

/// The rules of a room that is not deleted.
pub async fn settings(tx: &mut Tx<'_>, room: RoomId) -> Result<Option<RoomSettings>, Error> {
    tx.opt(SETTINGS, &[text(room)], |row| {
        Ok(RoomSettings {
            room_id: row.parse(0)?,
            join_rule: row.parse(1)?,
            who_may_post: row.parse(2)?,
            slow_mode_s: row.get(3)?,
            threads_only: row.flag(4)?,
            readers_may_react: row.flag(5)?,
            revision: row.get(6)?,
        })
    })
    .await
}

/// Changes the rules of a room, if it is still at the revision that they name.
pub async fn set(tx: &mut Tx<'_>, room: &Grant<RoomId>, rules: &RoomSettings) -> Result<(), Error> {
    let values = [
        text(**room),
        text(rules.who_may_post),
        rules.slow_mode_s.into(),
        rules.threads_only.into(),
        rules.readers_may_react.into(),
        rules.revision.into(),
    ];
    changed(tx.exec(SET, &values).await?)
}
