use crate::Permission;
use mesh_types::{ActorId, BotId, MeshId, PersonId, RoomId, SessionId, Timestamp, TokenId};
use std::sync::Arc;

/// Whoever asks, as its credential proved it. Rights are never in here; they are looked up.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who it is.
    pub who: Who,
    /// How that was proved.
    pub credential: Credential,
}

/// The kinds of callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// No credential was shown.
    Anonymous,
    /// A person; `operator` when the server's configuration names them as one.
    Person {
        /// The account.
        id: PersonId,
        /// May also operate the server.
        operator: bool,
    },
    /// A bot of one mesh.
    Bot {
        /// The bot.
        id: BotId,
        /// Its only mesh.
        mesh: MeshId,
    },
    /// The server's operator, by token or from the command line.
    Operator,
    /// Work of the server itself, with exactly these permissions.
    Job {
        /// What the log calls it.
        name: &'static str,
        /// All it may do.
        permissions: &'static [Permission],
    },
}

/// What was shown.
#[derive(Debug, Clone)]
pub enum Credential {
    /// Nothing.
    None,
    /// A session; `fresh_until` is when its recent sign-in stops counting as recent.
    Session {
        /// The session.
        id: SessionId,
        /// End of the ten minutes after a sign-in.
        fresh_until: Timestamp,
    },
    /// A personal access token, which narrows.
    Token(Arc<Scopes>),
    /// A bot's token over the network.
    BotToken,
    /// The bot host, for a component that it runs.
    Component,
    /// Inside this process: jobs and the command line.
    Internal,
}

/// What a personal access token is limited to.
#[derive(Debug, Clone)]
pub struct Scopes {
    /// The token.
    pub token: TokenId,
    /// Only these permissions.
    pub permissions: Vec<Permission>,
    /// Only these meshes; all when empty.
    pub meshes: Vec<MeshId>,
    /// Only these rooms; all when empty.
    pub rooms: Vec<RoomId>,
}

impl Caller {
    /// Nobody in particular.
    pub const ANONYMOUS: Self = Self {
        who: Who::Anonymous,
        credential: Credential::None,
    };

    /// The person or bot, if it is one.
    pub fn actor(&self) -> Option<ActorId> {
        match self.who {
            Who::Person { id, .. } => Some(id.into()),
            Who::Bot { id, .. } => Some(id.into()),
            Who::Anonymous | Who::Operator | Who::Job { .. } => None,
        }
    }

    /// The kind for logs and metrics: `anonymous`, `person`, `bot`, `operator` or `job`.
    pub const fn kind(&self) -> &'static str {
        match self.who {
            Who::Anonymous => "anonymous",
            Who::Person { .. } => "person",
            Who::Bot { .. } => "bot",
            Who::Operator => "operator",
            Who::Job { .. } => "job",
        }
    }
}
