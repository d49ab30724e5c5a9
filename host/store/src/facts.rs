//! What authorization needs to know, before anything is allowed. These reads take ids, not grants;
//! everything else in this crate that writes takes a grant.

use crate::{Error, Tx, text, text_option};
use mesh_types::{
    ActorId, ApprovalId, AutonomyLevel, BotId, BotVersionId, FileId, InviteId, JoinRule, MemberId, MeshId, MessageId,
    PersonId, Role, RoomId, RoomKind, RoomRole, SessionId, ThreadId, TimerId, Timestamp, TokenId,
};

crate::statements! {
    MESH = "SELECT 1 FROM meshes WHERE id = $1 AND deleted_at IS NULL";
    PLACE = "SELECT m.id, m.role, m.state FROM members m JOIN meshes h ON h.id = m.mesh_id WHERE m.mesh_id = $1 AND m.actor_id = $2 AND m.state <> 'left' AND h.deleted_at IS NULL";
    ROOM = "SELECT mesh_id, kind, join_rule, readers_may_react, archived_at FROM rooms WHERE id = $1 AND deleted_at IS NULL";
    SEAT = "SELECT m.room_role, b.may_post FROM room_members m LEFT JOIN room_bots b ON b.room_id = m.room_id AND b.bot_id = m.actor_id WHERE m.room_id = $1 AND m.actor_id = $2";
    MESSAGE = "SELECT room_id, author_id FROM messages WHERE id = $1";
    FILE = "SELECT room_id, uploaded_by FROM files WHERE id = $1 AND deleted_at IS NULL";
    THREAD = "SELECT t.room_id, m.author_id FROM threads t JOIN messages m ON m.id = t.root_id WHERE t.id = $1";
    MEMBER = "SELECT mesh_id, actor_id, role, state FROM members WHERE id = $1";
    APPROVAL = "SELECT a.mesh_id, a.requester_id, a.approver_role, d.may FROM approvals a LEFT JOIN approval_deciders d ON d.approval_id = a.id AND d.person_id = $2 WHERE a.id = $1";
    AUTONOMY = "SELECT autonomy, caps FROM bots WHERE id = $1";
    TIMER = "SELECT bot_id FROM bot_timers WHERE id = $1";
    INVITE = "SELECT mesh_id, created_by FROM invites WHERE id = $1";
    BOT = "SELECT mesh_id, member_id, keeper_id, active_version FROM bots WHERE id = $1 AND deleted_at IS NULL";
    VERSION = "SELECT bot_id FROM bot_versions WHERE id = $1";
    MANIFEST = "SELECT v.manifest FROM bots b JOIN bot_versions v ON v.id = b.active_version WHERE b.id = $1";
    GRANTS = "SELECT g.permission, g.pattern, g.effect, g.expires_at FROM bot_grants g JOIN bots b ON b.id = g.bot_id LEFT JOIN bot_versions v ON v.id = b.active_version WHERE g.bot_id = $1 AND (g.effect = 'deny' OR g.publisher = COALESCE(v.publisher, ''))";
    SHARES_ROOM = "SELECT 1 FROM room_members a JOIN room_members b ON b.room_id = a.room_id JOIN rooms r ON r.id = a.room_id WHERE a.actor_id = $1 AND b.actor_id = $2 AND r.mesh_id = $3 AND r.deleted_at IS NULL LIMIT 1";
    SESSION = "SELECT s.id, s.person_id, s.access_expires_at, s.fresh_until, s.ended_at, p.disabled_at, p.email, p.operator FROM sessions s JOIN people p ON p.id = s.person_id WHERE s.access_hash = $1";
    TOKEN = "SELECT t.id, t.kind, t.owner_id, t.permissions, t.meshes, t.rooms, t.expires_at, COALESCE(t.revoked_at, p.disabled_at) FROM tokens t LEFT JOIN people p ON p.id = t.owner_id WHERE t.hash = $1";
}

/// Whether a mesh is there.
pub async fn mesh(tx: &mut Tx<'_>, mesh: MeshId) -> Result<bool, Error> {
    Ok(tx.opt(MESH, &[text(mesh)], |_| Ok(())).await?.is_some())
}

/// An actor's membership of a mesh, as it stands.
#[derive(Debug, Clone, Copy)]
pub struct PlaceRow {
    /// The membership.
    pub member: MemberId,
    /// Its role.
    pub role: Role,
    /// It may do nothing for now.
    pub suspended: bool,
}

/// An actor's membership of a mesh, if it has one.
pub async fn place(tx: &mut Tx<'_>, mesh: MeshId, actor: ActorId) -> Result<Option<PlaceRow>, Error> {
    tx.opt(PLACE, &[text(mesh), text(actor)], |row| {
        Ok(PlaceRow {
            member: row.parse(0)?,
            role: row.parse(1)?,
            suspended: row.get::<String>(2)? == "suspended",
        })
    })
    .await
}

