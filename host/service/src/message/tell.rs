//! Who hears of a message besides those who follow its room.

use super::{mention, post::MessageRef};
use crate::{Cx, Error, Result};
use mesh_authz::Grant;
use mesh_store::{log::Stream, messages};
use mesh_types::{ActorId, Hears, MessageId, RoomId, view::Message};

/// Each actor in the room that a text mentions, but its author, with what it hears if it is a bot.
async fn named(cx: &mut Cx<'_>, room: &Grant<RoomId>, author: ActorId, text: &str) -> Result<Vec<(ActorId, bool)>> {
    let mut named = Vec::new();
    for handle in mention::handles(text) {
        if let Some((actor, hears)) = messages::mentioned(cx.tx(), room, &handle).await?
            && actor != author
        {
            named.push((actor, hears.as_deref() == Some(Hears::Mentions.as_str())));
        }
    }
    Ok(named)
}

/// Each mentioned actor in the room gets a row; a bot that hears mentions only gets a copy of the
/// event on its own stream, since it is not on the room's.
pub(super) async fn mentioned(
    cx: &mut Cx<'_>,
    room: &Grant<RoomId>,
    (message, seq): (MessageId, i64),
    text: &str,
) -> Result<()> {
    let author = cx.actor()?;
    for (actor, copied) in named(cx, room, author, text).await? {
        messages::mention(cx.tx(), room, message, seq, actor).await?;
        if let (ActorId::Bot(_), true) = (actor, copied) {
            let data = MessageRef {
                room_id: **room,
                message_id: message,
            };
            cx.emit(Stream::Actor(actor), "message.created", message, &data).await?;
        }
    }
    Ok(())
}

/// An edited message mentions whom its new words name, and nobody else. Bots that hear mentions only
/// hear of new messages, not of edited ones.
pub(super) async fn mentions_changed(
    cx: &mut Cx<'_>,
    message: &Grant<MessageId>,
    found: &Message,
    text: &str,
) -> Result<()> {
    let room = message.in_room().ok_or_else(Error::not_found)?;
    let before = messages::mentions(cx.tx(), found.id).await?;
    let now: Vec<_> = named(cx, &room, found.author.id, text).await?;
    for actor in &before {
        if !now.iter().any(|(named, _)| named == actor) {
            messages::unmention(cx.tx(), message, *actor).await?;
        }
    }
    for (actor, _) in now {
        if !before.contains(&actor) {
            messages::mention(cx.tx(), &room, found.id, found.seq, actor).await?;
        }
    }
    Ok(())
}
