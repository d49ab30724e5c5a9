use super::readable;
use crate::{
    Cx, Effect, Host, Method, Op, OpSpec, Page, Result,
    cursor::{self, page_size},
    op,
    text::clean_name,
};
use mesh_authz::{Caller, Grant, Permission};
use mesh_store::{files, search};
use mesh_types::{MeshId, RoomId, view::File};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Files that are read in one go.
const CHUNK: i64 = 200;
/// About how many files one page looks at.
const LOOKS: usize = 2000;

/// `search.files`
pub struct SearchFiles;

/// What to look for.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchFilesIn {
    /// The mesh.
    pub mesh_id: MeshId,
    /// Letters that stand in a file's name, without regard to case; 1 to 200 characters.
    pub q: String,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    pub cursor: Option<String>,
    /// Where the caller may look.
    #[serde(skip)]
    #[schemars(skip)]
    rooms: Vec<Grant<RoomId>>,
}

impl Op for SearchFiles {
    const SPEC: OpSpec = op("search.files", Effect::Read)
        .needs(Permission::FileRead)
        .about("Finds files by their names, newest first, in rooms that the caller may read; a page with a cursor may be short.")
        .http(Method::Get, "/meshes/{mesh_id}/search/files", 200)
        .room_by_room()
        .cost(5)
        .socket()
        .mcp()
        .cli();
    type In = SearchFilesIn;
    type Out = Page<File>;
    type On = MeshId;

    fn on(input: &SearchFilesIn) -> MeshId {
        input.mesh_id
    }

    async fn prepare(host: &Host, caller: &Caller, input: &mut SearchFilesIn) -> Result<()> {
        input.q = clean_name("/q", &input.q, 200)?;
        let viewer = caller.actor().map(|actor| actor.to_string()).unwrap_or_default();
        let rooms = search::rooms(&mut host.store.view().await?.tx(), input.mesh_id, &viewer).await?;
        input.rooms = readable(host, caller, (input.mesh_id, Permission::FileRead), rooms).await?;
        Ok(())
    }

    async fn run(cx: &mut Cx<'_>, mesh: Grant<MeshId>, input: SearchFilesIn) -> Result<Page<File>> {
        let size = usize::try_from(page_size(input.limit)?).unwrap_or_default();
        let filters = format!("{} {}", input.mesh_id, input.q);
        let rooms: HashSet<RoomId> = input.rooms.iter().map(|room| **room).collect();
        let mut before = cursor::open(cx, &filters, input.cursor.as_deref())?.unwrap_or_default();
        let (mut items, mut looks, mut ended) = (Vec::new(), 0, rooms.is_empty());
        while items.len() < size && looks < LOOKS && !ended {
            let found = files::find(cx.tx(), &mesh, &input.q, (&before, CHUNK)).await?;
            ended = found.len() < usize::try_from(CHUNK).unwrap_or_default();
            for file in found {
                if items.len() == size {
                    ended = false;
                    break;
                }
                (before, looks) = (file.id.to_string(), looks + 1);
                items.extend(Some(file).filter(|file| rooms.contains(&file.room_id)));
            }
        }
        let next_cursor = (!ended).then(|| cursor::seal(cx, &filters, &before));
        Ok(Page { items, next_cursor })
    }
}
