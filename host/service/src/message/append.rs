//! Messages whose text comes bit by bit.
//!
//! Each piece is stored with the message before its call is answered. The log hears of the message twice: when it
//! is posted, and when it is complete. In between, whoever follows the room is told each piece as it comes.

use super::post::{MessageRef, check_says_something, check_size, refuse_archived};
use crate::{Answer, Cx, Effect, Error, Method, Op, OpSpec, Result, error::Code, op};
use mesh_authz::{Grant, Permission};
use mesh_store::{log::Stream, messages};
use mesh_types::{MessageId, RoomId, limits, view::Message};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// `message.append`
pub struct AppendToMessage;

/// More of a message.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppendToMessageIn {
    /// A message that was posted with `streaming`.
    pub message_id: MessageId,
    /// What comes next; with an empty one the author only says that it is still writing.
    #[serde(default)]
    pub text: String,
    /// How many bytes of the text (as UTF-8) stand before this. What is there already is not added again, so the
    /// call can be repeated; without an offset it goes to the end.
    #[serde(default)]
    pub offset: Option<u64>,
    /// This is the end of the message.
    #[serde(default, rename = "final")]
    pub last: bool,
}

/// How far the message is.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Appended {
    /// The message.
    pub message_id: MessageId,
    /// Bytes of its text, as UTF-8: the `offset` of what comes next.
    pub length: u64,
    /// More may come.
    pub streaming: bool,
}

impl Answer for Appended {}

impl Op for AppendToMessage {
    const SPEC: OpSpec = op("message.append", Effect::Write)
        .needs(Permission::MessageEdit)
        .about("Adds text to one's own message that was posted with `streaming`; `final` completes it.")
        .http(Method::Post, "/messages/{message_id}/append", 200)
        .socket()
        .wasm("messages", "append");
    type In = AppendToMessageIn;
    type Out = Appended;
    type On = MessageId;

    fn on(input: &AppendToMessageIn) -> MessageId {
        input.message_id
    }

    async fn run(cx: &mut Cx<'_>, message: Grant<MessageId>, input: AppendToMessageIn) -> Result<Appended> {
        check_size(&input.text)?;
        let mut found = messages::held(cx.tx(), &message).await?.ok_or_else(Error::not_found)?;
        if found.redacted {
            return Err(Error::wrong_state("deleted", "This message was deleted."));
        }
        refuse_archived(cx, &message).await?;
        let new = new_part(&found, &input)?;
        if !found.streaming {
            // The same words once more, after the answer was lost.
            if new.is_empty() && input.offset.is_some() {
                cx.is_told_later();
                return Ok(appended(&found));
            }
            return Err(Error::wrong_state("complete", "This message is complete."));
        }
        let (length, at) = (found.text.len(), cx.now());
        found.text += new;
        if found.text.len() > limits::MESSAGE_TEXT {
            let detail = format!("A message has at most {} bytes.", limits::MESSAGE_TEXT);
            return Err(Error::new(Code::TooLarge, detail));
        }
        if input.last {
            if found.files.is_empty() {
                check_says_something(&found.text)?;
            }
            found.streaming = false;
            messages::append(cx.tx(), &message, new, None).await?;
            let room = message.in_room().ok_or_else(Error::not_found)?;
            complete(cx, &room, &found).await?;
            return Ok(appended(&found));
        }
        cx.is_told_later();
        if new.is_empty() {
            messages::touch(cx.tx(), &message, at).await?;
        } else {
            messages::append(cx.tx(), &message, new, Some(at)).await?;
            let data = json!({ "room_id": found.room_id, "message_id": *message, "offset": length, "text": new });
            let author = found.author.clone();
            cx.pass(Stream::Room(found.room_id), "message.delta", Some(author), data);
        }
        Ok(appended(&found))
    }
}

fn appended(message: &Message) -> Appended {
    Appended {
        message_id: message.id,
        length: message.text.len() as u64,
        streaming: message.streaming,
    }
}

/// What of an addition is not there yet.
fn new_part<'i>(message: &Message, input: &'i AppendToMessageIn) -> Result<&'i str> {
    let there = message.text.as_str();
    let Some(offset) = input.offset else {
        return Ok(&input.text);
    };
    let behind = usize::try_from(offset).ok().and_then(|offset| there.get(offset..));
    let new = behind.and_then(|behind| {
        // Only what is not the end can be followed by something else.
        let is_there = || !input.last && behind.starts_with(&input.text);
        input.text.strip_prefix(behind).or_else(|| is_there().then_some(""))
    });
    new.ok_or_else(|| {
        let detail = format!(
            "The text has {} bytes, and this does not go on from there.",
            there.len()
        );
        Error::new(Code::Conflict, detail)
    })
}

/// A message has all of its text now: the room is told, and those whom it names.
pub(super) async fn complete(cx: &mut Cx<'_>, room: &Grant<RoomId>, message: &Message) -> Result<()> {
    let (stream, kind) = (Stream::Room(message.room_id), "message.completed");
    cx.emit(stream, kind, message.id, &MessageRef::to(message)).await?;
    super::tell::said(cx, room, message, kind).await
}
