//! Finding things by what is in them.

mod files;
mod index;
mod messages;
mod question;
mod words;

pub use files::{SearchFiles, SearchFilesIn};
pub use index::{Index, follow};
pub use messages::{FoundMessage, SearchMessages, SearchMessagesIn};
pub use question::Highlight;

use crate::{Host, Result, resource::Resource as _};
use mesh_authz::{Access, Caller, Grant, Permission, decide};
use mesh_types::{MeshId, RoomId};

/// Those of these rooms that are of this mesh and where the caller has the permission.
async fn readable(
    host: &Host,
    caller: &Caller,
    (mesh, permission): (MeshId, Permission),
    rooms: Vec<RoomId>,
) -> Result<Vec<Grant<RoomId>>> {
    let mut readable = Vec::new();
    for room in rooms {
        let now = host.clock.now();
        let facts = host.authority.facts(&host.store, now, caller, room.target()).await?;
        if facts.mesh == Some(mesh) {
            readable.extend(decide(caller, Access::Needs(permission), &facts, room));
        }
    }
    Ok(readable)
}
