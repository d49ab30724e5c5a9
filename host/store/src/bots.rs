//! Bots.

use crate::{Error, Tx, text};
use mesh_types::{BotId, DecisionId, Timestamp};

crate::statements! {
    KEEP_DECISION = "INSERT INTO bot_decisions (id, bot_id, op, resource, findings, at) VALUES ($1, $2, $3, $4, $5, $6)";
}

/// Keeps the verdict of every layer on a call that was refused.
pub async fn keep_decision(
    tx: &mut Tx<'_>,
    id: DecisionId,
    bot: BotId,
    op: &str,
    resource: &str,
    findings: &str,
    at: Timestamp,
) -> Result<(), Error> {
    let values = [text(id), text(bot), op.into(), resource.into(), findings.into(), at.into()];
    tx.exec(KEEP_DECISION, &values).await.map(drop)
}
