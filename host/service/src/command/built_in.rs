//! The commands that every room has. Each does what an operation does, if the caller may use that.

use super::{Command, CommandAnswer};
use crate::{
    Cx, Error, Op, Result,
    message::{PostMessage, PostMessageIn},
    refusal,
    room::{AddRoomMember, AddRoomMemberIn, LeaveRoom, RoomIn, UpdateRoom, UpdateRoomIn},
};
use mesh_authz::{Access, Facts, Permission, decide};
use mesh_store::{members, search};
use mesh_types::{RoomId, view::Member};

/// A command of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BuiltIn {
    Help,
    Invite,
    Leave,
    Me,
    Topic,
}

impl BuiltIn {
    /// In the order of their names.
    pub(super) const ALL: [Self; 5] = [Self::Help, Self::Invite, Self::Leave, Self::Me, Self::Topic];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Help => "help",
            Self::Invite => "invite",
            Self::Leave => "leave",
            Self::Me => "me",
            Self::Topic => "topic",
        }
    }

    const fn about(self) -> &'static str {
        match self {
            Self::Help => "Lists the commands that you can use here.",
            Self::Invite => "Brings a member of the mesh into this room: `@handle`.",
            Self::Leave => "Leaves this room.",
            Self::Me => "Says what you are doing.",
            Self::Topic => "Says what this room is for.",
        }
    }

    /// What its operation needs; nothing more for one that only answers.
    pub(super) const fn access(self) -> Option<Access> {
        match self {
            Self::Help => None,
            Self::Invite => Some(AddRoomMember::SPEC.access),
            Self::Leave => Some(LeaveRoom::SPEC.access),
            Self::Me => Some(PostMessage::SPEC.access),
            Self::Topic => Some(UpdateRoom::SPEC.access),
        }
    }

    /// Whether somebody with these permissions can use it.
    pub(super) fn is_for(self, permitted: &[Permission]) -> bool {
        match self.access() {
            Some(Access::Needs(permission)) => permitted.contains(&permission),
            _ => true,
        }
    }

    /// As the list shows it.
    pub(super) fn shown(self) -> Command {
        Command {
            name: self.name().into(),
            description: self.about().into(),
            arguments: None,
            bot: None,
        }
    }

    /// Does it.
    pub(super) async fn run(self, cx: &mut Cx<'_>, facts: &Facts, room: RoomId, text: &str) -> Result<CommandAnswer> {
        match self {
            Self::Help => Err(Error::internal("`help` is answered from the list")),
            Self::Invite => invite(cx, facts, room, text).await,
            Self::Leave => {
                through::<LeaveRoom>(cx, facts, RoomIn { room_id: room }).await?;
                Ok(CommandAnswer::text("You left this room."))
            }
            Self::Me => {
                let doing = text.trim();
                if doing.is_empty() {
                    return Err(Error::invalid("/text", "says what you are doing"));
                }
                let input = PostMessageIn {
                    file_ids: Vec::new(),
                    room_id: room,
                    text: format!("_{doing}_"),
                    thread_id: None,
                    reply_to: None,
                    streaming: false,
                    actions: Vec::new(),
                };
                through::<PostMessage>(cx, facts, input)
                    .await
                    .map(CommandAnswer::message)
            }
            Self::Topic => {
                let input = UpdateRoomIn {
                    room_id: room,
                    name: None,
                    slug: None,
                    purpose: Some(text.into()),
                };
                let room = through::<UpdateRoom>(cx, facts, input).await?;
                Ok(CommandAnswer::text(format!("This room is for: {}", room.purpose)))
            }
        }
    }
}

/// Whoever may not invite does not learn who there is to be invited.
async fn invite(cx: &mut Cx<'_>, facts: &Facts, room: RoomId, text: &str) -> Result<CommandAnswer> {
    allowed::<AddRoomMember>(cx, facts, room)?;
    let handle = text.trim().trim_start_matches('@').to_lowercase();
    let member = member(cx, facts, &handle).await?;
    let member = member.ok_or_else(|| Error::invalid("/text", "names no member of this mesh"))?;
    let input = AddRoomMemberIn {
        room_id: room,
        member_id: member.id,
    };
    let seat = through::<AddRoomMember>(cx, facts, input).await?;
    let name = seat.member.actor.name;
    Ok(CommandAnswer::text(format!("{name} is in this room.")))
}

async fn member(cx: &mut Cx<'_>, facts: &Facts, handle: &str) -> Result<Option<Member>> {
    let Some(mesh) = facts.mesh else { return Ok(None) };
    let Some(actor) = search::actor(cx.tx(), mesh, handle).await? else {
        return Ok(None);
    };
    Ok(members::of_actor(cx.tx(), mesh, actor).await?)
}

/// An operation on the room, as if the caller had called it.
async fn through<O: Op<On = RoomId>>(cx: &mut Cx<'_>, facts: &Facts, input: O::In) -> Result<O::Out> {
    let grant = allowed::<O>(cx, facts, O::on(&input))?;
    O::run(cx, grant, input).await
}

/// The proof that the caller may use an operation on the room; a refusal is kept like any other.
fn allowed<O: Op<On = RoomId>>(cx: &Cx<'_>, facts: &Facts, room: RoomId) -> Result<mesh_authz::Grant<RoomId>> {
    let envelope = cx.envelope();
    decide(&envelope.caller, O::SPEC.access, facts, room)
        .map_err(|refused| refusal::record(cx.host(), &O::SPEC, envelope, facts, refused.into()))
}
