use super::{MessageIn, post::MessageRef, post::check_text, tell, with_reactions};
use crate::{Cx, Effect, Error, Method, Nothing, Op, OpSpec, Result, op};
use mesh_authz::{Grant, Permission, Reason};
use mesh_store::{approvals, files, log::Stream, messages, pins, threads};
use mesh_types::{ApprovalState, MessageId, view::Message};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// `message.edit`
pub struct EditMessage;

/// The new words.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditMessageIn {
    /// The message.
    pub message_id: MessageId,
    /// `CommonMark`, 1 byte to 64 KiB.
    pub text: String,
}

impl Op for EditMessage {
    const SPEC: OpSpec = op("message.edit", Effect::Write)
        .needs(Permission::MessageEdit)
        .about("Changes one's own words; every revision is kept.")
        .http(Method::Patch, "/messages/{message_id}", 200)
        .socket()
        .wasm("messages", "edit")
        .mcp()
        .cli();
    type In = EditMessageIn;
    type Out = Message;
    type On = MessageId;

    fn on(input: &EditMessageIn) -> MessageId {
        input.message_id
    }

    async fn run(cx: &mut Cx<'_>, message: Grant<MessageId>, input: EditMessageIn) -> Result<Message> {
        check_text(&input.text)?;
        messages::hold(cx.tx(), &message).await?;
        let found = messages::get(cx.tx(), *message).await?.ok_or_else(Error::not_found)?;
        if found.redacted {
            return Err(Error::wrong_state("deleted", "This message was deleted."));
        }
        if found.approval_id.is_some() {
            return Err(Error::forbidden(
                Reason::Policy,
                "This shows a question to people; the server writes what it says.",
            ));
        }
        super::post::refuse_archived(cx, &message).await?;
        cx.check_match(found.revision)?;
        if found.text != input.text {
            let at = cx.now();
            messages::edit(cx.tx(), &message, &input.text, at).await?;
            tell::edited(cx, &message, &found, &input.text).await?;
            let data = MessageRef {
                room_id: found.room_id,
                message_id: *message,
            };
            cx.emit(Stream::Room(found.room_id), "message.edited", *message, &data)
                .await?;
        }
        let edited = messages::get(cx.tx(), *message).await?.ok_or_else(Error::not_found)?;
        with_reactions(cx, edited).await
    }
}

/// `message.delete`
pub struct DeleteMessage;

impl Op for DeleteMessage {
    const SPEC: OpSpec = op("message.delete", Effect::Write)
        .needs(Permission::MessageDelete)
        .about("Takes a message's words away and leaves a tombstone.")
        .http(Method::Delete, "/messages/{message_id}", 204)
        .socket()
        .wasm("messages", "delete")
        .mcp()
        .cli();
    type In = MessageIn;
    type Out = Nothing;
    type On = MessageId;

    fn on(input: &MessageIn) -> MessageId {
        input.message_id
    }

    async fn run(cx: &mut Cx<'_>, message: Grant<MessageId>, _: MessageIn) -> Result<Nothing> {
        messages::hold(cx.tx(), &message).await?;
        let found = messages::get(cx.tx(), *message).await?.ok_or_else(Error::not_found)?;
        cx.check_match(found.revision)?;
        refuse_open_question(cx, &found).await?;
        let at = cx.now();
        if messages::delete(cx.tx(), &message, at).await? {
            tell::deleted(cx, &message).await?;
            if !found.files.is_empty() {
                files::delete_sent(cx.tx(), &message, at).await?;
            }
            pins::remove(cx.tx(), &message, found.room_id).await?;
            let stream = Stream::Room(found.room_id);
            let data = json!({ "room_id": found.room_id, "message_ids": [*message], "by": cx.actor().ok(), "reason": "deleted" });
            cx.emit(stream, "message.deleted", *message, &data).await?;
            if let Some(thread) = found.thread_id
                && let Some(thread) = threads::uncount_reply(cx.tx(), &message, thread).await?
            {
                cx.emit(stream, "thread.changed", thread.id, &thread).await?;
            }
        }
        Ok(Nothing {})
    }
}

/// Nobody takes away what shows people a question, while they can decide it.
async fn refuse_open_question(cx: &mut Cx<'_>, found: &Message) -> Result<()> {
    let Some(approval) = found.approval_id else {
        return Ok(());
    };
    let asked = approvals::get(cx.tx(), approval).await?;
    if asked.is_some_and(|asked| asked.state == ApprovalState::Pending) {
        return Err(Error::wrong_state(
            ApprovalState::Pending,
            "This shows a question to people. It can be deleted when it is decided.",
        ));
    }
    Ok(())
}
