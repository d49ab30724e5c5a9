use crate::Permission;
use crate::policy::Value;
use mesh_types::{JoinRule, Role, RoomRole};

/// Why a layer said what it said. Free to make; only the sentence costs something.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Why {
    // Credential
    CredentialFits,
    CredentialMisfit,
    NoCredential,
    Public,
    JobLists(Permission),
    JobLacks(&'static str),
    OperatorIsNobody,
    // Visibility
    Absent,
    NotOfAMesh,
    JobSees,
    Stranger,
    OtherMesh,
    Suspended,
    NotLetIn,
    SeesRoom,
    HiddenRoom(JoinRule),
    SeesMesh,
    HiddenMember,
    // Whenever there is nothing to say
    JobIsExact,
    NoRole,
    NoPermissionNeeded,
    // Human only
    ForPeople(Permission),
    BotsToo(Permission),
    NotABot,
    // Role
    TokenNeverOperates,
    Operator,
    NotOperator,
    RoleHas(Role, Permission, Value),
    RoleLacks(Role, Permission),
    // Ownership
    EveryOne(Permission),
    Owned,
    NotOwned(Permission),
    RoomRoleAdds(RoomRole, Permission),
    RoomRoleLacks(Permission),
    InRoom,
    NotInRoom(Permission),
    SharesRoom,
    SharesNoRoom,
    Narrowed,
    // Room role
    NoRoom,
    FixedPeople,
    MayJoin,
    ByInvitation,
    OpenRoom,
    NoEntryNeeded,
    EnterFirst,
    JoinFirst,
    KeepsMatrix(Role),
    ReadersKeep(Permission),
    ReadOnly,
    // Override
    NeverOverridden,
    TakenAway(Permission),
    NothingTaken,
    // Rank
    ActsOnNobody,
    RankIgnored,
    OnOneself,
    Keeper,
    Outranks(Role, Role),
    Outranked(Role, Role),
    OutranksInRoom,
    OutrankedInRoom,
    CreatorUntouchable,
    MayGive,
    GivesTooMuch(Role, Role),
    NotForPersons,
    NotForBots,
    BotsStartLow,
    // Policy
    Policy(&'static str),
    NoPolicy,
    // Scope
    NotAToken,
    InScope(Permission),
    NotInScope(Permission),
    ElsewhereInScope,
    // Grant
    Denied(Permission),
    Implied,
    Undecided(Permission),
    Observes,
    NotAskedFor(Permission),
    Granted(Permission),
    // Approval
    NothingAsks,
    AsksEachTime(Permission),
    Suggests,
    RuleAsks(Permission),
    OutsideItsRooms,
    Approved,
}

impl Why {
    /// The same for people, with what would have to change.
    pub(crate) fn sentence(self) -> String {
        match self {
            Self::JobLists(permission) => format!("This job of the server may use `{permission}`."),
            Self::JobLacks(name) => format!("The job `{name}` may do only what is listed for it, and this is not."),
            Self::HiddenRoom(JoinRule::Direct) => "Only its participants know of a direct room.".to_owned(),
            Self::HiddenRoom(rule) => {
                format!("The join rule of this room, `{rule}`, hides it from the caller; an invitation would show it.")
            }
            Self::ForPeople(permission) => format!("`{permission}` is for people; a person has to do this."),
            Self::BotsToo(permission) => format!("`{permission}` is not only for people."),
            Self::RoleHas(role, permission, Value::Yes) => format!("The role {role} has `{permission}`."),
            Self::RoleHas(role, permission, reach) => format!("The role {role} has `{permission}` as `{reach}`."),
            Self::RoleLacks(role, permission) => {
                format!("The role {role} does not have `{permission}`; another role in the mesh would be needed.")
            }
            Self::EveryOne(permission) => format!("The role has `{permission}` for everything it can see."),
            Self::NotOwned(permission) => {
                format!("The role has `{permission}` only for what the caller made or looks after.")
            }
            Self::RoomRoleAdds(role, permission) => format!("The room role {role} gives `{permission}` in this room."),
            Self::RoomRoleLacks(permission) => {
                format!("`{permission}` needs another role in this room; a room owner can give it.")
            }
            Self::NotInRoom(permission) => {
                format!("`{permission}` works only in rooms that the caller is in; join this room first.")
            }
            Self::KeepsMatrix(role) => format!("The role {role} keeps its rights in every room it is in."),
            Self::ReadersKeep(permission) => format!("Reading members of this room keep `{permission}`."),
            Self::TakenAway(permission) => {
                format!("An override takes `{permission}` away in this room; a room owner can lift it.")
            }
            Self::Outranks(mine, other) => format!("The role {mine} ranks above {other}."),
            Self::Outranked(mine, other) => {
                format!("The role {mine} does not rank above {other}; somebody of higher role has to do this.")
            }
            Self::GivesTooMuch(mine, given) => {
                format!("The role {mine} cannot give {given}; only roles below one's own can be given.")
            }
            // A question has deciders of its own, whatever the mesh forbids otherwise.
            Self::Policy("approvals") => {
                "Others decide this: never who asks, and only those whom its rule names, or to whom it was handed."
                    .to_owned()
            }
            Self::Policy(kind) => format!("The `{kind}` policy of the mesh forbids this; an admin can change it."),
            Self::InScope(permission) => format!("The token is for `{permission}` here."),
            Self::NotInScope(permission) => format!("The token does not name `{permission}`; make one that does."),
            Self::Denied(permission) => {
                format!("`{permission}` was denied to the bot here; an admin can decide otherwise.")
            }
            Self::Undecided(permission) => {
                format!(
                    "Nobody granted `{permission}` to the bot here, or the grant has expired; an admin can grant it."
                )
            }
            Self::NotAskedFor(permission) => format!(
                "The bot's manifest does not ask for `{permission}` here; a version that asks for it is needed."
            ),
            Self::Granted(permission) => format!("`{permission}` was granted to the bot here."),
            Self::AsksEachTime(permission) => format!("The grant of `{permission}` asks a person each time."),
            Self::RuleAsks(permission) => {
                format!("A rule of the mesh makes `{permission}` wait for people; an admin can change the rule.")
            }
            fixed => fixed.fixed().to_owned(),
        }
    }

    /// The sentences that are always the same.
    const fn fixed(self) -> &'static str {
        match self {
            Self::CredentialFits => "The credential belongs to the one who asks.",
            Self::CredentialMisfit => "This kind of credential does not prove this kind of caller; sign in again.",
            Self::NoCredential => "No credential was shown; sign in first.",
            Self::Public => "Everybody may do this, without a credential.",
            Self::OperatorIsNobody => "The server's operator is not a person or a bot; sign in as one.",
            Self::Absent => "There is no such thing.",
            Self::NotOfAMesh => "It is there, and whether it can be seen does not depend on a mesh.",
            Self::JobSees => "Work of the server sees everything.",
            Self::Stranger => "Only members of the mesh see it; an invitation would be needed.",
            Self::OtherMesh => "The bot belongs to another mesh.",
            Self::Suspended => "The caller is suspended; somebody who may suspend can lift it.",
            Self::NotLetIn => "The caller has asked to join and was not let in yet.",
            Self::SeesRoom => "The caller can see the room.",
            Self::SeesMesh => "The caller is a member of the mesh.",
            Self::HiddenMember => "The role shows only people that the caller shares a room with.",
            Self::JobIsExact => "Only the job's own list counts.",
            Self::NoRole => "The caller has no role in the mesh.",
            Self::NoPermissionNeeded => "No permission is needed.",
            Self::NotABot => "This is asked only of bots.",
            Self::TokenNeverOperates => "A personal access token does not operate the server; use a session.",
            Self::Operator => "The caller operates the server.",
            Self::NotOperator => "Only the server's operator may; the server's configuration says who that is.",
            Self::Owned => "The caller made it, looks after it, or is it.",
            Self::InRoom => "The caller is in the room or invited to it.",
            Self::SharesRoom => "The caller is it, or shares a room with it.",
            Self::SharesNoRoom => "This works only with people that the caller shares a room with.",
            Self::Narrowed => "The operation is limited to what the caller is invited to.",
            Self::NoRoom => "This is not in a room.",
            Self::FixedPeople => "The people of a direct room are fixed; open another one with the right people.",
            Self::MayJoin => "The caller may come in or ask to.",
            Self::ByInvitation => "The room is joined by invitation; somebody inside can invite.",
            Self::OpenRoom => "The room is open to those who see it.",
            Self::NoEntryNeeded => "This works without entering the room.",
            Self::EnterFirst => "Enter the room first; its people will be told.",
            Self::JoinFirst => "This works only in the room; join it first.",
            Self::ReadOnly => "The caller only reads in this room; a room owner can make it a participant.",
            Self::NeverOverridden => "Nothing is taken from the Creator.",
            Self::NothingTaken => "No override takes this away in the room.",
            Self::ActsOnNobody => "This acts on no member.",
            Self::RankIgnored => "Rank does not matter for this.",
            Self::OnOneself => "The caller acts on itself.",
            Self::Keeper => "The caller looks after this bot.",
            Self::OutranksInRoom => "The caller's room role ranks above the other's.",
            Self::OutrankedInRoom => {
                "The caller's room role does not rank above the other's; a room owner may do this."
            }
            Self::CreatorUntouchable => "Nobody acts on the Creator, who can only hand the mesh over.",
            Self::MayGive => "The role that is given is below the caller's own.",
            Self::NotForPersons => "A person never has the role Bot; give another one.",
            Self::NotForBots => "A bot never has the role Member; give Bot or Guest.",
            Self::BotsStartLow => "A bot starts as Bot, Guest or Pending and is promoted later.",
            Self::NoPolicy => "No policy of the mesh forbids this.",
            Self::NotAToken => "The credential is not a token with scopes.",
            Self::ElsewhereInScope => "The token is limited to other meshes or rooms; make one for this place.",
            Self::Implied => "A bot may look at and run itself.",
            Self::Observes => "The bot only observes; an admin can raise its autonomy level.",
            Self::NothingAsks => "Nobody has to be asked.",
            Self::Suggests => "The bot only suggests, so a person decides each time.",
            Self::OutsideItsRooms => "The bot writes by itself only in the rooms of its caps, so a person decides.",
            Self::Approved => "A person let exactly this go ahead.",
            // The rest depends on what was asked, and `sentence` says it.
            _ => "",
        }
    }
}
