use super::{built_in::BuiltIn, offers::offered};
use crate::{Answer, Cx, Effect, Host, Method, Op, OpSpec, Result, op, resource::Resource};
use mesh_authz::{Caller, Grant, Permission, permitted};
use mesh_types::{RoomId, view::Actor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A slash command.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Command {
    /// What to call it by, without the `/`: `name`, or `handle:name` where others have the same one.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// The JSON Schema of its arguments, if it has one.
    pub arguments: Option<serde_json::Value>,
    /// The bot that answers; none for a command of the server.
    pub bot: Option<Actor>,
}

/// The commands of a room.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Commands {
    /// In the order of their names; no two have the same one.
    pub items: Vec<Command>,
}

impl Answer for Commands {}

/// `command.list`
pub struct ListCommands;

/// A room.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListCommandsIn {
    /// The room.
    pub room_id: RoomId,
    #[serde(skip)]
    #[schemars(skip)]
    permitted: Vec<Permission>,
}

impl Op for ListCommands {
    const SPEC: OpSpec = op("command.list", Effect::Read)
        .needs(Permission::CommandInvoke)
        .about("Lists the slash commands that the caller can use in a room: the server's and those of the room's running bots.")
        .http(Method::Get, "/rooms/{room_id}/commands", 200)
        .socket()
        .mcp()
        .cli();
    type In = ListCommandsIn;
    type Out = Commands;
    type On = RoomId;

    fn on(input: &ListCommandsIn) -> RoomId {
        input.room_id
    }

    async fn prepare(host: &Host, caller: &Caller, input: &mut ListCommandsIn) -> Result<()> {
        let (now, target) = (host.clock.now(), input.room_id.target());
        let facts = host.authority.facts(&host.store, now, caller, target).await?;
        input.permitted = permitted(caller, &facts);
        Ok(())
    }

    async fn run(cx: &mut Cx<'_>, room: Grant<RoomId>, input: ListCommandsIn) -> Result<Commands> {
        all(cx, &room, &input.permitted).await
    }
}

/// What somebody with these permissions can use in a room.
pub(super) async fn all(cx: &mut Cx<'_>, room: &Grant<RoomId>, permitted: &[Permission]) -> Result<Commands> {
    let built_in = BuiltIn::ALL.into_iter().filter(|one| one.is_for(permitted));
    let mut items: Vec<_> = built_in.map(BuiltIn::shown).collect();
    items.extend(offered(cx, room).await?.into_iter().map(|one| one.shown));
    items.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Commands { items })
}
