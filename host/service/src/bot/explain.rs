use crate::{
    Answer, Cx, Door, Effect, Envelope, Error, Host, LayerVerdict, Method, OPS, Op, OpSpec, Result, findings, op,
    resource::Target,
};
use mesh_authz::{Caller, Credential, Grant, Layer, Permission, Verdict, Who};
use mesh_store::bots;
use mesh_types::{BotId, DecisionId, RequestId, Timestamp, id::prefix_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `bot.explain`
pub struct ExplainBot;

/// What to explain: a decision that was kept, or an operation on a resource.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExplainBotIn {
    /// The bot.
    pub bot_id: BotId,
    /// A refusal of this bot.
    #[serde(default)]
    pub decision_id: Option<DecisionId>,
    /// An operation, such as `message.post`.
    #[serde(default)]
    pub op: Option<String>,
    /// What it would be done to: an id; the caller itself when absent.
    #[serde(default)]
    pub resource: Option<String>,
    #[serde(skip)]
    #[schemars(skip)]
    explained: Option<Explanation>,
}

impl ExplainBotIn {
    /// Asks about an operation on a resource.
    pub fn about(bot_id: BotId, op: impl Into<String>, resource: impl Into<String>) -> Self {
        let (op, resource) = (Some(op.into()), Some(resource.into()));
        Self {
            bot_id,
            decision_id: None,
            op,
            resource,
            explained: None,
        }
    }

    /// Asks about a refusal that was kept.
    pub fn decision(bot_id: BotId, decision: DecisionId) -> Self {
        Self {
            bot_id,
            decision_id: Some(decision),
            op: None,
            resource: None,
            explained: None,
        }
    }
}

/// What every layer says, and which one decides.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Explanation {
    /// The operation.
    pub op: String,
    /// What it is done to.
    pub resource: String,
    /// When that was so.
    pub at: Timestamp,
    /// `pass`, `refuse` or `ask`.
    pub verdict: String,
    /// The layer that refuses or asks.
    pub decided_by: Option<String>,
    /// Every layer, in the order in which they are asked.
    pub layers: Vec<LayerVerdict>,
}

impl Answer for Explanation {}

impl Explanation {
    pub(super) fn new(op: String, resource: String, at: Timestamp, layers: Vec<LayerVerdict>) -> Self {
        let against =
            |layer: &&LayerVerdict| [Verdict::Refuse.as_str(), Verdict::Ask.as_str()].contains(&layer.verdict.as_str());
        let first = layers.iter().find(against);
        let verdict = first.map_or(Verdict::Pass.as_str(), |layer| &layer.verdict).to_owned();
        let decided_by = first.map(|layer| layer.layer.clone());
        Self {
            op,
            resource,
            at,
            verdict,
            decided_by,
            layers,
        }
    }
}

impl Op for ExplainBot {
    const SPEC: OpSpec = op("bot.explain", Effect::Read)
        .needs(Permission::BotOperate)
        .about("Says what every layer of the authorization thinks of a call by a bot, and what would have to change.")
        .http(Method::Post, "/bots/{bot_id}/explain", 200)
        .wasm("bots", "explain")
        .cli();
    type In = ExplainBotIn;
    type Out = Explanation;
    type On = BotId;

    fn on(input: &ExplainBotIn) -> BotId {
        input.bot_id
    }

    /// Facts are gathered before the view of the operation opens: each gathering opens its own.
    async fn prepare(host: &Host, caller: &Caller, input: &mut ExplainBotIn) -> Result<()> {
        match (input.decision_id, &input.op) {
            (Some(_), None) => Ok(()),
            (None, Some(name)) => {
                let resource = input.resource.as_deref().unwrap_or_default();
                input.explained = Some(explain(host, caller, input.bot_id, name, resource).await?);
                Ok(())
            }
            _ => Err(Error::invalid(
                "/op",
                "name a `decision_id`, or an `op` and its `resource`",
            )),
        }
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<BotId>, input: ExplainBotIn) -> Result<Explanation> {
        if let Some(explained) = input.explained {
            return Ok(explained);
        }
        let id = input.decision_id.ok_or_else(|| Error::internal("nothing to explain"))?;
        let row = bots::decision(cx.tx(), *on, id).await?.ok_or_else(Error::not_found)?;
        let layers = serde_json::from_str(&row.findings).map_err(Error::internal)?;
        Ok(Explanation::new(row.op, row.resource, row.at, layers))
    }
}

async fn explain(host: &Host, asker: &Caller, bot: BotId, name: &str, resource: &str) -> Result<Explanation> {
    let spec = OPS.iter().map(|op| op.spec).find(|spec| spec.name == name);
    let spec = spec.ok_or_else(|| Error::invalid("/op", "no operation has this name"))?;
    let target = target(resource).ok_or_else(|| Error::invalid("/resource", "no id that rights are checked on"))?;
    let mesh = host
        .authority
        .bot(&host.store, bot)
        .await?
        .ok_or_else(Error::not_found)?
        .mesh;
    let as_bot = Caller {
        who: Who::Bot { id: bot, mesh },
        credential: Credential::Component,
    };
    let mut layers = layers(host, &as_bot, spec, target).await?;
    if asker.actor() != Some(bot.into()) {
        // Whoever asks learns nothing about what is hidden from them.
        let seen = self::layers(host, asker, spec, target).await?;
        if hidden_at(&seen).is_some() {
            return Err(Error::not_found());
        }
    } else if let Some(at) = hidden_at(&layers) {
        // Nor does the bot: a hidden thing and an absent one look the same.
        layers.truncate(at + 1);
        layers[at].detail = "There is no such thing, or it is hidden from the bot; a place in the room, or an invitation, would show a room.".into();
    }
    Ok(Explanation::new(
        spec.name.into(),
        resource.into(),
        host.clock.now(),
        layers,
    ))
}

async fn layers(host: &Host, caller: &Caller, spec: &OpSpec, target: Target) -> Result<Vec<LayerVerdict>> {
    let mut facts = host
        .authority
        .facts(&host.store, host.clock.now(), caller, target)
        .await?;
    facts.operation = Some(spec.name);
    let envelope = Envelope::new(caller.clone(), Door::Wasm, RequestId::new(host.ids.next()));
    Ok(findings(&envelope, spec, &facts))
}

/// Where the visibility layer stands, if it refuses.
fn hidden_at(layers: &[LayerVerdict]) -> Option<usize> {
    let hides =
        |layer: &LayerVerdict| layer.layer == Layer::Visibility.as_str() && layer.verdict == Verdict::Refuse.as_str();
    layers.iter().position(hides)
}

/// What an id stands for.
fn target(resource: &str) -> Option<Target> {
    if resource.is_empty() {
        return Some(Target::Myself);
    }
    Some(match prefix_of(resource)? {
        "mesh" => Target::Mesh(resource.parse().ok()?),
        "room" => Target::Room(resource.parse().ok()?),
        "msg" => Target::Message(resource.parse().ok()?),
        "thread" => Target::Thread(resource.parse().ok()?),
        "file" => Target::File(resource.parse().ok()?),
        "member" => Target::Member(resource.parse().ok()?, None),
        "invite" => Target::Invite(resource.parse().ok()?),
        "bot" => Target::Bot(resource.parse().ok()?),
        "bver" => Target::BotVersion(resource.parse().ok()?),
        _ => return None,
    })
}
