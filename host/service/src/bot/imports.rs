use super::{review::Review, stored, version_of};
use crate::{Cx, Effect, Error, Method, OPS, Op, OpSpec, Result, op, runtime::ImportedFunction};
use mesh_authz::{Access, Grant, Permission};
use mesh_store::bot_versions;
use mesh_types::{
    BotVersionId,
    bot::{VersionImport, VersionImports},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `bot_version.imports`
pub struct ListVersionImports;

/// Which version, and what to compare it with.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VersionImportsIn {
    /// The version.
    pub version_id: BotVersionId,
    /// Another version of the same bot; what this one does not import is marked as new.
    #[serde(default)]
    pub against: Option<BotVersionId>,
}

impl Op for ListVersionImports {
    const SPEC: OpSpec = op("bot_version.imports", Effect::Read)
        .needs(Permission::BotOperate)
        .about("Lists what a version imports: each operation, its permission, and what would become of a call now.")
        .http(Method::Get, "/bot-versions/{version_id}/imports", 200)
        .cli();
    type In = VersionImportsIn;
    type Out = VersionImports;
    type On = BotVersionId;

    fn on(input: &VersionImportsIn) -> BotVersionId {
        input.version_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<BotVersionId>, input: VersionImportsIn) -> Result<VersionImports> {
        let version = bot_versions::get(cx.tx(), *on).await?.ok_or_else(Error::not_found)?;
        let bot = stored(cx, version.bot).await?.bot;
        let review = Review::load(cx, &bot, Some(&version)).await?;
        let before = match input.against {
            None => None,
            Some(other) => {
                let other = version_of(cx, bot.id, other).await;
                Some(functions(&other.map_err(|_| {
                    Error::invalid("/against", "no version of the same bot")
                })?)?)
            }
        };
        let is_new = |import: &ImportedFunction| {
            before.as_ref().is_some_and(|before| {
                !before
                    .iter()
                    .any(|old| old.interface == import.interface && old.function == import.function)
            })
        };
        let judged = functions(&version)?.into_iter().map(|import| {
            let new = is_new(&import);
            judge(&review, import, new)
        });
        Ok(VersionImports {
            version_id: version.id,
            against: input.against,
            items: judged.collect(),
        })
    }
}

fn functions(version: &bot_versions::Stored) -> Result<Vec<ImportedFunction>> {
    serde_json::from_str(&version.imports).map_err(Error::internal)
}

/// The operation behind an import of the mesh's own interfaces.
fn operation(import: &ImportedFunction) -> Option<&'static OpSpec> {
    let interface = import.interface.strip_prefix("mesh:bot/")?;
    OPS.iter()
        .map(|op| op.spec)
        .find(|spec| spec.doors.wasm == Some((interface, import.function.as_str())))
}

fn judge(review: &Review, import: ImportedFunction, new: bool) -> VersionImport {
    let spec = operation(&import);
    let permission = match spec.map(|spec| spec.access) {
        Some(Access::Needs(permission)) => Some(permission),
        _ => None,
    };
    let verdict = match (spec, permission) {
        (None, _) if import.interface.starts_with("mesh:bot/") => "unserved",
        // What needs no permission, the sandbox's own functions, and looking at oneself.
        (_, None) => "implied",
        (_, Some(permission)) if permission.is_implied_for_bots() => "implied",
        (_, Some(permission)) if review.asked(permission).is_empty() => "not_asked",
        (_, Some(permission)) => review
            .overall(permission)
            .map_or("undecided", mesh_types::Decision::as_str),
    };
    VersionImport {
        interface: import.interface,
        version: import.version,
        function: import.function,
        op: spec.map(|spec| spec.name.to_owned()),
        permission: permission.map(|permission| permission.to_string()),
        verdict: verdict.to_owned(),
        new,
    }
}
