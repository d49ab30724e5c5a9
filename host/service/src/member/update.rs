use super::{
    role::{outranked, told},
    with_status,
};
use crate::{
    Cx, Effect, Error, Method, Op, OpSpec, Result,
    error::Code,
    mesh::settings,
    op,
    patch::{note, present},
    text::{clean_name, clean_text},
};
use mesh_authz::{Grant, Permission};
use mesh_store::{facts, log::Stream, members};
use mesh_types::{ActorId, MemberId, view::Member};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use std::collections::BTreeMap;

/// `member.update`
pub struct UpdateMember;

/// What to change; absent fields stay.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateMemberIn {
    /// The member.
    pub member_id: MemberId,
    /// For mentions: 1 to 32 characters of `a-z 0-9 _ . -`, and one that nobody else has or had.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// 1 to 80 characters.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// What the member does here; at most 80 characters, `null` empties it.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub title: Option<Option<String>>,
    /// By names that the mesh's settings give: at most 200 characters, `null` takes one away.
    #[serde(default)]
    pub fields: BTreeMap<String, Option<String>>,
}

impl Op for UpdateMember {
    const SPEC: OpSpec = op("member.update", Effect::Write)
        .needs(Permission::MemberProfile)
        .about("Changes a member's handle, name, title or profile in this mesh.")
        .http(Method::Patch, "/members/{member_id}", 200)
        .cli();
    type In = UpdateMemberIn;
    type Out = Member;
    type On = MemberId;

    fn on(input: &UpdateMemberIn) -> MemberId {
        input.member_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<MemberId>, input: UpdateMemberIn) -> Result<Member> {
        let before = still_allowed(cx, &on).await?;
        cx.check_match(before.revision)?;
        if matches!(before.actor.id, ActorId::Bot(_)) && (input.handle.is_some() || input.display_name.is_some()) {
            return Err(Error::invalid(
                "/member_id",
                "is a bot; bots are named with `bot.update`",
            ));
        }
        let mut now = before.clone();
        let mut changed = Map::new();
        if let Some(handle) = input.handle {
            check_handle(cx, &before, &handle).await?;
            note(&mut changed, "handle", &mut now.handle, Some(handle));
        }
        if let Some(name) = input.display_name {
            let name = clean_name("/display_name", &name, 80)?;
            note(&mut changed, "display_name", &mut now.actor.name, Some(name));
        }
        if let Some(title) = input.title {
            let title = clean_text("/title", &title.unwrap_or_default(), 80)?;
            note(&mut changed, "title", &mut now.title, Some(title));
        }
        if !input.fields.is_empty() {
            let fields = merged(cx, &before, input.fields).await?;
            note(&mut changed, "fields", &mut now.fields, Some(fields));
        }
        if changed.is_empty() {
            return with_status(cx, before).await;
        }
        members::update(cx.tx(), &on, &now).await?;
        // Which of them changed; what people say of themselves is not for the log.
        let news = json!({ "member_id": now.id, "changed": changed.keys().collect::<Vec<_>>() });
        cx.emit(Stream::Mesh(now.mesh_id), "member.changed", now.id, &news)
            .await?;
        for guest in told(cx, &before, &now).await? {
            cx.emit(Stream::Actor(guest), "member.changed", now.id, &news).await?;
        }
        let now = members::get(cx.tx(), now.id).await?.ok_or_else(Error::not_found)?;
        with_status(cx, now).await
    }
}

/// The member as it is in this transaction, if it is the caller, a bot that it keeps, or below it.
pub(super) async fn still_allowed(cx: &mut Cx<'_>, on: &Grant<MemberId>) -> Result<Member> {
    let actor = cx.actor()?;
    let subject = members::get(cx.tx(), **on).await?.ok_or_else(Error::not_found)?;
    let own = match subject.actor.id {
        ActorId::Bot(bot) => facts::bot(cx.tx(), bot)
            .await?
            .is_some_and(|bot| actor == bot.keeper.into()),
        ActorId::Person(_) => false,
    };
    if actor != subject.actor.id && !own {
        return Ok(outranked(cx, on, (Permission::MemberProfile, **on)).await?.1);
    }
    members::hold(cx.tx(), on, **on).await?;
    let subject = members::get(cx.tx(), **on).await?.ok_or_else(Error::not_found)?;
    if subject.state == "left" {
        return Err(Error::wrong_state("left", "This member is not there any more."));
    }
    Ok(subject)
}

async fn check_handle(cx: &mut Cx<'_>, member: &Member, handle: &str) -> Result<()> {
    if members::handle_from(handle) != handle {
        return Err(Error::invalid(
            "/handle",
            "has 1 to 32 characters of `a-z`, `0-9`, `_`, `.` and `-`, and begins and ends with a letter or digit",
        ));
    }
    match members::who_has(cx.tx(), member.mesh_id, handle).await? {
        Some(other) if other != member.id => Err(Error::new(
            Code::AlreadyExists,
            "Somebody else has this handle, or had it.",
        )),
        _ => Ok(()),
    }
}

async fn merged(
    cx: &mut Cx<'_>,
    member: &Member,
    patch: BTreeMap<String, Option<String>>,
) -> Result<BTreeMap<String, String>> {
    let known = settings(cx, member.mesh_id).await?.profile_fields;
    let mut fields = member.fields.clone();
    for (name, text) in patch {
        match text {
            None => drop(fields.remove(&name)),
            Some(text) if known.contains(&name) => {
                fields.insert(name, clean_text("/fields", &text, 200)?);
            }
            Some(_) => {
                return Err(Error::invalid(
                    "/fields",
                    "has only names that the mesh's settings give",
                ));
            }
        }
    }
    Ok(fields)
}
