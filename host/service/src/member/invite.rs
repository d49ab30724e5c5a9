use super::with_status;
use crate::{
    Answer, Cx, Effect, Error, Method, Nothing, Op, OpSpec, Page, Result,
    authority::{Stale, session_person},
    cursor::{self, page_size},
    error::Code,
    mesh::settings,
    op,
    resource::{Myself, Server},
    room::seat,
    token::{self as secret, Kind},
};
use mesh_authz::{Grant, Permission, Reason, Value, value};
use mesh_store::{
    facts::{self, RoomRow, SeatRow},
    log::Stream,
    members::{self, handle_from},
    meshes::{self, InviteRow},
    people,
};
use mesh_types::{
    ActorId, InviteId, JoinRule, MemberId, MeshId, PersonId, Role, RoomId, RoomRole, Timestamp, view::Member,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest life of an invitation, in seconds.
const LONGEST: i64 = 366 * 24 * 3600;
/// Life of an invitation when nobody says, in seconds.
const USUAL: i64 = 7 * 24 * 3600;

/// An invitation, without its code.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Invite {
    /// Its id.
    pub id: InviteId,
    /// The mesh.
    pub mesh_id: MeshId,
    /// The role one gets.
    pub role: Role,
    /// The rooms one comes into.
    pub room_ids: Vec<RoomId>,
    /// How often it may be used.
    pub max_uses: i64,
    /// How often it was.
    pub uses: i64,
    /// Who made it.
    pub created_by: ActorId,
    /// When.
    pub created_at: Timestamp,
    /// Its end.
    pub expires_at: Timestamp,
}

fn shown(row: InviteRow) -> Result<Invite> {
    Ok(Invite {
        id: row.id,
        mesh_id: row.mesh,
        role: row.role,
        room_ids: serde_json::from_str(&row.rooms).map_err(Error::internal)?,
        max_uses: row.max_uses,
        uses: row.uses,
        created_by: row.created_by,
        created_at: row.created_at,
        expires_at: row.expires_at,
    })
}

/// `invite.create`
pub struct CreateInvite;

/// An invitation to make.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateInviteIn {
    /// The mesh.
    pub mesh_id: MeshId,
    /// `member` when absent; below one's own, and `moderator` at most.
    #[serde(default)]
    pub role: Option<Role>,
    /// Rooms one comes into, into which the caller may bring people; at most 20.
    #[serde(default)]
    pub room_ids: Vec<RoomId>,
    /// 1 to 1,000; 1 when absent.
    #[serde(default)]
    pub max_uses: Option<i64>,
    /// Seconds; a week when absent, a year at most.
    #[serde(default)]
    pub expires_in_s: Option<i64>,
}

/// A new invitation. The code is shown here and never again.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct NewInvite {
    /// The invitation.
    pub invite: Invite,
    /// For `invite.accept` and `auth.register`.
    pub code: String,
}

impl fmt::Debug for NewInvite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewInvite")
            .field("invite", &self.invite)
            .finish_non_exhaustive()
    }
}

impl Answer for NewInvite {}

impl Op for CreateInvite {
    const SPEC: OpSpec = op("invite.create", Effect::Write)
        .needs(Permission::MemberInvite)
        .about("Makes an invitation; its code is shown once.")
        .http(Method::Post, "/meshes/{mesh_id}/invites", 201)
        .shown_once()
        .cli();
    type In = CreateInviteIn;
    type Out = NewInvite;
    type On = MeshId;

    fn on(input: &CreateInviteIn) -> MeshId {
        input.mesh_id
    }

    async fn run(cx: &mut Cx<'_>, mesh: Grant<MeshId>, input: CreateInviteIn) -> Result<NewInvite> {
        let role = input.role.unwrap_or(Role::Member);
        let place = mesh.place().ok_or_else(Error::not_found)?;
        if !matches!(role, Role::Moderator | Role::Member | Role::Guest) {
            return Err(Error::invalid("/role", "is `moderator`, `member` or `guest`"));
        }
        let mine = members::get(cx.tx(), place.member)
            .await?
            .ok_or_else(Error::not_found)?;
        if mine.role >= role {
            return Err(Error::forbidden(
                Reason::Rank,
                "One invites only to roles below one's own.",
            ));
        }
        let (max_uses, life) = (input.max_uses.unwrap_or(1), input.expires_in_s.unwrap_or(USUAL));
        if !(1..=1000).contains(&max_uses) {
            return Err(Error::invalid("/max_uses", "is 1 to 1,000"));
        }
        if !(60..=LONGEST).contains(&life) {
            return Err(Error::invalid("/expires_in_s", "is a minute to a year"));
        }
        if input.room_ids.len() > 20 {
            return Err(Error::invalid("/room_ids", "names at most 20 rooms"));
        }
        let (by, now, id) = (cx.actor()?, cx.now(), cx.id(InviteId::new));
        for room in &input.room_ids {
            let here = facts::room(cx.tx(), *room).await?.filter(|row| row.mesh == *mesh);
            let seat = facts::seat(cx.tx(), *room, by).await?;
            if !here.is_some_and(|row| seat.is_some() && brings_in(&row, seat)) {
                let why = "names rooms of this mesh that you are in and may bring people into";
                return Err(Error::invalid("/room_ids", why));
            }
        }
        let code = secret::new(Kind::Code);
        let row = InviteRow {
            id,
            mesh: *mesh,
            role,
            rooms: serde_json::to_string(&input.room_ids).map_err(Error::internal)?,
            email: None,
            max_uses,
            uses: 0,
            created_by: by,
            created_at: now,
            expires_at: now.plus_seconds(life),
            revoked_at: None,
        };
        meshes::invite(cx.tx(), &mesh, &secret::hash(&code), &row).await?;
        cx.note(id, &serde_json::json!({ "role": role, "max_uses": max_uses }))?;
        Ok(NewInvite {
            invite: shown(row)?,
            code,
        })
    }
}

