use super::{show, text};
use crate::client::{Client, Result};
use crate::print::line;
use clap::Args;
use reqwest::Method;
use serde_json::json;

/// Says something in a room.
#[derive(Args)]
pub(crate) struct Say {
    /// The room: its slug, name or id.
    room: String,
    /// The words; `@handle` mentions.
    text: String,
    /// The mesh; the one of `mesh init` when absent.
    #[arg(long, default_value = "")]
    mesh: String,
}

impl Say {
    pub(crate) async fn run(self, as_json: bool) -> Result<()> {
        let mut client = Client::stored()?;
        let mesh = client.mesh(&self.mesh).await?;
        let room = client.room(&mesh, &self.room).await?;
        let body = json!({ "text": self.text });
        let posted = client
            .call(Method::POST, &format!("/rooms/{room}/messages"), Some(&body))
            .await?;
        show(as_json, &posted, |posted| line!("{}", text(posted, "id")));
        Ok(())
    }
}

/// Reads a room's newest messages.
#[derive(Args)]
pub(crate) struct Read {
    /// The room: its slug, name or id.
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
        let mut client = Client::stored()?;
        let mesh = client.mesh(&self.mesh).await?;
        let room = client.room(&mesh, &self.room).await?;
        let path = format!("/rooms/{room}/messages?limit={}", self.limit);
        let cursor = client.call(Method::POST, "/me/sync", Some(&json!({}))).await?["cursor"].clone();
        let mut page = client.call(Method::GET, &path, None).await?;
        let me = client.call(Method::GET, "/me", None).await?;
        if self.wait_s > 0 && !page["items"][0].is_null() && page["items"][0]["author"]["id"] == me["actor_id"] {
            let wait = json!({ "cursor": cursor, "wait_s": self.wait_s.min(30) });
            client.call(Method::POST, "/me/events/poll", Some(&wait)).await?;
            page = client.call(Method::GET, &path, None).await?;
        }
        show(as_json, &page, |page| {
            for message in page["items"].as_array().into_iter().flatten().rev() {
                let words = if message["redacted"] == true {
                    "(deleted)".into()
                } else {
                    text(message, "text")
                };
                line!("{}: {words}", text(&message["author"], "name"));
            }
        });
        Ok(())
    }
}
