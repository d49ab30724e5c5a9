//! The log, as the doors of live events read it: who is on which stream, and what a stream holds.

use super::{Reader, known, positions::Positions};
use crate::{Error, Host, Result, error::Code, resource::Resource};
use mesh_authz::{Access, BotGrant, Caller, Credential, Facts, GrantEffect, Permission, Value, Who, decide, value};
use mesh_store::{
    follows::{self, Head},
    log::{self, Entry, Stream},
};
use mesh_types::{RoomId, view::Event};

/// The streams that a caller may follow, with their heads.
pub async fn streams_of(host: &Host, caller: &Caller) -> Result<Vec<Head>> {
    let Some(actor) = caller.actor() else {
        return Ok(Vec::new());
    };
    // The view is given back before rights are looked up: that may take another one.
    let all = follows::of(&mut host.store.view().await?.tx(), actor).await?;
    let mut open = Vec::with_capacity(all.len());
    for head in all {
        if may_follow(host, caller, head.stream).await? {
            open.push(head);
        }
    }
    Ok(open)
}

/// Whether a caller may read a stream now. Guests and Pending are on no mesh's stream; a personal access
/// token, which carries nothing that belongs to the account itself, is not on its owner's.
pub async fn may_follow(host: &Host, caller: &Caller, stream: Stream) -> Result<bool> {
    let target = match stream {
        Stream::Actor(actor) => {
            return Ok(caller.actor() == Some(actor) && !matches!(caller.credential, Credential::Token(_)));
        }
        Stream::Room(room) if matches!(caller.who, Who::Bot { .. }) => return hears(host, caller, room).await,
        Stream::Room(room) => room.target(),
        Stream::Mesh(mesh) => mesh.target(),
    };
    let facts = host
        .authority
        .facts(&host.store, host.clock.now(), caller, target)
        .await?;
    let permission = match stream {
        Stream::Room(_) | Stream::Actor(_) => Permission::MessageRead,
        Stream::Mesh(_) => Permission::MemberRead,
    };
    let whole = match stream {
        Stream::Mesh(_) => facts
            .place
            .is_some_and(|place| !place.suspended && value(Permission::MemberRead, place.role) == Value::Yes),
        Stream::Room(_) | Stream::Actor(_) => true,
    };
    Ok(whole && decide(caller, Access::Needs(permission), &facts, ()).is_ok())
}

/// Where a room's stream stands, for a caller who looks at it from outside.
pub async fn head_of(host: &Host, caller: &Caller, room: RoomId) -> Result<Head> {
    let facts = host
        .authority
        .facts(&host.store, host.clock.now(), caller, room.target())
        .await?;
    decide(caller, Access::Needs(Permission::MessageRead), &facts, ())?;
    let stream = Stream::Room(room);
    let seq = log::head(&mut host.store.view().await?.tx(), stream).await?;
    Ok(Head { stream, seq })
}

/// Whoever brought a bot into a room said what it hears there, so hearing needs no grant of
/// `message.read`, which is for looking things up. But the bot must still be in the room, as an active
/// member, and a `deny` of `message.read` silences the room for it.
pub(super) async fn hears(host: &Host, caller: &Caller, room: RoomId) -> Result<bool> {
    let facts = host
        .authority
        .facts(&host.store, host.clock.now(), caller, room.target())
        .await?;
    let denies = |grant: &BotGrant| {
        grant.permission == Permission::MessageRead && grant.effect == GrantEffect::Deny && grant.on.covers(&facts)
    };
    let silenced = facts
        .authority
        .as_ref()
        .is_some_and(|authority| authority.grants.iter().any(denies));
    Ok(!silenced && there(&facts))
}

/// Whether a bot is in a room, as an active member.
pub(super) async fn is_inside(host: &Host, caller: &Caller, room: RoomId) -> Result<bool> {
    let now = host.clock.now();
    let facts = host.authority.facts(&host.store, now, caller, room.target()).await?;
    Ok(there(&facts))
}

fn there(facts: &Facts) -> bool {
    let inside = facts.room.as_ref().is_some_and(|room| room.my_role.is_some());
    inside && facts.place.is_some_and(|place| !place.suspended)
}

/// The place of the last row of the log.
pub(super) async fn position(host: &Host) -> Result<i64> {
    Ok(log::last_pos(&mut host.store.view().await?.tx()).await?)
}

/// Where these streams stood when the log ended at `position`. An error when this log never did.
pub(super) async fn streams_at(host: &Host, open: &[Head], position: i64) -> Result<Positions> {
    let mut view = host.store.view().await?;
    if !(0..=log::last_pos(&mut view.tx()).await?).contains(&position) {
        return Err(Error::new(
            Code::CursorExpired,
            "This position is from another log. Connect without one.",
        ));
    }
    let mut positions = Positions::new();
    for head in open {
        let seq = log::head_at(&mut view.tx(), head.stream, position).await?;
        positions.insert(head.stream.to_string(), seq);
    }
    Ok(positions)
}

/// The event that a row of the log tells; from memory, where it is the newest.
pub async fn event(host: &Host, entry: &Entry) -> Result<Option<Event>> {
    if let Some(event) = known(&host.live.recent, entry)? {
        return Ok(Some(event));
    }
    let mut view = host.store.view().await?;
    let mut events = Reader::default().events(&mut view.tx(), vec![entry.clone()]).await?;
    Ok(events.pop())
}

/// Events of a stream, oldest first.
#[derive(Debug)]
pub struct Stretch {
    /// The events.
    pub events: Vec<Event>,
    /// There may be more behind the last one.
    pub more: bool,
}

/// The events of a stream behind a position: at most `limit`, and about `bytes` of text.
pub async fn after(host: &Host, stream: Stream, seq: i64, (limit, bytes): (usize, usize)) -> Result<Stretch> {
    let mut view = host.store.view().await?;
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let entries = log::after(&mut view.tx(), stream, seq, most).await?;
    let (mut reader, found) = (Reader::default(), entries.len());
    let (mut events, mut size) = (Vec::with_capacity(found), 0);
    for entry in entries {
        if size >= bytes {
            break;
        }
        let event = match known(&host.live.recent, &entry)? {
            Some(event) => Some(event),
            None => reader.event(&mut view.tx(), entry).await?,
        };
        size += event.as_ref().map_or(0, about);
        events.extend(event);
    }
    let more = events.len() < found || found == limit;
    Ok(Stretch { events, more })
}

/// About how many bytes an event takes.
fn about(event: &Event) -> usize {
    400 + event.data["text"].as_str().map_or(0, str::len)
}
