use super::{
    TEXT,
    built_in::BuiltIn,
    list::all,
    offers::{Offered, answers, named, offered},
};
use crate::{
    Answer, Cx, Effect, Error, Host, Method, Op, OpSpec, Result, message::refuse_archived, op, resource::Resource,
};
use mesh_authz::{Caller, Facts, Grant, Permission, Reason, permitted};
use mesh_store::{
    commands::{self, Call},
    log::Stream,
};
use mesh_types::{ActorId, CommandCallId, RoomId, limits::HOPS, view::Message};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// What came of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CommandAnswerKind {
    /// It is done, and there is a message in the room.
    Message,
    /// It is done; `text` says what, to the caller only.
    Text,
    /// A bot was told; it answers in the room.
    Sent,
}

/// What came of a command.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CommandAnswer {
    /// How to read the rest.
    pub kind: CommandAnswerKind,
    /// For the caller; empty when there is a message.
    pub text: String,
    /// The message that was posted.
    pub message: Option<Message>,
    /// Names the call; the bot was told it too.
    pub reply_handle: Option<CommandCallId>,
}

impl Answer for CommandAnswer {}

impl CommandAnswer {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self {
            kind: CommandAnswerKind::Text,
            text: text.into(),
            message: None,
            reply_handle: None,
        }
    }

    pub(super) fn message(message: Message) -> Self {
        Self {
            kind: CommandAnswerKind::Message,
            text: String::new(),
            message: Some(message),
            reply_handle: None,
        }
    }
}

/// `command.invoke`
pub struct InvokeCommand;

/// A command, and what it is called with.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InvokeCommandIn {
    /// The room.
    pub room_id: RoomId,
    /// As `command.list` shows it, without the `/`; `handle:name` always means this bot's.
    pub name: String,
    /// What stands behind the command, as it was typed; at most 4,000 characters.
    #[serde(default)]
    pub text: String,
    /// Arguments for a bot's command, by name. Where the command has a schema they must fit it; without
    /// them the bot reads the text.
    #[serde(default)]
    pub arguments: Option<Map<String, Value>>,
    #[serde(skip)]
    #[schemars(skip)]
    facts: Facts,
    #[serde(skip)]
    #[schemars(skip)]
    permitted: Vec<Permission>,
}

impl Op for InvokeCommand {
    const SPEC: OpSpec = op("command.invoke", Effect::Write)
        .needs(Permission::CommandInvoke)
        .about("Calls a slash command: the server's are done at once, a bot is told and answers in the room.")
        .http(Method::Post, "/rooms/{room_id}/commands/{name}", 200)
        .socket()
        .mcp()
        .cli();
    type In = InvokeCommandIn;
    type Out = CommandAnswer;
    type On = RoomId;

    fn on(input: &InvokeCommandIn) -> RoomId {
        input.room_id
    }

    /// What is known of the caller in the room also decides about what the command does.
    async fn prepare(host: &Host, caller: &Caller, input: &mut InvokeCommandIn) -> Result<()> {
        let (now, target) = (host.clock.now(), input.room_id.target());
        input.facts = host.authority.facts(&host.store, now, caller, target).await?;
        input.permitted = permitted(caller, &input.facts);
        Ok(())
    }

    async fn run(cx: &mut Cx<'_>, room: Grant<RoomId>, input: InvokeCommandIn) -> Result<CommandAnswer> {
        if input.text.chars().count() > TEXT || input.text.contains('\0') {
            return Err(Error::invalid(
                "/text",
                format!("has at most {TEXT} characters, and no NUL"),
            ));
        }
        let name = input.name.trim_start_matches('/');
        if let Some(built_in) = BuiltIn::ALL.into_iter().find(|one| one.name() == name) {
            if input.arguments.is_some() {
                return Err(Error::invalid("/arguments", "this command reads the text"));
            }
            if built_in == BuiltIn::Help {
                return help(cx, &room, &input.permitted).await;
            }
            return built_in.run(cx, &input.facts, *room, &input.text).await;
        }
        let offered = named(offered(cx, &room).await?, name)?;
        send(cx, &room, offered, input).await
    }
}

/// One line for each command.
async fn help(cx: &mut Cx<'_>, room: &Grant<RoomId>, permitted: &[Permission]) -> Result<CommandAnswer> {
    let mut text = String::new();
    for command in all(cx, room, permitted).await?.items {
        let _ = writeln!(text, "/{}: {}", command.name, command.description);
    }
    Ok(CommandAnswer::text(text.trim_end()))
}

/// Tells a bot of its command.
async fn send(
    cx: &mut Cx<'_>,
    room: &Grant<RoomId>,
    offered: Offered,
    input: InvokeCommandIn,
) -> Result<CommandAnswer> {
    refuse_archived(cx, room).await?;
    if cx.envelope().hops > HOPS {
        return Err(Error::forbidden(
            Reason::Policy,
            "Too many bots in a row caused each other's commands.",
        ));
    }
    let arguments = input.arguments.map(Value::Object);
    if let (Some(schema), Some(arguments)) = (&offered.shown.arguments, &arguments) {
        check(schema, arguments)?;
    }
    let (call, at) = (cx.id(CommandCallId::new), cx.now());
    let kept = Call {
        id: call,
        bot: offered.bot,
        command: &offered.name,
        text: &input.text,
        arguments: arguments.map(|arguments| arguments.to_string()),
        at,
    };
    commands::add(cx.tx(), room, &kept).await?;
    let data = json!({ "room_id": **room, "call_id": call, "hops": cx.envelope().hops });
    let stream = Stream::Actor(ActorId::Bot(offered.bot));
    cx.emit(stream, "command.invoked", call, &data).await?;
    Ok(CommandAnswer {
        kind: CommandAnswerKind::Sent,
        text: format!("{} was told.", answers(offered.shown.bot.as_ref())),
        message: None,
        reply_handle: Some(call),
    })
}

fn check(schema: &Value, arguments: &Value) -> Result<()> {
    let schema = jsonschema::validator_for(schema).map_err(Error::internal)?;
    schema.validate(arguments).map_err(|wrong| {
        let pointer = format!("/arguments{}", wrong.instance_path());
        Error::invalid(&pointer, &wrong)
    })
}
