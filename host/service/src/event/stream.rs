use super::{
    follow::{position, streams_at, streams_of},
    positions::{self, Positions},
};
use crate::{Answer, Cx, Effect, Host, Method, Op, OpSpec, Result, op, resource::Myself};
use mesh_authz::{Caller, Grant};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `event.stream`
pub struct StreamEvents;

/// Where to begin.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamEventsIn {
    /// From `event.sync` or `event.poll`; without it, from now on.
    #[serde(default)]
    pub cursor: Option<String>,
    /// A ticket, for pages that cannot send a token.
    #[serde(default)]
    pub ticket: Option<String>,
    /// The last `id` of a stream before, which counts more than the cursor.
    #[serde(skip)]
    pub last: Option<i64>,
    #[serde(skip)]
    begins: Begins,
}

/// Where a stream of events begins.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Begins {
    /// The first `id`.
    pub position: i64,
    /// What was seen before; streams that are not named begin at their heads.
    pub positions: Positions,
}

impl Answer for Begins {}

impl Op for StreamEvents {
    const SPEC: OpSpec = op("event.stream", Effect::Read)
        .myself()
        .about(
            "Server-sent events, from now on, from a cursor, or behind `Last-Event-ID`; see the guide to live events.",
        )
        .http(Method::Get, "/me/events/stream", 200)
        .own_door("text/event-stream");
    type In = StreamEventsIn;
    type Out = Begins;
    type On = Myself;

    fn on(_: &StreamEventsIn) -> Myself {
        Myself
    }

    async fn prepare(host: &Host, caller: &Caller, input: &mut StreamEventsIn) -> Result<()> {
        // Before anything is looked at: what comes later may be told twice, but never not at all.
        let now = position(host).await?;
        input.begins = if let Some(last) = input.last {
            let open = streams_of(host, caller).await?;
            Begins {
                position: last,
                positions: streams_at(host, &open, last).await?,
            }
        } else {
            Begins {
                position: now,
                positions: positions::unpack(input.cursor.as_deref())?.unwrap_or_default(),
            }
        };
        Ok(())
    }

    async fn run(_: &mut Cx<'_>, _: Grant<Myself>, input: StreamEventsIn) -> Result<Begins> {
        Ok(input.begins)
    }
}
