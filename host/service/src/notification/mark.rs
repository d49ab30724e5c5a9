use crate::{Answer, Cx, Effect, Error, Method, Op, OpSpec, Result, op, resource::Myself};
use mesh_authz::Grant;
use mesh_store::{
    log::Stream,
    notifications::{self, Which},
};
use mesh_types::{NotificationId, RoomId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Most notifications that are named at once.
const MOST: usize = 200;

/// `notification.mark_read`
pub struct MarkNotificationsRead;

/// Which ones: at most one of the three; all of them when nothing is said.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkNotificationsReadIn {
    /// These; at most 200. Those of others are passed over.
    #[serde(default)]
    pub ids: Option<Vec<NotificationId>>,
    /// Those of this room.
    #[serde(default)]
    pub room_id: Option<RoomId>,
    /// Those that came at this time or before.
    #[serde(default)]
    pub before: Option<Timestamp>,
}

/// What became of them.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Marked {
    /// How many were unread until now.
    pub marked: u64,
}

impl Answer for Marked {}

/// What to mark, and what to tell the caller's other devices.
fn which(input: MarkNotificationsReadIn, now: Timestamp) -> Result<(Vec<Which>, Value)> {
    match (input.ids, input.room_id, input.before) {
        (Some(ids), None, None) if ids.len() <= MOST => {
            let data = json!({ "ids": ids });
            Ok((ids.into_iter().map(Which::One).collect(), data))
        }
        (Some(_), None, None) => Err(Error::invalid("/ids", format!("has at most {MOST}"))),
        (None, Some(room), None) => Ok((vec![Which::Room(room)], json!({ "room_id": room }))),
        (None, None, time) => {
            let time = time.unwrap_or(now);
            Ok((vec![Which::Before(time)], json!({ "before": time })))
        }
        _ => Err(Error::invalid(
            "/ids",
            "stands alone: send one of `ids`, `room_id` and `before`",
        )),
    }
}

impl Op for MarkNotificationsRead {
    const SPEC: OpSpec = op("notification.mark_read", Effect::Write)
        .myself()
        .about("Marks notifications as read: some, those of a room, or all up to a time.")
        .http(Method::Post, "/me/notifications/read", 200)
        .socket()
        .cli();
    type In = MarkNotificationsReadIn;
    type Out = Marked;
    type On = Myself;

    fn on(_: &MarkNotificationsReadIn) -> Myself {
        Myself
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<Myself>, input: MarkNotificationsReadIn) -> Result<Marked> {
        let (actor, at) = (cx.actor()?, cx.now());
        let (all, data) = which(input, at)?;
        let mut marked = 0;
        for one in all {
            marked += notifications::mark_read(cx.tx(), &on, actor, &one, at).await?;
        }
        if marked > 0 {
            cx.emit(Stream::Actor(actor), "notification.read", actor, &data).await?;
        }
        Ok(Marked { marked })
    }
}
