use super::post::refuse_archived;
use crate::{Cx, Effect, Error, Method, Nothing, Op, OpSpec, Result, error::Code, op};
use mesh_authz::{Grant, Permission};
use mesh_store::{log::Stream, messages, reactions};
use mesh_types::{MessageId, view::Message};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Most different emoji under one message.
const KINDS: i64 = 50;

/// `reaction.add`
pub struct AddReaction;

/// A message and an emoji.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReactionIn {
    /// The message.
    pub message_id: MessageId,
    /// A Unicode emoji, or the name of a custom one; at most 64 bytes.
    pub emoji: String,
}

pub(crate) fn check_emoji(emoji: &str) -> Result<()> {
    let plain =
        !emoji.is_empty() && emoji.len() <= 64 && !emoji.chars().any(|letter| letter.is_control() || letter == ' ');
    if plain {
        Ok(())
    } else {
        Err(Error::invalid("/emoji", "has 1 to 64 bytes and no space"))
    }
}

async fn reacted(cx: &mut Cx<'_>, message: &Grant<MessageId>, emoji: &str) -> Result<Message> {
    check_emoji(emoji)?;
    let found = messages::get(cx.tx(), **message).await?.ok_or_else(Error::not_found)?;
    refuse_archived(cx, message).await?;
    Ok(found)
}

impl Op for AddReaction {
    const SPEC: OpSpec = op("reaction.add", Effect::Write)
        .needs(Permission::MessageReact)
        .about("Puts an emoji under a message. Doing it again changes nothing.")
        .http(Method::Put, "/messages/{message_id}/reactions/{emoji}", 204)
        .socket()
        .wasm("messages", "reaction-add")
        .mcp()
        .cli();
    type In = ReactionIn;
    type Out = Nothing;
    type On = MessageId;

    fn on(input: &ReactionIn) -> MessageId {
        input.message_id
    }

    async fn run(cx: &mut Cx<'_>, message: Grant<MessageId>, input: ReactionIn) -> Result<Nothing> {
        let found = reacted(cx, &message, &input.emoji).await?;
        if found.redacted {
            return Err(Error::wrong_state("deleted", "This message was deleted."));
        }
        let (actor, at) = (cx.actor()?, cx.now());
        if reactions::add(cx.tx(), &message, &input.emoji, actor, at).await? {
            if reactions::kinds(cx.tx(), *message).await? > KINDS {
                return Err(Error::new(
                    Code::LimitReached,
                    format!("A message has at most {KINDS} different emoji."),
                ));
            }
            let data = json!({ "room_id": found.room_id, "message_id": *message, "emoji": input.emoji });
            cx.emit(Stream::Room(found.room_id), "reaction.added", *message, &data)
                .await?;
        }
        Ok(Nothing {})
    }
}

/// `reaction.remove`
pub struct RemoveReaction;

impl Op for RemoveReaction {
    const SPEC: OpSpec = op("reaction.remove", Effect::Write)
        .needs(Permission::MessageReact)
        .about("Takes one's own emoji away. Its absence is fine.")
        .http(Method::Delete, "/messages/{message_id}/reactions/{emoji}", 204)
        .socket()
        .wasm("messages", "reaction-remove")
        .cli();
    type In = ReactionIn;
    type Out = Nothing;
    type On = MessageId;

    fn on(input: &ReactionIn) -> MessageId {
        input.message_id
    }

    async fn run(cx: &mut Cx<'_>, message: Grant<MessageId>, input: ReactionIn) -> Result<Nothing> {
        let found = reacted(cx, &message, &input.emoji).await?;
        let actor = cx.actor()?;
        if reactions::remove(cx.tx(), &message, &input.emoji, actor).await? {
            let data = json!({ "room_id": found.room_id, "message_id": *message, "emoji": input.emoji });
            cx.emit(Stream::Room(found.room_id), "reaction.removed", *message, &data)
                .await?;
        }
        Ok(Nothing {})
    }
}
