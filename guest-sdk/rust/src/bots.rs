use crate::{Mesh, Result, mesh::parse, raw::mesh::bot::types::PageRequest};
use serde::de::DeserializeOwned;

/// What the mesh knows about bots; see [`Mesh::own_bot`]. Answers are those of the operations named,
/// read into a type of the caller, or into `serde_json::Value`.
#[derive(Clone, Copy)]
pub struct OwnBot<'a> {
    pub(crate) mesh: &'a Mesh,
}

impl OwnBot<'_> {
    /// `bot.status` of this bot: state, version, last error, lag. Needs `bot.operate`.
    pub fn status<T: DeserializeOwned>(self) -> Result<T> {
        parse(&self.mesh.backend.bot_status()?)
    }

    /// `bot.explain`: which layer allows or refuses this bot an operation on a resource. Needs `bot.operate`.
    pub fn explain<T: DeserializeOwned>(self, operation: &str, resource: &str) -> Result<T> {
        parse(&self.mesh.backend.bot_explain(operation, resource)?)
    }

    /// `bot_grant.list`: what this bot asked for and what was decided. Needs `bot.operate`.
    pub fn grants<T: DeserializeOwned>(self) -> Result<T> {
        parse(&self.mesh.backend.bot_grant_list()?)
    }

    /// `bot_limit.get`: this bot's limits and what it uses of them. Needs `bot.operate`.
    pub fn limits<T: DeserializeOwned>(self) -> Result<T> {
        parse(&self.mesh.backend.bot_limit_get()?)
    }

    /// `bot_subscription.get`: which events this bot is handed. Needs `bot.state`.
    pub fn subscription<T: DeserializeOwned>(self) -> Result<T> {
        parse(&self.mesh.backend.bot_subscription_get()?)
    }

    /// `bot_subscription.put`: from now on only these events of those that `bot.toml` subscribes to, and only of
    /// these rooms of those the bot is in; `None` means all. Needs `bot.state`.
    pub fn subscribe(self, events: Option<&[String]>, rooms: Option<&[String]>) -> Result {
        self.mesh.backend.bot_subscription_put(events, rooms)?;
        Ok(())
    }

    /// `bot.list`: one page of the bots of the mesh. Needs `member.read`.
    pub fn list<T: DeserializeOwned>(self, cursor: Option<&str>) -> Result<T> {
        parse(&self.mesh.backend.bot_list(&PageRequest {
            cursor: cursor.map(Into::into),
            limit: None,
        })?)
    }

    /// `bot.get`: another bot, or this one. Needs `member.read`.
    pub fn get<T: DeserializeOwned>(self, bot: &str) -> Result<T> {
        parse(&self.mesh.backend.bot_get(bot)?)
    }
}
