use super::{shown, stored};
use crate::{
    Cx, Effect, Method, Op, OpSpec, Page, Result,
    cursor::{self, page_size},
    op,
};
use mesh_authz::{Grant, Permission, Value, value};
use mesh_store::bots;
use mesh_types::{BotId, MeshId, bot::Bot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `bot.get`
pub struct GetBot;

/// A bot.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BotIn {
    /// The bot.
    pub bot_id: BotId,
}

impl Op for GetBot {
    const SPEC: OpSpec = op("bot.get", Effect::Read)
        .needs(Permission::MemberRead)
        .about("Reads a bot: who it is, who keeps it, and how it is.")
        .http(Method::Get, "/bots/{bot_id}", 200)
        .socket()
        .wasm("bots", "get")
        .mcp()
        .cli();
    type In = BotIn;
    type Out = Bot;
    type On = BotId;

    fn on(input: &BotIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, bot: Grant<BotId>, _: BotIn) -> Result<Bot> {
        let stored = stored(cx, *bot).await?;
        shown(cx, stored).await
    }
}

/// `bot.list`
pub struct ListBots;

/// Whose bots.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListBotsIn {
    /// The mesh.
    pub mesh_id: MeshId,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

impl Op for ListBots {
    const SPEC: OpSpec = op("bot.list", Effect::Read)
        .needs(Permission::MemberRead)
        .about("Lists the bots of a mesh, oldest first; to guests, those they share a room with.")
        .http(Method::Get, "/meshes/{mesh_id}/bots", 200)
        .socket()
        .wasm("bots", "list")
        .mcp()
        .cli();
    type In = ListBotsIn;
    type Out = Page<Bot>;
    type On = MeshId;

    fn on(input: &ListBotsIn) -> MeshId {
        input.mesh_id
    }

    async fn run(cx: &mut Cx<'_>, mesh: Grant<MeshId>, input: ListBotsIn) -> Result<Page<Bot>> {
        let (size, scope) = (page_size(input.limit)?, input.mesh_id.to_string());
        let after = cursor::open(cx, &scope, input.cursor.as_deref())?.unwrap_or_default();
        let sees_all = mesh
            .place()
            .is_some_and(|place| value(Permission::MemberRead, place.role) == Value::Yes);
        let companion = if sees_all { None } else { Some(cx.actor()?) };
        let found = bots::list(cx.tx(), &mesh, &after, companion, size + 1).await?;
        let mut items = Vec::with_capacity(found.len());
        for stored in found {
            items.push(shown(cx, stored).await?);
        }
        Ok(cursor::page(cx, &scope, items, size, |bot| bot.id.to_string()))
    }
}
