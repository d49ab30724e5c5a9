//! Who decides a question to people, and who has agreed.

use crate::{Error, Row, Tx, approvals::roles, text};
use mesh_types::{
    ActorId, ApprovalId, MeshId, PersonId, Role, Timestamp,
    approval::{Approval, Vote},
    view::Actor,
};

crate::statements! {
    NAME = "INSERT INTO approval_deciders (approval_id, person_id, may) VALUES ($1, $2, 1) ON CONFLICT (approval_id, person_id) DO UPDATE SET may = 1";
    GIVE_UP = "INSERT INTO approval_deciders (approval_id, person_id, may) VALUES ($1, $2, 0) ON CONFLICT (approval_id, person_id) DO UPDATE SET may = 0";
    NAMED = "SELECT approval_id, person_id FROM approval_deciders WHERE approval_id IN (SELECT /*sqlite: value FROM json_each($1)*/ /*postgres: jsonb_array_elements_text(CAST($1 AS jsonb))*/) AND may = 1 ORDER BY approval_id, person_id";
    VOTE = "INSERT INTO approval_votes (approval_id, person_id, choice, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    VOTES = "SELECT v.approval_id, v.person_id, m.display_name, v.choice, v.at FROM approval_votes v JOIN approvals a ON a.id = v.approval_id JOIN members m ON m.mesh_id = a.mesh_id AND m.actor_id = v.person_id AND (m.state = 'active' OR a.state <> 'pending') WHERE v.approval_id IN (SELECT /*sqlite: value FROM json_each($1)*/ /*postgres: jsonb_array_elements_text(CAST($1 AS jsonb))*/) ORDER BY v.approval_id, v.at, v.person_id";
    DECIDERS = "SELECT m.actor_id FROM members m LEFT JOIN approval_deciders d ON d.approval_id = $2 AND d.person_id = m.actor_id WHERE m.mesh_id = $1 AND m.state = 'active' AND m.actor_id <> $3 AND COALESCE(d.may, CASE WHEN $4 LIKE '%,' || m.role || ',%' THEN 1 ELSE 0 END) = 1 ORDER BY m.actor_id";
}

/// Lets somebody decide a question. There is no grant: a rule says so, or somebody who may decide it.
pub async fn name(tx: &mut Tx<'_>, id: ApprovalId, person: PersonId) -> Result<(), Error> {
    tx.exec(NAME, &[text(id), text(person)]).await.map(drop)
}

/// Somebody hands a question on and does not decide it any more.
pub async fn give_up(tx: &mut Tx<'_>, id: ApprovalId, person: PersonId) -> Result<(), Error> {
    tx.exec(GIVE_UP, &[text(id), text(person)]).await.map(drop)
}

/// Somebody agrees; false when they had agreed before.
pub async fn vote(
    tx: &mut Tx<'_>,
    id: ApprovalId,
    person: PersonId,
    choice: Option<&str>,
    at: Timestamp,
) -> Result<bool, Error> {
    let values = [text(id), text(person), choice.into(), at.into()];
    Ok(tx.exec(VOTE, &values).await? == 1)
}

/// Adds to questions who decides them and who has agreed. While a question is open, only who is still in
/// the mesh counts.
pub(crate) async fn add_to(tx: &mut Tx<'_>, approvals: &mut [Approval]) -> Result<(), Error> {
    let ids: Vec<ApprovalId> = approvals.iter().map(|approval| approval.id).collect();
    let ids = serde_json::to_string(&ids).map_err(Error::corrupt)?;
    let these = [(&ids).into()];
    let named: Vec<(ApprovalId, PersonId)> = tx.all(NAMED, &these, |row| Ok((row.parse(0)?, row.parse(1)?))).await?;
    let votes = tx.all(VOTES, &these, read_vote).await?;
    for approval in approvals {
        let mine = named.iter().filter(|(id, _)| *id == approval.id);
        approval.approver_ids = mine.map(|(_, person)| *person).collect();
        let mine = votes.iter().filter(|(id, _)| *id == approval.id);
        approval.votes = mine.map(|(_, vote)| vote.clone()).collect();
    }
    Ok(())
}

fn read_vote(row: &Row<'_>) -> Result<(ApprovalId, Vote), Error> {
    let person: ActorId = row.parse(1)?;
    let by = Actor {
        id: person,
        kind: person.kind().into(),
        name: row.get(2)?,
    };
    let vote = Vote {
        by,
        choice: row.get(3)?,
        at: row.time(4)?,
    };
    Ok((row.parse(0)?, vote))
}

/// The people who may decide a question: those of its role or a higher one who did not hand it on, and those named.
pub async fn deciders(
    tx: &mut Tx<'_>,
    mesh: MeshId,
    (id, requester, lowest): (ApprovalId, ActorId, Option<Role>),
) -> Result<Vec<PersonId>, Error> {
    let enough = lowest.map(|lowest| roles(|role| role <= lowest)).unwrap_or_default();
    let values = [text(mesh), text(id), text(requester), (&enough).into()];
    let all = tx.all(DECIDERS, &values, |row| row.parse::<ActorId>(0)).await?;
    let person = |actor| match actor {
        ActorId::Person(person) => Some(person),
        ActorId::Bot(_) => None,
    };
    Ok(all.into_iter().filter_map(person).collect())
}
