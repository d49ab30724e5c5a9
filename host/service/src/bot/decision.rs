use super::explain::Explanation;
use crate::{
    Cx, Effect, Error, Method, Op, OpSpec, Page, Result,
    cursor::{self, page_size},
    op, operation,
};
use mesh_authz::{Grant, Permission};
use mesh_store::bots;
use mesh_types::{BotId, DecisionId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `bot_decision.list`
pub struct ListBotDecisions;

/// Whose refusals.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListBotDecisionsIn {
    /// The bot.
    pub bot_id: BotId,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// A call of a bot that was refused.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BotDecision {
    /// Names it, for `bot.explain`.
    pub id: DecisionId,
    /// The operation.
    pub op: String,
    /// The permission that it needs.
    pub permission: Option<String>,
    /// The room or mesh that it was tried on.
    pub resource: String,
    /// When.
    pub at: Timestamp,
    /// The layer that refused.
    pub decided_by: Option<String>,
    /// A sentence: what was looked at, and what would have to change.
    pub detail: String,
}

impl Op for ListBotDecisions {
    const SPEC: OpSpec = op("bot_decision.list", Effect::Read)
        .needs(Permission::BotOperate)
        .about("Lists what a bot was refused lately, the newest first. What it was never granted is in its log.")
        .http(Method::Get, "/bots/{bot_id}/decisions", 200)
        .cli();
    type In = ListBotDecisionsIn;
    type Out = Page<BotDecision>;
    type On = BotId;

    fn on(input: &ListBotDecisionsIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, bot: Grant<BotId>, input: ListBotDecisionsIn) -> Result<Page<BotDecision>> {
        let (size, scope) = (page_size(input.limit)?, bot.to_string());
        // Comes after every id of a decision.
        let before = cursor::open(cx, &scope, input.cursor.as_deref())?.unwrap_or_else(|| "e".into());
        let rows = bots::decisions(cx.tx(), &bot, &before, size + 1).await?;
        let mut found = Vec::with_capacity(rows.len());
        for (id, row) in rows {
            let layers = serde_json::from_str(&row.findings).map_err(Error::internal)?;
            let explained = Explanation::new(row.op, row.resource, row.at, layers);
            let decider = explained.decided_by.clone();
            let layer = explained
                .layers
                .iter()
                .find(|layer| Some(&layer.layer) == decider.as_ref());
            found.push(BotDecision {
                id,
                permission: operation(&explained.op)
                    .and_then(|op| op.spec.permission())
                    .map(|permission| permission.to_string()),
                detail: layer.map(|layer| layer.detail.clone()).unwrap_or_default(),
                op: explained.op,
                resource: explained.resource,
                at: explained.at,
                decided_by: decider,
            });
        }
        Ok(cursor::page(cx, &scope, found, size, |one| one.id.to_string()))
    }
}