/// `invite.list`
pub struct ListInvites;

/// Whose invitations.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListInvitesIn {
    /// The mesh.
    pub mesh_id: MeshId,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

impl Op for ListInvites {
    const SPEC: OpSpec = op("invite.list", Effect::Read)
        .needs(Permission::MemberInvite)
        .about("Lists a mesh's invitations, newest first.")
        .http(Method::Get, "/meshes/{mesh_id}/invites", 200)
        .cli();
    type In = ListInvitesIn;
    type Out = Page<Invite>;
    type On = MeshId;

    fn on(input: &ListInvitesIn) -> MeshId {
        input.mesh_id
    }

    async fn run(cx: &mut Cx<'_>, mesh: Grant<MeshId>, input: ListInvitesIn) -> Result<Page<Invite>> {
        let (size, scope) = (page_size(input.limit)?, input.mesh_id.to_string());
        let before = cursor::open(cx, &scope, input.cursor.as_deref())?.unwrap_or_default();
        let rows = meshes::invites(cx.tx(), &mesh, &before, size + 1).await?;
        let items = rows.into_iter().map(shown).collect::<Result<Vec<_>>>()?;
        Ok(cursor::page(cx, &scope, items, size, |invite| invite.id.to_string()))
    }
}

/// `invite.revoke`
pub struct RevokeInvite;

/// Which invitation.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InviteIn {
    /// The invitation.
    pub invite_id: InviteId,
}

impl Op for RevokeInvite {
    const SPEC: OpSpec = op("invite.revoke", Effect::Write)
        .needs(Permission::MemberInvite)
        .about("Ends an invitation. Having ended already is fine.")
        .http(Method::Delete, "/invites/{invite_id}", 204)
        .cli();
    type In = InviteIn;
    type Out = Nothing;
    type On = InviteId;

    fn on(input: &InviteIn) -> InviteId {
        input.invite_id
    }

    async fn run(cx: &mut Cx<'_>, invite: Grant<InviteId>, _: InviteIn) -> Result<Nothing> {
        let now = cx.now();
        meshes::revoke_invite(cx.tx(), &invite, now).await?;
        cx.note(*invite, &serde_json::json!({}))?;
        Ok(Nothing {})
    }
}

/// A code from an invitation.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeIn {
    /// The code.
    pub code: String,
}

/// `invite.preview`
pub struct PreviewInvite;

/// What an invitation leads to.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Preview {
    /// The mesh's name.
    pub mesh_name: String,
    /// The role one gets.
    pub role: Role,
    /// Who invites.
    pub invited_by: String,
    /// Its end.
    pub expires_at: Timestamp,
}

impl Answer for Preview {}

fn gone() -> Error {
    Error::new(
        Code::Gone,
        "This invitation was used up, ended or revoked. Ask for another.",
    )
}

/// The invitation behind a code, if it can be used now.
async fn open_invite(cx: &mut Cx<'_>, code: &str) -> Result<InviteRow> {
    let row = meshes::invite_by_code(cx.tx(), &secret::hash(code))
        .await?
        .ok_or_else(Error::not_found)?;
    if row.is_open(cx.now()) && is_backed(cx, &row).await? {
        Ok(row)
    } else {
        Err(gone())
    }
}

/// As [`open_invite`], for those who only ask whether there is one.
pub(crate) async fn find_open(cx: &mut Cx<'_>, code: &str) -> Result<Option<InviteRow>> {
    match open_invite(cx, code).await {
        Ok(row) => Ok(Some(row)),
        Err(error) if matches!(error.code, Code::NotFound | Code::Gone) => Ok(None),
        Err(error) => Err(error),
    }
}

/// An invitation is worth what its maker could give now. Otherwise whoever expects to be removed or
/// demoted would make one first and come back with it.
async fn is_backed(cx: &mut Cx<'_>, invite: &InviteRow) -> Result<bool> {
    let maker = members::of_actor(cx.tx(), invite.mesh, invite.created_by).await?;
    Ok(maker.is_some_and(|maker| {
        let invites = value(Permission::MemberInvite, maker.role) != Value::No;
        maker.state == "active" && invites && maker.role < invite.role
    }))
}

