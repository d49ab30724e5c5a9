use super::super::{show, text};
use super::project::Project;
use crate::client::{Client, Failure, Result};
use crate::print::line;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::Args;
use mesh_client::Call;
use mesh_service::manifest::Manifest;
use mesh_types::Hears;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::{
    io::{IsTerminal as _, Write as _},
    path::{Path, PathBuf},
};

#[derive(Args)]
pub(crate) struct Deploy {
    /// The component; what `mesh bot build` made in this folder when absent.
    file: Option<PathBuf>,
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
    pub(crate) async fn run(self, as_json: bool) -> Result<()> {
        let file = match &self.file {
            Some(file) => file.clone(),
            None => built(Path::new("."))?,
        };
        let client = Client::stored()?;
        let mesh = client.mesh(&self.mesh).await?;
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let name = self.name.clone().unwrap_or(stem);
        let bot = deploy(&client, &mesh, &name, &file, async |client, bot, version| {
            self.decide(client, bot, version, as_json).await
        });
        let bot = bot.await?;
        if let Some(room) = &self.room {
            let room = client.room(&mesh, room).await?;
            bring(&client, &bot, &room, &file).await?;
        }
        let running = client.get(&format!("/bots/{bot}")).await?;
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
        grant_open(client, bot, version).await
    }
}

/// What was built in this folder.
fn built(folder: &Path) -> Result<PathBuf> {
    let component = Project::open(folder)?.component();
    if component.is_file() {
        Ok(component)
    } else {
        Err(Failure::usage(format!(
            "{} is not there. `mesh bot build` makes it.",
            component.display()
        )))
    }
}

/// Uploads a component as a version of the bot of this name, which is made if it is not there, has what it asks for
/// decided, and runs it. Gives the bot's id.
pub(super) async fn deploy(
    client: &Client,
    mesh: &str,
    name: &str,
    file: &Path,
    decide: impl AsyncFnOnce(&Client, &str, &str) -> Result<()>,
) -> Result<String> {
    let bytes = std::fs::read(file)
        .map_err(|error| Failure::failed(anyhow::anyhow!("{} cannot be read: {error}", file.display())))?;
    let bots = client.all(&format!("/meshes/{mesh}/bots")).await?;
    let bot = match bots.into_iter().find(|bot| bot["name"] == name) {
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
    let version = text(&version, "id");
    decide(client, &id, &version).await?;
    client
        .send(Call::post(format!("/bot-versions/{version}/activate")))
        .await?;
    client.send(Call::post(format!("/bots/{id}/start"))).await?;
    Ok(id)
}

/// Brings a bot into a room, where it hears what its manifest says; in a room where it is already nothing changes.
pub(super) async fn bring(client: &Client, bot: &str, room: &str, file: &Path) -> Result<()> {
    let manifest = super::inspect::read(file)?.manifest;
    let manifest = manifest.and_then(|text| Manifest::from_toml(&text).ok());
    let hears = manifest.map_or(Hears::Mentions, |manifest| manifest.events.hears);
    let body = json!({ "bot_id": bot, "hears": hears });
    match client.post(&format!("/rooms/{room}/bots"), body).await {
        Err(failure) if failure.problem_code() != Some("already_exists") => Err(failure),
        _ => Ok(()),
    }
}

/// Grants what a version asks for and nobody has decided about.
pub(super) async fn grant_open(client: &Client, bot: &str, version: &str) -> Result<()> {
    let grants = client.get(&format!("/bots/{bot}/grants?version_id={version}")).await?;
    for one in grants["asked"].as_array().into_iter().flatten() {
        if one["verdict"] == "undecided" {
            let path = format!("/bots/{bot}/grants/{}", text(one, "permission"));
            let allow = json!({ "effect": "allow", "on": one["on"], "version_id": version });
            client.send(Call::put(path).json(allow)).await?;
        }
    }
    Ok(())
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
