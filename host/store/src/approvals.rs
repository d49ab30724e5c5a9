//! What waits for a person to decide.

use crate::{Error, Row, Tx, approval_votes, text, text_option};
use mesh_types::{
    ActorId, ApprovalId, ApprovalScope, ApprovalState, MeshId, MessageId, OnDeadline, PersonId, Role, RoomId,
    Timestamp,
    approval::{Approval, HeldCall},
    view::Actor,
};

crate::statements! {
    ADD = "INSERT INTO approvals (id, mesh_id, requester_id, room_id, question, choices, operation, permission, input, digest, call_key, call_match, hops, rule, approver_role, votes_needed, on_deadline, state, reason, created_at, expires_at, revision) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 'pending', '', $18, $19, 1) ON CONFLICT DO NOTHING";
    SAME = "SELECT id FROM approvals WHERE requester_id = $1 AND digest = $2 AND state = 'pending'";
    KEYED = "SELECT id FROM approvals WHERE requester_id = $1 AND operation = $2 AND call_key = $3";
    OPEN = "SELECT COUNT(*) FROM approvals WHERE requester_id = $1 AND state = 'pending'";
    GET = "SELECT a.id, a.mesh_id, a.requester_id, r.display_name, a.room_id, a.question, a.choices, a.operation, a.permission, a.input, a.state, a.scope, a.choice, a.reason, a.decided_by, d.display_name, a.decided_at, a.result, a.created_at, a.expires_at, a.revision, a.rule, a.approver_role, a.votes_needed, a.on_deadline, a.card_id FROM approvals a LEFT JOIN members r ON r.mesh_id = a.mesh_id AND r.actor_id = a.requester_id LEFT JOIN members d ON d.mesh_id = a.mesh_id AND d.actor_id = a.decided_by WHERE a.id = $1";
    LIST = "SELECT a.id, a.mesh_id, a.requester_id, r.display_name, a.room_id, a.question, a.choices, a.operation, a.permission, a.input, a.state, a.scope, a.choice, a.reason, a.decided_by, d.display_name, a.decided_at, a.result, a.created_at, a.expires_at, a.revision, a.rule, a.approver_role, a.votes_needed, a.on_deadline, a.card_id FROM approvals a LEFT JOIN members r ON r.mesh_id = a.mesh_id AND r.actor_id = a.requester_id LEFT JOIN members d ON d.mesh_id = a.mesh_id AND d.actor_id = a.decided_by LEFT JOIN approval_deciders x ON x.approval_id = a.id AND x.person_id = $5 WHERE a.mesh_id = $1 AND ($2 = '' OR a.requester_id = $2) AND ($3 = '' OR a.state = $3) AND ($4 = '' OR a.id < $4) AND ($5 = '' OR (a.requester_id <> $5 AND COALESCE(x.may, CASE WHEN $6 LIKE '%,' || a.approver_role || ',%' THEN 1 ELSE 0 END) = 1)) ORDER BY a.id DESC LIMIT $7";
    HOLD = "UPDATE approvals SET revision = revision + 1 WHERE id = $1";
    SHOW = "UPDATE approvals SET card_id = $2 WHERE id = $1";
    DECIDE = "UPDATE approvals SET state = $2, scope = $3, choice = $4, reason = $5, decided_by = $6, decided_at = $7, revision = revision + 1 WHERE id = $1 AND state = 'pending'";
    OVERDUE = "SELECT id, mesh_id, on_deadline FROM approvals WHERE state = 'pending' AND expires_at <= $1 ORDER BY expires_at LIMIT 100";
    DUE = "SELECT id, mesh_id, requester_id, operation, input, call_key, call_match, hops FROM approvals WHERE state = 'approved' AND result IS NULL AND operation IS NOT NULL ORDER BY id LIMIT 100";
    FINISH = "UPDATE approvals SET result = $2, revision = revision + 1 WHERE id = $1 AND result IS NULL";
}

fn read(row: &Row<'_>) -> Result<Approval, Error> {
    let (requester, name): (ActorId, Option<String>) = (row.parse(2)?, row.get(3)?);
    let (decider, decider_name): (Option<ActorId>, Option<String>) = (row.parse_option(14)?, row.get(15)?);
    let actor = |id: ActorId, name: Option<String>| Actor {
        id,
        kind: id.kind().into(),
        name: name.unwrap_or_default(),
    };
    let result = row
        .get::<Option<String>>(17)?
        .map(|result| serde_json::from_str(&result));
    let held = match row.get::<Option<String>>(7)? {
        Some(operation) => Some(HeldCall {
            operation,
            permission: row.get(8)?,
            input: serde_json::from_str(&row.get::<String>(9)?).map_err(Error::corrupt)?,
            result: result.transpose().map_err(Error::corrupt)?,
        }),
        None => None,
    };
    Ok(Approval {
        id: row.parse(0)?,
        mesh_id: row.parse(1)?,
        room_id: row.parse_option(4)?,
        requester: actor(requester, name),
        question: row.get(5)?,
        choices: serde_json::from_str(&row.get::<String>(6)?).map_err(Error::corrupt)?,
        held,
        state: row.parse(10)?,
        scope: row.parse_option(11)?,
        choice: row.get(12)?,
        reason: row.get(13)?,
        decided_by: decider.map(|id| actor(id, decider_name)),
        decided_at: row.time_option(16)?,
        created_at: row.time(18)?,
        expires_at: row.time(19)?,
        revision: row.get(20)?,
        rule: row.get(21)?,
        approver_role: row.parse_option(22)?,
        approver_ids: Vec::new(),
        votes_needed: u32::try_from(row.count(23)?).unwrap_or(u32::MAX),
        votes: Vec::new(),
        on_deadline: row.parse(24)?,
        card_id: row.parse_option(25)?,
    })
}

