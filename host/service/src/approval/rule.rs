//! What a mesh says about who decides what.

use super::{hold::can_wait, terms};
use crate::{
    Answer, Cx, Effect, Error, Method, Nothing, Op, OpSpec, Result,
    authority::Stale,
    error::Code,
    op,
    resource::{Resource, Target},
};
use mesh_authz::{Grant, Matter, Permission, Value, value};
use mesh_store::{approval_rules, facts, members};
use mesh_types::{
    ActorId, MeshId, OnDeadline, PersonId, Role,
    approval::{ApprovalRule, RuleTerms},
    limits,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

impl Answer for ApprovalRule {
    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }
}

/// The rules of a mesh, which everybody who asks or decides may know.
#[derive(Debug, Clone, Copy)]
pub struct Rules(MeshId);

impl Resource for Rules {
    fn target(&self) -> Target {
        Target::OwnIn(self.0)
    }
}

/// All rules of a mesh.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ApprovalRules {
    /// By name.
    pub items: Vec<ApprovalRule>,
}

impl Answer for ApprovalRules {}

/// `approval_rule.list`
pub struct ListApprovalRules;

/// Whose rules.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListApprovalRulesIn {
    /// The mesh.
    pub mesh_id: MeshId,
}

impl Op for ListApprovalRules {
    const SPEC: OpSpec = op("approval_rule.list", Effect::Read)
        .needs(Permission::ApprovalRead)
        .about("Lists a mesh's rules about who decides what waits for people; at most 100.")
        .http(Method::Get, "/meshes/{mesh_id}/approval-rules", 200)
        .wasm("approvals", "approval-rule-list")
        .cli();
    type In = ListApprovalRulesIn;
    type Out = ApprovalRules;
    type On = Rules;

    fn on(input: &ListApprovalRulesIn) -> Rules {
        Rules(input.mesh_id)
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<Rules>, _: ListApprovalRulesIn) -> Result<ApprovalRules> {
        let items = approval_rules::list(cx.tx(), on.0).await?;
        Ok(ApprovalRules { items })
    }
}

/// `approval_rule.put`
pub struct PutApprovalRule;

/// A rule.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PutApprovalRuleIn {
    /// The mesh.
    pub mesh_id: MeshId,
    /// Its name: 1 to 64 of `a-z`, `0-9`, `_` and `-`.
    pub rule: String,
    /// What it says.
    pub terms: RuleTerms,
}

impl Op for PutApprovalRule {
    const SPEC: OpSpec = op("approval_rule.put", Effect::Write)
        .needs(Permission::BotGrant)
        .about("Says for some calls who decides, how many have to agree and until when, and whether bots have to ask.")
        .http(Method::Put, "/meshes/{mesh_id}/approval-rules/{rule}", 200)
        .cli();
    type In = PutApprovalRuleIn;
    type Out = ApprovalRule;
    type On = MeshId;

    fn on(input: &PutApprovalRuleIn) -> MeshId {
        input.mesh_id
    }

    async fn run(cx: &mut Cx<'_>, mesh: Grant<MeshId>, input: PutApprovalRuleIn) -> Result<ApprovalRule> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
        if !(1..=64).contains(&input.rule.len()) || !input.rule.bytes().all(fits) {
            return Err(Error::invalid(
                "/rule",
                "has 1 to 64 characters of `a-z`, `0-9`, `_` and `-`",
            ));
        }
        check(&input.terms)?;
        check_places(cx, *mesh, &input.terms).await?;
        let before = approval_rules::list(cx.tx(), *mesh).await?;
        let old = before.iter().find(|old| old.rule == input.rule);
        cx.check_match(old.map_or(0, |old| old.revision))?;
        if old.is_none() && before.len() >= limits::APPROVAL_RULES {
            return Err(Error::new(
                Code::LimitReached,
                "A mesh has at most 100 rules about approvals.",
            ));
        }
        let terms = serde_json::to_string(&input.terms).map_err(Error::internal)?;
        approval_rules::put(cx.tx(), &mesh, &input.rule, &terms).await?;
        cx.note(&input.rule, &input.terms)?;
        cx.changed(Stale::Bots);
        let all = approval_rules::list(cx.tx(), *mesh).await?;
        let put = all.into_iter().find(|rule| rule.rule == input.rule);
        put.ok_or_else(|| Error::internal("a new rule is not there"))
    }
}

/// `approval_rule.delete`
pub struct DeleteApprovalRule;

/// Which rule.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteApprovalRuleIn {
    /// The mesh.
    pub mesh_id: MeshId,
    /// Its name.
    pub rule: String,
}

