use super::needs_component;
use crate::{Answer, Cx, Effect, Error, Host, Method, Op, OpSpec, Result, op, runtime::Tried};
use mesh_authz::{Caller, Grant, Permission};
use mesh_store::{Tx, bot_versions, bots, inbox, log::Stream, members};
use mesh_types::{
    ActorId, BotId, BotVersionId, MeshId, MessageId, RoomId, Trust,
    trial::BotTrial,
    view::{Actor, Event, Message},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// `bot.test`
pub struct TestBot;

/// The event that is made up.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestBotIn {
    /// The bot.
    pub bot_id: BotId,
    /// The version that runs; the active one when absent.
    #[serde(default)]
    pub version_id: Option<BotVersionId>,
    /// The room that it happens in.
    pub room_id: RoomId,
    /// What happens; `message.created` when absent.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// The event's own fields. Those of a message may be absent, but for its `text`: then they are made up.
    #[serde(default)]
    pub data: Map<String, Value>,
    /// What came of it.
    #[serde(skip)]
    #[schemars(skip)]
    pub trial: Option<Box<BotTrial>>,
}

impl Answer for BotTrial {}

impl Op for TestBot {
    const SPEC: OpSpec = op("bot.test", Effect::Read)
        .needs(Permission::BotOperate)
        .about("Hands a bot a made-up event in a dry run and says what it calls. Nothing that it writes is kept.")
        .cost(10)
        .http(Method::Post, "/bots/{bot_id}/test-events", 200)
        .cli();
    type In = TestBotIn;
    type Out = BotTrial;
    type On = BotId;

    fn on(input: &TestBotIn) -> BotId {
        input.bot_id
    }

    /// The bot reads with views of its own, so none is open while it runs.
    async fn prepare(host: &Host, caller: &Caller, input: &mut TestBotIn) -> Result<()> {
        let runtime = host.components()?;
        let tried = {
            let mut view = host.store.view().await?;
            tried(host, &mut view.tx(), caller, input).await?
        };
        input.trial = Some(Box::new(runtime.try_event(tried).await?));
        Ok(())
    }

    async fn run(_: &mut Cx<'_>, _: Grant<BotId>, input: TestBotIn) -> Result<BotTrial> {
        let trial = input.trial.ok_or_else(|| Error::internal("not tried"))?;
        Ok(*trial)
    }
}

/// Which version gets which event.
async fn tried(host: &Host, tx: &mut Tx<'_>, caller: &Caller, input: &TestBotIn) -> Result<Tried> {
    let stored = bots::get(tx, input.bot_id).await?.ok_or_else(Error::not_found)?;
    needs_component(&stored.bot)?;
    let row = inbox::bot(tx, input.bot_id).await?.ok_or_else(Error::not_found)?;
    let version = input.version_id.or(stored.bot.active_version);
    let version = version.ok_or_else(|| Error::wrong_state("uploaded", "This bot has no active version. Name one."))?;
    let version = bot_versions::get(tx, version)
        .await?
        .filter(|version| version.bot == input.bot_id)
        .ok_or_else(|| Error::invalid("/version_id", "is no version of this bot"))?;
    Ok(Tried {
        bot: input.bot_id,
        mesh: row.mesh,
        handle: row.handle,
        limits: row.limits,
        version: version.id,
        digest: version.digest,
        event: event(host, tx, caller, row.mesh, input).await?,
    })
}

/// The event, by whoever asks for it. It stands nowhere in its stream.
async fn event(host: &Host, tx: &mut Tx<'_>, caller: &Caller, mesh: MeshId, input: &TestBotIn) -> Result<Event> {
    let kind = input.kind.clone().unwrap_or_else(|| "message.created".into());
    let actor = match caller.actor() {
        Some(actor) => Some(named(tx, mesh, actor).await?),
        None => None,
    };
    let mut data = input.data.clone();
    if let ("message.created" | "message.completed" | "message.edited", Some(author)) = (kind.as_str(), &actor) {
        if !data.get("text").is_some_and(Value::is_string) {
            return Err(Error::invalid("/data/text", "is what the message says"));
        }
        for (field, value) in message(host, author.clone(), input.room_id)? {
            data.entry(field).or_insert(value);
        }
        if let Err(error) = Message::deserialize(&Value::from(data.clone())) {
            return Err(Error::invalid("/data", error));
        }
    }
    data.entry("room_id")
        .or_insert_with(|| input.room_id.to_string().into());
    Ok(Event {
        stream: Stream::Room(input.room_id).to_string(),
        seq: 0,
        kind,
        at: host.clock.now(),
        actor,
        op: String::new(),
        request_id: String::new(),
        data: data.into(),
    })
}

async fn named(tx: &mut Tx<'_>, mesh: MeshId, actor: ActorId) -> Result<Actor> {
    let member = members::of_actor(tx, mesh, actor).await?;
    Ok(Actor {
        id: actor,
        kind: actor.kind().into(),
        name: member.map(|member| member.actor.name).unwrap_or_default(),
    })
}

/// The fields of a message that says nothing.
fn message(host: &Host, author: Actor, room_id: RoomId) -> Result<Map<String, Value>> {
    let message = Message {
        id: MessageId::new(host.ids.next()),
        room_id,
        thread_id: None,
        reply_to: None,
        author,
        text: String::new(),
        created_at: host.clock.now(),
        edited_at: None,
        revision: 1,
        seq: 0,
        trust: Trust::Local,
        hops: 0,
        redacted: false,
        reactions: Vec::new(),
        files: Vec::new(),
        actions: Vec::new(),
        streaming: false,
        approval_id: None,
    };
    match serde_json::to_value(message).map_err(Error::internal)? {
        Value::Object(fields) => Ok(fields),
        _ => Err(Error::internal("a message is no object")),
    }
}
