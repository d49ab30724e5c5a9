use super::mention;
use crate::{Cx, Effect, Error, Method, Op, OpSpec, Result, error::Code, op};
use mesh_authz::{Grant, Permission};
use mesh_store::{
    log::Stream,
    messages::{self, New},
    threads,
};
use mesh_types::{
    ActorId, Hears, MessageId, RoomId, ThreadId, Trust, limits,
    view::{Actor, Message},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `message.post`
pub struct PostMessage;

/// A message to post.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PostMessageIn {
    /// Where.
    pub room_id: RoomId,
    /// `CommonMark`, 1 byte to 64 KiB; `@handle` mentions.
    pub text: String,
    /// The thread to reply in.
    #[serde(default)]
    pub thread_id: Option<ThreadId>,
    /// The message to answer.
    #[serde(default)]
    pub reply_to: Option<MessageId>,
}

/// The log keeps the name of a message, not its words: they are read when the event is.
#[derive(Serialize)]
pub(crate) struct MessageRef {
    pub(crate) room_id: RoomId,
    pub(crate) message_id: MessageId,
}

impl Op for PostMessage {
    const SPEC: OpSpec = op("message.post", Effect::Write)
        .needs(Permission::MessagePost)
        .about("Posts a message; mentions notify.")
        .http(Method::Post, "/rooms/{room_id}/messages", 201)
        .socket()
        .wasm("messages", "post")
        .mcp()
        .cli();
    type In = PostMessageIn;
    type Out = Message;
    type On = RoomId;

    fn on(input: &Self::In) -> RoomId {
        input.room_id
    }

    async fn run(cx: &mut Cx<'_>, room: Grant<RoomId>, input: Self::In) -> Result<Message> {
        check_text(&input.text)?;
        let (author, hops) = (cx.actor()?, cx.envelope().hops);
        let (open, name) = messages::desk(cx.tx(), &room, author)
            .await?
            .ok_or_else(Error::not_found)?;
        if !open {
            return Err(archived());
        }
        let id = cx.id(MessageId::new);
        let stream = Stream::Room(*room);
        let seq = cx.advance(stream).await?;
        let at = cx.now();
        if let Some(reply_to) = input.reply_to {
            check_same_room(cx, &room, reply_to).await?;
        }
        let new = New {
            id,
            seq,
            thread: input.thread_id,
            reply_to: input.reply_to,
            author,
            text: &input.text,
            hops,
            at,
        };
        messages::insert(cx.tx(), &room, &new).await?;
        cx.emit_at(
            stream,
            seq,
            "message.created",
            id,
            &MessageRef {
                room_id: *room,
                message_id: id,
            },
        )?;
        if let Some(thread) = input.thread_id {
            let thread = threads::count_reply(cx.tx(), &room, thread, at).await?;
            let thread = thread.ok_or_else(|| Error::invalid("/thread_id", "no open thread of this room"))?;
            cx.emit(stream, "thread.changed", thread.id, &thread).await?;
        }
        tell_mentioned(cx, &room, id, seq, &input.text).await?;
        let message = Message {
            id,
            room_id: *room,
            thread_id: input.thread_id,
            reply_to: input.reply_to,
            author: Actor {
                id: author,
                kind: author.kind().into(),
                name,
            },
            text: input.text,
            created_at: at,
            edited_at: None,
            revision: 1,
            seq,
            trust: Trust::Local,
            hops,
            redacted: false,
            reactions: Vec::new(),
        };
        cx.posted(&message);
        Ok(message)
    }
}

/// A message says something, and not too much.
pub(super) fn check_text(text: &str) -> Result<()> {
    if text.len() > limits::MESSAGE_TEXT {
        return Err(Error::new(
            Code::TooLarge,
            format!("A message has at most {} bytes.", limits::MESSAGE_TEXT),
        ));
    }
    if text.trim().is_empty() {
        return Err(Error::invalid("/text", "must say something"));
    }
    if text.contains('\0') {
        return Err(Error::invalid("/text", "must not contain NUL"));
    }
    Ok(())
}

/// An archived room is read-only.
pub(super) async fn refuse_archived<R>(cx: &mut Cx<'_>, on: &Grant<R>) -> Result<()> {
    let room = on.room().ok_or_else(Error::not_found)?;
    let row = mesh_store::facts::room(cx.tx(), room)
        .await?
        .ok_or_else(Error::not_found)?;
    if row.archived { Err(archived()) } else { Ok(()) }
}

fn archived() -> Error {
    Error::wrong_state("archived", "This room is archived.")
}

async fn check_same_room(cx: &mut Cx<'_>, room: &Grant<RoomId>, message: MessageId) -> Result<()> {
    match mesh_store::facts::message(cx.tx(), message).await? {
        Some((there, _)) if there == **room => Ok(()),
        _ => Err(Error::invalid("/reply_to", "no message of this room")),
    }
}

/// Each mentioned actor in the room gets a row; a bot that hears mentions only gets a copy of the
/// event on its own stream, since it is not on the room's.
async fn tell_mentioned(cx: &mut Cx<'_>, room: &Grant<RoomId>, message: MessageId, seq: i64, text: &str) -> Result<()> {
    let author = cx.actor()?;
    for handle in mention::handles(text) {
        let Some((actor, hears)) = messages::mentioned(cx.tx(), room, &handle).await? else {
            continue;
        };
        if actor == author {
            continue;
        }
        messages::mention(cx.tx(), room, message, seq, actor).await?;
        if let (ActorId::Bot(_), Some(hears)) = (actor, hears)
            && hears == Hears::Mentions.as_str()
        {
            cx.emit(
                Stream::Actor(actor),
                "message.created",
                message,
                &MessageRef {
                    room_id: **room,
                    message_id: message,
                },
            )
            .await?;
        }
    }
    Ok(())
}
