use crate::{
    Cx, Effect, Error, Method, Op, OpSpec, Page, Result,
    cursor::{self, page_size},
    op,
};
use mesh_authz::{Grant, Permission};
use mesh_store::log::{self, AuditFilter, Entry};
use mesh_types::{MeshId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Log rows looked at for one page. A mesh that is quiet on a busy server gets short pages with a
/// cursor rather than a slow one.
const WINDOW: i64 = 50_000;

/// What somebody did, or was refused.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AuditEntry {
    /// Its place in the server's log.
    pub pos: i64,
    /// When.
    pub at: Timestamp,
    /// The operation.
    pub op: String,
    /// The person or bot; none for the server itself.
    pub actor_id: Option<String>,
    /// `person`, `bot`, `operator`, `job` or `anonymous`.
    pub actor_kind: String,
    /// `rest`, `wasm`, `cli` or `job`.
    pub door: String,
    /// The layer of the authorization that decided.
    pub layer: String,
    /// `done`, or the code of the refusal.
    pub outcome: String,
    /// What it was done to.
    pub target: Option<String>,
    /// The request.
    pub request_id: String,
}

impl From<Entry> for AuditEntry {
    fn from(entry: Entry) -> Self {
        Self {
            pos: entry.pos,
            at: entry.at,
            op: entry.op.into_owned(),
            actor_id: entry.actor.map(|actor| actor.to_string()),
            actor_kind: entry.actor_kind.into_owned(),
            door: entry.door.into_owned(),
            layer: entry.layer.into_owned(),
            outcome: entry.outcome.into_owned(),
            target: entry.target,
            request_id: entry.request,
        }
    }
}

/// `audit.list`
pub struct ListAudit;

/// Which entries.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListAuditIn {
    /// The mesh.
    pub mesh_id: MeshId,
    /// Only by this person or bot.
    #[serde(default)]
    pub actor_id: Option<String>,
    /// Only this operation.
    #[serde(default)]
    pub op: Option<String>,
    /// Only `done`, or only this refusal.
    #[serde(default)]
    pub outcome: Option<String>,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

impl Op for ListAudit {
    const SPEC: OpSpec = op("audit.list", Effect::Read)
        .needs(Permission::AuditRead)
        .about("Lists who did what, newest first; a page may be short and still have a next one.")
        .http(Method::Get, "/meshes/{mesh_id}/audit", 200)
        .mcp()
        .cli();
    type In = ListAuditIn;
    type Out = Page<AuditEntry>;
    type On = MeshId;

    fn on(input: &ListAuditIn) -> MeshId {
        input.mesh_id
    }

    async fn run(cx: &mut Cx<'_>, mesh: Grant<MeshId>, input: ListAuditIn) -> Result<Page<AuditEntry>> {
        let size = page_size(input.limit)?;
        let filter = AuditFilter {
            actor: input.actor_id.as_deref().unwrap_or_default(),
            op: input.op.as_deref().unwrap_or_default(),
            outcome: input.outcome.as_deref().unwrap_or_default(),
        };
        let scope = format!("{} {filter:?}", input.mesh_id);
        let before = match cursor::open(cx, &scope, input.cursor.as_deref())? {
            Some(position) => position.parse().map_err(Error::internal)?,
            None => log::last_pos(cx.tx()).await? + 1,
        };
        let floor = (before - WINDOW).max(1);
        let entries = log::audit(cx.tx(), *mesh, (floor, before), &filter, size + 1).await?;
        let mut page = cursor::page(
            cx,
            &scope,
            entries.into_iter().map(AuditEntry::from).collect(),
            size,
            |entry| entry.pos.to_string(),
        );
        if page.next_cursor.is_none() && floor > 1 {
            page.next_cursor = Some(cursor::seal(cx, &scope, &floor.to_string()));
        }
        Ok(page)
    }
}
