//! While a bot is being written: built, deployed and shown at work, again with every change.

use super::{
    super::{clean, text},
    build::build,
    deploy::{bring, deploy, grant_open},
    project::Project,
};
use crate::client::{Client, Result};
use crate::print::line;
use clap::Args;
use mesh_wasm::link::REFUSED;
use serde_json::json;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// How often files and the bot's log are looked at.
const EVERY: Duration = Duration::from_millis(500);

#[derive(Args)]
pub(crate) struct Dev {
    /// The bot's folder.
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// The mesh; the one of `mesh init` when absent.
    #[arg(long, default_value = "")]
    mesh: String,
    /// The room to try it in; one named after the bot, which is made if it is not there, when absent.
    #[arg(long)]
    room: Option<String>,
}

/// What was shown of the bot, so that nothing is shown twice.
#[derive(Default)]
struct Seen {
    line: String,
    decision: String,
    suggested: BTreeSet<String>,
}

impl Dev {
    pub(crate) async fn run(self) -> Result<()> {
        let client = Client::stored()?;
        let mesh = client.mesh(&self.mesh).await?;
        let name = format!("{}-dev", Project::open(&self.folder)?.manifest.bot.name);
        let room = match &self.room {
            Some(room) => client.room(&mesh, room).await?,
            None => scratch_room(&client, &mesh, &name).await?,
        };
        let (mut seen, mut bot) = (Seen::default(), None);
        loop {
            let built = newest(&self.folder);
            match self.turn(&client, &mesh, &name, &room).await {
                Ok(id) => bot = Some(id),
                // What is wrong with the code is for its author to mend, not the end of this.
                Err(failure) => eprintln!("mesh: {failure}"),
            }
            while newest(&self.folder) == built {
                if let Some(bot) = &bot {
                    watch(&client, bot, &mut seen).await?;
                }
                tokio::time::sleep(EVERY).await;
            }
            line!("");
        }
    }

    /// Builds and deploys once.
    async fn turn(&self, client: &Client, mesh: &str, name: &str, room: &str) -> Result<String> {
        let component = build(&Project::open(&self.folder)?)?;
        let bot = deploy(client, mesh, name, &component, async |client, bot, version| {
            grant_open(client, bot, version).await
        });
        let bot = bot.await?;
        bring(client, &bot, room, &component).await?;
        let (shown, room) = (
            client.get(&format!("/bots/{bot}")).await?,
            client.get(&format!("/rooms/{room}")).await?,
        );
        line!(
            "@{0} runs in {1}. Try `mesh say {1} \"@{0} hello\"`; Ctrl-C ends this.",
            text(&shown, "handle"),
            text(&room, "slug")
        );
        Ok(bot)
    }
}

async fn scratch_room(client: &Client, mesh: &str, name: &str) -> Result<String> {
    let rooms = client.all(&format!("/meshes/{mesh}/rooms")).await?;
    if let Some(room) = rooms.iter().find(|room| room["slug"] == name) {
        return Ok(text(room, "id"));
    }
    let body = json!({ "name": name, "slug": name, "join_rule": "private" });
    let room = client.post(&format!("/meshes/{mesh}/rooms"), body).await?;
    Ok(text(&room, "id"))
}

/// Shows what the bot said and what it was refused since the last look. What would let it through is said once.
async fn watch(client: &Client, bot: &str, seen: &mut Seen) -> Result<()> {
    let page = client.get(&format!("/bots/{bot}/logs?limit=200")).await?;
    for line in page["items"].as_array().into_iter().flatten().rev() {
        if text(line, "id") > seen.line {
            let said = text(line, "text");
            line!("{:5} {said}", text(line, "level"));
            if let Some(operation) = said.strip_prefix(REFUSED) {
                let permission = mesh_service::operation(operation).and_then(|op| op.spec.permission());
                suggest(permission.map(|permission| permission.to_string()), seen);
            }
            seen.line = text(line, "id");
        }
    }
    let page = client.get(&format!("/bots/{bot}/decisions")).await?;
    for decision in page["items"].as_array().into_iter().flatten().rev() {
        if text(decision, "id") <= seen.decision {
            continue;
        }
        seen.decision = text(decision, "id");
        line!("refused {}: {}", text(decision, "op"), text(decision, "detail"));
        if decision["decided_by"] == "manifest" || decision["decided_by"] == "grant" {
            suggest(Some(text(decision, "permission")), seen);
        }
    }
    Ok(())
}

/// What would have to stand in bot.toml; said once for each permission.
fn suggest(permission: Option<String>, seen: &mut Seen) {
    let Some(permission) = permission.filter(|permission| seen.suggested.insert(permission.clone())) else {
        return;
    };
    line!("      To let it, put this into bot.toml:");
    line!("      [[capabilities]]");
    line!("      permission = \"{permission}\"");
    line!("      on = \"*\"");
    line!("      reason = \"...\"");
}

/// When the newest file of the bot was changed. What tools make is not looked at.
fn newest(folder: &Path) -> Option<SystemTime> {
    const MADE: [&str; 8] = [
        "dist",
        "target",
        "node_modules",
        ".venv",
        ".git",
        "__pycache__",
        "Cargo.lock",
        "package-lock.json",
    ];
    let entries = std::fs::read_dir(folder).ok()?;
    let times = entries.filter_map(std::result::Result::ok).filter_map(|entry| {
        let name = clean(&entry.file_name().to_string_lossy());
        if MADE.contains(&name.as_str()) {
            return None;
        }
        if entry.file_type().ok()?.is_dir() {
            return newest(&entry.path());
        }
        entry.metadata().ok()?.modified().ok()
    });
    times.max()
}
