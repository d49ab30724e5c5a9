//! Meshes and the invitations to them.

use crate::{Error, Row, Tx, text, text_option};
use mesh_authz::Grant;
use mesh_types::{ActorId, BotId, InviteId, MeshId, Role, Timestamp, view::Mesh};

crate::statements! {
    INSERT = "INSERT INTO meshes (id, slug, name, description, listed, settings, revision, created_by, created_at) VALUES ($1, $2, $3, $4, 0, $7, 1, $5, $6) ON CONFLICT DO NOTHING";
    GET = "SELECT h.id, h.name, h.slug, h.description, h.listed, h.created_at, h.revision, m.role FROM meshes h LEFT JOIN members m ON m.mesh_id = h.id AND m.actor_id = $2 AND m.state <> 'left' WHERE h.id = $1 AND h.deleted_at IS NULL";
    MINE = "SELECT h.id, h.name, h.slug, h.description, h.listed, h.created_at, h.revision, m.role FROM members m JOIN meshes h ON h.id = m.mesh_id WHERE m.actor_id = $1 AND m.state <> 'left' AND h.deleted_at IS NULL AND h.id > $2 ORDER BY h.id LIMIT $3";
    SLUG_TAKEN = "SELECT 1 FROM meshes WHERE slug = $1";
    UPDATE = "UPDATE meshes SET name = $2, slug = $3, description = $4, listed = $5, revision = revision + 1 WHERE id = $1 AND revision = $6 AND deleted_at IS NULL";
    SETTINGS = "SELECT settings, revision FROM meshes WHERE id = $1 AND deleted_at IS NULL";
    SET = "UPDATE meshes SET settings = $2, revision = revision + 1 WHERE id = $1 AND revision = $3 AND deleted_at IS NULL";
    DELETE = "UPDATE meshes SET deleted_at = $2, revision = revision + 1 WHERE id = $1 AND revision = $3 AND deleted_at IS NULL";
    STOP_BOTS = "UPDATE bots SET wanted = 'stopped', revision = revision + 1 WHERE mesh_id = $1 AND wanted = 'running' RETURNING id";
    INVITE = "INSERT INTO invites (id, mesh_id, code_hash, role, rooms, email, max_uses, uses, created_by, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, $10)";
    INVITES = "SELECT id, mesh_id, role, rooms, email, max_uses, uses, created_by, created_at, expires_at, revoked_at FROM invites WHERE mesh_id = $1 AND ($2 = '' OR id < $2) AND revoked_at IS NULL ORDER BY id DESC LIMIT $3";
    BY_CODE = "SELECT id, mesh_id, role, rooms, email, max_uses, uses, created_by, created_at, expires_at, revoked_at FROM invites WHERE code_hash = $1 AND EXISTS (SELECT 1 FROM meshes h WHERE h.id = mesh_id AND h.deleted_at IS NULL)";
    USE = "UPDATE invites SET uses = uses + 1 WHERE id = $1 AND uses < max_uses AND revoked_at IS NULL AND expires_at > $2";
    REVOKE = "UPDATE invites SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
}

fn read(row: &Row<'_>) -> Result<Mesh, Error> {
    Ok(Mesh {
        id: row.parse(0)?,
        name: row.get(1)?,
        slug: row.get(2)?,
        description: row.get(3)?,
        listed: row.flag(4)?,
        created_at: row.time(5)?,
        revision: row.get(6)?,
        my_role: row.parse_option(7)?,
    })
}

/// What people read about a mesh.
#[derive(Debug)]
pub struct About<'a> {
    /// For people.
    pub name: &'a str,
    /// For addresses: unique on the server.
    pub slug: &'a str,
    /// What it is for.
    pub description: &'a str,
    /// Shown in the server's directory.
    pub listed: bool,
}

