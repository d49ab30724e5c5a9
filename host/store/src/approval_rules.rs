//! What a mesh says about who decides what.

use crate::{Error, Row, Tx, text};
use mesh_authz::Grant;
use mesh_types::{MeshId, approval::ApprovalRule};

crate::statements! {
    LIST = "SELECT mesh_id, name, terms, revision FROM approval_rules WHERE mesh_id = $1 ORDER BY name";
    PUT = "INSERT INTO approval_rules (mesh_id, name, terms, revision) VALUES ($1, $2, $3, 1) ON CONFLICT (mesh_id, name) DO UPDATE SET terms = excluded.terms, revision = approval_rules.revision + 1";
    DELETE = "DELETE FROM approval_rules WHERE mesh_id = $1 AND name = $2";
}

fn read(row: &Row<'_>) -> Result<ApprovalRule, Error> {
    Ok(ApprovalRule {
        mesh_id: row.parse(0)?,
        rule: row.get(1)?,
        terms: serde_json::from_str(&row.get::<String>(2)?).map_err(Error::corrupt)?,
        revision: row.get(3)?,
    })
}

/// All rules of a mesh, by name; they are few.
pub async fn list(tx: &mut Tx<'_>, mesh: MeshId) -> Result<Vec<ApprovalRule>, Error> {
    tx.all(LIST, &[text(mesh)], read).await
}

/// Writes a rule; `terms` is JSON.
pub async fn put(tx: &mut Tx<'_>, mesh: &Grant<MeshId>, name: &str, terms: &str) -> Result<(), Error> {
    tx.exec(PUT, &[text(**mesh), name.into(), terms.into()]).await.map(drop)
}

/// Removes a rule; false when there is none.
pub async fn delete(tx: &mut Tx<'_>, mesh: &Grant<MeshId>, name: &str) -> Result<bool, Error> {
    Ok(tx.exec(DELETE, &[text(**mesh), name.into()]).await? == 1)
}
