//! Who hears of a message besides those who follow its room.

use super::{mention, post::MessageRef};
use crate::{Cx, Error, Result};
use mesh_authz::Grant;
use mesh_store::{
    log::Stream,
    messages::{self, Named},
    notifications,
};
use mesh_types::{
    ActorId, Hears, MessageId, NotificationId, NotificationKind, NotifyLevel, RoomId,
    view::{Message, Notification},
};

/// Each actor in the room that a message's text names, but its author, in the order of their ids.
async fn named(cx: &mut Cx<'_>, room: &Grant<RoomId>, message: &Message, text: &str) -> Result<Vec<Named>> {
    let mut named = Vec::new();
    for handle in mention::handles(text) {
        if let Some(found) = messages::mentioned(cx.tx(), room, &handle).await?
            && found.actor != message.author.id
        {
            named.push(found);
        }
    }
    named.sort_by_key(|found| found.actor);
    Ok(named)
}

/// A message that is complete now, and the event that says so. Each mentioned
/// actor in the room gets a row; a bot that hears mentions only gets a copy of the event on its own stream,
/// since it is not on the room's. People whom the message mentions or answers are notified, in the order of
/// their ids, so that two messages do not wait for each other.
pub(super) async fn said(cx: &mut Cx<'_>, room: &Grant<RoomId>, message: &Message, kind: &'static str) -> Result<()> {
    let mut told = Vec::new();
    for found in named(cx, room, message, &message.text).await? {
        messages::mention(cx.tx(), room, message.id, message.seq, found.actor).await?;
        if let (ActorId::Bot(_), true) = (found.actor, found.hears.as_deref() == Some(Hears::Mentions.as_str())) {
            let data = MessageRef::to(message);
            cx.emit(Stream::Actor(found.actor), kind, message.id, &data).await?;
        }
        if wants(cx, &found) {
            told.push((found.actor, NotificationKind::Mention));
        }
    }
    if message.reply_to.is_some() || message.thread_id.is_some() {
        let at = cx.now();
        for actor in notifications::answered(cx.tx(), room, (message.reply_to, message.thread_id), at).await? {
            if actor != message.author.id && !told.iter().any(|(known, _)| *known == actor) {
                told.push((actor, NotificationKind::Reply));
            }
        }
        told.sort_unstable();
    }
    for (actor, kind) in told {
        notify(cx, room, message, (actor, kind)).await?;
    }
    Ok(())
}

/// An edited message mentions whom its new words name, and nobody else. Bots that hear mentions only
/// hear of new messages, not of edited ones.
pub(super) async fn edited(cx: &mut Cx<'_>, on: &Grant<MessageId>, message: &Message, text: &str) -> Result<()> {
    let room = on.in_room().ok_or_else(Error::not_found)?;
    let before = messages::mentions(cx.tx(), message.id).await?;
    let now = named(cx, &room, message, text).await?;
    for actor in &before {
        if !now.iter().any(|found| found.actor == *actor) {
            messages::unmention(cx.tx(), on, *actor).await?;
            notifications::take_back(cx.tx(), on, *actor).await?;
        }
    }
    for found in now {
        if before.contains(&found.actor) {
            continue;
        }
        messages::mention(cx.tx(), &room, message.id, message.seq, found.actor).await?;
        if wants(cx, &found) {
            notify(cx, &room, message, (found.actor, NotificationKind::Mention)).await?;
        }
    }
    Ok(())
}

/// A deleted message mentions nobody, and nobody need look at it.
pub(super) async fn deleted(cx: &mut Cx<'_>, message: &Grant<MessageId>) -> Result<()> {
    messages::unmention_all(cx.tx(), message).await?;
    notifications::forget(cx.tx(), message).await?;
    Ok(())
}

fn wants(cx: &Cx<'_>, found: &Named) -> bool {
    found.level != NotifyLevel::None && found.muted_until.is_none_or(|end| end <= cx.now())
}

/// Only people have an inbox; bots follow events.
async fn notify(
    cx: &mut Cx<'_>,
    room: &Grant<RoomId>,
    message: &Message,
    (to, kind): (ActorId, NotificationKind),
) -> Result<()> {
    let ActorId::Person(_) = to else { return Ok(()) };
    let new = Notification {
        id: cx.id(NotificationId::new),
        kind,
        mesh_id: room.mesh().ok_or_else(Error::not_found)?,
        room_id: message.room_id,
        message_id: message.id,
        thread_id: message.thread_id,
        from: message.author.clone(),
        created_at: cx.now(),
        read_at: None,
    };
    if notifications::add(cx.tx(), room, to, &new).await? {
        cx.emit(Stream::Actor(to), "notification.created", new.id, &new).await?;
    }
    Ok(())
}
