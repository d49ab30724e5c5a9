use super::{dead::backlog, stored};
use crate::{Cx, Effect, Error, Method, Op, OpSpec, Result, op};
use mesh_authz::{Grant, Permission};
use mesh_store::{
    inbox,
    log::{self, Stream},
    seats,
};
use mesh_types::{ActorId, BotId, Timestamp, bot::BotBacklog};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `bot_cursor.set`
pub struct SetBotCursor;

/// From where on a stopped bot is handed events: `at`, or `stream` and `seq`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetBotCursorIn {
    /// The bot.
    pub bot_id: BotId,
    /// From this time on, in every stream that it follows. The present skips everything that waits.
    #[serde(default)]
    pub at: Option<Timestamp>,
    /// One of its streams, as `bot_backlog.get` names them.
    #[serde(default)]
    pub stream: Option<String>,
    /// The last event of the stream that counts as handled; 0 is none of them.
    #[serde(default)]
    pub seq: Option<i64>,
}

impl Op for SetBotCursor {
    const SPEC: OpSpec = op("bot_cursor.set", Effect::Write)
        .needs(Permission::BotOperate)
        .about("Has a stopped bot skip events, or handle some again; events that wait for another try are dropped.")
        .http(Method::Put, "/bots/{bot_id}/cursor", 200)
        .cli();
    type In = SetBotCursorIn;
    type Out = BotBacklog;
    type On = BotId;

    fn on(input: &SetBotCursorIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, bot: Grant<BotId>, input: SetBotCursorIn) -> Result<BotBacklog> {
        if stored(cx, *bot).await?.bot.wanted == "running" {
            return Err(Error::wrong_state("running", "Stop the bot first (`bot.stop`)."));
        }
        let runtime = cx.host().runtime.get();
        if runtime.is_some_and(|runtime| runtime.status(*bot).is_some()) {
            return Err(Error::wrong_state(
                "stopping",
                "The bot still handles an event. Try again, or `bot.stop` it with `now`.",
            ));
        }
        let followed = seats::cursors(cx.tx(), ActorId::from(*bot)).await?;
        let places = match input {
            SetBotCursorIn {
                at: Some(at),
                stream: None,
                seq: None,
                ..
            } => {
                let mut places = Vec::new();
                for (stream, _) in followed {
                    places.push((stream, log::head_before(cx.tx(), stream, at).await?));
                }
                places
            }
            SetBotCursorIn {
                at: None,
                stream: Some(stream),
                seq: Some(seq),
                ..
            } => vec![(named(&followed, &stream)?, seq)],
            _ => return Err(Error::invalid("/at", "say `at`, or `stream` and `seq`")),
        };
        for (stream, seq) in places {
            let (least, head) = bounds(cx, *bot, stream).await?;
            if input.seq.is_some() && !(least..=head).contains(&seq) {
                return Err(Error::invalid("/seq", format!("is {least} to {head} in this stream")));
            }
            inbox::set_cursor(cx.tx(), &bot, stream, seq.clamp(least, head)).await?;
        }
        cx.note(*bot, &serde_json::json!({ "at": input.at, "seq": input.seq }))?;
        backlog(cx, &bot).await
    }
}

fn named(followed: &[(Stream, i64)], name: &str) -> Result<Stream> {
    let found = followed.iter().find(|(stream, _)| stream.to_string() == name);
    found
        .map(|(stream, _)| *stream)
        .ok_or_else(|| Error::invalid("/stream", "is not one that this bot follows"))
}

/// The first and the last place that a bot's cursor may have: it gets nothing from before it came to a room.
async fn bounds(cx: &mut Cx<'_>, bot: BotId, stream: Stream) -> Result<(i64, i64)> {
    let least = match stream {
        Stream::Room(room) => match seats::get_bot(cx.tx(), room, bot).await? {
            Some(seat) => log::head_before(cx.tx(), stream, seat.added_at).await?,
            None => i64::MAX,
        },
        Stream::Mesh(_) | Stream::Actor(_) => 0,
    };
    let head = log::head(cx.tx(), stream).await?;
    Ok((least.min(head), head))
}
