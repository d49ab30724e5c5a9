use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// An enumeration that travels and is stored as `snake_case` text.
macro_rules! text_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// Every value, in the order of the declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The text form.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($text => Ok(Self::$variant),)*
                    other => Err(format!("`{other}` is none of {}", [$($text),*].join(", "))),
                }
            }
        }
    };
}

text_enum! {
    /// What an actor is in a mesh; each has exactly one. Declared from the highest rank to the
    /// lowest, so `a < b` reads "a ranks above b".
    Role {
        /// The one who answers for the mesh; exactly one.
        Creator = "creator",
        /// Runs the mesh.
        Admin = "admin",
        /// Keeps order.
        Moderator = "moderator",
        /// The usual role of a bot.
        Bot = "bot",
        /// The usual role of a person.
        Member = "member",
        /// Sees only the rooms it was invited to.
        Guest = "guest",
        /// Asked to join, not yet let in.
        Pending = "pending",
    }
}

impl Role {
    /// 1 for the Creator to 7 for Pending.
    pub const fn rank(self) -> u8 {
        self as u8 + 1
    }
}

text_enum! {
    /// How a button looks.
    #[derive(Default)]
    ActionStyle {
        /// Like any other.
        #[default]
        Plain = "plain",
        /// It is the one to press.
        Primary = "primary",
        /// It does harm.
        Danger = "danger",
    }
}

text_enum! {
    /// What an actor is in one room.
    RoomRole {
        /// Manages, moderates and may delete the room.
        Owner = "owner",
        /// Keeps order in the room.
        Moderator = "moderator",
        /// Takes part.
        Participant = "participant",
        /// Reads.
        ReadOnly = "read_only",
    }
}

text_enum! {
    /// Who may find a room and come in.
    JoinRule {
        /// Everyone whose `room.read` is `yes`.
        Public = "public",
        /// After somebody inside approves.
        Request = "request",
        /// Members of named teams.
        Team = "team",
        /// By invitation.
        Private = "private",
        /// A direct room: its people are fixed.
        Direct = "direct",
    }
}

text_enum! {
    /// What a room is for.
    RoomKind {
        /// Everybody in it talks.
        Chat = "chat",
        /// Few talk, many read.
        Announcement = "announcement",
        /// A conversation of two to nine.
        Direct = "direct",
    }
}

text_enum! {
    /// Who may post in a room, besides those who lead it.
    Posters {
        /// Everybody in it who is no reader.
        Everyone = "everyone",
        /// Nobody: only its owners and moderators, and the mesh's Moderators and above.
        Leads = "leads",
    }
}

text_enum! {
    /// Why somebody is notified.
    NotificationKind {
        /// A message names it.
        Mention = "mention",
        /// A message answers it, or replies in a thread that it began or follows.
        Reply = "reply",
    }
}

text_enum! {
    /// What of a room somebody wants to be notified of.
    NotifyLevel {
        /// Everything.
        All = "all",
        /// Mentions and replies.
        Mentions = "mentions",
        /// Nothing.
        None = "none",
    }
}

text_enum! {
    /// Which messages of a room a bot gets.
    Hears {
        /// Every message.
        All = "all",
        /// Those that mention it.
        Mentions = "mentions",
        /// Its slash commands only.
        Commands = "commands",
    }
}

text_enum! {
    /// What an actor chooses to show while it is connected.
    Presence {
        /// That it is there.
        Online = "online",
        /// That it is there but not looking.
        Away = "away",
        /// That it wants to be left alone.
        DoNotDisturb = "do_not_disturb",
        /// Nothing: it looks as if it were not there.
        Invisible = "invisible",
    }
}

text_enum! {
    /// What others see of an actor.
    Shown {
        /// It is connected.
        Online = "online",
        /// It is connected but not looking.
        Away = "away",
        /// It wants to be left alone.
        DoNotDisturb = "do_not_disturb",
        /// It has no connection, or does not want it to be seen.
        Offline = "offline",
    }
}

text_enum! {
    /// Where the author of a message stands, as the server sees it.
    Trust {
        /// The bot's keeper.
        Owner = "owner",
        /// A member of this mesh.
        Local = "local",
        /// A member of a peer mesh.
        Federated = "federated",
        /// Nobody vouches for it.
        Untrusted = "untrusted",
    }
}

text_enum! {
    /// What runs a bot.
    BotBackend {
        /// A component in this server.
        Wasm = "wasm",
        /// A container of a Docker engine.
        Docker = "docker",
        /// A pod of a Kubernetes cluster.
        K8s = "k8s",
        /// Its own process somewhere, with a token.
        External = "external",
    }
}

text_enum! {
    /// What a person decided about a permission of a bot.
    Decision {
        /// Go ahead.
        Allow = "allow",
        /// Ask a person each time.
        Ask = "ask",
        /// Never.
        Deny = "deny",
    }
}

text_enum! {
    /// How far a bot may act by itself.
    AutonomyLevel {
        /// It reads only.
        Observe = "observe",
        /// Each of its writes waits for a person.
        Suggest = "suggest",
        /// As granted, within caps of its own.
        ActLimited = "act_limited",
        /// As granted.
        Act = "act",
    }
}

text_enum! {
    /// How far a question to people has come. Only `pending` ever changes.
    ApprovalState {
        /// Waits for somebody to decide.
        Pending = "pending",
        /// Somebody agreed.
        Approved = "approved",
        /// Somebody did not.
        Rejected = "rejected",
        /// Whoever asked does not want it any more.
        Cancelled = "cancelled",
        /// Nobody decided in time.
        Expired = "expired",
    }
}

text_enum! {
    /// What an approval is good for.
    ApprovalScope {
        /// This call.
        Once = "once",
        /// From now on, whatever the bot does of this kind in this room.
        Room = "room",
        /// From now on, whatever the bot does of this kind.
        Always = "always",
    }
}

text_enum! {
    /// What becomes of a question that nobody decided in time.
    OnDeadline {
        /// It expires, which is a no.
        Expire = "expire",
        /// It counts as agreed to: people had their time to object.
        Allow = "allow",
    }
}

text_enum! {
    /// How much a line of a bot's log matters, from the least to the most.
    LogLevel {
        /// Every step.
        Trace = "trace",
        /// For the author.
        Debug = "debug",
        /// For the keeper.
        Info = "info",
        /// Something to look at.
        Warn = "warn",
        /// Something failed.
        Error = "error",
    }
}