/// What authorization asks about a room.
#[derive(Debug, Clone, Copy)]
pub struct RoomRow {
    /// Its mesh.
    pub mesh: MeshId,
    /// What it is for.
    pub kind: RoomKind,
    /// Who may come in.
    pub join_rule: JoinRule,
    /// Readers may react.
    pub readers_may_react: bool,
    /// Read-only for everyone.
    pub archived: bool,
}

/// A room that is not deleted.
pub async fn room(tx: &mut Tx<'_>, room: RoomId) -> Result<Option<RoomRow>, Error> {
    tx.opt(ROOM, &[text(room)], |row| {
        Ok(RoomRow {
            mesh: row.parse(0)?,
            kind: row.parse(1)?,
            join_rule: row.parse(2)?,
            readers_may_react: row.flag(3)?,
            archived: row.get::<Option<i64>>(4)?.is_some(),
        })
    })
    .await
}

/// An actor's place in a room.
#[derive(Debug, Clone, Copy)]
pub struct SeatRow {
    /// Its room role.
    pub role: RoomRole,
    /// False for a bot that was added to listen only.
    pub may_post: bool,
}

/// An actor's place in a room, if it is in there.
pub async fn seat(tx: &mut Tx<'_>, room: RoomId, actor: ActorId) -> Result<Option<SeatRow>, Error> {
    tx.opt(SEAT, &[text(room), text(actor)], |row| {
        Ok(SeatRow {
            role: row.parse(0)?,
            may_post: row.get::<Option<i64>>(1)? != Some(0),
        })
    })
    .await
}

/// The room and the author of a message.
pub async fn message(tx: &mut Tx<'_>, message: MessageId) -> Result<Option<(RoomId, ActorId)>, Error> {
    tx.opt(MESSAGE, &[text(message)], |row| Ok((row.parse(0)?, row.parse(1)?)))
        .await
}

/// The room of a file and who uploaded it.
pub async fn file(tx: &mut Tx<'_>, file: FileId) -> Result<Option<(RoomId, ActorId)>, Error> {
    tx.opt(FILE, &[text(file)], |row| Ok((row.parse(0)?, row.parse(1)?)))
        .await
}

/// The room of a thread and the author of its root.
pub async fn thread(tx: &mut Tx<'_>, thread: ThreadId) -> Result<Option<(RoomId, ActorId)>, Error> {
    tx.opt(THREAD, &[text(thread)], |row| Ok((row.parse(0)?, row.parse(1)?)))
        .await
}

/// What authorization asks about a member.
#[derive(Debug, Clone, Copy)]
pub struct MemberRow {
    /// Its mesh.
    pub mesh: MeshId,
    /// Who it is.
    pub actor: ActorId,
    /// Its role.
    pub role: Role,
}

/// A member, also one who left.
pub async fn member(tx: &mut Tx<'_>, member: MemberId) -> Result<Option<MemberRow>, Error> {
    tx.opt(MEMBER, &[text(member)], |row| {
        Ok(MemberRow {
            mesh: row.parse(0)?,
            actor: row.parse(1)?,
            role: row.parse(2)?,
        })
    })
    .await
}

/// The mesh and the maker of an invitation.
pub async fn invite(tx: &mut Tx<'_>, invite: InviteId) -> Result<Option<(MeshId, ActorId)>, Error> {
    tx.opt(INVITE, &[text(invite)], |row| Ok((row.parse(0)?, row.parse(1)?)))
        .await
}

/// What authorization asks about a question to people.
#[derive(Debug, Clone, Copy)]
pub struct ApprovalRow {
    /// Its mesh.
    pub mesh: MeshId,
    /// Who asks.
    pub requester: ActorId,
    /// The lowest role that decides it.
    role: Option<Role>,
    /// Whether the actor was named, or handed it on.
    named: Option<bool>,
}

impl ApprovalRow {
    /// Whether the actor may decide it, being of this role.
    pub fn is_for(&self, actor: ActorId, role: Role) -> bool {
        let of_role = self.role.is_some_and(|lowest| role <= lowest);
        matches!(actor, ActorId::Person(_)) && actor != self.requester && self.named.unwrap_or(of_role)
    }
}

/// A question to people, as this actor meets it.
pub async fn approval(
    tx: &mut Tx<'_>,
    approval: ApprovalId,
    actor: Option<ActorId>,
) -> Result<Option<ApprovalRow>, Error> {
    tx.opt(APPROVAL, &[text(approval), text_option(actor)], |row| {
        Ok(ApprovalRow {
            mesh: row.parse(0)?,
            requester: row.parse(1)?,
            role: row.parse_option(2)?,
            named: row.get::<Option<i64>>(3)?.map(|may| may == 1),
        })
    })
    .await
}