impl Op for DeleteApprovalRule {
    const SPEC: OpSpec = op("approval_rule.delete", Effect::Write)
        .needs(Permission::BotGrant)
        .about("Removes a rule about approvals. What was asked under it stays under it.")
        .http(Method::Delete, "/meshes/{mesh_id}/approval-rules/{rule}", 204)
        .cli();
    type In = DeleteApprovalRuleIn;
    type Out = Nothing;
    type On = MeshId;

    fn on(input: &DeleteApprovalRuleIn) -> MeshId {
        input.mesh_id
    }

    async fn run(cx: &mut Cx<'_>, mesh: Grant<MeshId>, input: DeleteApprovalRuleIn) -> Result<Nothing> {
        let before = approval_rules::list(cx.tx(), *mesh).await?;
        let old = before.iter().find(|old| old.rule == input.rule);
        cx.check_match(old.ok_or_else(Error::not_found)?.revision)?;
        approval_rules::delete(cx.tx(), &mesh, &input.rule).await?;
        cx.note(&input.rule, &serde_json::json!({}))?;
        cx.changed(Stale::Bots);
        Ok(Nothing {})
    }
}

/// What can be seen without looking anything up.
fn check(terms: &RuleTerms) -> Result<()> {
    let matter: Matter = (terms.about.parse()).map_err(|error: String| Error::invalid("/terms/about", error))?;
    if let Matter::Operation(name) = &matter {
        let known = crate::operation(name).filter(|op| op.spec.permission().is_some());
        let known =
            known.ok_or_else(|| Error::invalid("/terms/about", "no operation with a permission has this name"))?;
        if terms.asks && (!can_wait(known.spec) || known.spec.effect != Effect::Write) {
            return Err(Error::invalid(
                "/terms/asks",
                "calls of this operation cannot wait for people",
            ));
        }
    }
    if let (true, Matter::Permission(permission)) = (terms.asks, &matter)
        && permission.is_read()
    {
        return Err(Error::invalid(
            "/terms/asks",
            "what only looks does not wait for people",
        ));
    }
    if let Some(Role::Bot | Role::Guest | Role::Pending) = terms.approver_role {
        return Err(Error::invalid(
            "/terms/approver_role",
            "is creator, admin, moderator or member",
        ));
    }
    if terms.approver_ids.len() > limits::APPROVERS {
        return Err(Error::invalid("/terms/approver_ids", "are at most 20"));
    }
    if !(1..=limits::VOTES).contains(&terms.votes) {
        return Err(Error::invalid("/terms/votes", "must be 1 to 5"));
    }
    if !(60..=limits::APPROVAL_SECONDS).contains(&terms.deadline_s) {
        return Err(Error::invalid("/terms/deadline_s", "is 60 to 2592000"));
    }
    let wide = matches!(matter, Matter::Any | Matter::Family(_));
    if terms.on_deadline == OnDeadline::Allow && (wide || terms.votes > 1) {
        return Err(Error::invalid(
            "/terms/on_deadline",
            "silence can stand for one person's yes to one operation or permission, and for no more",
        ));
    }
    Ok(())
}

/// Everything that the rule names is in the mesh, and who decides may decide.
async fn check_places(cx: &mut Cx<'_>, mesh: MeshId, terms: &RuleTerms) -> Result<()> {
    for (room, at) in [
        (terms.room_id, "/terms/room_id"),
        (terms.cards_room_id, "/terms/cards_room_id"),
    ] {
        if let Some(room) = room
            && facts::room(cx.tx(), room).await?.is_none_or(|row| row.mesh != mesh)
        {
            return Err(Error::invalid(at, "no room of this mesh"));
        }
    }
    if let Some(bot) = terms.bot_id
        && facts::bot(cx.tx(), bot).await?.is_none_or(|row| row.mesh != mesh)
    {
        return Err(Error::invalid("/terms/bot_id", "no bot of this mesh"));
    }
    for person in &terms.approver_ids {
        if !may_ever_decide(cx, mesh, *person).await? {
            return Err(Error::invalid(
                "/terms/approver_ids",
                "are people who are active in this mesh, and neither guests nor waiting to be let in",
            ));
        }
    }
    if terms.approver_role.is_none()
        && !terms.approver_ids.is_empty()
        && terms::distinct(&terms.approver_ids) < terms.votes
    {
        return Err(Error::invalid("/terms/votes", "more than the people who are named"));
    }
    Ok(())
}

/// Whether the matrix lets somebody decide anything at all.
pub(super) async fn may_ever_decide(cx: &mut Cx<'_>, mesh: MeshId, person: PersonId) -> Result<bool> {
    let member = members::of_actor(cx.tx(), mesh, ActorId::Person(person)).await?;
    Ok(member
        .is_some_and(|member| member.state == "active" && value(Permission::ApprovalDecide, member.role) != Value::No))
}
