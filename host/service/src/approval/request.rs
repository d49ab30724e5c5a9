//! Questions that are asked on purpose.

use super::hold::{ask, can_wait, digest};
use crate::{Cx, Effect, Error, Host, Method, Op, OpSpec, Result, call::facts_of, error::Code, op, resource::Target};
use mesh_authz::{Access, Caller, Grant, Permission, Refusal, decide};
use mesh_store::approvals::{self, Held, New};
use mesh_types::{ApprovalId, MeshId, RoomId, approval::Approval, limits};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// `approval.request`
pub struct RequestApproval;

/// What people are asked.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestApprovalIn {
    /// The mesh.
    pub mesh_id: MeshId,
    /// What is asked, at most 2,000 characters; may be empty beside an operation.
    pub question: String,
    /// Answers to choose from: at most 10, each of at most 100 characters. Without any it is yes or no.
    #[serde(default)]
    pub choices: Vec<String>,
    /// The room that it is about; beside an operation, that one's.
    #[serde(default)]
    pub room_id: Option<RoomId>,
    /// An operation that is to be called when somebody approves, such as `message.post`.
    #[serde(default)]
    pub operation: Option<String>,
    /// What it is to be called with.
    #[serde(default)]
    pub input: Option<Map<String, Value>>,
    /// Seconds until nobody can decide any more: 60 to 2,592,000 (30 days); a day when absent. A rule of the mesh that
    /// speaks of the call says it in place of this.
    #[serde(default)]
    pub expires_in_s: Option<i64>,
    #[serde(skip)]
    #[schemars(skip)]
    held: Option<Held>,
}

impl RequestApprovalIn {
    /// A question in a mesh that asks nothing yet.
    pub fn of(mesh: MeshId) -> Self {
        Self {
            mesh_id: mesh,
            question: String::new(),
            choices: Vec::new(),
            room_id: None,
            operation: None,
            input: None,
            expires_in_s: None,
            held: None,
        }
    }
}

impl Op for RequestApproval {
    const SPEC: OpSpec = op("approval.request", Effect::Write)
        .needs(Permission::ApprovalRequest)
        .about("Asks those who may decide a question, or to let a call be made. What bots have to ask about asks by itself.")
        .http(Method::Post, "/meshes/{mesh_id}/approvals", 201)
        .socket()
        .wasm("approvals", "request")
        .mcp()
        .cli();
    type In = RequestApprovalIn;
    type Out = Approval;
    type On = MeshId;

    fn on(input: &RequestApprovalIn) -> MeshId {
        input.mesh_id
    }

    /// Who asks for a call must be able to make it, if only when somebody agrees.
    async fn prepare(host: &Host, caller: &Caller, input: &mut RequestApprovalIn) -> Result<()> {
        let Some(operation) = &input.operation else {
            if let Some(room) = input.room_id {
                check_room(host, caller, input.mesh_id, room).await?;
            }
            return Ok(());
        };
        let known = crate::operation(operation).filter(|op| can_wait(op.spec));
        let Some(known) = known.filter(|op| op.spec.effect == Effect::Write) else {
            return Err(Error::invalid("/operation", "no operation that can wait has this name"));
        };
        let fields = serde_json::to_string(&input.input.take().unwrap_or_default()).map_err(Error::internal)?;
        let target = (known.target)(fields.as_bytes()).map_err(inside_input)?;
        let facts = facts_of(host, known.spec, caller, None, target).await?;
        let permission = match decide(caller, known.spec.access, &facts, ()) {
            Ok(_) => None,
            Err(Refusal::Ask { permission }) => Some(permission.as_str()),
            Err(refusal) => return Err(refusal.into()),
        };
        if facts.mesh != Some(input.mesh_id) {
            return Err(Error::invalid("/input", "is about something outside this mesh"));
        }
        input.room_id = facts.room.map(|room| room.id);
        input.held = Some(Held {
            operation: known.spec.name,
            permission,
            input: fields,
            key: None,
            matching: None,
            hops: 0,
        });
        Ok(())
    }

    async fn run(cx: &mut Cx<'_>, mesh: Grant<MeshId>, mut input: RequestApprovalIn) -> Result<Approval> {
        let question = question(&input)?;
        check_choices(&input)?;
        let seconds = input.expires_in_s.unwrap_or(limits::APPROVAL_DEFAULT_SECONDS);
        if !(60..=limits::APPROVAL_SECONDS).contains(&seconds) {
            return Err(Error::invalid("/expires_in_s", "is 60 to 2592000"));
        }
        let held = input.held.take().map(|held| Held {
            hops: cx.envelope().hops,
            ..held
        });
        if held.as_ref().is_some_and(|held| held.input.len() > limits::HELD_INPUT) {
            return Err(Error::new(
                Code::TooLarge,
                "A call that waits for a person has at most 256 KiB as JSON.",
            ));
        }
        let choices = serde_json::to_string(&input.choices).map_err(Error::internal)?;
        let room = input.room_id.map(|room| room.to_string()).unwrap_or_default();
        let about = held.as_ref().map_or(("", ""), |held| (held.operation, &held.input));
        let new = New {
            id: cx.id(ApprovalId::new),
            mesh: *mesh,
            requester: cx.actor()?,
            room: input.room_id,
            digest: digest(&[about.0, about.1, &question, &choices, &room]),
            question,
            choices,
            held,
            seconds,
            at: cx.now(),
        };
        let asked = ask(cx, &new).await?;
        approvals::get(cx.tx(), asked).await?.ok_or_else(Error::not_found)
    }
}

/// Who reads of a question about a room may be somebody who is not in it; who asks is.
async fn check_room(host: &Host, caller: &Caller, mesh: MeshId, room: RoomId) -> Result<()> {
    let (now, target) = (host.clock.now(), Target::Room(room));
    let facts = host.authority.facts(&host.store, now, caller, target).await?;
    let inside = facts.room.as_ref().is_some_and(|room| room.my_role.is_some());
    let seen = inside || decide(caller, Access::Needs(Permission::RoomRead), &facts, ()).is_ok();
    if seen && facts.mesh == Some(mesh) {
        Ok(())
    } else {
        Err(Error::invalid("/room_id", "no room of this mesh that you can see"))
    }
}

/// What is wrong with the held call's input stands in `input`.
fn inside_input(mut error: Error) -> Error {
    for field in &mut error.fields {
        field.pointer.insert_str(0, "/input");
    }
    error
}

fn question(input: &RequestApprovalIn) -> Result<String> {
    let question = input.question.trim();
    if question.chars().count() > limits::APPROVAL_QUESTION || question.contains('\0') {
        return Err(Error::invalid("/question", "has at most 2,000 characters, and no NUL"));
    }
    match &input.operation {
        None if question.is_empty() => Err(Error::invalid("/question", "asks something")),
        Some(operation) if question.is_empty() => Ok(super::hold::question(operation)),
        _ => Ok(question.to_owned()),
    }
}

fn check_choices(input: &RequestApprovalIn) -> Result<()> {
    let fits = |choice: &String| !choice.trim().is_empty() && choice.chars().count() <= 100 && !choice.contains('\0');
    let mut seen = std::collections::BTreeSet::new();
    if input.choices.len() > 10
        || input.choices.len() == 1
        || !input.choices.iter().all(|one| fits(one) && seen.insert(one))
    {
        return Err(Error::invalid(
            "/choices",
            "are 2 to 10 different ones of 1 to 100 characters, or none",
        ));
    }
    Ok(())
}
