//! Cards: messages that show what waits for people in a room, and what became of it. A card says who asks and which
//! operation, and nothing of what it would be called with: not everybody in the room may know that.

use crate::{Cx, Error, Result, message::MessageRef};
use mesh_authz::{Access, Caller, Credential, Facts, Grant, Permission, RoomFacts, Who, decide};
use mesh_store::{
    approvals, facts,
    log::Stream,
    messages::{self, New},
};
use mesh_types::{
    ApprovalState, MessageId, Posters, RoomId, RoomRole,
    approval::{Approval, Vote},
    view::Actor,
};

/// Shows a new question in the room that its rule names, or else in the one that it is about, if whoever asks could
/// post there.
pub(super) async fn show(cx: &mut Cx<'_>, asked: &Approval, named: Option<RoomId>) -> Result<()> {
    let Some(room) = named.or(asked.room_id) else {
        return Ok(());
    };
    let Some(grant) = by_the_server(cx, room, Permission::MessagePost, room).await? else {
        return Ok(());
    };
    let Some(desk) = messages::desk(cx.tx(), &grant, asked.requester.id).await? else {
        return Ok(());
    };
    let speaks = facts::seat(cx.tx(), room, asked.requester.id).await?;
    let speaks = speaks.is_some_and(|seat| seat.may_post);
    let leads = matches!(desk.room_role, Some(RoomRole::Owner | RoomRole::Moderator));
    let takes_part = leads || (desk.room_role == Some(RoomRole::Participant) && desk.who_may_post == Posters::Everyone);
    if desk.archived || (named.is_none() && !(speaks && takes_part)) {
        return Ok(());
    }
    // From here on there is a card: a place in the stream that stays empty would be taken for a loss.
    let stream = Stream::Room(room);
    let seq = cx.advance(stream).await?;
    let (id, at) = (cx.id(MessageId::new), cx.now());
    let new = New {
        id,
        seq,
        thread: None,
        reply_to: None,
        author: asked.requester.id,
        text: &words(asked),
        hops: cx.envelope().hops,
        at,
        files: &[],
        streaming: false,
        actions: &[],
    };
    messages::insert(cx.tx(), &grant, &new).await?;
    messages::show_approval(cx.tx(), &grant, id, asked.id).await?;
    approvals::show(cx.tx(), asked.id, id).await?;
    let data = MessageRef {
        room_id: room,
        message_id: id,
        streaming: false,
    };
    cx.emit_at(stream, seq, "message.created", id, &data)
}

/// Says on the card how the question stands now.
pub(super) async fn update(cx: &mut Cx<'_>, asked: &Approval) -> Result<()> {
    let Some(id) = asked.card_id else {
        return Ok(());
    };
    let Some(card) = messages::get(cx.tx(), id).await?.filter(|card| !card.redacted) else {
        return Ok(());
    };
    let Some(grant) = by_the_server(cx, card.room_id, Permission::MessageEdit, id).await? else {
        return Ok(());
    };
    let (words, at) = (words(asked), cx.now());
    messages::hold(cx.tx(), &grant).await?;
    messages::edit(cx.tx(), &grant, (&words, &[]), at).await?;
    let data = MessageRef::to(&card);
    cx.emit(Stream::Room(card.room_id), "message.edited", id, &data)
        .await
        .map(drop)
}

/// The server's own right to write a card in a room; none where there is no such room any more.
async fn by_the_server<R>(cx: &mut Cx<'_>, room: RoomId, right: Permission, on: R) -> Result<Option<Grant<R>>> {
    let Some(row) = facts::room(cx.tx(), room).await? else {
        return Ok(None);
    };
    let permissions = &[Permission::MessagePost, Permission::MessageEdit];
    let who = Who::Job {
        name: "approvals",
        permissions,
    };
    let caller = Caller {
        who,
        credential: Credential::Internal,
    };
    let here = RoomFacts {
        id: room,
        join_rule: row.join_rule,
        my_role: None,
        invited: false,
        readers_may_react: row.readers_may_react,
        taken_away: Vec::new(),
        archived: row.archived,
    };
    let facts = Facts {
        now: cx.now(),
        exists: true,
        mesh: Some(row.mesh),
        room: Some(here),
        ..Facts::default()
    };
    let grant = decide(&caller, Access::Needs(right), &facts, on);
    grant.map(Some).map_err(Error::from)
}

/// What a card says, for those whose client does not show the question itself.
fn words(asked: &Approval) -> String {
    let who = plain(&asked.requester);
    let what = match &asked.held {
        Some(held) => format!("**{who}** asks to call `{}`.", held.operation),
        None => format!("**{who}** asks a question."),
    };
    format!("{what} {}\n\n`{}`", state(asked), asked.id)
}

fn state(asked: &Approval) -> String {
    let by = asked.decided_by.as_ref().map(plain).unwrap_or_default();
    match asked.state {
        ApprovalState::Pending if asked.votes.is_empty() => {
            let people = match asked.votes_needed {
                1 => "a person".to_owned(),
                many => format!("{many} people"),
            };
            format!("It waits for {people} until {}.", asked.expires_at)
        }
        ApprovalState::Pending => {
            let (needed, until) = (asked.votes_needed, asked.expires_at);
            format!(
                "{} agreed; it waits for {needed} people until {until}.",
                names(&asked.votes)
            )
        }
        ApprovalState::Approved => {
            let agreed = match asked.decided_by {
                Some(_) => format!("{} agreed.", names(&asked.votes)),
                None => "Nobody objected in time.".to_owned(),
            };
            let result = asked.held.as_ref().and_then(|held| held.result.as_ref());
            match result.map(|result| result.status) {
                None => agreed,
                Some(status @ ..400) => format!("{agreed} It was done ({status})."),
                Some(status) => format!("{agreed} It was refused all the same ({status})."),
            }
        }
        ApprovalState::Rejected => format!("{by} said no."),
        ApprovalState::Cancelled => format!("{by} took it back."),
        ApprovalState::Expired => "Nobody decided in time, so it is not done.".to_owned(),
    }
}

fn names(votes: &[Vote]) -> String {
    votes.iter().map(|vote| plain(&vote.by)).collect::<Vec<_>>().join(", ")
}

/// A name in which nothing is markup, and nothing a mention.
fn plain(actor: &Actor) -> String {
    let mut out = String::with_capacity(actor.name.len());
    for letter in actor
        .name
        .chars()
        .filter(|letter| !letter.is_control() && *letter != '@')
    {
        if letter.is_ascii_punctuation() {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}
