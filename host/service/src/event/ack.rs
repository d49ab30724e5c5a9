use super::positions::{self, Positions};
use crate::{Answer, Cx, Effect, Error, Method, Op, OpSpec, Result, error::Code, op, resource::Myself};
use mesh_authz::Grant;
use mesh_store::{
    follows::{self, Head},
    read_states,
};
use mesh_types::ActorId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `event.ack`
pub struct AckEvents;

/// How far the caller has come.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AckEventsIn {
    /// From `event.sync` or `event.poll`: everything before it was handled.
    pub cursor: String,
}

/// How far the caller has come, as the server keeps it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Acked {
    /// For `event.sync`, which also gives it when it is called without one.
    pub cursor: String,
}

impl Answer for Acked {}

impl Op for AckEvents {
    const SPEC: OpSpec = op("event.ack", Effect::Write)
        .myself()
        .about("Keeps the caller's position on the server, to go on from after a restart. It never moves back.")
        .http(Method::Post, "/me/events/ack", 200)
        .socket();
    type In = AckEventsIn;
    type Out = Acked;
    type On = Myself;

    fn on(_: &AckEventsIn) -> Myself {
        Myself
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<Myself>, input: AckEventsIn) -> Result<Acked> {
        let actor = cx.actor()?;
        let asked = positions::unpack(Some(&input.cursor))?.unwrap_or_default();
        // In the order of their names, so that two who do this at once do not block each other.
        let mut open = follows::of(cx.tx(), actor).await?;
        open.sort_by_key(|head| head.stream.to_string());
        for Head { stream, seq: head } in open {
            let Some(seq) = asked.get(&stream.to_string()).copied() else {
                continue;
            };
            if seq > head {
                return Err(Error::new(
                    Code::CursorExpired,
                    "This cursor is from another log. Call `event.sync` without one.",
                ));
            }
            read_states::ack(cx.tx(), &on, actor, (stream, seq)).await?;
        }
        let cursor = kept(cx, actor).await?;
        Ok(Acked {
            cursor: cursor.unwrap_or(input.cursor),
        })
    }
}

/// The position that an actor's acknowledgements add up to; none when it never sent one.
pub(super) async fn kept(cx: &mut Cx<'_>, actor: ActorId) -> Result<Option<String>> {
    let acked = read_states::acked(cx.tx(), actor).await?;
    let positions: Positions = acked
        .into_iter()
        .map(|(stream, seq)| (stream.to_string(), seq))
        .collect();
    if positions.is_empty() {
        return Ok(None);
    }
    positions::pack(&positions).map(Some)
}
