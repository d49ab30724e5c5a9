//! Operations as tools.

use mesh_service::{Effect, ErasedOp, Error, Method, OPS, Reply};
use mesh_types::RequestId;
use rmcp::model::{CallToolResult, ContentBlock, JsonObject, Tool, ToolAnnotations};
use schemars::generate::SchemaSettings;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

/// An operation and how it is told of.
pub(super) struct Known {
    pub(super) op: &'static ErasedOp,
    pub(super) tool: Tool,
}

/// Every tool, by its name.
static TOOLS: LazyLock<BTreeMap<String, Known>> = LazyLock::new(|| {
    let ops = OPS.iter().filter(|op| op.spec.doors.mcp);
    ops.map(|op| (name(op), Known { op, tool: tool(op) })).collect()
});

/// The tool of this name.
pub(super) fn find(name: &str) -> Option<&'static Known> {
    TOOLS.get(name)
}

/// The tools of these operations, in the order of their names.
pub(super) fn of(operations: &[&str]) -> Vec<Tool> {
    let known = TOOLS.values().filter(|known| operations.contains(&known.op.spec.name));
    known.map(|known| known.tool.clone()).collect()
}

/// `direct_room.open` is `direct_room_open`: hosts put their own prefix before it, and many take no dots.
fn name(op: &ErasedOp) -> String {
    op.spec.name.replace('.', "_")
}

fn tool(op: &ErasedOp) -> Tool {
    let method = op.spec.http.map(|http| http.method);
    let hints = ToolAnnotations::new()
        .read_only(op.spec.effect == Effect::Read)
        .destructive(matches!(method, Some(Method::Delete | Method::Put | Method::Patch)))
        .idempotent(matches!(method, Some(Method::Get | Method::Put | Method::Delete)))
        .open_world(false);
    Tool::new(name(op), op.spec.summary, input(op)).with_annotations(hints)
}

/// The schema of the input. Whatever it refers to is written out, since some hosts follow no references.
fn input(op: &ErasedOp) -> Arc<JsonObject> {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let schema = (op.input)(&mut settings.into_generator()).to_value();
    let mut schema = schema.as_object().cloned().unwrap_or_default();
    schema.retain(|key, _| !matches!(key.as_str(), "title" | "description"));
    schema.entry("type").or_insert_with(|| "object".into());
    Arc::new(schema)
}

/// A good answer: as text, which models read, and as data.
pub(super) fn answered(reply: &Reply) -> CallToolResult {
    let text = String::from_utf8_lossy(&reply.body.1).into_owned();
    let data = serde_json::from_slice(&reply.body.1).ok().filter(Value::is_object);
    let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
    result.structured_content = data;
    result
}

/// What went wrong, for the model to do better with.
pub(super) fn refused(error: &Error, request: RequestId) -> CallToolResult {
    let problem = serde_json::to_value(crate::problem::of(error, Some(request))).unwrap_or_default();
    let mut result = CallToolResult::error(vec![ContentBlock::text(problem.to_string())]);
    result.structured_content = Some(problem);
    result
}
