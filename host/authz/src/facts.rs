use crate::{Matter, Permission};
use mesh_types::{
    ApprovalId, AutonomyLevel, BotId, JoinRule, MemberId, MeshId, Role, RoomId, RoomRole, Timestamp, bot::AutonomyCaps,
};
use std::{fmt, str::FromStr, sync::Arc};

/// What was true about a caller and a resource at one authority generation.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// When the question is asked; grants expire.
    pub now: Timestamp,
    /// The resource is there. When it is not, every answer is "not found".
    pub exists: bool,
    /// The mesh that holds the resource; none for what belongs to a person or the server.
    pub mesh: Option<MeshId>,
    /// The caller's place in that mesh.
    pub place: Option<Place>,
    /// The room that holds the resource.
    pub room: Option<RoomFacts>,
    /// The operation asks about a mesh and decides about each of its rooms by itself, so that scopes
    /// and grants for some of its rooms are enough to ask.
    pub room_by_room: bool,
    /// The bot that the resource is or belongs to.
    pub bot: Option<BotId>,
    /// The caller made the thing or is about to make it, is its keeper, or is it; for a list, it
    /// holds only such things. In rooms the room role counts instead.
    pub owned: bool,
    /// The caller shares a room with the subject, or with the bot when there is no subject. Outside
    /// rooms this is what `invited` means, so it counts for Members and bots as well as for Guests.
    pub shares_room: bool,
    /// The member acted upon, when the operation acts on one.
    pub subject: Option<Subject>,
    /// The role that would be given.
    pub giving: Option<Role>,
    /// Whether the operation works on a room that the caller sees but has not entered.
    pub entering: Entering,
    /// The kind of mesh policy that forbids this, such as `files`. Policies bind everyone.
    pub forbidden_by_policy: Option<&'static str>,
    /// A person let exactly this call go ahead. It answers an `ask` and nothing else.
    pub approved: Option<ApprovalId>,
    /// The operation that is called, where one is; rules may speak of it.
    pub operation: Option<&'static str>,
    /// The narrowing that applies when the caller is a bot.
    pub authority: Option<Arc<BotAuthority>>,
}

/// The caller's membership of a mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The membership.
    pub member: MemberId,
    /// Its role.
    pub role: Role,
    /// Suspended members keep their place and may do nothing.
    pub suspended: bool,
}

/// Where the caller of an operation on a room has to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Entering {
    /// In the room, or where everybody may read it.
    #[default]
    Needed,
    /// Anywhere the room can be seen from: `room.get` for whoever sees it, `room.archive` for
    /// whoever may enter any room. Joining, entering and deleting need no mark.
    NotNeeded,
}

/// A room, as the caller meets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomFacts {
    /// The room.
    pub id: RoomId,
    /// Who may find it and come in.
    pub join_rule: JoinRule,
    /// The caller's room role; none when not in the room.
    pub my_role: Option<RoomRole>,
    /// The caller holds an open invitation, or belongs to a team that the room lets in.
    pub invited: bool,
    /// Readers may react although they may not write.
    pub readers_may_react: bool,
    /// What overrides take from the caller here.
    pub taken_away: Vec<Permission>,
    /// Read-only for everyone.
    pub archived: bool,
}

/// A member that an operation acts upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// Its role now.
    pub role: Role,
    /// It is the caller.
    pub is_caller: bool,
    /// It is a bot.
    pub is_bot: bool,
    /// Its role in the room that holds the resource; none when not in the room.
    pub room_role: Option<RoomRole>,
}

/// Everything that narrows a bot below its role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BotAuthority {
    /// What the active version's manifest asks for; none for a bot without one, such as an
    /// external process, which then may use whatever is granted.
    pub manifest: Option<Vec<Wish>>,
    /// What people decided.
    pub grants: Vec<BotGrant>,
    /// How far the bot may act by itself.
    pub autonomy: Autonomy,
    /// How much it does by itself with [`Autonomy::ActLimited`]. The rooms are looked at here; whoever lets calls
    /// through counts the rest.
    pub caps: AutonomyCaps,
    /// What rules of its mesh make it ask about each time.
    pub asks: Vec<Ask>,
}

/// What a bot has to ask about each time, because a rule of its mesh says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// What is done.
    pub matter: Matter,
    /// Only in this room; anywhere when absent.
    pub room: Option<RoomId>,
}

/// One permission that a manifest asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The permission.
    pub permission: Permission,
    /// Where.
    pub on: Pattern,
    /// The bot does not activate while this is undecided.
    pub required: bool,
}

/// One decision of a person about a bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotGrant {
    /// The permission.
    pub permission: Permission,
    /// Where.
    pub on: Pattern,
    /// What was decided.
    pub effect: GrantEffect,
    /// Until when; none means until changed.
    pub expires_at: Option<Timestamp>,
}

/// What a person decided about a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantEffect {
    /// Go ahead.
    Allow,
    /// Ask a person each time.
    Ask,
    /// Never.
    Deny,
}

/// How far a bot may act by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Autonomy {
    /// Reads only.
    Observe,
    /// Every write is asked for.
    Suggest,
    /// As granted, within caps.
    ActLimited,
    /// As granted.
    #[default]
    Act,
}

impl From<AutonomyLevel> for Autonomy {
    fn from(level: AutonomyLevel) -> Self {
        match level {
            AutonomyLevel::Observe => Self::Observe,
            AutonomyLevel::Suggest => Self::Suggest,
            AutonomyLevel::ActLimited => Self::ActLimited,
            AutonomyLevel::Act => Self::Act,
        }
    }
}

/// The resources a wish or a grant speaks of. Text form: `*`, `mesh_…`, `room_…` or `bot_…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pattern {
    /// All of them.
    Any,
    /// Everything in one mesh.
    Mesh(MeshId),
    /// Everything in one room.
    Room(RoomId),
    /// Everything of one bot.
    Bot(BotId),
}

impl Pattern {
    /// How little it speaks of; of two that speak of the same thing, the narrower one decides.
    pub const fn narrowness(self) -> u8 {
        match self {
            Self::Any => 0,
            Self::Mesh(_) => 1,
            Self::Room(_) | Self::Bot(_) => 2,
        }
    }

    /// Whether it speaks of the resource that these facts describe.
    pub fn covers(self, facts: &Facts) -> bool {
        match self {
            Self::Any => true,
            Self::Mesh(id) => facts.mesh == Some(id),
            Self::Room(id) => facts.room.as_ref().is_some_and(|room| room.id == id),
            Self::Bot(id) => facts.bot == Some(id),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Mesh(id) => id.fmt(f),
            Self::Room(id) => id.fmt(f),
            Self::Bot(id) => id.fmt(f),
        }
    }
}

impl FromStr for Pattern {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "*" => Ok(Self::Any),
            _ => (text.parse().map(Self::Room))
                .or_else(|_| text.parse().map(Self::Mesh))
                .or_else(|_| text.parse().map(Self::Bot))
                .map_err(|_| "expected `*` or the id of a room, a mesh or a bot"),
        }
    }
}
