//! What people decided about a version of a bot: which decisions hold for it, and what is open.
//!
//! A decision holds for the publisher whose version was looked at, and only while that publisher's
//! versions ask for no more than was asked then. So a new upload under an old name gets nothing that
//! nobody decided about. A denial holds for every version.

use crate::{
    Cx, Error, Result,
    manifest::{Capability, Manifest},
};
use mesh_authz::{Pattern, Permission};
use mesh_store::{bot_grants, bot_versions};
use mesh_types::{BotId, Decision, MeshId, Timestamp, bot::Bot, bot::BotGrant};

/// What stands before a host, among the things that a decision is about.
const HOST: &str = "host:";

/// A version, what it asks for, and every decision about its bot.
pub(crate) struct Review {
    bot: BotId,
    mesh: MeshId,
    now: Timestamp,
    /// Whose version it is; empty when it does not say, and for a bot without versions.
    pub(crate) publisher: String,
    /// None for a bot without a manifest, which may use whatever it is granted.
    manifest: Option<Manifest>,
    /// Every decision, also those that do not hold.
    pub(crate) grants: Vec<bot_grants::Stored>,
}

impl Review {
    pub(crate) async fn load(cx: &mut Cx<'_>, bot: &Bot, version: Option<&bot_versions::Stored>) -> Result<Self> {
        let grants = bot_grants::list(cx.tx(), bot.id).await?;
        let manifest = version
            .map(|version| Manifest::from_json(&version.manifest))
            .transpose()?;
        let publisher = version.map(|version| version.publisher.clone()).unwrap_or_default();
        Ok(Self {
            bot: bot.id,
            mesh: bot.mesh_id,
            now: cx.now(),
            publisher,
            manifest,
            grants,
        })
    }

    /// What the version asks for, in its own order.
    pub(crate) fn capabilities(&self) -> &[Capability] {
        self.manifest.as_ref().map_or(&[], |manifest| &manifest.capabilities)
    }

    /// Where the version asks for a permission.
    pub(crate) fn asked(&self, permission: Permission) -> Vec<Pattern> {
        if self.manifest.is_none() {
            return vec![Pattern::Any];
        }
        let wished = self
            .capabilities()
            .iter()
            .filter(|capability| capability.permission == permission);
        wished.filter_map(|capability| capability.on.parse().ok()).collect()
    }

    /// All that a decision about this permission is about, as it is kept with the decision: the patterns, and the hosts
    /// that the version wants to reach.
    pub(crate) fn subject(&self, permission: Permission) -> Vec<String> {
        let patterns = self.asked(permission).into_iter().map(|pattern| pattern.to_string());
        let hosts = self.hosts(permission).map(|host| format!("{HOST}{host}"));
        patterns.chain(hosts).collect()
    }

    /// The hosts that a permission lets the version reach.
    fn hosts(&self, permission: Permission) -> impl Iterator<Item = &str> {
        let manifest = self.manifest.as_ref().filter(|_| permission == Permission::BotNetwork);
        manifest
            .into_iter()
            .flat_map(|manifest| &manifest.egress.hosts)
            .map(String::as_str)
    }

    /// Whether a decision holds for this version, apart from its end.
    pub(crate) fn carries(&self, grant: &bot_grants::Stored) -> bool {
        let texts_then: Vec<String> = serde_json::from_str(&grant.asked).unwrap_or_default();
        let asked_then: Vec<Pattern> = texts_then.iter().filter_map(|text| text.parse().ok()).collect();
        let hosts_then: Vec<&str> = texts_then.iter().filter_map(|text| text.strip_prefix(HOST)).collect();
        let no_wider = || {
            let mut now = self.asked(grant.permission).into_iter();
            now.all(|now| asked_then.iter().any(|then| self.covers(*then, now)))
                && self.hosts(grant.permission).all(|now| hosts_then.contains(&now))
        };
        grant.effect == Decision::Deny || (grant.publisher == self.publisher && no_wider())
    }

    /// Whether a decision holds for this version now.
    pub(crate) fn holds(&self, grant: &bot_grants::Stored) -> bool {
        grant.expires_at.is_none_or(|end| self.now < end) && self.carries(grant)
    }

    /// What would become of a call that needs this, in this place; none when nobody decided. Narrower
    /// decisions go before wider ones. A denial of only a part leaves the rest as decided.
    pub(crate) fn verdict(&self, permission: Permission, on: Pattern) -> Option<Decision> {
        let speaking = |grant: &&bot_grants::Stored| grant.permission == permission && self.holds(grant);
        let mut grants: Vec<_> = self.grants.iter().filter(speaking).collect();
        grants.sort_by_key(|grant| grant.on.narrowness());
        let mut decided = None;
        for grant in grants {
            let whole = self.covers(grant.on, on);
            if !whole && !self.covers(on, grant.on) {
                continue;
            }
            match (grant.effect, decided) {
                (Decision::Deny, _) if whole => return Some(Decision::Deny),
                (Decision::Allow, _) if whole => decided = Some(Decision::Allow),
                (Decision::Ask, _) | (Decision::Allow, None | Some(Decision::Deny)) | (Decision::Deny, None) => {
                    decided = Some(grant.effect);
                }
                (Decision::Allow | Decision::Deny, _) => {}
            }
        }
        decided
    }

    /// The verdict on a permission wherever the version asks for it: the strictest of them.
    pub(crate) fn overall(&self, permission: Permission) -> Option<Decision> {
        let verdicts = self
            .asked(permission)
            .into_iter()
            .map(|on| self.verdict(permission, on));
        verdicts.max_by_key(|verdict| match verdict {
            Some(Decision::Allow) => 0,
            Some(Decision::Ask) => 1,
            Some(Decision::Deny) => 2,
            None => 3,
        })?
    }

    /// What the version cannot do without and nobody decided about.
    pub(crate) fn open(&self) -> Vec<Permission> {
        let mut open = Vec::new();
        for capability in self.capabilities().iter().filter(|capability| capability.required) {
            let on = capability.on.parse().unwrap_or(Pattern::Any);
            if !open.contains(&capability.permission) && self.verdict(capability.permission, on).is_none() {
                open.push(capability.permission);
            }
        }
        open
    }

    /// Refuses while something required is undecided.
    pub(crate) fn check(&self) -> Result<()> {
        let open: Vec<_> = self.open().iter().map(|permission| format!("`{permission}`")).collect();
        if open.is_empty() {
            return Ok(());
        }
        let open = open.join(", ");
        Err(Error::wrong_state(
            super::AWAITING_APPROVAL,
            format!(
                "This version cannot do without {open}, and nobody has decided about that yet. An admin decides with `bot_grant.put`."
            ),
        ))
    }

    /// A decision, as people read it.
    pub(crate) fn shown(&self, grant: &bot_grants::Stored) -> BotGrant {
        BotGrant {
            bot_id: self.bot,
            permission: grant.permission.to_string(),
            on: grant.on.to_string(),
            effect: grant.effect,
            publisher: grant.publisher.clone(),
            expires_at: grant.expires_at,
            decided_by: grant.by,
            decided_at: grant.at,
            holds: self.holds(grant),
        }
    }

    /// Whether everything that `b` speaks of is in `a`. A bot has only one mesh.
    fn covers(&self, a: Pattern, b: Pattern) -> bool {
        a == b || a == Pattern::Any || a == Pattern::Mesh(self.mesh)
    }
}
