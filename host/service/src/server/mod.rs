//! The server about itself: documents, health, metrics.

mod docs;
mod health;
mod mcp;
mod openapi;

pub use docs::{ListOps, OpenApi, doors, permission};
pub use health::{Live, Metrics, Ready, ServerInfo};
pub use mcp::{CallMcp, McpMessage, usable_over_mcp};
pub use openapi::{document as openapi_document, full_path, generator as schema_generator};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An operation without input.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoInput {}
