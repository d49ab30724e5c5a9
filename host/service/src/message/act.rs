//! Buttons under messages.

use super::post::refuse_archived;
use crate::{Cx, Effect, Error, Method, Nothing, Op, OpSpec, Result, op};
use mesh_authz::{Grant, Permission, Reason};
use mesh_store::{
    log::Stream,
    messages,
    presses::{self, Press},
};
use mesh_types::{
    MessageId, PressId, RoomId,
    limits::{self, HOPS},
    view::Action,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// `message.act`
pub struct ActOnMessage;

/// A button to press.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActOnMessageIn {
    /// The message.
    pub message_id: MessageId,
    /// The button under it.
    pub action_id: String,
    /// What the author is told besides, by name; at most 16 KiB as JSON.
    #[serde(default)]
    pub values: Option<Map<String, Value>>,
}

/// The log keeps the name of a press, not what came with it.
#[derive(Serialize)]
struct PressRef {
    room_id: RoomId,
    press_id: PressId,
    hops: u32,
}

impl Op for ActOnMessage {
    const SPEC: OpSpec = op("message.act", Effect::Write)
        .needs(Permission::MessageReact)
        .about("Presses a button under a message; only its author is told.")
        .http(Method::Post, "/messages/{message_id}/actions/{action_id}", 204)
        .socket()
        .wasm("messages", "act");
    type In = ActOnMessageIn;
    type Out = Nothing;
    type On = MessageId;

    fn on(input: &ActOnMessageIn) -> MessageId {
        input.message_id
    }

    async fn run(cx: &mut Cx<'_>, message: Grant<MessageId>, input: ActOnMessageIn) -> Result<Nothing> {
        let form = input.values.map(|values| Value::Object(values).to_string());
        if form.as_ref().is_some_and(|form| form.len() > limits::ACTION_VALUES) {
            return Err(Error::invalid("/values", "has at most 16384 bytes as JSON"));
        }
        let hops = cx.envelope().hops;
        if hops > HOPS {
            let detail = "Too many bots in a row pressed each other's buttons.";
            return Err(Error::forbidden(Reason::Policy, detail));
        }
        // Held, so that the button is there until this is done.
        let found = messages::held(cx.tx(), &message).await?.ok_or_else(Error::not_found)?;
        if found.redacted {
            return Err(Error::wrong_state("deleted", "This message was deleted."));
        }
        refuse_archived(cx, &message).await?;
        let action = found.actions.iter().find(|action| action.id == input.action_id);
        let action = action.ok_or_else(|| Error::wrong_state("gone", "This message has no such button any more."))?;
        let press = Press {
            id: cx.id(PressId::new),
            action: &action.id,
            value: action.value.as_deref(),
            form,
            at: cx.now(),
        };
        presses::add(cx.tx(), &message, &press).await?;
        let data = PressRef {
            room_id: found.room_id,
            press_id: press.id,
            hops,
        };
        cx.emit(Stream::Actor(found.author.id), "message.acted", *message, &data)
            .await?;
        Ok(Nothing {})
    }
}

/// Buttons have names of their own, and something stands on each.
pub(super) fn check_actions(actions: &[Action]) -> Result<()> {
    if actions.len() > limits::ACTIONS {
        return Err(Error::invalid("/actions", format!("at most {}", limits::ACTIONS)));
    }
    for (at, action) in actions.iter().enumerate() {
        let wrong = |field: &str, detail: &str| Err(Error::invalid(&format!("/actions/{at}/{field}"), detail));
        let plain = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
        if !(1..=limits::ACTION_ID).contains(&action.id.len()) || !action.id.bytes().all(plain) {
            return wrong("id", "has 1 to 64 of a-z, 0-9, _ and -");
        }
        if actions[..at].iter().any(|other| other.id == action.id) {
            return wrong("id", "is the id of another button too");
        }
        let label = action.label.chars().count();
        if action.label.trim().is_empty() || label > limits::ACTION_LABEL || action.label.chars().any(char::is_control)
        {
            return wrong("label", "has 1 to 80 characters, on one line");
        }
        let value = action.value.as_deref().unwrap_or_default();
        if value.len() > limits::ACTION_VALUE || value.contains('\0') {
            return wrong("value", "has at most 2000 bytes, and no NUL");
        }
    }
    Ok(())
}