/// Makes a mesh; false when the slug is taken.
pub async fn insert<R>(
    tx: &mut Tx<'_>,
    _allowed: &Grant<R>,
    id: MeshId,
    (about, settings): (&About<'_>, &str),
    (by, at): (ActorId, Timestamp),
) -> Result<bool, Error> {
    let values = [
        text(id),
        about.slug.into(),
        about.name.into(),
        about.description.into(),
        text(by),
        at.into(),
        settings.into(),
    ];
    Ok(tx.exec(INSERT, &values).await? == 1)
}

/// A mesh, as this viewer sees it.
pub async fn get(tx: &mut Tx<'_>, mesh: MeshId, viewer: &str) -> Result<Option<Mesh>, Error> {
    tx.opt(GET, &[text(mesh), viewer.into()], read).await
}

/// The meshes that an actor belongs to, oldest first.
pub async fn mine(tx: &mut Tx<'_>, actor: ActorId, after: &str, limit: i64) -> Result<Vec<Mesh>, Error> {
    tx.all(MINE, &[text(actor), after.into(), limit.into()], read).await
}

/// Whether a mesh has this slug.
pub async fn slug_taken(tx: &mut Tx<'_>, slug: &str) -> Result<bool, Error> {
    Ok(tx.opt(SLUG_TAKEN, &[slug.into()], |_| Ok(())).await?.is_some())
}

/// Changes what people read about a mesh, if it is still at this revision.
pub async fn update(tx: &mut Tx<'_>, mesh: &Grant<MeshId>, about: &About<'_>, revision: i64) -> Result<(), Error> {
    let values = [
        text(**mesh),
        about.name.into(),
        about.slug.into(),
        about.description.into(),
        about.listed.into(),
        revision.into(),
    ];
    changed(tx.exec(UPDATE, &values).await?)
}

/// One row was to change. Only on PostgreSQL can somebody have been faster since it was read.
fn changed(rows: u64) -> Result<(), Error> {
    if rows == 1 { Ok(()) } else { Err(Error::Retry) }
}

/// The settings of a mesh as JSON, and its revision.
pub async fn settings(tx: &mut Tx<'_>, mesh: MeshId) -> Result<Option<(String, i64)>, Error> {
    tx.opt(SETTINGS, &[text(mesh)], |row| Ok((row.get(0)?, row.get(1)?)))
        .await
}

/// Replaces the settings of a mesh that is still at this revision.
pub async fn set(tx: &mut Tx<'_>, mesh: &Grant<MeshId>, settings: &str, revision: i64) -> Result<(), Error> {
    let values = [text(**mesh), settings.into(), revision.into()];
    changed(tx.exec(SET, &values).await?)
}

/// Takes a mesh away from everybody, if it is still at this revision, and stops its bots; gives those
/// that ran.
pub async fn delete(tx: &mut Tx<'_>, mesh: &Grant<MeshId>, at: Timestamp, revision: i64) -> Result<Vec<BotId>, Error> {
    changed(tx.exec(DELETE, &[text(**mesh), at.into(), revision.into()]).await?)?;
    tx.all(STOP_BOTS, &[text(**mesh)], |row| row.parse(0)).await
}

/// An invitation.
#[derive(Debug, Clone)]
pub struct InviteRow {
    /// Its id.
    pub id: InviteId,
    /// To this mesh.
    pub mesh: MeshId,
    /// The role one gets.
    pub role: Role,
    /// JSON list of rooms that one comes into.
    pub rooms: String,
    /// Whom it was made for, if anyone.
    pub email: Option<String>,
    /// How often it may be used.
    pub max_uses: i64,
    /// How often it was.
    pub uses: i64,
    /// Who made it.
    pub created_by: ActorId,
    /// When.
    pub created_at: Timestamp,
    /// Its end.
    pub expires_at: Timestamp,
    /// It was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl InviteRow {
    /// Whether it can still be used.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at > now && self.uses < self.max_uses
    }
}

fn read_invite(row: &Row<'_>) -> Result<InviteRow, Error> {
    Ok(InviteRow {
        id: row.parse(0)?,
        mesh: row.parse(1)?,
        role: row.parse(2)?,
        rooms: row.get(3)?,
        email: row.get(4)?,
        max_uses: row.get(5)?,
        uses: row.get(6)?,
        created_by: row.parse(7)?,
        created_at: row.time(8)?,
        expires_at: row.time(9)?,
        revoked_at: row.time_option(10)?,
    })
}

/// Makes an invitation under the hash of its code.
pub async fn invite(tx: &mut Tx<'_>, mesh: &Grant<MeshId>, code: &str, new: &InviteRow) -> Result<(), Error> {
    let values = [
        text(new.id),
        text(**mesh),
        code.into(),
        text(new.role),
        (&new.rooms).into(),
        text_option(new.email.as_ref()),
        new.max_uses.into(),
        text(new.created_by),
        new.created_at.into(),
        new.expires_at.into(),
    ];
    tx.exec(INVITE, &values).await.map(drop)
}

/// A mesh's invitations that are not revoked, newest first, from before the one named.
pub async fn invites(tx: &mut Tx<'_>, mesh: &Grant<MeshId>, before: &str, limit: i64) -> Result<Vec<InviteRow>, Error> {
    tx.all(INVITES, &[text(**mesh), before.into(), limit.into()], read_invite)
        .await
}

/// The invitation behind a code's hash.
pub async fn invite_by_code(tx: &mut Tx<'_>, hash: &str) -> Result<Option<InviteRow>, Error> {
    tx.opt(BY_CODE, &[hash.into()], read_invite).await
}

/// Uses an invitation once; false when it cannot be used any more.
pub async fn use_invite<R>(tx: &mut Tx<'_>, _allowed: &Grant<R>, id: InviteId, now: Timestamp) -> Result<bool, Error> {
    Ok(tx.exec(USE, &[text(id), now.into()]).await? == 1)
}

/// Revokes an invitation; false when it was revoked already.
pub async fn revoke_invite(tx: &mut Tx<'_>, invite: &Grant<InviteId>, at: Timestamp) -> Result<bool, Error> {
    Ok(tx.exec(REVOKE, &[text(**invite), at.into()]).await? == 1)
}
