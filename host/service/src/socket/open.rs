use crate::{
    Answer, Cx, Effect, Error, Host, Method, Op, OpSpec, Result, error::Code, event::streams_of, op, resource::Server,
    socket::LIMITS,
};
use mesh_authz::{Caller, Credential, Grant, Who};
use mesh_store::{follows::Head, members, people};
use mesh_types::{SessionId, view::Actor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `socket.open`
pub struct OpenSocket;

/// Nothing that a client says; what the server found out before it looks.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenSocketIn {
    #[serde(skip)]
    heads: Vec<Head>,
}

/// What a connection may do at once.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
pub struct SocketLimits {
    /// Bytes of a frame from the client.
    pub frame_bytes: usize,
    /// Bytes of an answer; what is larger is `too_large` and to be had over REST.
    pub answer_bytes: usize,
    /// Operations that wait for their answer.
    pub in_flight: usize,
}

/// What a connection starts with.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Opened {
    /// Who is connected.
    pub actor: Actor,
    /// Its session; none for a token.
    pub session_id: Option<SessionId>,
    /// What it may do at once.
    pub limits: SocketLimits,
    /// Every stream that it is on, with the `seq` of its last event.
    pub heads: BTreeMap<String, i64>,
    /// The same, for the door.
    #[serde(skip)]
    pub streams: Vec<Head>,
}

impl Answer for Opened {}

impl Op for OpenSocket {
    const SPEC: OpSpec = op("socket.open", Effect::Read)
        .public("who connects is proved by the first frame or by a ticket")
        .about("Opens a WebSocket of the subprotocol `mesh.v1.json`; see the guide to live events.")
        .http(Method::Get, "/socket", 101)
        .own_door("");
    type In = OpenSocketIn;
    type Out = Opened;
    type On = Server;

    fn on(_: &OpenSocketIn) -> Server {
        Server
    }

    async fn prepare(host: &Host, caller: &Caller, input: &mut OpenSocketIn) -> Result<()> {
        input.heads = streams_of(host, caller).await?;
        Ok(())
    }

    async fn run(cx: &mut Cx<'_>, _: Grant<Server>, input: OpenSocketIn) -> Result<Opened> {
        let signed_in = cx.envelope().caller.actor();
        let id = signed_in.ok_or_else(|| Error::new(Code::Unauthenticated, "Sign in, or send a token."))?;
        let name = match cx.envelope().caller.who {
            Who::Person { id, .. } => people::name(cx.tx(), id).await?,
            Who::Bot { mesh, .. } => members::of_actor(cx.tx(), mesh, id)
                .await?
                .map(|member| member.actor.name),
            Who::Anonymous | Who::Operator | Who::Job { .. } => None,
        };
        let session_id = match cx.envelope().caller.credential {
            Credential::Session { id, .. } => Some(id),
            _ => None,
        };
        let heads = input.heads.iter().map(|head| (head.stream.to_string(), head.seq));
        Ok(Opened {
            actor: Actor {
                id,
                kind: id.kind().into(),
                name: name.unwrap_or_default(),
            },
            session_id,
            limits: LIMITS,
            heads: heads.collect(),
            streams: input.heads,
        })
    }
}
