use super::with_reactions;
use crate::{
    Cx, Effect, Error, Method, Op, OpSpec, Page, Result,
    cursor::{self, page_size},
    op,
    room::viewer,
};
use mesh_authz::{Grant, Permission};
use mesh_store::{messages, reactions};
use mesh_types::{MessageId, RoomId, view::Message};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `message.get`
pub struct GetMessage;

/// A message.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageIn {
    /// The message.
    pub message_id: MessageId,
}

impl Op for GetMessage {
    const SPEC: OpSpec = op("message.get", Effect::Read)
        .needs(Permission::MessageRead)
        .about("Reads a message.")
        .http(Method::Get, "/messages/{message_id}", 200)
        .socket()
        .wasm("messages", "get")
        .mcp()
        .cli();
    type In = MessageIn;
    type Out = Message;
    type On = MessageId;

    fn on(input: &MessageIn) -> MessageId {
        input.message_id
    }

    async fn run(cx: &mut Cx<'_>, message: Grant<MessageId>, _: MessageIn) -> Result<Message> {
        let message = messages::get(cx.tx(), *message).await?.ok_or_else(Error::not_found)?;
        with_reactions(cx, message).await
    }
}

/// `message.list`
pub struct ListMessages;

/// Which messages. At most one of `before`, `after` and `cursor`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListMessagesIn {
    /// The room.
    pub room_id: RoomId,
    /// Only those posted before this one, newest first.
    #[serde(default)]
    pub before: Option<MessageId>,
    /// Only those posted after this one, oldest first.
    #[serde(default)]
    pub after: Option<MessageId>,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

impl Op for ListMessages {
    const SPEC: OpSpec = op("message.list", Effect::Read)
        .needs(Permission::MessageRead)
        .about("Lists a room's messages: newest first, or oldest first with `after`.")
        .http(Method::Get, "/rooms/{room_id}/messages", 200)
        .socket()
        .wasm("messages", "list")
        .mcp()
        .cli();
    type In = ListMessagesIn;
    type Out = Page<Message>;
    type On = RoomId;

    fn on(input: &ListMessagesIn) -> RoomId {
        input.room_id
    }

    async fn run(cx: &mut Cx<'_>, room: Grant<RoomId>, input: ListMessagesIn) -> Result<Page<Message>> {
        let size = page_size(input.limit)?;
        if input.before.is_some() && input.after.is_some() {
            return Err(Error::invalid("/after", "cannot stand beside `before`"));
        }
        let forward = input.after.is_some();
        let scope = format!("{} {forward}", input.room_id);
        let from = match cursor::open(cx, &scope, input.cursor.as_deref())? {
            Some(position) => position.parse().map_err(Error::internal)?,
            None => match input.before.or(input.after) {
                Some(message) => position_of(cx, &room, message).await?,
                None => i64::MAX,
            },
        };
        let found = if forward {
            messages::after(cx.tx(), &room, from, size + 1).await?
        } else {
            messages::before(cx.tx(), &room, from, size + 1).await?
        };
        let mut page = cursor::page(cx, &scope, found, size, |message| message.seq.to_string());
        let viewer = viewer(cx);
        reactions::add_counts(cx.tx(), &mut page.items, &viewer).await?;
        Ok(page)
    }
}

async fn position_of(cx: &mut Cx<'_>, room: &Grant<RoomId>, message: MessageId) -> Result<i64> {
    let found = messages::get(cx.tx(), message)
        .await?
        .filter(|found| found.room_id == **room);
    found
        .map(|found| found.seq)
        .ok_or_else(|| Error::invalid("/before", "no message of this room"))
}
