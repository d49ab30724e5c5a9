use super::super::{show, text};
use crate::{
    client::{Client, Failure, Result},
    print::line,
};
use clap::Args;
use mesh_client::{BotLog, LogItem};
use serde_json::{Value, json};

#[derive(Args)]
pub(crate) struct Logs {
    /// The bot: its handle, name or id.
    bot: String,
    /// The mesh; the one of `mesh init` when absent.
    #[arg(long, default_value = "")]
    mesh: String,
    /// Go on showing new lines, as the bot says them, until interrupted.
    #[arg(short, long)]
    follow: bool,
}

impl Logs {
    pub(crate) async fn run(self, as_json: bool) -> Result<()> {
        let client = Client::stored()?;
        let mesh = client.mesh(&self.mesh).await?;
        let bot = client.bot(&mesh, &self.bot).await?;
        let page = client.get(&format!("/bots/{bot}/logs?limit=200")).await?;
        let lines = page["items"].as_array().cloned().unwrap_or_default();
        lines.iter().rev().for_each(|line| print(as_json, line));
        if !self.follow {
            return Ok(());
        }
        let last = lines.first().map_or_else(|| "0".into(), |line| text(line, "id"));
        let bot = bot.parse().map_err(Failure::failed)?;
        let mut log = BotLog::after(client.api(), bot, &last);
        loop {
            let item = tokio::select! {
                item = log.next() => item.map_err(|error| client.failure(error))?,
                _ = tokio::signal::ctrl_c() => return Ok(()),
            };
            match item {
                LogItem::Line(line) => print(as_json, &json!(line)),
                LogItem::Disconnected { error, again_in } if !again_in.is_zero() => {
                    eprintln!("mesh: {error}; trying again in {:.1} s", again_in.as_secs_f32());
                }
                _ => {}
            }
        }
    }
}

fn print(as_json: bool, line: &Value) {
    show(as_json, line, |line| {
        line!("{} {:5} {}", text(line, "at"), text(line, "level"), text(line, "text"));
    });
}
