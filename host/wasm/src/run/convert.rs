//! Between the API's shapes and the contract's.

use crate::bindings::types::{
    Action, Actor, Attachment, Denial, Error, Member, Message, PageRequest, ReactionCount, Room, RoomMember, Thread,
};
use mesh_service::{Code, message};
use mesh_types::{Timestamp, view};

/// An error as the contract says it.
pub(crate) fn error(error: mesh_service::Error) -> Error {
    if let Some(approval) = error.approval {
        return Error::Pending(approval);
    }
    match error.code {
        Code::Forbidden
        | Code::Unauthenticated
        | Code::FreshLoginRequired
        | Code::TokenExpired
        | Code::TokenRevoked => {
            let decision = error.decision.map(|id| format!(" ({id})")).unwrap_or_default();
            Error::Denied(Denial {
                reason: error.reason.map_or("policy", |reason| reason.as_str()).into(),
                detail: error.detail + &decision,
            })
        }
        Code::NotFound | Code::Gone | Code::CursorExpired => Error::NotFound(error.detail),
        Code::RateLimited => Error::RateLimited(error.retry_after_ms.unwrap_or(1000)),
        code => match code.status() {
            400 | 411 | 413 | 415 | 422 => Error::Invalid(error.detail),
            409 | 412 | 428 => Error::Conflict(error.detail),
            _ => Error::Unavailable(error.detail),
        },
    }
}

/// Milliseconds since the epoch. Nothing here is from before 1970.
pub(crate) fn time(at: Timestamp) -> u64 {
    u64::try_from(at.millis()).unwrap_or_default()
}

/// A count that the contract holds in 32 bits.
pub(crate) fn small(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A position or revision; they start at 1.
pub(crate) fn whole(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// `limit` and `cursor` of a list.
pub(crate) fn page(request: PageRequest) -> (Option<u32>, Option<String>) {
    (request.limit, request.cursor)
}

pub(crate) fn actor(actor: view::Actor) -> Actor {
    Actor {
        id: actor.id.to_string(),
        kind: actor.kind,
        name: actor.name,
    }
}

/// A message as the bot with this handle sees it.
pub(crate) fn message(message: view::Message, handle: &str) -> Message {
    Message {
        mentions_me: message::mentions(&message.text, handle),
        id: message.id.to_string(),
        room_id: message.room_id.to_string(),
        thread_id: message.thread_id.map(|id| id.to_string()),
        reply_to: message.reply_to.map(|id| id.to_string()),
        author: actor(message.author),
        text: message.text,
        created_at: time(message.created_at),
        edited_at: message.edited_at.map(time),
        revision: whole(message.revision),
        seq: whole(message.seq),
        trust: message.trust.as_str().into(),
        hops: message.hops,
        redacted: message.redacted,
        reactions: message
            .reactions
            .into_iter()
            .map(|count| ReactionCount {
                emoji: count.emoji,
                count: small(count.count),
                mine: count.mine,
            })
            .collect(),
        files: message.files.into_iter().map(attachment).collect(),
        streaming: message.streaming,
        actions: message.actions.into_iter().map(action).collect(),
    }
}

fn action(action: view::Action) -> Action {
    Action {
        id: action.id,
        label: action.label,
        style: action.style.as_str().into(),
        value: action.value,
    }
}

/// Buttons as a bot describes them.
pub(crate) fn actions(actions: Vec<Action>) -> Result<Vec<view::Action>, Error> {
    let action = |action: Action| {
        let style = action.style.parse().map_err(Error::Invalid)?;
        Ok(view::Action {
            id: action.id,
            label: action.label,
            style,
            value: action.value,
        })
    };
    actions.into_iter().map(action).collect()
}

fn attachment(file: view::Attachment) -> Attachment {
    Attachment {
        id: file.id.to_string(),
        name: file.name,
        media_type: file.media_type,
        size: whole(file.size),
    }
}

pub(crate) fn thread(thread: view::Thread) -> Thread {
    Thread {
        id: thread.id.to_string(),
        room_id: thread.room_id.to_string(),
        root_id: thread.root_id.to_string(),
        title: thread.title,
        resolved: thread.resolved,
        locked: thread.locked,
        reply_count: small(thread.reply_count),
        last_reply_at: thread.last_reply_at.map(time),
    }
}

pub(crate) fn room(room: view::Room) -> Room {
    Room {
        id: room.id.to_string(),
        mesh_id: room.mesh_id.to_string(),
        name: room.name,
        slug: room.slug,
        purpose: room.purpose,
        kind: room.kind.as_str().into(),
        join_rule: room.join_rule.as_str().into(),
        archived: room.archived_at.is_some(),
        my_role: room.my_role.map(|role| role.as_str().into()),
        member_count: small(room.member_count),
    }
}

pub(crate) fn member(member: view::Member) -> Member {
    Member {
        id: member.id.to_string(),
        actor: actor(member.actor),
        handle: member.handle,
        role: member.role.as_str().into(),
        joined_at: time(member.joined_at),
    }
}

pub(crate) fn room_member(seat: view::RoomMember) -> RoomMember {
    RoomMember {
        room_id: seat.room_id.to_string(),
        member: member(seat.member),
        room_role: seat.room_role.as_str().into(),
    }
}
