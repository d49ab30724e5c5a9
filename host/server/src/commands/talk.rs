use super::{call::encoded, show, text};
use crate::client::{Client, Failure, Result};
use crate::print::line;
use anyhow::Context as _;
use clap::Args;
use mesh_client::Call;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Says something in a room.
#[derive(Args)]
pub(crate) struct Say {
    /// The room: its slug, name or id, or `MESH/SLUG`.
    room: String,
    /// The words; `@handle` mentions. May be absent beside files.
    #[arg(required_unless_present = "file", default_value = "")]
    text: String,
    /// A file to send along, at most 100 MiB; up to ten times.
    #[arg(long)]
    file: Vec<PathBuf>,
    /// The mesh; the one of `mesh init` when absent.
    #[arg(long, default_value = "")]
    mesh: String,
}

impl Say {
    pub(crate) async fn run(self, as_json: bool) -> Result<()> {
        let client = Client::stored()?;
        let room = client.room(&self.mesh, &self.room).await?;
        let mut files = Vec::new();
        for path in &self.file {
            files.push(upload(&client, &room, path).await?);
        }
        let call = Call::post(format!("/rooms/{room}/messages"));
        let call = call.json(json!({ "text": self.text, "file_ids": files }));
        let posted = client.send(call.once()).await?;
        show(as_json, &posted, |posted| line!("{}", text(posted, "id")));
        Ok(())
    }
}

/// Uploads a file to a room; gives its id.
async fn upload(client: &Client, room: &str, path: &Path) -> Result<String> {
    let bytes = std::fs::read(path)
        .with_context(|| format!("{} cannot be read", path.display()))
        .map_err(Failure::failed)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name: String = name.bytes().map(encoded).collect();
    let upload = Call::post(format!("/rooms/{room}/files?name={name}")).bytes("application/octet-stream", bytes);
    let file = client.send(upload.once()).await?;
    Ok(text(&file, "id"))
}

/// Reads a room's newest messages.
#[derive(Args)]
pub(crate) struct Read {
    /// The room: its slug, name or id, or `MESH/SLUG`.
    room: String,
    /// How many, 1 to 200.
    #[arg(long, default_value_t = 20)]
    limit: u32,
    /// Wait for the next message, for so many seconds, if the newest one is yours.
    #[arg(long, default_value_t = 10)]
    wait_s: u64,
    /// The mesh; the one of `mesh init` when absent.
    #[arg(long, default_value = "")]
    mesh: String,
}

impl Read {
    pub(crate) async fn run(self, as_json: bool) -> Result<()> {
        let client = Client::stored()?;
        let room = client.room(&self.mesh, &self.room).await?;
        let path = format!("/rooms/{room}/messages?limit={}", self.limit);
        let cursor = client.post("/me/sync", json!({})).await?["cursor"].clone();
        let mut page = client.get(&path).await?;
        let me = client.get("/me").await?;
        if self.wait_s > 0 && !page["items"][0].is_null() && page["items"][0]["author"]["id"] == me["actor_id"] {
            let wait = json!({ "cursor": cursor, "wait_s": self.wait_s.min(30) });
            client.post("/me/events/poll", wait).await?;
            page = client.get(&path).await?;
        }
        show(as_json, &page, |page| {
            for message in page["items"].as_array().into_iter().flatten().rev() {
                line!("{}", said(message));
            }
        });
        Ok(())
    }
}

/// A message as it is shown: its author and its words.
pub(super) fn said(message: &Value) -> String {
    let words = if message["redacted"] == true {
        "(deleted)".into()
    } else {
        text(message, "text")
    };
    let mut said = format!("{}: {words}", text(&message["author"], "name"));
    for file in message["files"].as_array().into_iter().flatten() {
        said += " [";
        said += &text(file, "name");
        said += "]";
    }
    said
}
