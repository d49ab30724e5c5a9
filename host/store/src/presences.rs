//! What actors chose to show while they are connected.

use crate::{Error, Tx, text};
use mesh_authz::Grant;
use mesh_types::{ActorId, MeshId, Presence};

crate::statements! {
    GET = "SELECT presence FROM presences WHERE actor_id = $1";
    PUT = "INSERT INTO presences (actor_id, presence) VALUES ($1, $2) ON CONFLICT (actor_id) DO UPDATE SET presence = excluded.presence";
    MESHES = "SELECT m.mesh_id FROM members m JOIN meshes h ON h.id = m.mesh_id WHERE m.actor_id = $1 AND m.state = 'active' AND h.deleted_at IS NULL ORDER BY m.mesh_id LIMIT 2000";
}

/// What an actor chose; none when it never did.
pub async fn get(tx: &mut Tx<'_>, actor: ActorId) -> Result<Option<Presence>, Error> {
    tx.opt(GET, &[text(actor)], |row| row.parse(0)).await
}

/// Keeps what an actor chose.
pub async fn put<R>(tx: &mut Tx<'_>, _allowed: &Grant<R>, actor: ActorId, presence: Presence) -> Result<(), Error> {
    tx.exec(PUT, &[text(actor), presence.as_str().into()]).await.map(drop)
}

/// The meshes that an actor is an active member of, without those that are deleted.
pub async fn meshes(tx: &mut Tx<'_>, actor: ActorId) -> Result<Vec<MeshId>, Error> {
    tx.all(MESHES, &[text(actor)], |row| row.parse(0)).await
}
