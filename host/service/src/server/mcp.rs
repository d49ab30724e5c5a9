use crate::{
    Cx, Effect, Host, Method, Nothing, OPS, Op, OpSpec, Result, op,
    resource::{Myself, Target},
};
use mesh_authz::{Access, Caller, Grant, Permission, conceivable, decide};
use mesh_store::members;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// `mcp.call`
pub struct CallMcp;

/// A message of JSON-RPC 2.0, as the Model Context Protocol sends it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct McpMessage {
    /// `2.0`.
    pub jsonrpc: String,
    /// Such as `tools/call`.
    pub method: String,
    /// A number or a text that the answer repeats; a message without one gets none.
    #[serde(default)]
    pub id: Option<Value>,
    /// What the method takes.
    #[serde(default)]
    pub params: Option<Value>,
}

impl Op for CallMcp {
    const SPEC: OpSpec = op("mcp.call", Effect::Read)
        .myself()
        .about("Takes a message of the Model Context Protocol (streamable HTTP); see the guide to MCP.")
        .http(Method::Post, "//mcp", 200)
        .own_door("application/json");
    type In = McpMessage;
    type Out = Nothing;
    type On = Myself;

    fn on(_: &McpMessage) -> Myself {
        Myself
    }

    async fn run(_: &mut Cx<'_>, _: Grant<Myself>, _: McpMessage) -> Result<Nothing> {
        Ok(Nothing {})
    }
}

/// The names of the operations with a door for MCP that the caller may use on something. Whether on what it names
/// is decided when it calls.
pub async fn usable_over_mcp(host: &Host, caller: &Caller) -> Result<Vec<&'static str>> {
    let somewhere = permitted_somewhere(host, caller).await?;
    let nowhere = host
        .authority
        .facts(&host.store, host.clock.now(), caller, Target::Myself)
        .await?;
    let usable = |access: Access| match access {
        Access::Needs(permission) => somewhere.contains(&permission),
        access => decide(caller, access, &nowhere, ()).is_ok(),
    };
    let specs = OPS.iter().map(|op| op.spec).filter(|spec| spec.doors.mcp);
    Ok(specs.filter(|spec| usable(spec.access)).map(|spec| spec.name).collect())
}

/// What the caller may do to something in some mesh.
async fn permitted_somewhere(host: &Host, caller: &Caller) -> Result<BTreeSet<Permission>> {
    let mut somewhere = BTreeSet::new();
    let Some(actor) = caller.actor() else {
        return Ok(somewhere);
    };
    let member = members::of_all_meshes(&mut host.store.view().await?.tx(), actor).await?;
    for mesh in member.iter().map(|member| member.mesh_id) {
        let (now, target) = (host.clock.now(), Target::Mesh(mesh));
        let mut facts = host.authority.facts(&host.store, now, caller, target).await?;
        facts.room_by_room = true;
        somewhere.extend(conceivable(caller, &facts));
    }
    Ok(somewhere)
}
