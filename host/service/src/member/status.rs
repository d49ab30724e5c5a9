use super::role::told;
use crate::{
    Answer, Cx, Effect, Error, Method, Op, OpSpec, Result, authority::session_person, message::check_emoji, op,
    resource::Myself, text::clean_name,
};
use mesh_authz::Grant;
use mesh_store::{log::Stream, members, statuses};
use mesh_types::{
    ActorId, MemberId, Timestamp,
    view::{Member, Status},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A member with its status, unless that has ended.
pub(crate) async fn with_status(cx: &mut Cx<'_>, member: Member) -> Result<Member> {
    let now = cx.now();
    let status = statuses::get(cx.tx(), member.actor.id, now).await?;
    Ok(Member { status, ..member })
}

impl Answer for Status {}

/// `status.set`
pub struct SetStatus;

/// What the caller does just now; says nothing when it has neither emoji nor text.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetStatusIn {
    /// A Unicode emoji, or the name of a custom one; at most 64 bytes.
    #[serde(default)]
    pub emoji: Option<String>,
    /// At most 100 characters.
    #[serde(default)]
    pub text: String,
    /// Its end, if it has one.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

impl Op for SetStatus {
    const SPEC: OpSpec = op("status.set", Effect::Write)
        .myself()
        .about("Says what the caller does just now, in all its meshes; without emoji and text, nothing.")
        .http(Method::Put, "/me/status", 200)
        .socket()
        .cli()
        .cost(5);
    type In = SetStatusIn;
    type Out = Status;
    type On = Myself;

    fn on(_: &SetStatusIn) -> Myself {
        Myself
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<Myself>, input: SetStatusIn) -> Result<Status> {
        let (actor, at) = (cx.actor()?, cx.now());
        if let ActorId::Person(_) = actor {
            session_person(&cx.envelope().caller)?;
        }
        let wanted = checked(input, at)?;
        let status = Some(&wanted).filter(|wanted| wanted.emoji.is_some() || !wanted.text.is_empty());
        if statuses::get(cx.tx(), actor, at).await?.as_ref() != status {
            statuses::set(cx.tx(), &on, actor, status).await?;
            tell(cx, actor).await?;
        }
        Ok(wanted)
    }
}

fn checked(input: SetStatusIn, now: Timestamp) -> Result<Status> {
    let text = if input.text.trim().is_empty() {
        String::new()
    } else {
        clean_name("/text", &input.text, 100)?
    };
    if let Some(emoji) = &input.emoji {
        check_emoji(emoji)?;
    }
    match input.until {
        Some(_) if input.emoji.is_none() && text.is_empty() => Err(Error::invalid(
            "/until",
            "is the end of something: send an emoji or a text",
        )),
        Some(until) if until <= now => Err(Error::invalid("/until", "is still to come")),
        until => Ok(Status {
            emoji: input.emoji,
            text,
            until,
        }),
    }
}

/// Tells all meshes of the actor, and their Guests who share a room with it. First the meshes, then the
/// Guests, each in the order of their ids, so that two who tell the same ones wait instead of blocking
/// each other.
async fn tell(cx: &mut Cx<'_>, actor: ActorId) -> Result<()> {
    let mut copies = BTreeSet::new();
    for member in members::of_all_meshes(cx.tx(), actor).await? {
        cx.emit(
            Stream::Mesh(member.mesh_id),
            "member.changed",
            member.id,
            &news(member.id),
        )
        .await?;
        let guests = told(cx, &member, &member).await?;
        copies.extend(guests.into_iter().map(|guest| (guest, member.id)));
    }
    for (guest, member) in copies {
        cx.emit(Stream::Actor(guest), "member.changed", member, &news(member))
            .await?;
    }
    Ok(())
}

/// Only that it changed: the log keeps no texts of people.
fn news(member: MemberId) -> Value {
    json!({ "member_id": member, "changed": ["status"] })
}
