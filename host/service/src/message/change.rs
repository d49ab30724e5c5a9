use super::{
    MessageIn,
    act::check_actions,
    append::complete,
    post::{MessageRef, check_says_something, check_size},
    tell, with_reactions,
};
use crate::{Cx, Effect, Error, Method, Nothing, Op, OpSpec, Result, op};
use mesh_authz::{Grant, Permission, Reason};
use mesh_store::{approvals, files, log::Stream, messages, pins, threads};
use mesh_types::{
    ApprovalState, MessageId,
    view::{Action, Message},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// `message.edit`
pub struct EditMessage;

/// What becomes other, and at least one thing does.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditMessageIn {
    /// The message.
    pub message_id: MessageId,
    /// `CommonMark`, 1 byte to 64 KiB. When more text was to come, this is all of it.
    #[serde(default)]
    pub text: Option<String>,
    /// Buttons in place of those that it has; none with an empty list.
    #[serde(default)]
    pub actions: Option<Vec<Action>>,
}

impl Op for EditMessage {
    const SPEC: OpSpec = op("message.edit", Effect::Write)
        .needs(Permission::MessageEdit)
        .about("Changes one's own words, of which every revision is kept, or the buttons under them.")
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
        if input.text.is_none() && input.actions.is_none() {
            return Err(Error::invalid("", "has `text` or `actions`"));
        }
        if let Some(text) = &input.text {
            check_size(text)?;
            check_says_something(text)?;
        }
        check_actions(input.actions.as_deref().unwrap_or_default())?;
        let found = messages::held(cx.tx(), &message).await?.ok_or_else(Error::not_found)?;
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
        if found.streaming && input.text.is_none() {
            let detail = "More of its text is to come, and its buttons change when it is complete.";
            return Err(Error::wrong_state("streaming", detail));
        }
        let text = input.text.unwrap_or_else(|| found.text.clone());
        let actions = input.actions.unwrap_or_else(|| found.actions.clone());
        if found.streaming || found.text != text || found.actions != actions {
            let at = cx.now();
            messages::edit(cx.tx(), &message, (&*text, &*actions), at).await?;
            if found.streaming {
                let room = message.in_room().ok_or_else(Error::not_found)?;
                complete(cx, &room, &Message { text, ..found }).await?;
            } else {
                tell::edited(cx, &message, &found, &text).await?;
                let data = MessageRef::to(&found);
                cx.emit(Stream::Room(found.room_id), "message.edited", *message, &data)
                    .await?;
            }
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
