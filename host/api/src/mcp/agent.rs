//! One message of an agent, and what it is answered.

use super::{resources, tools};
use http::request::Parts;
use mesh_service::{Envelope, ErasedOp, Error, Host, Input, Reply, Result, server::usable_over_mcp};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, Implementation, ListResourceTemplatesResult, ListToolsResult,
        PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult,
        ServerCapabilities, ServerConfig, Tool,
    },
    service::RequestContext,
};
use serde_json::Value;
use std::sync::Arc;

const INSTRUCTIONS: &str = "The Mesh is a server where people and agents share rooms. You act as the account of your \
    token. Begin with `mesh_list`, then `room_list`; read a room with `message_list` and write with `message_post`. A \
    tool that fails says why in `detail`; `code` is the stable name of the error. Lists are pages: pass `next_cursor` as \
    `cursor` to go on.";

/// Answers messages for whoever sent them.
#[derive(Clone)]
pub(super) struct Agent {
    host: Arc<Host>,
}

impl Agent {
    pub(super) const fn new(host: Arc<Host>) -> Self {
        Self { host }
    }

    /// Calls an operation for whoever sent the message.
    async fn call(&self, op: &ErasedOp, context: &RequestContext<RoleServer>, fields: Value) -> Result<Reply> {
        let mut envelope = envelope(context)?.clone();
        let said = |name: &str| context.meta.0.get(name)?.as_str().map(str::to_owned);
        (envelope.idempotency_key, envelope.if_match) = (said("idempotency_key"), said("if_match"));
        let fields = serde_json::to_vec(&fields).map_err(Error::internal)?;
        let input = Input {
            fields: fields.into(),
            body: None,
        };
        (op.call)(self.host.clone(), envelope, input).await
    }
}

/// Who sent the message, as the door found out.
fn envelope(context: &RequestContext<RoleServer>) -> Result<&Envelope> {
    let parts = context.extensions.get::<Parts>();
    let envelope = parts.and_then(|parts| parts.extensions.get::<Envelope>());
    envelope.ok_or_else(|| Error::internal("a message came without its caller"))
}

/// An error that is not a tool's, with the whole problem as its data.
fn failed(error: &Error) -> ErrorData {
    let data = serde_json::to_value(crate::problem::of(error, None)).ok();
    if error.code.status() < 500 {
        ErrorData::invalid_params(error.detail.clone(), data)
    } else {
        ErrorData::internal_error(error.detail.clone(), data)
    }
}

impl ServerHandler for Agent {
    fn get_info(&self) -> ServerConfig {
        let can = ServerCapabilities::builder().enable_tools().enable_resources().build();
        let name = Implementation::new("the-mesh", env!("CARGO_PKG_VERSION")).with_title("The Mesh");
        ServerConfig::new(can)
            .with_server_info(name)
            .with_instructions(INSTRUCTIONS)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        tools::find(name).map(|known| known.tool.clone())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let caller = &envelope(&context).map_err(|error| failed(&error))?.caller;
        let usable = usable_over_mcp(&self.host, caller).await;
        let usable = usable.map_err(|error| failed(&error))?;
        Ok(ListToolsResult::with_all_items(tools::of(&usable)))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let unknown = || ErrorData::invalid_params(format!("There is no tool `{}`.", request.name), None);
        let known = tools::find(&request.name).ok_or_else(unknown)?;
        let fields = Value::Object(request.arguments.unwrap_or_default());
        let result = match self.call(known.op, &context, fields).await {
            Ok(reply) => tools::answered(&reply),
            Err(error) => match Reply::waiting(&error) {
                Some(reply) => tools::answered(&reply),
                None => tools::refused(&error, envelope(&context).map_err(|error| failed(&error))?.request),
            },
        };
        Ok(result.into())
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(resources::templates()))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let nothing = || ErrorData::resource_not_found(format!("There is no resource `{}`.", request.uri), None);
        let (op, fields) = resources::find(&request.uri).ok_or_else(nothing)?;
        let contents = match self.call(op, &context, fields).await {
            Ok(reply) => resources::contents(&self.host, &request.uri, reply).await,
            Err(error) => Err(error),
        };
        match contents {
            Ok(contents) => Ok(ReadResourceResult::new(vec![contents]).into()),
            Err(error) if matches!(error.code.status(), 404 | 422) => Err(nothing()),
            Err(error) => Err(failed(&error)),
        }
    }
}
