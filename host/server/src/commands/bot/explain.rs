//! Why a bot may or may not do something.

use super::super::{show, text};
use crate::client::{Client, Result};
use crate::print::line;
use clap::Args;
use serde_json::{Value, json};

#[derive(Args)]
pub(crate) struct Explain {
    /// The bot: its handle, name or id.
    bot: String,
    /// The operation, such as `message.post`, or the id of a decision that the bot was told.
    operation: String,
    /// What it would be done on: the id of a room, a mesh or whatever the operation is about. The bot's mesh when absent.
    resource: Option<String>,
    /// The mesh; the one of `mesh init` when absent.
    #[arg(long, default_value = "")]
    mesh: String,
}

impl Explain {
    pub(crate) async fn run(self, as_json: bool) -> Result<()> {
        let client = Client::stored()?;
        let mesh = client.mesh(&self.mesh).await?;
        let bot = client.bot(&mesh, &self.bot).await?;
        let body = if self.operation.starts_with("decision_") {
            json!({ "decision_id": self.operation })
        } else {
            json!({ "op": self.operation, "resource": self.resource.as_deref().unwrap_or(&mesh) })
        };
        let explained = client.post(&format!("/bots/{bot}/explain"), body).await?;
        show(as_json, &explained, print);
        Ok(())
    }
}

fn print(explained: &Value) {
    let verdict = text(explained, "verdict");
    line!(
        "{} on {}: {verdict}",
        text(explained, "op"),
        text(explained, "resource")
    );
    for layer in explained["layers"].as_array().into_iter().flatten() {
        line!(
            "  {:10} {:8} {}",
            text(layer, "layer"),
            text(layer, "verdict"),
            text(layer, "detail")
        );
    }
}
