use super::{NoInput, openapi};
use crate::{
    Answer, Cx, Effect, Method, OPS, Op, OpSpec, Result, op,
    resource::{Myself, Server},
};
use bytes::Bytes;
use mesh_authz::{Access, Grant};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// `docs.openapi`
pub struct OpenApi;

/// The document.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Document {
    /// `OpenAPI` 3.1, as JSON.
    pub json: String,
}

impl Answer for Document {
    fn raw(&self) -> Option<(&'static str, Bytes)> {
        Some(("application/json", self.json.clone().into()))
    }
}

impl Op for OpenApi {
    const SPEC: OpSpec = op("docs.openapi", Effect::Read)
        .public("the contract is no secret, and generators fetch it without an account")
        .about("Gives the OpenAPI 3.1 document of this server.")
        .http(Method::Get, "/openapi.json", 200)
        .cli();
    type In = NoInput;
    type Out = Document;
    type On = Server;

    fn on(_: &NoInput) -> Server {
        Server
    }

    async fn run(_: &mut Cx<'_>, _: Grant<Server>, _: NoInput) -> Result<Document> {
        static DOCUMENT: LazyLock<String> = LazyLock::new(|| openapi::document().to_string());
        Ok(Document { json: DOCUMENT.clone() })
    }
}

/// `docs.ops`
pub struct ListOps;

/// The table of operations.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Ops {
    /// Every operation.
    pub items: Vec<Described>,
    /// The schemas that the operations refer to, by name.
    pub schemas: serde_json::Value,
}

impl Answer for Ops {}

/// One operation.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Described {
    /// `noun.verb`.
    pub name: String,
    /// A sentence.
    pub summary: String,
    /// The permission, or `self`, `server.operate` or `public`.
    pub permission: String,
    /// `GET` and so on; none without a REST door.
    pub method: Option<String>,
    /// The path, with its prefix.
    pub path: Option<String>,
    /// `R` REST, `S` sockets, `W` components, `M` MCP, `C` command line.
    pub doors: String,
    /// `If-Match` must be sent.
    pub if_match_required: bool,
    /// Needs a recent sign-in.
    pub fresh: bool,
    /// JSON Schema.
    pub input: serde_json::Value,
    /// JSON Schema.
    pub output: serde_json::Value,
}

/// What an operation asks of its caller, in one word.
pub fn permission(access: Access) -> &'static str {
    match access {
        Access::Needs(permission) => permission.as_str(),
        Access::Myself => "self",
        Access::Operator => "server.operate",
        Access::Public(_) => "public",
    }
}

/// The doors of an operation, as letters.
pub fn doors(spec: &OpSpec) -> String {
    let doors = [
        (spec.http.is_some(), 'R'),
        (spec.doors.socket, 'S'),
        (spec.doors.wasm.is_some(), 'W'),
        (spec.doors.mcp, 'M'),
        (spec.doors.cli, 'C'),
    ];
    doors
        .iter()
        .filter(|(open, _)| *open)
        .map(|(_, letter)| letter)
        .collect()
}

impl Op for ListOps {
    const SPEC: OpSpec = op("docs.ops", Effect::Read)
        .myself()
        .about("Gives the table of operations as data, with schemas.")
        .http(Method::Get, "/ops", 200)
        .wasm("docs", "ops")
        .mcp()
        .cli();
    type In = NoInput;
    type Out = Ops;
    type On = Myself;

    fn on(_: &NoInput) -> Myself {
        Myself
    }

    async fn run(_: &mut Cx<'_>, _: Grant<Myself>, _: NoInput) -> Result<Ops> {
        let mut schemas = openapi::generator();
        let describe = |op: &crate::ErasedOp| Described {
            name: op.spec.name.into(),
            summary: op.spec.summary.into(),
            permission: permission(op.spec.access).into(),
            method: op.spec.http.map(|http| http.method.as_str().into()),
            path: op.spec.http.map(|http| openapi::full_path(http.path)),
            doors: doors(op.spec),
            if_match_required: op.spec.if_match_required,
            fresh: op.spec.fresh,
            input: (op.input)(&mut schemas).to_value(),
            output: (op.output)(&mut schemas).to_value(),
        };
        let items = OPS.iter().map(describe).collect();
        Ok(Ops {
            items,
            schemas: schemas.take_definitions(true).into(),
        })
    }
}
