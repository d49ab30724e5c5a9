use super::{MessageIn, post::refuse_archived, with_reactions};
use crate::{Answer, Cx, Effect, Error, Method, Nothing, Op, OpSpec, Result, error::Code, op, room::RoomIn};
use mesh_authz::{Grant, Permission};
use mesh_store::{log::Stream, messages, pins};
use mesh_types::{ActorId, MessageId, RoomId, Timestamp, view::Message};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Most pinned messages of one room.
const MOST: i64 = 50;

/// A pinned message.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Pin {
    /// The message.
    pub message: Message,
    /// Who pinned it.
    pub pinned_by: ActorId,
    /// When.
    pub pinned_at: Timestamp,
}

/// The pins of a room.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Pins {
    /// Every pin, the newest first; at most 50.
    pub items: Vec<Pin>,
}

impl Answer for Pins {}

/// `pin.list`
pub struct ListPins;

impl Op for ListPins {
    const SPEC: OpSpec = op("pin.list", Effect::Read)
        .needs(Permission::MessageRead)
        .about("Lists a room's pinned messages, the newest pin first.")
        .http(Method::Get, "/rooms/{room_id}/pins", 200)
        .socket()
        .mcp()
        .cli();
    type In = RoomIn;
    type Out = Pins;
    type On = RoomId;

    fn on(input: &RoomIn) -> RoomId {
        input.room_id
    }

    async fn run(cx: &mut Cx<'_>, room: Grant<RoomId>, _: RoomIn) -> Result<Pins> {
        let mut items = Vec::new();
        for (message, pinned_by, pinned_at) in pins::list(cx.tx(), &room, MOST).await? {
            if let Some(message) = messages::get(cx.tx(), message).await? {
                items.push(Pin {
                    message: with_reactions(cx, message).await?,
                    pinned_by,
                    pinned_at,
                });
            }
        }
        Ok(Pins { items })
    }
}

/// `pin.add`
pub struct AddPin;

impl Op for AddPin {
    const SPEC: OpSpec = op("pin.add", Effect::Write)
        .needs(Permission::MessagePin)
        .about("Pins a message. Being pinned already is fine.")
        .http(Method::Put, "/messages/{message_id}/pin", 204)
        .socket()
        .cli();
    type In = MessageIn;
    type Out = Nothing;
    type On = MessageId;

    fn on(input: &MessageIn) -> MessageId {
        input.message_id
    }

    async fn run(cx: &mut Cx<'_>, message: Grant<MessageId>, _: MessageIn) -> Result<Nothing> {
        let found = messages::get(cx.tx(), *message).await?.ok_or_else(Error::not_found)?;
        refuse_archived(cx, &message).await?;
        if found.redacted {
            return Err(Error::wrong_state("deleted", "This message was deleted."));
        }
        let (by, at) = (cx.actor()?, cx.now());
        if pins::add(cx.tx(), &message, by, at).await? {
            let data = json!({ "room_id": found.room_id, "message_id": *message });
            cx.emit(Stream::Room(found.room_id), "pin.added", *message, &data)
                .await?;
            // Counted with a place in the stream, so that nobody pins another one meanwhile.
            if pins::count(cx.tx(), found.room_id).await? > MOST {
                return Err(Error::new(
                    Code::LimitReached,
                    format!("A room has at most {MOST} pinned messages. Remove one first."),
                ));
            }
        }
        Ok(Nothing {})
    }
}

/// `pin.remove`
pub struct RemovePin;

impl Op for RemovePin {
    const SPEC: OpSpec = op("pin.remove", Effect::Write)
        .needs(Permission::MessagePin)
        .about("Takes a message's pin away, whoever pinned it. Its absence is fine.")
        .http(Method::Delete, "/messages/{message_id}/pin", 204)
        .socket()
        .cli();
    type In = MessageIn;
    type Out = Nothing;
    type On = MessageId;

    fn on(input: &MessageIn) -> MessageId {
        input.message_id
    }

    async fn run(cx: &mut Cx<'_>, message: Grant<MessageId>, _: MessageIn) -> Result<Nothing> {
        let room = message.room().ok_or_else(Error::not_found)?;
        refuse_archived(cx, &message).await?;
        if pins::remove(cx.tx(), &message, room).await? {
            let data = json!({ "room_id": room, "message_id": *message });
            cx.emit(Stream::Room(room), "pin.removed", *message, &data).await?;
        }
        Ok(Nothing {})
    }
}
