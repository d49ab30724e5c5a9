//! The reviewed tables: what a role may do, and what a room role adds or takes away.

use crate::{Permission, named::named};
use mesh_types::{JoinRule, Role, RoomRole};

named! {
    /// How far a role's permission reaches.
    Value {
        /// Anything of that kind that the caller can see.
        Yes = "yes",
        /// Only what the caller made or looks after.
        Own = "own",
        /// Only rooms that the caller is in or holds an open invitation to; outside rooms, only
        /// people that the caller shares a room with.
        Invited = "invited",
        /// Never.
        No = "no",
    }
}

/// How far a permission reaches for a role. This is a ceiling: everything else only takes away.
pub const fn value(permission: Permission, role: Role) -> Value {
    MATRIX[permission as usize].1[role as usize]
}

type Matrix = [(Permission, [Value; Role::ALL.len()]); Permission::ALL.len()];

macro_rules! matrix {
    ($($permission:ident $($value:ident)*;)*) => {
        [$((Permission::$permission, [$(matrix!(@$value)),*])),*]
    };
    (@yes) => { Value::Yes };
    (@own) => { Value::Own };
    (@invited) => { Value::Invited };
    (@no) => { Value::No };
}

#[rustfmt::skip]
const MATRIX: Matrix = matrix! {
//                     Creator  Admin    Mod.     Bot      Member   Guest    Pending
    MeshRead           yes      yes      yes      yes      yes      yes      no;
    MeshManage         yes      yes      no       no       no       no       no;
    MeshOwn            yes      no       no       no       no       no       no;
    MeshData           yes      yes      no       no       no       no       no;
    EmojiManage        yes      yes      yes      no       own      no       no;

    RoomRead           yes      yes      yes      invited  yes      invited  no;
    RoomCreate         yes      yes      yes      yes      yes      no       no;
    RoomJoin           yes      yes      yes      invited  yes      invited  no;
    RoomInvite         yes      yes      yes      invited  invited  no       no;
    RoomManage         yes      yes      yes      own      own      no       no;
    RoomModerate       yes      yes      yes      own      own      no       no;
    RoomDelete         yes      yes      own      own      own      no       no;
    RoomEnterAny       yes      yes      no       no       no       no       no;

    MessageRead        yes      yes      yes      invited  yes      invited  no;
    MessagePost        yes      yes      yes      invited  invited  invited  no;
    MessageEdit        own      own      own      own      own      own      no;
    MessageDelete      yes      yes      yes      own      own      own      no;
    MessageReact       yes      yes      yes      invited  invited  invited  no;
    MessagePin         yes      yes      yes      invited  invited  no       no;
    MessageModerate    yes      yes      yes      own      own      no       no;

    MemberRead         yes      yes      yes      yes      yes      invited  no;
    MemberProfile      yes      yes      own      own      own      own      no;
    MemberInvite       yes      yes      yes      no       no       no       no;
    MemberRole         yes      yes      no       no       no       no       no;
    MemberModerate     yes      yes      yes      no       no       no       no;
    MemberAudit        yes      yes      own      no       own      own      no;
    MemberData         yes      yes      own      no       own      own      own;
    TeamManage         yes      yes      yes      no       own      no       no;

    BotCreate          yes      yes      no       no       no       no       no;
    BotManage          yes      yes      own      no       own      no       no;
    BotOperate         yes      yes      yes      own      own      no       no;
    BotGrant           yes      yes      no       no       no       no       no;
    BotState           yes      yes      own      own      own      no       no;
    BotNetwork         no       no       no       own      no       no       no;
    CommandInvoke      yes      yes      yes      invited  invited  invited  no;

    ApprovalRequest    yes      yes      yes      yes      yes      no       no;
    ApprovalRead       yes      yes      yes      own      own      no       no;
    ApprovalDecide     yes      yes      own      no       own      no       no;
    TrustManage        yes      yes      no       no       no       no       no;

    FileRead           yes      yes      yes      invited  yes      invited  no;
    FileUpload         yes      yes      yes      invited  invited  invited  no;
    FileManage         yes      yes      yes      own      own      own      no;
    FileShare          yes      yes      yes      no       own      no       no;
    AppUse             yes      yes      yes      invited  invited  invited  no;
    AppPublish         yes      yes      own      own      own      no       no;
    AppInstall         yes      yes      no       no       no       no       no;

    IntegrationManage  yes      yes      yes      own      no       no       no;
    FederationManage   yes      yes      no       no       no       no       no;
    FederationShare    yes      yes      no       no       no       no       no;
    CapabilityPublish  yes      yes      no       own      no       no       no;
    CapabilityInvoke   yes      yes      yes      yes      yes      no       no;
    AgreementManage    yes      yes      no       no       no       no       no;

    IdentityManage     yes      yes      own      own      own      own      no;
    UcanDelegate       own      own      own      own      own      no       no;
    LedgerRead         yes      yes      own      own      own      no       no;
    LedgerTransfer     own      own      own      own      own      no       no;
    LedgerManage       yes      yes      no       no       no       no       no;
    AuditRead          yes      yes      no       no       no       no       no;
};

/// A row in the wrong place does not compile, so the lookup needs no search.
const _: () = {
    let mut row = 0;
    while row < MATRIX.len() {
        assert!(
            MATRIX[row].0 as usize == row,
            "the matrix is not in the order of the permissions"
        );
        row += 1;
    }
};

/// What a room role makes `own` true for, in its room.
pub(crate) const fn adds(role: RoomRole) -> &'static [Permission] {
    use Permission::{MessageModerate, MessagePin, RoomDelete, RoomInvite, RoomManage, RoomModerate};
    match role {
        RoomRole::Owner => &[
            RoomManage,
            RoomModerate,
            RoomDelete,
            MessageModerate,
            MessagePin,
            RoomInvite,
        ],
        RoomRole::Moderator => &[RoomModerate, MessageModerate, MessagePin, RoomInvite],
        RoomRole::Participant | RoomRole::ReadOnly => &[],
    }
}

/// All that reading members keep in a room. They also keep `message.react` if the room says so.
pub(crate) const READERS_KEEP: &[Permission] = &[
    Permission::RoomRead,
    Permission::MessageRead,
    Permission::FileRead,
    Permission::RoomJoin,
];

/// What a join rule means to those who are not in the room.
pub(crate) struct Door {
    /// The permission that shows the room, when its value is `yes`; none shows it to nobody else.
    pub(crate) shown_by: Option<Permission>,
    /// Whoever sees the room also reads it.
    pub(crate) reads: Outside,
    /// Who may come in.
    pub(crate) joins: Outside,
}

/// Which of those who see a room from outside.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outside {
    All,
    Invited,
    Nobody,
}

/// The join rules as a table. An invitation shows every room except a direct one.
#[rustfmt::skip]
#[expect(clippy::match_same_arms, reason = "one row per join rule, as in the catalogue")]
pub(crate) const fn door(rule: JoinRule) -> Door {
    use Outside::{All, Invited, Nobody};
    use Permission::{RoomEnterAny, RoomRead};
    let (shown_by, reads, joins) = match rule {
        //                    shown by            reads   joins
        JoinRule::Public  => (Some(RoomRead),     All,    All),
        JoinRule::Request => (Some(RoomRead),     Nobody, All),
        JoinRule::Team    => (Some(RoomEnterAny), Nobody, Invited),
        JoinRule::Private => (Some(RoomEnterAny), Nobody, Invited),
        JoinRule::Direct  => (None,               Nobody, Nobody),
    };
    Door { shown_by, reads, joins }
}
