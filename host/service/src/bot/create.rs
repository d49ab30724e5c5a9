use super::{check_keeper, shown, stored};
use crate::{
    Cx, Effect, Error, Method, Op, OpSpec, Result,
    authority::{Stale, person},
    error::Code,
    op,
    text::{clean_name, clean_text},
};
use mesh_authz::{Grant, Permission};
use mesh_store::{bots, log::Stream, members, seats};
use mesh_types::{ActorId, BotBackend, BotId, MemberId, MeshId, PersonId, Role, bot::Bot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `bot.create`
pub struct CreateBot;

/// A bot to bring in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateBotIn {
    /// Where.
    pub mesh_id: MeshId,
    /// 1 to 64 characters.
    pub name: String,
    /// For mentions; made of the name when absent.
    #[serde(default)]
    pub handle: Option<String>,
    /// What it is for, at most 500 characters.
    #[serde(default)]
    pub description: Option<String>,
    /// `wasm` when absent.
    #[serde(default)]
    pub runtime: Option<BotBackend>,
    /// Who answers for it; the caller when absent.
    #[serde(default)]
    pub keeper_id: Option<PersonId>,
}

impl Op for CreateBot {
    const SPEC: OpSpec = op("bot.create", Effect::Write)
        .needs(Permission::BotCreate)
        .about("Brings a bot into a mesh. It starts stopped, without a version and without rights.")
        .http(Method::Post, "/meshes/{mesh_id}/bots", 201)
        .cli();
    type In = CreateBotIn;
    type Out = Bot;
    type On = MeshId;

    fn on(input: &CreateBotIn) -> MeshId {
        input.mesh_id
    }

    async fn run(cx: &mut Cx<'_>, mesh: Grant<MeshId>, input: CreateBotIn) -> Result<Bot> {
        let by = person(&cx.envelope().caller)?;
        let name = clean_name("/name", &input.name, 64)?;
        let description = clean_text("/description", input.description.as_deref().unwrap_or_default(), 500)?;
        let runtime = input.runtime.unwrap_or(BotBackend::Wasm);
        if let BotBackend::Docker | BotBackend::K8s = runtime {
            return Err(Error::new(
                Code::NotSupported,
                "This server runs no containers. Use `wasm` or `external`.",
            ));
        }
        let keeper = input.keeper_id.unwrap_or(by);
        check_keeper(cx, *mesh, keeper).await?;
        let handle = handle(cx, *mesh, &name, input.handle.as_deref()).await?;
        let (id, member, at) = (cx.id(BotId::new), cx.id(MemberId::new), cx.now());
        let actor = ActorId::Bot(id);
        let as_member = members::New {
            id: member,
            mesh: *mesh,
            actor,
            handle: &handle,
            display_name: &name,
            role: Role::Bot,
            at,
        };
        members::insert(cx.tx(), &mesh, &as_member).await?;
        let (name, description) = (&name, &description);
        let new = bots::New {
            id,
            member,
            name,
            description,
            runtime,
            keeper,
            by: by.into(),
            at,
        };
        bots::insert(cx.tx(), &mesh, &new).await?;
        seats::set_cursor(cx.tx(), actor, Stream::Actor(actor), 0).await?;
        let joined = members::get(cx.tx(), member)
            .await?
            .ok_or_else(|| Error::internal("a new member is not there"))?;
        cx.emit(Stream::Mesh(*mesh), "member.joined", member, &joined).await?;
        cx.changed(Stale::Place(*mesh, actor));
        cx.changed(Stale::Bot(id));
        let stored = stored(cx, id).await?;
        shown(cx, stored).await
    }
}

/// The handle that was asked for, or a free one made of the name.
async fn handle(cx: &mut Cx<'_>, mesh: MeshId, name: &str, asked: Option<&str>) -> Result<String> {
    let Some(asked) = asked else {
        return Ok(members::free_handle(cx.tx(), mesh, &members::handle_from(name)).await?);
    };
    if members::handle_from(asked) != asked {
        return Err(Error::invalid(
            "/handle",
            "has 1 to 32 characters of `a-z`, `0-9`, `_`, `.` and `-`, none of `_.-` at its ends",
        ));
    }
    if members::free_handle(cx.tx(), mesh, asked).await? != asked {
        return Err(Error::new(
            Code::AlreadyExists,
            format!("Somebody in this mesh has, or had, the handle `{asked}`."),
        ));
    }
    Ok(asked.to_owned())
}
