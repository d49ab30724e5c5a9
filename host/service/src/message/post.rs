use super::{act::check_actions, tell};
use crate::{Cx, Effect, Error, Method, Op, OpSpec, Result, error::Code, file, op};
use mesh_authz::{Grant, Permission, Reason};
use mesh_store::{
    log::Stream,
    messages::{self, Desk, New},
    seats, threads,
};
use mesh_types::{
    FileId, MessageId, Posters, Role, RoomId, RoomRole, ThreadId, Trust, limits,
    view::{Action, Actor, Message},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `message.post`
pub struct PostMessage;

/// A message to post.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PostMessageIn {
    /// Where.
    pub room_id: RoomId,
    /// `CommonMark`, at most 64 KiB, and empty only beside files or when more is to come; `@handle` mentions.
    pub text: String,
    /// The thread to reply in.
    #[serde(default)]
    pub thread_id: Option<ThreadId>,
    /// The message to answer.
    #[serde(default)]
    pub reply_to: Option<MessageId>,
    /// Files of this room that the author uploaded and that no message shows yet; at most 10.
    #[serde(default)]
    pub file_ids: Vec<FileId>,
    /// More text is to come, with `message.append`. It mentions and notifies when it is complete.
    #[serde(default)]
    pub streaming: bool,
    /// Buttons; at most 10. The author hears `message.acted` when somebody presses one.
    #[serde(default)]
    pub actions: Vec<Action>,
}

/// The log keeps the name of a message, not its words: they are read when the event is.
#[derive(Serialize)]
pub(crate) struct MessageRef {
    pub(crate) room_id: RoomId,
    pub(crate) message_id: MessageId,
    /// Of a new message of which more is to come: bots hear of it when it is complete.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) streaming: bool,
}

impl MessageRef {
    pub(crate) fn to(message: &Message) -> Self {
        Self {
            room_id: message.room_id,
            message_id: message.id,
            streaming: false,
        }
    }
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
        check_size(&input.text)?;
        if input.file_ids.is_empty() && !input.streaming {
            check_says_something(&input.text)?;
        }
        check_actions(&input.actions)?;
        let (author, hops) = (cx.actor()?, cx.envelope().hops);
        let id = cx.id(MessageId::new);
        let stream = Stream::Room(*room);
        // The place in the stream first: whoever archives the room takes one too, so what is read of the
        // room from here on stays true.
        let seq = cx.advance(stream).await?;
        let at = cx.now();
        let desk = messages::desk(cx.tx(), &room, author)
            .await?
            .ok_or_else(Error::not_found)?;
        check_rules(cx, &room, &desk, input.thread_id).await?;
        if let Some(reply_to) = input.reply_to {
            check_same_room(cx, &room, reply_to).await?;
        }
        let files = file::of_author(cx, (*room, author), &input.file_ids).await?;
        let new = New {
            id,
            seq,
            thread: input.thread_id,
            reply_to: input.reply_to,
            author,
            text: &input.text,
            hops,
            at,
            files: &files,
            streaming: input.streaming,
            actions: &input.actions,
        };
        messages::insert(cx.tx(), &room, &new).await?;
        file::attach(cx, id, &files).await?;
        cx.emit_at(
            stream,
            seq,
            "message.created",
            id,
            &MessageRef {
                room_id: *room,
                message_id: id,
                streaming: input.streaming,
            },
        )?;
        if let Some(thread) = input.thread_id {
            let thread = threads::count_reply(cx.tx(), &room, thread, at).await?;
            let thread = thread.ok_or_else(|| Error::invalid("/thread_id", "no open thread of this room"))?;
            cx.emit(stream, "thread.changed", thread.id, &thread).await?;
        }
        let message = Message {
            id,
            room_id: *room,
            thread_id: input.thread_id,
            reply_to: input.reply_to,
            author: Actor {
                id: author,
                kind: author.kind().into(),
                name: desk.name,
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
            files,
            streaming: input.streaming,
            actions: input.actions,
            approval_id: None,
        };
        if !message.streaming {
            tell::said(cx, &room, &message, "message.created").await?;
            cx.posted(&message);
        }
        Ok(message)
    }
}

/// A message is not too long.
pub(super) fn check_size(text: &str) -> Result<()> {
    if text.len() > limits::MESSAGE_TEXT {
        return Err(Error::new(
            Code::TooLarge,
            format!("A message has at most {} bytes.", limits::MESSAGE_TEXT),
        ));
    }
    if text.contains('\0') {
        return Err(Error::invalid("/text", "must not contain NUL"));
    }
    Ok(())
}

/// Without files, a message says something.
pub(super) fn check_says_something(text: &str) -> Result<()> {
    if text.trim().is_empty() {
        return Err(Error::invalid("/text", "must say something"));
    }
    Ok(())
}

/// An archived room is read-only.
pub(crate) async fn refuse_archived<R>(cx: &mut Cx<'_>, on: &Grant<R>) -> Result<()> {
    let room = on.room().ok_or_else(Error::not_found)?;
    let row = mesh_store::facts::room(cx.tx(), room)
        .await?
        .ok_or_else(Error::not_found)?;
    if row.archived { Err(archived()) } else { Ok(()) }
}

fn archived() -> Error {
    Error::wrong_state("archived", "This room is archived.")
}

/// The room's own rules. Whoever leads the room, or keeps order in the mesh, is above them.
async fn check_rules(cx: &mut Cx<'_>, room: &Grant<RoomId>, desk: &Desk, thread: Option<ThreadId>) -> Result<()> {
    if desk.archived {
        return Err(archived());
    }
    let leads = matches!(desk.room_role, Some(RoomRole::Owner | RoomRole::Moderator))
        || room.place().is_some_and(|place| place.role <= Role::Moderator);
    if leads {
        return Ok(());
    }
    if desk.who_may_post == Posters::Leads {
        return Err(Error::forbidden(
            Reason::Policy,
            "Only those who lead this room post in it.",
        ));
    }
    if desk.threads_only && thread.is_none() {
        return Err(Error::forbidden(Reason::Policy, "In this room one replies in threads."));
    }
    if desk.slow_mode_s > 0 {
        let (author, at) = (cx.actor()?, cx.now());
        let before = at.plus_seconds(-desk.slow_mode_s);
        if !seats::post_again(cx.tx(), room, author, (at, before)).await? {
            let wait = u64::try_from(desk.slow_mode_s).unwrap_or_default() * 1000;
            return Err(Error::later(
                Code::SlowMode,
                "This room asks its authors to wait between messages.",
                wait,
            ));
        }
    }
    Ok(())
}

async fn check_same_room(cx: &mut Cx<'_>, room: &Grant<RoomId>, message: MessageId) -> Result<()> {
    match mesh_store::facts::message(cx.tx(), message).await? {
        Some((there, _)) if there == **room => Ok(()),
        // A made-up event is about a message that is not there.
        None if cx.envelope().dry => Ok(()),
        _ => Err(Error::invalid("/reply_to", "no message of this room")),
    }
}
