use super::{show, text};
use crate::client::{Client, Failure, Result};
use crate::print::line;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::{Args, Subcommand};
use mesh_client::Call;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::{
    io::{IsTerminal as _, Write as _},
    path::PathBuf,
    time::Duration,
};

#[derive(Subcommand)]
pub(crate) enum Bot {
    /// Upload a component, decide what it may do, and start it.
    Deploy(Deploy),
    /// Show what a bot says about itself.
    Logs(Logs),
}

impl Bot {
    pub(crate) async fn run(self, as_json: bool) -> Result<()> {
        match self {
            Self::Deploy(deploy) => deploy.run(as_json).await,
            Self::Logs(logs) => logs.run(as_json).await,
        }
    }
}

#[derive(Args)]
pub(crate) struct Deploy {
    /// The component.
    file: PathBuf,
    /// The mesh; the one of `mesh init` when absent.
    #[arg(long, default_value = "")]
    mesh: String,
    /// The bot's name; the file's when absent. A bot of this name gets a new version.
    #[arg(long)]
    name: Option<String>,
    /// A room to bring it into.
    #[arg(long)]
    room: Option<String>,
    /// Grant everything it asks for without a question.
    #[arg(long)]
    yes: bool,
}

impl Deploy {
    async fn run(self, as_json: bool) -> Result<()> {
        let bytes = std::fs::read(&self.file)
            .map_err(|error| Failure::failed(anyhow::anyhow!("{} cannot be read: {error}", self.file.display())))?;
        let stem = self
            .file
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
            .unwrap_or_default();
        let name = self.name.clone().unwrap_or(stem);
        let client = Client::stored()?;
        let mesh = client.mesh(&self.mesh).await?;
        let bots = client.all(&format!("/meshes/{mesh}/bots")).await?;
        let bot = match bots.into_iter().find(|bot| bot["name"] == name.as_str()) {
            Some(bot) => bot,
            None => {
                client
                    .post(&format!("/meshes/{mesh}/bots"), json!({ "name": name }))
                    .await?
            }
        };
        let id = text(&bot, "id");
        let digest = format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(&bytes)));
        let upload = Call::post(format!("/bots/{id}/versions/wasm")).bytes("application/wasm", bytes);
        let version = client.send(upload.digest(digest)).await?;
        self.decide(&client, &id, &text(&version, "id"), as_json).await?;
        let activate = format!("/bot-versions/{}/activate", text(&version, "id"));
        client.send(Call::post(activate)).await?;
        client.send(Call::post(format!("/bots/{id}/start"))).await?;
        if let Some(room) = &self.room {
            let room = client.room(&mesh, room).await?;
            let added = client
                .post(&format!("/rooms/{room}/bots"), json!({ "bot_id": id }))
                .await;
            added.or_else(|failure| match failure.problem_code() {
                Some("already_exists") => Ok(json!({})),
                _ => Err(failure),
            })?;
        }
        let running = client.get(&format!("/bots/{id}")).await?;
        show(as_json, &running, |bot| {
            line!(
                "@{0} runs. `mesh bot logs {0}` shows what it says.",
                text(bot, "handle")
            );
        });
        Ok(())
    }

    /// Shows what the version asks for and grants it, if a person or `--yes` says so.
    async fn decide(&self, client: &Client, bot: &str, version: &str, as_json: bool) -> Result<()> {
        let grants = client.get(&format!("/bots/{bot}/grants?version_id={version}")).await?;
        let asked = grants["asked"].as_array().cloned().unwrap_or_default();
        let open: Vec<&Value> = asked.iter().filter(|one| one["verdict"] == "undecided").collect();
        if !as_json {
            for one in &asked {
                let need = if one["required"] == true { "needs" } else { "would like" };
                line!(
                    "  {need} {} on {}: {} [{}]",
                    text(one, "permission"),
                    text(one, "on"),
                    text(one, "reason"),
                    text(one, "verdict")
                );
            }
        }
        if open.is_empty() || !(self.yes || confirm()?) {
            return Ok(());
        }
        for one in open {
            let path = format!("/bots/{bot}/grants/{}", text(one, "permission"));
            let allow = json!({ "effect": "allow", "on": one["on"] });
            client.send(Call::put(path).json(allow)).await?;
        }
        Ok(())
    }
}

fn confirm() -> Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(
            "The bot asks for rights that nobody decided about. Say `--yes` to grant them.",
        ));
    }
    print!("Grant what is undecided? [y/N] ");
    std::io::stdout().flush().map_err(Failure::failed)?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(Failure::failed)?;
    Ok(line.trim().eq_ignore_ascii_case("y"))
}

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
    async fn run(self, as_json: bool) -> Result<()> {
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
