use super::NoInput;
use crate::{Answer, Cx, Effect, Error, Method, Op, OpSpec, Result, error::Code, op, resource::Server};
use bytes::Bytes;
use mesh_authz::Grant;
use mesh_store::log;
use mesh_types::limits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::atomic::Ordering;

/// `health.live`
pub struct Live;

/// How the server is.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// `ok`.
    pub status: String,
}

impl Answer for Health {}

impl Op for Live {
    const SPEC: OpSpec = op("health.live", Effect::Read)
        .public("a supervisor has no account and learns nothing")
        .about("Says that the process is up.")
        .http(Method::Get, "//livez", 200);
    type In = NoInput;
    type Out = Health;
    type On = Server;

    fn on(_: &NoInput) -> Server {
        Server
    }

    async fn run(_: &mut Cx<'_>, _: Grant<Server>, _: NoInput) -> Result<Health> {
        Ok(Health { status: "ok".into() })
    }
}

/// `health.ready`
pub struct Ready;

impl Op for Ready {
    const SPEC: OpSpec = op("health.ready", Effect::Read)
        .public("a load balancer has no account and learns nothing")
        .about("Says whether the server takes calls: its database answers and it is not ending.")
        .http(Method::Get, "//readyz", 200)
        .cli();
    type In = NoInput;
    type Out = Health;
    type On = Server;

    fn on(_: &NoInput) -> Server {
        Server
    }

    async fn run(cx: &mut Cx<'_>, _: Grant<Server>, _: NoInput) -> Result<Health> {
        if cx.host().ending.load(Ordering::Acquire) {
            return Err(Error::later(Code::Overloaded, "The server is ending.", 5000));
        }
        log::last_pos(cx.tx()).await?;
        Ok(Health { status: "ok".into() })
    }
}

/// `metrics.scrape`
pub struct Metrics;

/// The metrics, in Prometheus' text format.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Scrape {
    /// One line for each value.
    pub text: String,
}

impl Answer for Scrape {
    fn raw(&self) -> Option<(&'static str, Bytes)> {
        Some(("text/plain; version=0.0.4; charset=utf-8", self.text.clone().into()))
    }
}

impl Op for Metrics {
    const SPEC: OpSpec = op("metrics.scrape", Effect::Read)
        .operator()
        .about("Gives the server's metrics in Prometheus' text format.")
        .http(Method::Get, "//metrics", 200);
    type In = NoInput;
    type Out = Scrape;
    type On = Server;

    fn on(_: &NoInput) -> Server {
        Server
    }

    async fn run(cx: &mut Cx<'_>, _: Grant<Server>, _: NoInput) -> Result<Scrape> {
        let render = cx
            .host()
            .metrics
            .get()
            .ok_or_else(|| Error::new(Code::NotSupported, "This server keeps no metrics."))?;
        Ok(Scrape { text: render() })
    }
}

/// `server.info`
pub struct ServerInfo;

/// What a client may know before it signs in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Info {
    /// The server's name.
    pub name: String,
    /// The version of the program.
    pub version: String,
    /// The address under which it is reached.
    pub url: String,
    /// `sqlite` or `postgres`.
    pub database: String,
    /// Bounds that clients should know.
    pub limits: Bounds,
}

/// Bounds, in bytes unless the name says otherwise.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Bounds {
    /// A request's JSON body.
    pub json_body_bytes: usize,
    /// A message's text.
    pub message_text_bytes: usize,
    /// A component.
    pub component_bytes: u64,
    /// Items on a page.
    pub page_items: u32,
}

impl Answer for Info {}

impl Op for ServerInfo {
    const SPEC: OpSpec = op("server.info", Effect::Read)
        .public("clients need it before they can sign in")
        .about("Says what this server is and what its bounds are.")
        .http(Method::Get, "/server", 200)
        .cli();
    type In = NoInput;
    type Out = Info;
    type On = Server;

    fn on(_: &NoInput) -> Server {
        Server
    }

    async fn run(cx: &mut Cx<'_>, _: Grant<Server>, _: NoInput) -> Result<Info> {
        let host = cx.host();
        Ok(Info {
            name: host.settings.name.clone(),
            version: env!("CARGO_PKG_VERSION").into(),
            url: host.settings.public_url.clone(),
            database: host.store.engine().into(),
            limits: Bounds {
                json_body_bytes: limits::JSON_BODY,
                message_text_bytes: limits::MESSAGE_TEXT,
                component_bytes: limits::COMPONENT,
                page_items: limits::PAGE_MAX,
            },
        })
    }
}
