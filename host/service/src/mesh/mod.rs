//! Meshes: the units of membership and policy.

mod create;
mod look;
mod rights;

pub use create::{CreateMesh, CreateMeshIn, UpdateMesh};
pub use look::{GetMesh, GetMeshIn, ListMeshes, MeshDetail};
pub use rights::{CheckPermissions, CheckPermissionsIn, ListRoles, MeshIn, Question};

pub(crate) use look::shows;

use crate::Answer;
use mesh_types::view::Mesh;

impl Answer for Mesh {
    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }

    fn location(&self) -> Option<String> {
        Some(format!("/meshes/{}", self.id))
    }
}