/// Something new to decide.
#[derive(Debug, Clone)]
pub struct New {
    /// Its id.
    pub id: ApprovalId,
    /// The mesh.
    pub mesh: MeshId,
    /// Who asks.
    pub requester: ActorId,
    /// The room that it is about.
    pub room: Option<RoomId>,
    /// What is asked.
    pub question: String,
    /// Answers to choose from, as a JSON list.
    pub choices: String,
    /// The call that waits.
    pub held: Option<Held>,
    /// Of what is asked: the same is not asked twice at once.
    pub digest: String,
    /// How long people have to decide, in seconds, unless a rule says.
    pub seconds: i64,
    /// When.
    pub at: Timestamp,
}

/// Who decides a question, how many have to agree, and what becomes of it when they do not.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The rule that says so.
    pub rule: Option<String>,
    /// People of this role or a higher one.
    pub role: Option<Role>,
    /// These people, too.
    pub people: Vec<PersonId>,
    /// How many have to agree.
    pub votes: u32,
    /// Until when.
    pub expires_at: Timestamp,
    /// What becomes of it then.
    pub on_deadline: OnDeadline,
    /// Where it is shown, if not in the room that it is about.
    pub cards: Option<RoomId>,
}

/// A call that waits.
#[derive(Debug, Clone)]
pub struct Held {
    /// The operation.
    pub operation: &'static str,
    /// The permission that has to be let through.
    pub permission: Option<&'static str>,
    /// Its whole input, as JSON.
    pub input: String,
    /// Its own idempotency key.
    pub key: Option<String>,
    /// Its own `If-Match`.
    pub matching: Option<String>,
    /// Bots between it and a person.
    pub hops: u32,
}

/// What was found when something was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// It is asked now.
    New,
    /// It was asked before, as this.
    Before(ApprovalId),
}

/// Asks, unless the same requester asks the same already, or asked with the same key. There is no grant: a call
/// that asks is one that was not granted.
pub async fn ask(tx: &mut Tx<'_>, new: &New, terms: &Terms) -> Result<Asked, Error> {
    if let Some(before) = before(tx, new).await? {
        return Ok(Asked::Before(before));
    }
    let held = new.held.as_ref();
    let values = [
        text(new.id),
        text(new.mesh),
        text(new.requester),
        text_option(new.room),
        (&new.question).into(),
        (&new.choices).into(),
        held.map(|held| held.operation).into(),
        held.and_then(|held| held.permission).into(),
        held.map(|held| &*held.input).into(),
        (&new.digest).into(),
        held.and_then(|held| held.key.as_deref()).into(),
        held.and_then(|held| held.matching.as_deref()).into(),
        held.map_or(0, |held| held.hops).into(),
        terms.rule.as_deref().into(),
        text_option(terms.role),
        terms.votes.into(),
        text(terms.on_deadline),
        new.at.into(),
        terms.expires_at.into(),
    ];
    if tx.exec(ADD, &values).await? == 1 {
        for person in &terms.people {
            approval_votes::name(tx, new.id, *person).await?;
        }
        return Ok(Asked::New);
    }
    // Somebody else's transaction was faster.
    let found = before(tx, new).await?;
    found.map(Asked::Before).ok_or(Error::Retry)
}

async fn before(tx: &mut Tx<'_>, new: &New) -> Result<Option<ApprovalId>, Error> {
    if let Some(Held {
        operation,
        key: Some(key),
        ..
    }) = &new.held
    {
        let about = [text(new.requester), (*operation).into(), key.into()];
        if let Some(found) = tx.opt(KEYED, &about, |row| row.parse(0)).await? {
            return Ok(Some(found));
        }
    }
    let about = [text(new.requester), (&new.digest).into()];
    tx.opt(SAME, &about, |row| row.parse(0)).await
}

/// How many questions of somebody are open.
pub async fn open(tx: &mut Tx<'_>, requester: ActorId) -> Result<i64, Error> {
    tx.one(OPEN, &[text(requester)], |row| row.get(0)).await
}

