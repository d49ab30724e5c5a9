use crate::{
    Answer, Cx, Effect, Error, Method, Nothing, Op, OpSpec, Result,
    authority::Stale,
    error::Code,
    op,
    room::{RoomIn, seat, unseat},
};
use mesh_authz::{Grant, Permission};
use mesh_store::{
    facts,
    log::{self, Stream},
    seats,
};
use mesh_types::{BotId, Hears, RoomId, RoomRole, view::RoomBot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The bots of a room.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RoomBots {
    /// Every bot.
    pub items: Vec<RoomBot>,
}

impl Answer for RoomBots {}

/// `room_bot.list`
pub struct ListRoomBots;

impl Op for ListRoomBots {
    const SPEC: OpSpec = op("room_bot.list", Effect::Read)
        .needs(Permission::RoomRead)
        .about("Lists a room's bots: what each hears and whether it may post.")
        .http(Method::Get, "/rooms/{room_id}/bots", 200)
        .socket()
        .cli();
    type In = RoomIn;
    type Out = RoomBots;
    type On = RoomId;

    fn on(input: &RoomIn) -> RoomId {
        input.room_id
    }

    async fn run(cx: &mut Cx<'_>, room: Grant<RoomId>, _: RoomIn) -> Result<RoomBots> {
        Ok(RoomBots {
            items: seats::list_bots(cx.tx(), &room).await?,
        })
    }
}

/// `room_bot.add`
pub struct AddRoomBot;

/// Which bot comes in, and what it hears.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddRoomBotIn {
    /// The room.
    pub room_id: RoomId,
    /// A bot of the same mesh.
    pub bot_id: BotId,
    /// `mentions` when absent.
    #[serde(default)]
    pub hears: Option<Hears>,
    /// True when absent.
    #[serde(default)]
    pub may_post: Option<bool>,
}

impl Op for AddRoomBot {
    const SPEC: OpSpec = op("room_bot.add", Effect::Write)
        .needs(Permission::RoomManage)
        .about("Brings a bot into a room and says what it hears there.")
        .http(Method::Post, "/rooms/{room_id}/bots", 201)
        .socket()
        .cli();
    type In = AddRoomBotIn;
    type Out = RoomBot;
    type On = RoomId;

    fn on(input: &AddRoomBotIn) -> RoomId {
        input.room_id
    }

    async fn run(cx: &mut Cx<'_>, room: Grant<RoomId>, input: AddRoomBotIn) -> Result<RoomBot> {
        let bot = facts::bot(cx.tx(), input.bot_id)
            .await?
            .filter(|bot| Some(bot.mesh) == room.mesh());
        let bot = bot.ok_or_else(|| Error::invalid("/bot_id", "no bot of this mesh"))?;
        let (hears, may_post) = (input.hears.unwrap_or(Hears::Mentions), input.may_post.unwrap_or(true));
        let (by, at) = (cx.actor()?, cx.now());
        if !seats::add_bot(cx.tx(), &room, (*room, input.bot_id), (hears, may_post), (by, at)).await? {
            return Err(Error::new(Code::AlreadyExists, "This bot is in the room already."));
        }
        seat(
            cx,
            &room,
            *room,
            (input.bot_id.into(), bot.member),
            RoomRole::Participant,
        )
        .await?;
        follow(cx, *room, input.bot_id, hears).await?;
        seats::get_bot(cx.tx(), *room, input.bot_id)
            .await?
            .ok_or_else(|| Error::internal("a new bot is not there"))
    }
}

/// A bot that hears everything follows the room's stream from here on; another does not.
pub(super) async fn follow(cx: &mut Cx<'_>, room: RoomId, bot: BotId, hears: Hears) -> Result<()> {
    let stream = Stream::Room(room);
    if hears == Hears::All {
        let head = log::head(cx.tx(), stream).await?;
        seats::set_cursor(cx.tx(), bot.into(), stream, head).await?;
    } else {
        seats::drop_cursor(cx.tx(), bot.into(), stream).await?;
    }
    Ok(())
}

/// `room_bot.update`
pub struct UpdateRoomBot;

/// What to change; absent fields stay.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateRoomBotIn {
    /// The room.
    pub room_id: RoomId,
    /// The bot.
    pub bot_id: BotId,
    /// The same or less than now.
    #[serde(default)]
    pub hears: Option<Hears>,
    /// From true to false only.
    #[serde(default)]
    pub may_post: Option<bool>,
}

impl Op for UpdateRoomBot {
    const SPEC: OpSpec = op("room_bot.update", Effect::Write)
        .needs(Permission::RoomManage)
        .about("Narrows what a bot hears or does in a room.")
        .http(Method::Patch, "/rooms/{room_id}/bots/{bot_id}", 200)
        .cli();
    type In = UpdateRoomBotIn;
    type Out = RoomBot;
    type On = RoomId;

    fn on(input: &UpdateRoomBotIn) -> RoomId {
        input.room_id
    }

    async fn run(cx: &mut Cx<'_>, room: Grant<RoomId>, input: UpdateRoomBotIn) -> Result<RoomBot> {
        let now = seats::get_bot(cx.tx(), *room, input.bot_id)
            .await?
            .ok_or_else(Error::not_found)?;
        cx.check_match(now.revision)?;
        let (hears, may_post) = (input.hears.unwrap_or(now.hears), input.may_post.unwrap_or(now.may_post));
        // `Hears` is declared from the most to the least.
        if hears < now.hears || (may_post && !now.may_post) {
            return Err(Error::invalid(
                "/hears",
                "can only be narrowed; to widen it, remove the bot and add it again",
            ));
        }
        seats::update_bot(cx.tx(), &room, input.bot_id, hears, may_post).await?;
        if hears != now.hears {
            follow(cx, *room, input.bot_id, hears).await?;
        }
        let changed = seats::get_bot(cx.tx(), *room, input.bot_id)
            .await?
            .ok_or_else(Error::not_found)?;
        cx.emit(Stream::Room(*room), "room_bot.changed", input.bot_id, &changed)
            .await?;
        cx.changed(Stale::Seat(*room, input.bot_id.into()));
        Ok(changed)
    }
}

/// `room_bot.remove`
pub struct RemoveRoomBot;

/// A bot in a room.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomBotIn {
    /// The room.
    pub room_id: RoomId,
    /// The bot.
    pub bot_id: BotId,
}

impl Op for RemoveRoomBot {
    const SPEC: OpSpec = op("room_bot.remove", Effect::Write)
        .needs(Permission::RoomManage)
        .about("Takes a bot out of a room.")
        .http(Method::Delete, "/rooms/{room_id}/bots/{bot_id}", 204)
        .socket()
        .cli();
    type In = RoomBotIn;
    type Out = Nothing;
    type On = RoomId;

    fn on(input: &RoomBotIn) -> RoomId {
        input.room_id
    }

    async fn run(cx: &mut Cx<'_>, room: Grant<RoomId>, input: RoomBotIn) -> Result<Nothing> {
        let seat = seats::get(cx.tx(), *room, input.bot_id.into())
            .await?
            .ok_or_else(Error::not_found)?;
        unseat(cx, &room, *room, (input.bot_id.into(), seat.member.id), "removed").await?;
        Ok(Nothing {})
    }
}
