//! From an event of the log to the contract's.

use super::convert;
use crate::bindings::exports::mesh::bot::handler::{
    Closing, Decision, Deletion, Departure, Event, Firing, Gap, Invocation, Payload, Press, Question, Reaction, Unknown,
};
use mesh_types::view;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The event as the bot with this handle sees it, and how many bots it is away from a person.
pub(crate) fn event(event: view::Event, handle: &str) -> (Event, u32) {
    let (payload, hops) = payload(&event.kind, event.data, handle);
    let actor = event.actor.map_or_else(
        || crate::bindings::types::Actor {
            id: String::new(),
            kind: "server".into(),
            name: String::new(),
        },
        convert::actor,
    );
    let (stream, seq, at) = (event.stream, convert::whole(event.seq), convert::time(event.at));
    (
        Event {
            stream,
            seq,
            at,
            actor,
            payload,
        },
        hops,
    )
}

fn payload(kind: &str, data: Value, handle: &str) -> (Payload, u32) {
    let typed = match kind {
        "message.created" | "message.completed" | "message.edited" => read::<view::Message>(&data).map(|message| {
            let hops = message.hops;
            let message = convert::message(message, handle);
            let payload = match kind {
                "message.created" => Payload::MessageCreated(message),
                "message.completed" => Payload::MessageCompleted(message),
                _ => Payload::MessageEdited(message),
            };
            (payload, hops)
        }),
        "message.acted" => press(&data, handle).map(|press| {
            let hops = press.hops;
            (Payload::MessageActed(press), hops)
        }),
        "thread.changed" => read(&data).map(|thread| (Payload::ThreadChanged(convert::thread(thread)), 0)),
        "room_member.joined" => read(&data).map(|seat| (Payload::RoomMemberJoined(convert::room_member(seat)), 0)),
        _ => simple(kind, &data).map(|payload| (payload, hops(&data))),
    };
    typed.unwrap_or_else(|| {
        let unknown = Unknown {
            name: kind.into(),
            data: data.to_string(),
        };
        (Payload::Other(unknown), hops(&data))
    })
}

/// How many bots an event is away from a person.
fn hops(data: &Value) -> u32 {
    let hops = data.get("hops").and_then(Value::as_u64).unwrap_or_default();
    u32::try_from(hops).unwrap_or(u32::MAX)
}

fn simple(kind: &str, data: &Value) -> Option<Payload> {
    let text = |field: &str| data.get(field)?.as_str().map(str::to_owned);
    Some(match kind {
        "message.deleted" => {
            let ids = data.get("message_ids")?.as_array()?;
            let message_ids = ids.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect();
            Payload::MessageDeleted(Deletion {
                room_id: text("room_id")?,
                message_ids,
            })
        }
        "reaction.added" => Payload::ReactionAdded(reaction(&text)?),
        "reaction.removed" => Payload::ReactionRemoved(reaction(&text)?),
        "room_member.left" => Payload::RoomMemberLeft(Departure {
            room_id: text("room_id")?,
            member_id: text("member_id")?,
            reason: text("reason")?,
        }),
        "room.closed" => Payload::RoomClosed(Closing {
            room_id: text("room_id")?,
            reason: text("reason")?,
        }),
        "command.invoked" => Payload::CommandInvoked(invocation(data)?),
        "approval.decided" => Payload::ApprovalDecided(Decision {
            approval_id: text("approval_id")?,
            room_id: text("room_id"),
            operation: text("operation"),
            state: text("state")?,
            choice: text("choice"),
            status: data
                .get("status")
                .and_then(Value::as_u64)
                .and_then(|status| status.try_into().ok()),
        }),
        "timer.fired" => Payload::TimerFired(Firing {
            timer_id: text("timer_id")?,
            room_id: text("room_id"),
            due_at: convert::time(read(data.get("due_at")?)?),
            data: data.get("data").unwrap_or(&Value::Null).to_string(),
        }),
        "bot.called" => Payload::BotCalled(Question {
            call_id: text("call_id")?,
            method: text("method")?,
            input: data.get("input").unwrap_or(&Value::Null).to_string(),
            hops: hops(data),
            deadline: convert::time(read(data.get("deadline")?)?),
        }),
        "gap" => Payload::Gap(Gap {
            stream: text("stream")?,
            from_seq: convert::whole(read(data.get("from_seq")?)?),
            to_seq: convert::whole(read(data.get("to_seq")?)?),
        }),
        "bot.config_changed" => Payload::BotConfigChanged,
        "bot.grants_changed" => Payload::BotGrantsChanged,
        _ => return None,
    })
}

fn invocation(data: &Value) -> Option<Invocation> {
    let text = |field: &str| Some(data.get(field)?.as_str()?.to_owned());
    let arguments = data.get("arguments").filter(|arguments| !arguments.is_null());
    Some(Invocation {
        command: text("command")?,
        text: text("text")?,
        arguments: arguments.map(Value::to_string),
        room_id: text("room_id")?,
        reply_handle: text("reply_handle")?,
        hops: hops(data),
    })
}

fn press(data: &Value, handle: &str) -> Option<Press> {
    let text = |field: &str| data.get(field)?.as_str().map(str::to_owned);
    let values = data.get("values").filter(|values| !values.is_null());
    Some(Press {
        message: convert::message(read(data.get("message")?)?, handle),
        action_id: text("action_id")?,
        value: text("value"),
        values: values.map(Value::to_string),
        hops: u32::try_from(data.get("hops")?.as_u64()?).unwrap_or(u32::MAX),
    })
}

fn reaction(text: &impl Fn(&str) -> Option<String>) -> Option<Reaction> {
    Some(Reaction {
        room_id: text("room_id")?,
        message_id: text("message_id")?,
        emoji: text("emoji")?,
    })
}

fn read<T: DeserializeOwned>(data: &Value) -> Option<T> {
    T::deserialize(data).ok()
}