/// The bot of a timer.
pub async fn timer(tx: &mut Tx<'_>, timer: TimerId) -> Result<Option<BotId>, Error> {
    tx.opt(TIMER, &[text(timer)], |row| row.parse(0)).await
}

/// What authorization asks about a bot.
#[derive(Debug, Clone, Copy)]
pub struct BotRow {
    /// Its mesh.
    pub mesh: MeshId,
    /// Its membership.
    pub member: MemberId,
    /// The person who answers for it.
    pub keeper: PersonId,
    /// The version that runs.
    pub active: Option<BotVersionId>,
}

/// A bot that is not deleted.
pub async fn bot(tx: &mut Tx<'_>, bot: BotId) -> Result<Option<BotRow>, Error> {
    tx.opt(BOT, &[text(bot)], |row| {
        Ok(BotRow {
            mesh: row.parse(0)?,
            member: row.parse(1)?,
            keeper: row.parse(2)?,
            active: row.parse_option(3)?,
        })
    })
    .await
}

/// The bot of a version.
pub async fn version(tx: &mut Tx<'_>, version: BotVersionId) -> Result<Option<BotId>, Error> {
    tx.opt(VERSION, &[text(version)], |row| row.parse(0)).await
}

/// The manifest of a bot's active version, as JSON.
pub async fn manifest(tx: &mut Tx<'_>, bot: BotId) -> Result<Option<String>, Error> {
    tx.opt(MANIFEST, &[text(bot)], |row| row.get(0)).await
}

/// How far a bot may act by itself, and its caps as JSON.
pub async fn autonomy(tx: &mut Tx<'_>, bot: BotId) -> Result<Option<(AutonomyLevel, String)>, Error> {
    tx.opt(AUTONOMY, &[text(bot)], |row| Ok((row.parse(0)?, row.get(1)?)))
        .await
}

/// One decision about a bot: permission, pattern, effect, end.
pub type GrantRow = (String, String, String, Option<Timestamp>);

/// What people decided about a bot, as far as it holds for the publisher of the active version.
pub async fn grants(tx: &mut Tx<'_>, bot: BotId) -> Result<Vec<GrantRow>, Error> {
    tx.all(GRANTS, &[text(bot)], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.time_option(3)?))
    })
    .await
}

/// Whether two actors are in one room of this mesh.
pub async fn share_room(tx: &mut Tx<'_>, mesh: MeshId, a: ActorId, b: ActorId) -> Result<bool, Error> {
    Ok(tx
        .opt(SHARES_ROOM, &[text(a), text(b), text(mesh)], |_| Ok(()))
        .await?
        .is_some())
}

/// A session, found by the hash of its access token.
#[derive(Debug)]
pub struct SessionRow {
    /// The session.
    pub id: SessionId,
    /// Whose it is.
    pub person: PersonId,
    /// The end of this access token.
    pub expires_at: Timestamp,
    /// Until when the sign-in counts as recent.
    pub fresh_until: Timestamp,
    /// It was ended, or the account was disabled.
    pub ended: bool,
    /// The person's address; the configuration names operators by it.
    pub email: String,
    /// The person made the first account, and so operates the server.
    pub operator: bool,
}

/// A session by its access token's hash.
pub async fn session(tx: &mut Tx<'_>, hash: &str) -> Result<Option<SessionRow>, Error> {
    tx.opt(SESSION, &[hash.into()], |row| {
        Ok(SessionRow {
            id: row.parse(0)?,
            person: row.parse(1)?,
            expires_at: row.time(2)?,
            fresh_until: row.time(3)?,
            ended: row.time_option(4)?.is_some() || row.time_option(5)?.is_some(),
            email: row.get(6)?,
            operator: row.flag(7)?,
        })
    })
    .await
}

/// A personal access token or a bot's token.
#[derive(Debug)]
pub struct TokenRow {
    /// The token.
    pub id: TokenId,
    /// `pat` or `bot`.
    pub kind: String,
    /// The person or bot.
    pub owner: ActorId,
    /// JSON list of permissions.
    pub permissions: String,
    /// JSON list of meshes.
    pub meshes: String,
    /// JSON list of rooms.
    pub rooms: String,
    /// Its end.
    pub expires_at: Option<Timestamp>,
    /// It was revoked, or its owner's account was disabled.
    pub revoked_at: Option<Timestamp>,
}

/// A token by its hash.
pub async fn token(tx: &mut Tx<'_>, hash: &str) -> Result<Option<TokenRow>, Error> {
    tx.opt(TOKEN, &[hash.into()], |row| {
        Ok(TokenRow {
            id: row.parse(0)?,
            kind: row.get(1)?,
            owner: row.parse(2)?,
            permissions: row.get(3)?,
            meshes: row.get(4)?,
            rooms: row.get(5)?,
            expires_at: row.time_option(6)?,
            revoked_at: row.time_option(7)?,
        })
    })
    .await
}