/// One of them, whatever its state.
pub async fn get(tx: &mut Tx<'_>, id: ApprovalId) -> Result<Option<Approval>, Error> {
    let mut found: Vec<Approval> = tx.opt(GET, &[text(id)], read).await?.into_iter().collect();
    approval_votes::add_to(tx, &mut found).await?;
    Ok(found.pop())
}

/// Keeps everybody else from changing a question until the end of the transaction.
pub async fn hold(tx: &mut Tx<'_>, id: ApprovalId) -> Result<(), Error> {
    tx.exec(HOLD, &[text(id)]).await.map(drop)
}

/// Remembers which message shows a question.
pub async fn show(tx: &mut Tx<'_>, id: ApprovalId, card: MessageId) -> Result<(), Error> {
    tx.exec(SHOW, &[text(id), text(card)]).await.map(drop)
}

/// Which of a mesh's questions.
#[derive(Debug, Default)]
pub struct Filter {
    /// Of this actor.
    pub requester: Option<ActorId>,
    /// In this state.
    pub state: Option<ApprovalState>,
    /// Which this person of this role may decide.
    pub decider: Option<(PersonId, Role)>,
    /// From before this one; all when empty.
    pub before: String,
}

/// A mesh's, newest first.
pub async fn list(tx: &mut Tx<'_>, mesh: MeshId, filter: &Filter, limit: i64) -> Result<Vec<Approval>, Error> {
    let empty = |text: Option<String>| text.unwrap_or_default();
    let (requester, person) = (
        empty(filter.requester.map(|id| id.to_string())),
        empty(filter.decider.map(|(id, _)| id.to_string())),
    );
    let enough = empty(filter.decider.map(|(_, role)| roles(|lowest| role <= lowest)));
    let values = [
        text(mesh),
        (&requester).into(),
        filter.state.map_or("", ApprovalState::as_str).into(),
        (&filter.before).into(),
        (&person).into(),
        (&enough).into(),
        limit.into(),
    ];
    let mut found = tx.all(LIST, &values, read).await?;
    approval_votes::add_to(tx, &mut found).await?;
    Ok(found)
}

/// Some roles as one text, such as `,creator,admin,`.
pub(crate) fn roles(some: impl Fn(Role) -> bool) -> String {
    let named = Role::ALL.iter().filter(|role| some(**role)).map(|role| role.as_str());
    format!(",{},", named.collect::<Vec<_>>().join(","))
}

/// How one was decided.
#[derive(Debug, Clone)]
pub struct Verdict<'a> {
    /// Any but `pending`.
    pub state: ApprovalState,
    /// With `approved`: for what.
    pub scope: Option<ApprovalScope>,
    /// The answer that was chosen.
    pub choice: Option<&'a str>,
    /// Why.
    pub reason: &'a str,
    /// Who decided; nobody when it expired.
    pub by: Option<ActorId>,
    /// When.
    pub at: Timestamp,
}

/// Decides one; false when it was decided before.
pub async fn decide(tx: &mut Tx<'_>, id: ApprovalId, verdict: &Verdict<'_>) -> Result<bool, Error> {
    let values = [
        text(id),
        text(verdict.state),
        text_option(verdict.scope),
        verdict.choice.into(),
        verdict.reason.into(),
        text_option(verdict.by),
        verdict.at.into(),
    ];
    Ok(tx.exec(DECIDE, &values).await? == 1)
}

/// Those whose time is over, with their meshes and what becomes of them; at most 100.
pub async fn overdue(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<(ApprovalId, MeshId, OnDeadline)>, Error> {
    let read = |row: &Row<'_>| Ok((row.parse(0)?, row.parse(1)?, row.parse(2)?));
    tx.all(OVERDUE, &[now.into()], read).await
}

/// A held call that was let go and has not run.
#[derive(Debug, Clone)]
pub struct Due {
    /// The approval.
    pub id: ApprovalId,
    /// The mesh.
    pub mesh: MeshId,
    /// Who called.
    pub requester: ActorId,
    /// The operation.
    pub operation: String,
    /// Its input, as JSON.
    pub input: String,
    /// Its own idempotency key.
    pub key: Option<String>,
    /// Its own `If-Match`.
    pub matching: Option<String>,
    /// Bots between it and a person.
    pub hops: u32,
}

/// Held calls that were let go and have not run, at most 100.
pub async fn due(tx: &mut Tx<'_>) -> Result<Vec<Due>, Error> {
    let read = |row: &Row<'_>| {
        Ok(Due {
            id: row.parse(0)?,
            mesh: row.parse(1)?,
            requester: row.parse(2)?,
            operation: row.get(3)?,
            input: row.get(4)?,
            key: row.get(5)?,
            matching: row.get(6)?,
            hops: u32::try_from(row.count(7)?).unwrap_or(u32::MAX),
        })
    };
    tx.all(DUE, &[], read).await
}

/// Keeps what a held call came to; false when it was kept before.
pub async fn finish(tx: &mut Tx<'_>, id: ApprovalId, result: &str) -> Result<bool, Error> {
    Ok(tx.exec(FINISH, &[text(id), result.into()]).await? == 1)
}
