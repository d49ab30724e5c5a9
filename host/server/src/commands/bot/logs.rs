use super::super::{show, text};
use crate::client::{Client, Result};
use crate::print::line;
use clap::Args;
use std::time::Duration;

#[derive(Args)]
pub(crate) struct Logs {
    /// The bot: its handle, name or id.
    bot: String,
    /// The mesh; the one of `mesh init` when absent.
    #[arg(long, default_value = "")]
    mesh: String,
    /// Go on showing new lines until interrupted.
    #[arg(short, long)]
    follow: bool,
}

impl Logs {
    pub(crate) async fn run(self, as_json: bool) -> Result<()> {
        let client = Client::stored()?;
        let mesh = client.mesh(&self.mesh).await?;
        let bot = client.bot(&mesh, &self.bot).await?;
        let mut last = String::new();
        loop {
            let page = client.get(&format!("/bots/{bot}/logs?limit=200")).await?;
            let mut lines = page["items"].as_array().cloned().unwrap_or_default();
            lines.retain(|line| text(line, "id") > last);
            for line in lines.iter().rev() {
                show(as_json, line, |line| {
                    line!("{} {:5} {}", text(line, "at"), text(line, "level"), text(line, "text"));
                });
                last = text(line, "id");
            }
            if !self.follow {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}
