use crate::{Answer, Cx, Effect, Method, Op, OpSpec, Result, op, resource::Myself};
use mesh_authz::Grant;
use mesh_store::presences;
use mesh_types::Presence;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// `presence.set`
pub struct SetPresence;

/// What to show while connected.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPresenceIn {
    /// Kept until it is set again.
    pub presence: Presence,
}

impl Answer for SetPresenceIn {}

impl Op for SetPresence {
    const SPEC: OpSpec = op("presence.set", Effect::Write)
        .myself()
        .about("Says what others see while the caller is connected; they are told at most once in ten seconds.")
        .http(Method::Put, "/me/presence", 200)
        .socket();
    type In = SetPresenceIn;
    type Out = SetPresenceIn;
    type On = Myself;

    fn on(_: &SetPresenceIn) -> Myself {
        Myself
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<Myself>, input: SetPresenceIn) -> Result<SetPresenceIn> {
        let actor = cx.actor()?;
        presences::put(cx.tx(), &on, actor, input.presence).await?;
        cx.note(actor, &json!({}))?;
        cx.afterwards(move |host| {
            host.present.choose(actor, input.presence);
            host.present.change(actor);
        });
        Ok(input)
    }
}
