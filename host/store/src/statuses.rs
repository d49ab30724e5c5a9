//! What people and bots say that they do just now.

use crate::{Error, Tx, text};
use mesh_authz::Grant;
use mesh_types::{ActorId, Timestamp, view::Status};

crate::statements! {
    GET = "SELECT status FROM statuses WHERE actor_id = $1 AND (ends_at IS NULL OR ends_at > $2)";
    SET = "INSERT INTO statuses (actor_id, status, ends_at) VALUES ($1, $2, $3) ON CONFLICT (actor_id) DO UPDATE SET status = excluded.status, ends_at = excluded.ends_at";
    CLEAR = "DELETE FROM statuses WHERE actor_id = $1";
}

/// Reads a status as it is stored.
pub(crate) fn from_json(json: &str) -> Result<Status, Error> {
    serde_json::from_str(json).map_err(Error::corrupt)
}

/// An actor's status, unless it has ended by now.
pub async fn get(tx: &mut Tx<'_>, actor: ActorId, now: Timestamp) -> Result<Option<Status>, Error> {
    tx.opt(GET, &[text(actor), now.into()], |row| from_json(&row.get::<String>(0)?))
        .await
}

/// Replaces an actor's status; `None` takes it away.
pub async fn set<R>(
    tx: &mut Tx<'_>,
    _allowed: &Grant<R>,
    actor: ActorId,
    status: Option<&Status>,
) -> Result<(), Error> {
    let Some(status) = status else {
        return tx.exec(CLEAR, &[text(actor)]).await.map(drop);
    };
    let json = serde_json::to_string(status).map_err(Error::other)?;
    let values = [text(actor), (&json).into(), status.until.into()];
    tx.exec(SET, &values).await.map(drop)
}
