//! Meshes: the units of membership and policy.

mod create;
mod delete;
mod look;
mod rights;
mod settings;

pub use create::{CreateMesh, CreateMeshIn, UpdateMesh};
pub use delete::DeleteMesh;
pub use look::{GetMesh, GetMeshIn, ListMeshes, MeshDetail};
pub use rights::{CheckPermissions, CheckPermissionsIn, ListRoles, MeshIn, Question};
pub use settings::{GetMeshSettings, UpdateMeshSettings};

pub(crate) use look::shows;
pub(crate) use settings::settings;

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