/// Whether somebody with this seat may bring others into a room by an invitation to the mesh. Nobody is
/// brought into a direct room, nor anybody by a reader; a public room is open to all anyway.
fn brings_in(room: &RoomRow, seat: Option<SeatRow>) -> bool {
    let invites = room.join_rule == JoinRule::Public || seat.is_some_and(|seat| seat.role != RoomRole::ReadOnly);
    room.join_rule != JoinRule::Direct && !room.archived && invites
}

impl Op for PreviewInvite {
    const SPEC: OpSpec = op("invite.preview", Effect::Read)
        .public("the code is the proof; whoever holds it decides whether to make an account")
        .about("Says what an invitation leads to.")
        .http(Method::Get, "/invite-codes/{code}", 200)
        .cli()
        .cost(5);
    type In = CodeIn;
    type Out = Preview;
    type On = Server;

    fn on(_: &CodeIn) -> Server {
        Server
    }

    async fn run(cx: &mut Cx<'_>, _: Grant<Server>, input: CodeIn) -> Result<Preview> {
        let row = open_invite(cx, &input.code).await?;
        let mesh = meshes::get(cx.tx(), row.mesh, "").await?.ok_or_else(Error::not_found)?;
        let by = members::of_actor(cx.tx(), row.mesh, row.created_by).await?;
        let invited_by = by.map(|member| member.actor.name).unwrap_or_default();
        Ok(Preview {
            mesh_name: mesh.name,
            role: row.role,
            invited_by,
            expires_at: row.expires_at,
        })
    }
}

/// `invite.accept`
pub struct AcceptInvite;

impl Op for AcceptInvite {
    const SPEC: OpSpec = op("invite.accept", Effect::Write)
        .myself()
        .about("Joins the mesh that an invitation leads to.")
        .http(Method::Post, "/invite-codes/{code}/accept", 201)
        .cli()
        .cost(5);
    type In = CodeIn;
    type Out = Member;
    type On = Myself;

    fn on(_: &CodeIn) -> Myself {
        Myself
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<Myself>, input: CodeIn) -> Result<Member> {
        let person = session_person(&cx.envelope().caller)?;
        let row = open_invite(cx, &input.code).await?;
        let member = join_by_invite(cx, &on, &row, person).await?;
        with_status(cx, member).await
    }
}

/// Uses an invitation for a person: a member, with a place in its rooms.
pub(crate) async fn join_by_invite<R>(
    cx: &mut Cx<'_>,
    allowed: &Grant<R>,
    invite: &InviteRow,
    person: PersonId,
) -> Result<Member> {
    let (mesh, actor, now) = (invite.mesh, ActorId::from(person), cx.now());
    cx.file_under(mesh);
    let before = members::of_actor(cx.tx(), mesh, actor).await?;
    if before.as_ref().is_some_and(|member| member.state != "left") {
        return Err(Error::new(
            Code::AlreadyExists,
            "You are a member of this mesh already.",
        ));
    }
    if !meshes::use_invite(cx.tx(), allowed, invite.id, now).await? {
        return Err(gone());
    }
    let id = match before {
        Some(member) => {
            members::come_back(cx.tx(), allowed, member.id, invite.role, now).await?;
            member.id
        }
        None => add(cx, allowed, invite, person).await?,
    };
    let member = members::get(cx.tx(), id)
        .await?
        .ok_or_else(|| Error::internal("a new member is not there"))?;
    let news = member.clone().without_words();
    cx.emit(Stream::Mesh(mesh), "member.joined", id, &news).await?;
    cx.changed(Stale::Place(mesh, actor));
    let rooms: Vec<RoomId> = serde_json::from_str(&invite.rooms).map_err(Error::internal)?;
    for room in rooms {
        // Rooms that are gone, and those whose door is closed to the maker by now, are passed over.
        let maker = facts::seat(cx.tx(), room, invite.created_by).await?;
        let here = facts::room(cx.tx(), room).await?;
        if here.is_some_and(|row| brings_in(&row, maker)) {
            seat(cx, allowed, room, (actor, id), RoomRole::Participant).await?;
        }
    }
    if invite.role != Role::Guest {
        for room in settings(cx, mesh).await?.default_room_ids {
            let here = facts::room(cx.tx(), room).await?;
            if here.is_some_and(|row| row.join_rule == JoinRule::Public && !row.archived) {
                seat(cx, allowed, room, (actor, id), RoomRole::Participant).await?;
            }
        }
    }
    Ok(member)
}

async fn add<R>(cx: &mut Cx<'_>, allowed: &Grant<R>, invite: &InviteRow, person: PersonId) -> Result<MemberId> {
    let (id, at) = (cx.id(MemberId::new), cx.now());
    let display_name = people::name(cx.tx(), person).await?.unwrap_or_default();
    let handle = members::free_handle(cx.tx(), invite.mesh, &handle_from(&display_name)).await?;
    let new = members::New {
        id,
        mesh: invite.mesh,
        actor: person.into(),
        handle: &handle,
        display_name: &display_name,
        role: invite.role,
        at,
    };
    members::insert(cx.tx(), allowed, &new).await?;
    Ok(id)
}
