//! Refusals worth keeping: one audit entry each, and for bots the verdict of every layer.

use crate::{Envelope, Error, Host, OpSpec, Result, error::Code};
use futures_util::future::BoxFuture;
use mesh_authz::{Facts, Who, explain};
use mesh_store::{Job, Rollback, Tx, bots, log::Entry};
use mesh_types::{BotId, DecisionId};
use serde::Serialize;

/// One layer's verdict, as `bot.explain` and the decision log show it.
#[derive(Debug, Clone, Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct LayerVerdict {
    /// The layer.
    pub layer: String,
    /// `pass`, `refuse`, `ask` or `skip`.
    pub verdict: String,
    /// With `refuse`: which rule.
    pub reason: Option<String>,
    /// A sentence: what was looked at, and what would have to change.
    pub detail: String,
}

/// Every layer's verdict on a call.
pub fn findings(envelope: &Envelope, spec: &OpSpec, facts: &Facts) -> Vec<LayerVerdict> {
    explain(&envelope.caller, spec.access, facts)
        .into_iter()
        .map(|finding| LayerVerdict {
            layer: finding.layer.as_str().into(),
            verdict: finding.verdict.as_str().into(),
            reason: finding.reason.map(|reason| reason.as_str().into()),
            detail: finding.detail,
        })
        .collect()
}

/// Keeps a refusal that a member of the mesh got. Strangers get "not found" and leave no trace in
/// a mesh's log, so that nobody can fill it from outside.
pub(crate) fn record(host: &Host, spec: &OpSpec, envelope: &Envelope, facts: &Facts, mut error: Error) -> Error {
    if error.code != Code::Forbidden || facts.place.is_none() || envelope.dry {
        return error;
    }
    let mut decision = None;
    if let Who::Bot { id, .. } = envelope.caller.who {
        let decided = DecisionId::new(host.ids.next());
        error.decision = Some(decided);
        let findings = serde_json::to_string(&findings(envelope, spec, facts)).unwrap_or_default();
        let resource = facts
            .room
            .as_ref()
            .map(|room| room.id.to_string())
            .or(facts.mesh.map(|mesh| mesh.to_string()));
        decision = Some((decided, id, spec.name, resource.unwrap_or_default(), findings));
    }
    let entry = Entry {
        pos: 0,
        event: None,
        kind: spec.name.into(),
        op: spec.name.into(),
        lead: true,
        mesh: facts.mesh,
        actor: envelope.caller.actor(),
        actor_kind: envelope.caller.kind().into(),
        door: envelope.door.as_str().into(),
        layer: error.reason.map_or("", mesh_authz::Reason::as_str).into(),
        outcome: error.code.as_str().into(),
        target: facts.room.as_ref().map(|room| room.id.to_string()),
        request: envelope.request.to_string(),
        at: facts.now,
        data: "{}".to_owned(),
    };
    // A full queue must not turn a refusal into something else; the metrics still count it.
    let _ = host.store.submit(Box::new(Refused { entry, decision }));
    error
}

struct Refused {
    entry: Entry,
    decision: Option<(DecisionId, BotId, &'static str, String, String)>,
}

impl Job for Refused {
    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Vec<Entry>, Rollback>> {
        Box::pin(async move {
            if let Some((id, bot, op, resource, findings)) = &self.decision {
                bots::keep_decision(tx, *id, *bot, op, resource, findings, self.entry.at).await?;
            }
            Ok(vec![self.entry.clone()])
        })
    }

    fn done(self: Box<Self>, committed: Result<Vec<Entry>, Rollback>) {
        if let Err(rollback) = committed {
            tracing::warn!(?rollback, op = &*self.entry.op, "a refusal could not be kept");
        }
    }
}
