use super::{needs_component, stored};
use crate::{
    Body, Cx, Effect, Error, Host, Method, Op, OpSpec, Result, blobs::Stored, error::Code, manifest::Manifest, op,
    runtime::ImportedFunction,
};
use bytes::Bytes;
use mesh_authz::{Caller, Grant, Permission};
use mesh_store::bot_versions;
use mesh_types::{BotId, BotVersionId, bot::BotVersionDetail, limits};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `bot_version.upload`
pub struct UploadBotVersion;

/// Which bot. The body is the component.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UploadBotVersionIn {
    /// The bot.
    pub bot_id: BotId,
    /// Where the door put the file.
    #[serde(skip)]
    #[schemars(skip)]
    file: Option<Stored>,
    /// What the file says of itself.
    #[serde(skip)]
    #[schemars(skip)]
    contents: Option<Contents>,
}

#[derive(Debug, Clone)]
struct Contents {
    imports: Vec<ImportedFunction>,
    manifest: Manifest,
}

impl Op for UploadBotVersion {
    const SPEC: OpSpec = op("bot_version.upload", Effect::Write)
        .needs(Permission::BotManage)
        .about("Uploads a component as a new version. It is looked at and not run.")
        .http(Method::Post, "/bots/{bot_id}/versions/wasm", 201)
        .body(Body::Component(limits::COMPONENT))
        .cost(10)
        .cli();
    type In = UploadBotVersionIn;
    type Out = BotVersionDetail;
    type On = BotId;

    fn on(input: &UploadBotVersionIn) -> BotId {
        input.bot_id
    }

    fn take_body(input: &mut UploadBotVersionIn, body: Bytes) {
        input.file = serde_json::from_slice(&body).ok();
    }

    async fn prepare(host: &Host, _: &Caller, input: &mut UploadBotVersionIn) -> Result<()> {
        let Some(file) = &input.file else {
            return Err(Error::new(
                Code::BadRequest,
                "The body of an upload is the component itself.",
            ));
        };
        let found = host
            .components()?
            .inspect(host.settings.blobs.file(&file.digest)?)
            .await?;
        let Some(text) = found.manifest else {
            return Err(Error::new(
                Code::ManifestInvalid,
                "The component has no `bot.toml` in it. `mesh bot build` embeds the one that stands beside the code, as the custom section `mesh:bot`.",
            ));
        };
        input.contents = Some(Contents {
            imports: found.imports,
            manifest: Manifest::from_toml(&text)?,
        });
        Ok(())
    }

    async fn run(cx: &mut Cx<'_>, bot: Grant<BotId>, input: UploadBotVersionIn) -> Result<BotVersionDetail> {
        let (Some(file), Some(contents)) = (input.file, input.contents) else {
            return Err(Error::internal("an upload was not prepared"));
        };
        needs_component(&stored(cx, *bot).await?.bot)?;
        let json = |value: serde_json::Result<String>| value.map_err(Error::internal);
        let new = bot_versions::New {
            id: cx.id(BotVersionId::new),
            digest: &file.digest,
            size: file.size,
            publisher: &contents.manifest.bot.publisher,
            manifest: &json(serde_json::to_string(&contents.manifest))?,
            imports: &json(serde_json::to_string(&contents.imports))?,
            by: cx.actor()?,
            at: cx.now(),
        };
        // The same file again is the version that is there already.
        bot_versions::insert(cx.tx(), &bot, &new).await?;
        let version = bot_versions::by_digest(cx.tx(), *bot, &file.digest).await?;
        let version = version.ok_or_else(|| Error::internal("a new version is not there"))?;
        cx.note(
            version.id,
            &serde_json::json!({ "bot_id": *bot, "digest": file.digest }),
        )?;
        super::version::detail(version)
    }
}
