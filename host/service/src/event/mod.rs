//! The log, as those who follow it read it.

mod ack;
mod audit;
mod delivery;
mod follow;
mod heard;
mod positions;
mod room;
mod stream;
mod sync;

pub use ack::AckEvents;
pub use audit::ListAudit;
pub use delivery::{Delivery, next as next_for_bot};
pub use follow::{Stretch, after, event, head_of, may_follow, streams_of};
pub use heard::{contract_name, is_heard, is_own};
pub use positions::{Positions, pack, unpack};
pub use room::{ListRoomEvents, ListRoomEventsIn};
pub use stream::{Begins, StreamEvents, StreamEventsIn};
pub use sync::{PollEvents, SyncEvents, SyncEventsIn};

use crate::{Answer, Error, Result, recent::Recent};
use mesh_store::{Tx, bot_calls, commands, files, log::Entry, members, messages, presses, reactions, timers};
use mesh_types::{
    ActorId, BotCallId, CommandCallId, FileId, MeshId, MessageId, PressId, TimerId,
    view::{Actor, Event},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashMap;

/// Events of one stream, and where it stands.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EventPage {
    /// The events, in the order asked for.
    pub items: Vec<Event>,
    /// The last `seq` of the stream now.
    pub head_seq: i64,
}

impl Answer for EventPage {}

/// Whose reactions an event counts as `mine`.
const NOBODY: &str = "";

#[derive(Deserialize)]
struct Reference {
    message_id: MessageId,
}

#[derive(Deserialize)]
struct FileReference {
    file_id: FileId,
}

#[derive(Deserialize)]
struct TimerReference {
    timer_id: TimerId,
}

/// The log keeps the name of a call, not what was typed.
#[derive(Deserialize)]
struct CallReference {
    call_id: CommandCallId,
    hops: u32,
}

#[derive(Deserialize)]
struct QuestionReference {
    call_id: BotCallId,
    hops: u32,
}

/// The log keeps the name of a press, not what came with it.
#[derive(Deserialize)]
struct PressReference {
    press_id: PressId,
    hops: u32,
}

/// The event of a message that is still as its author posted it, from memory.
fn known(recent: &Recent, entry: &Entry) -> Result<Option<Event>> {
    let (Some((stream, seq)), "message.created") = (entry.event, &*entry.kind) else {
        return Ok(None);
    };
    let reference: Reference = serde_json::from_str(&entry.data).map_err(Error::internal)?;
    let message = recent.message(reference.message_id);
    let Some(message) = message.filter(|message| entry.actor == Some(message.author.id)) else {
        return Ok(None);
    };
    Ok(Some(Event {
        stream: stream.to_string(),
        seq,
        kind: entry.kind.to_string(),
        at: entry.at,
        actor: Some(message.author.clone()),
        op: entry.op.to_string(),
        request_id: entry.request.clone(),
        data: serde_json::to_value(&*message).map_err(Error::internal)?,
    }))
}

/// Turns log rows into events: names for ids, and messages as they are now, not as they were. An event is
/// the same for everyone on its stream.
#[derive(Default)]
pub(crate) struct Reader {
    names: HashMap<(MeshId, ActorId), String>,
}

impl Reader {
    pub(crate) async fn events(&mut self, tx: &mut Tx<'_>, entries: Vec<Entry>) -> Result<Vec<Event>> {
        let mut events = Vec::with_capacity(entries.len());
        for entry in entries {
            if let Some(event) = self.event(tx, entry).await? {
                events.push(event);
            }
        }
        Ok(events)
    }

    pub(crate) async fn event(&mut self, tx: &mut Tx<'_>, entry: Entry) -> Result<Option<Event>> {
        let Some((stream, seq)) = entry.event else {
            return Ok(None);
        };
        let actor = match entry.actor {
            Some(id) => Some(Actor {
                id,
                kind: id.kind().into(),
                name: self.name(tx, entry.mesh, id).await?,
            }),
            None => None,
        };
        let data = match &*entry.kind {
            "message.created" | "message.completed" | "message.edited" => Self::message(tx, &entry.data).await?,
            "message.acted" => press(tx, &entry.data, actor.as_ref()).await?,
            "file.added" => file(tx, &entry.data).await?,
            "bot.called" => question(tx, &entry.data, actor.as_ref()).await?,
            "command.invoked" => command(tx, &entry.data, actor.as_ref()).await?,
            "timer.fired" => timer(tx, &entry.data).await?,
            _ => serde_json::from_str(&entry.data).map_err(Error::internal)?,
        };
        Ok(Some(Event {
            stream: stream.to_string(),
            seq,
            kind: entry.kind.into_owned(),
            at: entry.at,
            actor,
            op: entry.op.into_owned(),
            request_id: entry.request,
            data,
        }))
    }

