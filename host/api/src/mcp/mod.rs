//! The door for agents: the Model Context Protocol over streamable HTTP, without sessions.
//!
//! `docs/mcp.md` is the contract. Tools are the operations whose row has the door; a call is decided like any other.

mod agent;
mod resources;
mod tools;

use crate::{door, problem};
use agent::Agent;
use axum::{Router, body::Body, extract::Request, response::Response, routing::any};
use mesh_service::{
    Asked, Door, Envelope, Error, Host, Result, call,
    server::{CallMcp, McpMessage},
};
use mesh_types::limits;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use std::sync::Arc;

type Protocol = StreamableHttpService<Agent, NeverSessionManager>;

/// Its route.
pub(crate) fn router(host: &Arc<Host>) -> Router {
    let agent = Agent::new(host.clone());
    let protocol = Protocol::new(move || Ok(agent.clone()), Arc::default(), config());
    let host = host.clone();
    Router::new().route(
        "/mcp",
        any(move |request| async move { Box::pin(answer(host, protocol, request)).await }),
    )
}

/// Every message is answered by itself, as JSON. `Host` and `Origin` were checked before.
fn config() -> StreamableHttpServerConfig {
    StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(limits::JSON_BODY)
        .disable_allowed_hosts()
        .disable_allowed_origins()
}

async fn answer(host: Arc<Host>, protocol: Protocol, request: Request) -> Response {
    let asked = request.extensions().get::<Asked>().copied();
    match known(&host, asked, request).await {
        Ok(request) => protocol.handle(request).await.map(Body::new),
        Err(error) => problem::response(&error, asked.map(|asked| asked.id)),
    }
}

/// The request with its caller, who is somebody.
async fn known(host: &Arc<Host>, asked: Option<Asked>, request: Request) -> Result<Request> {
    let asked = asked.ok_or_else(|| Error::internal("a request came past the front"))?;
    let (mut parts, body) = request.into_parts();
    let caller = door::caller(host, &parts.headers, Some(asked.address)).await?;
    let mut envelope = Envelope::new(caller, Door::Mcp, asked.id);
    envelope.address = Some(asked.address);
    envelope.agent = door::agent(&parts.headers);
    call::<CallMcp>(host, envelope.clone(), McpMessage::default()).await?;
    parts.extensions.insert(envelope);
    Ok(Request::from_parts(parts, body))
}
