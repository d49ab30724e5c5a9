//! The log, as the bot host hands it to a bot: with the rights checked when it is read.

use super::{
    Reader,
    follow::{hears, is_inside},
};
use crate::{Error, Host, Result};
use mesh_authz::{Caller, Credential, Who};
use mesh_store::log::{self, Entry, Stream};
use mesh_types::{ActorId, BotId, MeshId, RoomId, view::Event};
use std::sync::Arc;

/// One event for a bot, or the news that it may not have it.
#[derive(Debug)]
pub struct Delivery {
    /// Where it stands.
    pub seq: i64,
    /// What keeps its order: its room, or nothing.
    pub lane: Option<RoomId>,
    /// Who caused it.
    pub actor: Option<ActorId>,
    /// The event; `None` when the bot may not read it now.
    pub event: Option<Event>,
}

/// The next events of a stream for a bot, oldest first, at most `limit`.
pub async fn next(
    host: &Arc<Host>,
    (bot, mesh): (BotId, MeshId),
    stream: Stream,
    after: i64,
    limit: i64,
) -> Result<Vec<Delivery>> {
    let caller = Caller {
        who: Who::Bot { id: bot, mesh },
        credential: Credential::Component,
    };
    // Read in one view, which is given back before rights are looked up: that may take another one.
    let mut found = Vec::new();
    {
        let most = usize::try_from(limit).unwrap_or_default();
        let mut view = None;
        let entries = if let Some(entries) = host.live.recent.after(stream, after, most) {
            entries
        } else {
            let view = view.insert(host.store.view().await?);
            log::after(&mut view.tx(), stream, after, limit).await?
        };
        let mut reader = Reader::default();
        for entry in entries {
            let mut event = super::known(&host.live.recent, &entry)?;
            if event.is_none() {
                if view.is_none() {
                    view = Some(host.store.view().await?);
                }
                if let Some(view) = &mut view {
                    event = reader.events(&mut view.tx(), vec![entry.clone()]).await?.pop();
                }
            }
            found.push((entry, event));
        }
    }
    let mut deliveries = Vec::with_capacity(found.len());
    for (entry, event) in found {
        let Some((_, seq)) = entry.event else { continue };
        let (lane, actor) = (
            room_of(stream, &entry),
            entry.actor.or_else(|| author_of(event.as_ref()?)),
        );
        let allowed = !is_to_come(&entry)? && may_read(host, &caller, &entry, lane).await?;
        deliveries.push(Delivery {
            seq,
            lane,
            actor,
            event: event.filter(|_| allowed),
        });
    }
    Ok(deliveries)
}

/// The room that an event is about: its stream's, or, for a copy on the bot's own stream, its data's.
fn room_of(stream: Stream, entry: &Entry) -> Option<RoomId> {
    #[derive(serde::Deserialize)]
    struct About {
        room_id: Option<RoomId>,
    }
    match stream {
        Stream::Room(room) => Some(room),
        Stream::Mesh(_) | Stream::Actor(_) => serde_json::from_str::<About>(&entry.data).ok()?.room_id,
    }
}

/// Who wrote the message that the server completed in the author's place.
fn author_of(event: &Event) -> Option<ActorId> {
    let author = event.data.get("author")?.get("id")?;
    author.as_str()?.parse().ok()
}

/// Whether this is the beginning of a message of which more came later. Bots get it when it is complete.
fn is_to_come(entry: &Entry) -> Result<bool> {
    #[derive(serde::Deserialize)]
    struct Begun {
        #[serde(default)]
        streaming: bool,
    }
    if entry.kind != "message.created" {
        return Ok(false);
    }
    let begun: Begun = serde_json::from_str(&entry.data).map_err(Error::internal)?;
    Ok(begun.streaming)
}

/// What is about messages needs the room's ear. Commands and buttons are not the room's words: whoever uses one
/// speaks to the bot, which only has to be there. Everything else on the bot's streams is for it.
async fn may_read(host: &Arc<Host>, caller: &Caller, entry: &Entry, room: Option<RoomId>) -> Result<bool> {
    let of_messages = ["message.", "reaction.", "thread.", "pin."]
        .iter()
        .any(|kind| entry.kind.starts_with(kind));
    match room {
        Some(room) if entry.kind == "message.acted" => is_inside(host, caller, room).await,
        Some(room) if of_messages => hears(host, caller, room).await,
        Some(room) if entry.kind.starts_with("command.") => is_inside(host, caller, room).await,
        _ => Ok(!of_messages),
    }
}