    async fn message(tx: &mut Tx<'_>, data: &str) -> Result<Value> {
        let reference: Reference = serde_json::from_str(data).map_err(Error::internal)?;
        let Some(mut message) = messages::get(tx, reference.message_id).await? else {
            return Ok(serde_json::json!({ "message_id": reference.message_id, "redacted": true }));
        };
        message.reactions = reactions::counts(tx, message.id, NOBODY).await?;
        serde_json::to_value(message).map_err(Error::internal)
    }

    async fn name(&mut self, tx: &mut Tx<'_>, mesh: Option<MeshId>, actor: ActorId) -> Result<String> {
        let Some(mesh) = mesh else { return Ok(String::new()) };
        if let Some(name) = self.names.get(&(mesh, actor)) {
            return Ok(name.clone());
        }
        let name = members::of_actor(tx, mesh, actor)
            .await?
            .map(|member| member.actor.name)
            .unwrap_or_default();
        self.names.insert((mesh, actor), name.clone());
        Ok(name)
    }
}

/// A file as it is now.
async fn file(tx: &mut Tx<'_>, data: &str) -> Result<Value> {
    let reference: FileReference = serde_json::from_str(data).map_err(Error::internal)?;
    match files::get(tx, reference.file_id).await? {
        Some(file) => serde_json::to_value(file).map_err(Error::internal),
        None => Ok(serde_json::json!({ "file_id": reference.file_id, "redacted": true })),
    }
}

/// What a timer carries, unless it was cancelled since it fired.
async fn timer(tx: &mut Tx<'_>, data: &str) -> Result<Value> {
    let mut fired: Value = serde_json::from_str(data).map_err(Error::internal)?;
    let reference: TimerReference = serde_json::from_str(data).map_err(Error::internal)?;
    match timers::get(tx, reference.timer_id).await? {
        Some(timer) => fired["data"] = timer.data,
        None => fired["redacted"] = true.into(),
    }
    Ok(fired)
}

/// What a bot was asked, as long as it is kept and not answered.
async fn question(tx: &mut Tx<'_>, data: &str, who: Option<&Actor>) -> Result<Value> {
    let QuestionReference { call_id, hops } = serde_json::from_str(data).map_err(Error::internal)?;
    let Some(call) = bot_calls::get(tx, call_id).await?.filter(bot_calls::Call::is_open) else {
        return Ok(serde_json::json!({ "call_id": call_id, "redacted": true }));
    };
    let input: Value = serde_json::from_str(&call.input).map_err(Error::internal)?;
    Ok(serde_json::json!({
        "call_id": call_id, "method": call.method, "input": input, "who": who, "hops": hops, "deadline": call.deadline,
    }))
}

/// Which button was pressed, as long as that is kept, under the message as it is now.
async fn press(tx: &mut Tx<'_>, data: &str, who: Option<&Actor>) -> Result<Value> {
    let reference: PressReference = serde_json::from_str(data).map_err(Error::internal)?;
    let gone = serde_json::json!({ "press_id": reference.press_id, "redacted": true });
    let Some(pressed) = presses::get(tx, reference.press_id).await? else {
        return Ok(gone);
    };
    let Some(mut message) = messages::get(tx, pressed.message).await? else {
        return Ok(gone);
    };
    message.reactions = reactions::counts(tx, message.id, NOBODY).await?;
    let values: Option<Value> = pressed
        .form
        .map(|json| serde_json::from_str(&json))
        .transpose()
        .map_err(Error::internal)?;
    Ok(serde_json::json!({
        "message": message, "action_id": pressed.action, "value": pressed.value, "values": values, "who": who,
        "press_id": reference.press_id, "hops": reference.hops,
    }))
}

/// What a slash command was called with, as long as it is kept.
async fn command(tx: &mut Tx<'_>, data: &str, who: Option<&Actor>) -> Result<Value> {
    let reference: CallReference = serde_json::from_str(data).map_err(Error::internal)?;
    let Some(called) = commands::get(tx, reference.call_id).await? else {
        return Ok(serde_json::json!({ "reply_handle": reference.call_id, "redacted": true }));
    };
    let arguments: Option<Value> = called
        .arguments
        .map(|json| serde_json::from_str(&json))
        .transpose()
        .map_err(Error::internal)?;
    Ok(serde_json::json!({
        "command": called.command, "text": called.text, "arguments": arguments, "room_id": called.room,
        "who": who, "reply_handle": reference.call_id, "hops": reference.hops,
    }))
}
