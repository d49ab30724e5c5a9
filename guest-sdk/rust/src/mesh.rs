use crate::{
    Approvals, Draft, Error, Files, Identity, Kv, Members, MeshInfo, Message, MessageWriter, Messages, OwnBot, Result,
    Rooms, Threads, Timers, backend::Backend, raw::mesh::bot::meshes::PermissionQuestion,
};
use serde::{Serialize, de::DeserializeOwned};

/// The mesh a bot is in: everything it can ask for starts here.
///
/// Every call asks the mesh, which decides each time whether the bot may; nothing is cached here.
#[derive(Clone)]
pub struct Mesh {
    pub(crate) backend: Backend,
}

/// Whether the bot has a permission on something; see [`Mesh::may`].
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// A permission, such as `message.post`.
    pub permission: String,
    /// The id of what it would be used on.
    pub resource: String,
}

impl Mesh {
    pub(crate) fn new(backend: Backend) -> Self {
        Self { backend }
    }

    /// Answers a message where it stands: in its thread if it is in one, and as a reply to it.
    pub fn reply(&self, to: &Message, text: impl Into<String>) -> Result<Message> {
        self.messages().send(Draft::answering(to, text))
    }

    /// Answers a message where it stands, bit by bit: people see the answer while it is written. Needs `message.post`
    /// and `message.edit`.
    pub fn reply_streaming(&self, to: &Message) -> Result<MessageWriter<'_>> {
        self.messages().stream(Draft::answering(to, ""))
    }

    /// Puts an emoji on a message.
    pub fn react(&self, to: &Message, emoji: &str) -> Result {
        self.messages().react(&to.id, emoji)
    }

    /// Posting, reading, changing and deleting messages, and reactions.
    pub fn messages(&self) -> Messages<'_> {
        Messages { mesh: self }
    }

    /// Threads and what was said in them.
    pub fn threads(&self) -> Threads<'_> {
        Threads { mesh: self }
    }

    /// Rooms and who is in them.
    pub fn rooms(&self) -> Rooms<'_> {
        Rooms { mesh: self }
    }

    /// The people and bots of the mesh.
    pub fn members(&self) -> Members<'_> {
        Members { mesh: self }
    }

    /// The bot's own store, which outlives every instance.
    pub fn kv(&self) -> Kv<'_> {
        Kv { mesh: self }
    }

    /// Files of rooms: reading them and making new ones.
    pub fn files(&self) -> Files<'_> {
        Files { mesh: self }
    }

    /// The bot's own timers.
    pub fn timers(&self) -> Timers<'_> {
        Timers { mesh: self }
    }

    /// Questions to people.
    pub fn approvals(&self) -> Approvals<'_> {
        Approvals { mesh: self }
    }

    /// What the mesh knows about this bot: its state, grants and limits, and why it may not.
    pub fn own_bot(&self) -> OwnBot<'_> {
        OwnBot { mesh: self }
    }

    /// Asks a bot of this mesh for something and waits for its answer, at most 30 s. Needs `command.invoke`.
    ///
    /// What the other bot answers in place of an answer is [`Error::Failed`](crate::Error::Failed). A bot that waits
    /// handles nothing else meanwhile, unless `bot.toml` gives it several instances.
    ///
    /// ```
    /// # use mesh_bot::{Mesh, Result};
    /// fn translated(mesh: &Mesh, translator: &str, text: &str) -> Result<String> {
    ///     mesh.call(translator, "translate", &text)
    /// }
    /// ```
    pub fn call<T: DeserializeOwned>(&self, bot: &str, method: &str, input: &impl Serialize) -> Result<T> {
        let input = serde_json::to_string(input)?;
        match self.backend.bot_call(bot, method, &input, None)? {
            Ok(answer) => parse(&answer),
            Err(why) => Err(Error::failed(why)),
        }
    }

    /// The bot's settings as a type of its own. Secrets are never in them.
    ///
    /// ```
    /// # use mesh_bot::{Bot, Mesh, Result};
    /// #[derive(Default, serde::Deserialize)]
    /// #[serde(default, deny_unknown_fields)]
    /// struct Settings {
    ///     greeting: String,
    /// }
    ///
    /// #[derive(Default)]
    /// struct Greeter {
    ///     settings: Settings,
    /// }
    ///
    /// impl Bot for Greeter {
    ///     fn start(&mut self, mesh: &Mesh) -> Result {
    ///         self.settings = mesh.config()?;
    ///         Ok(())
    ///     }
    ///
    ///     fn on_config_changed(&mut self, mesh: &Mesh) -> Result {
    ///         self.start(mesh)
    ///     }
    /// }
    /// ```
    pub fn config<T: DeserializeOwned>(&self) -> Result<T> {
        parse(&self.backend.config_get()?)
    }

    /// A secret that `bot.toml` names, as a person entered it; [`crate::Error::NotFound`] until then. Needs `bot.state`.
    ///
    /// The mesh takes it out of the bot's log and of its errors, where it stands there as it is.
    pub fn secret(&self, name: &str) -> Result<String> {
        Ok(self.backend.secret_read(name)?)
    }

    /// Who this bot is in the mesh.
    pub fn whoami(&self) -> Result<Identity> {
        Ok(self.backend.whoami()?)
    }

    /// Name and description of the mesh.
    pub fn about(&self) -> Result<MeshInfo> {
        Ok(self.backend.mesh_get()?)
    }

    /// The roles of the mesh and what each may do, as the operation `role.list` answers.
    pub fn roles<T: DeserializeOwned>(&self) -> Result<T> {
        parse(&self.backend.role_list()?)
    }

    /// Whether this bot may use a permission on a resource right now.
    pub fn may(&self, permission: &str, resource: &str) -> Result<bool> {
        let question = Check {
            permission: permission.into(),
            resource: resource.into(),
        };
        Ok(self.may_each([question])?.first().copied().unwrap_or(false))
    }

    /// Answers up to 100 questions with one call, in their order.
    pub fn may_each(&self, questions: impl IntoIterator<Item = Check>) -> Result<Vec<bool>> {
        let questions: Vec<_> = questions
            .into_iter()
            .map(|question| PermissionQuestion {
                permission: question.permission,
                resource: question.resource,
            })
            .collect();
        Ok(self.backend.permission_check(&questions)?)
    }

    /// Rooms, unread counts and positions, as the operation `event.sync` answers; with the cursor of an
    /// earlier answer, everything since.
    pub fn sync<T: DeserializeOwned>(&self, cursor: Option<&str>) -> Result<T> {
        parse(&self.backend.event_sync(cursor)?)
    }

    /// The operations this bot may use, as `docs.ops` answers.
    pub fn operations<T: DeserializeOwned>(&self) -> Result<T> {
        parse(&self.backend.docs_ops()?)
    }
}

/// Reads an answer of the mesh that is a JSON document.
pub(crate) fn parse<T: DeserializeOwned>(json: &str) -> Result<T> {
    Ok(serde_json::from_str(json)?)
}
