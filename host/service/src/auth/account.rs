use super::{
    FIRST_CODE, password,
    sign_in::{SignedIn, open},
};
use crate::{
    Answer, Cx, Effect, Error, Host, Method, Op, OpSpec, Result,
    error::Code,
    member::{find_open, join_by_invite},
    mesh::shows,
    op,
    resource::{Myself, Server},
    server::NoInput,
    text::{clean_name, is_unseen},
    token as secret,
};
use mesh_authz::{Caller, Credential, Grant, Permission, Who};
use mesh_store::{members, meshes, people};
use mesh_types::{ActorId, MemberId, MeshId, PersonId, Role};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `auth.methods`
pub struct AuthMethods;

/// How one gets in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Methods {
    /// Address and password.
    pub password: bool,
    /// Anyone may make an account; otherwise an invitation is needed.
    pub registration_open: bool,
}

impl Answer for Methods {}

impl Op for AuthMethods {
    const SPEC: OpSpec = op("auth.methods", Effect::Read)
        .public("a sign-in page needs it before anyone is signed in")
        .about("Says how one can sign in here.")
        .http(Method::Get, "/auth/methods", 200)
        .cli();
    type In = NoInput;
    type Out = Methods;
    type On = Server;

    fn on(_: &NoInput) -> Server {
        Server
    }

    async fn run(cx: &mut Cx<'_>, _: Grant<Server>, _: NoInput) -> Result<Methods> {
        Ok(Methods {
            password: true,
            registration_open: cx.host().settings.open_registration,
        })
    }
}

/// `auth.register`
pub struct Register;

/// A new account.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterIn {
    /// E-mail address; it names the account.
    pub email: String,
    /// 8 to 256 characters.
    pub password: String,
    /// For people; 1 to 80 characters.
    pub name: String,
    /// From an invitation, or the code that the server printed at its first start.
    #[serde(default)]
    pub invite_code: Option<String>,
    #[serde(skip)]
    #[schemars(skip)]
    hash: String,
}

/// Most bytes of an address (RFC 5321).
pub(super) const LONGEST_EMAIL: usize = 254;

/// Something, one `@`, and something with a dot or a plain host name; nothing that cannot be seen.
fn check_email(email: &str) -> Result<String> {
    let email = email.trim().to_lowercase();
    let parts = email
        .split_once('@')
        .filter(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    let plain = email
        .chars()
        .all(|letter| !letter.is_whitespace() && !is_unseen(letter));
    if parts.is_none() || !plain || email.len() > LONGEST_EMAIL {
        return Err(Error::invalid("/email", "is an e-mail address"));
    }
    Ok(email)
}

impl Op for Register {
    const SPEC: OpSpec = op("auth.register", Effect::Write)
        .public("whoever registers has no account yet")
        .about("Makes an account and signs in.")
        .http(Method::Post, "/auth/register", 201)
        .shown_once()
        .cli()
        .cost(10);
    type In = RegisterIn;
    type Out = SignedIn;
    type On = Server;

    fn on(_: &RegisterIn) -> Server {
        Server
    }

    async fn prepare(_: &Host, _: &Caller, input: &mut RegisterIn) -> Result<()> {
        input.email = check_email(&input.email)?;
        input.name = clean_name("/name", &input.name, 80)?;
        password::check(&input.password)?;
        input.hash = password::hash(std::mem::take(&mut input.password)).await?;
        Ok(())
    }

    /// An address that has an account gets the answer of an invitation that is worth nothing, so that
    /// nobody learns who has an account here.
    async fn run(cx: &mut Cx<'_>, server: Grant<Server>, input: RegisterIn) -> Result<SignedIn> {
        let closed = || {
            Error::new(
                Code::Forbidden,
                "An account is made with an invitation, and this one is not good for it.",
            )
        };
        let code = input.invite_code.as_deref();
        let first = match code {
            Some(code) => people::drop_setting(cx.tx(), &server, FIRST_CODE, &secret::hash(code)).await?,
            None => false,
        };
        let invite = match code {
            Some(code) if !first => find_open(cx, code).await?,
            _ => None,
        };
        if !first && invite.is_none() && (code.is_some() || !cx.host().settings.open_registration) {
            return Err(closed());
        }
        // Nobody has verified the address, so it gives nothing to whoever is the first to say it.
        let invited = invite.as_ref().and_then(|invite| invite.email.as_deref());
        let proven = first || invited.is_some_and(|to| to.eq_ignore_ascii_case(&input.email));
        if cx.host().authority.names_operator(&input.email) && !proven {
            return Err(closed());
        }
        let (person, at) = (cx.id(PersonId::new), cx.now());
        if !people::insert(cx.tx(), &server, person, (&input.email, &input.name), first, at).await? {
            return Err(closed());
        }
        people::set_password(cx.tx(), &server, person, &input.hash, at).await?;
        cx.note(person, &serde_json::json!({ "operator": first }))?;
        if let Some(invite) = invite {
            join_by_invite(cx, &server, &invite, person).await?;
        }
        open(cx, &server, person).await
    }
}

/// `auth.whoami`
pub struct WhoAmI;

/// Nothing to say.
pub type WhoAmIIn = NoInput;

/// Who the caller is.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// The person or bot.
    pub actor_id: ActorId,
    /// `person` or `bot`.
    pub kind: String,
    /// The name of the account; in each mesh it may have another.
    pub name: String,
    /// `session`, `token`, `bot_token` or `component`.
    pub credential: String,
    /// May also operate the server.
    pub operator: bool,
    /// With a token: the permissions that it is limited to.
    pub scopes: Option<Vec<Permission>>,
    /// The meshes it belongs to; the first 200.
    pub memberships: Vec<Membership>,
}

/// One mesh that the caller belongs to.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Membership {
    /// The mesh.
    pub mesh_id: MeshId,
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// The caller's membership.
    pub member_id: MemberId,
    /// The caller's handle there.
    pub handle: String,
    /// The caller's role there.
    pub role: Role,
}

impl Answer for Identity {}

impl Op for WhoAmI {
    const SPEC: OpSpec = op("auth.whoami", Effect::Read)
        .myself()
        .about("Says who the caller is, by which credential, and where it belongs.")
        .http(Method::Get, "/me", 200)
        .socket()
        .wasm("auth", "whoami")
        .mcp()
        .cli();
    type In = NoInput;
    type Out = Identity;
    type On = Myself;

    fn on(_: &NoInput) -> Myself {
        Myself
    }

    async fn run(cx: &mut Cx<'_>, _: Grant<Myself>, _: NoInput) -> Result<Identity> {
        let actor = cx.actor()?;
        let (credential, scopes) = match &cx.envelope().caller.credential {
            Credential::Session { .. } => ("session", None),
            Credential::Token(scopes) => ("token", Some(scopes.permissions.clone())),
            Credential::BotToken => ("bot_token", None),
            Credential::Component => ("component", None),
            Credential::None | Credential::Internal => ("internal", None),
        };
        let operator = matches!(cx.envelope().caller.who, Who::Person { operator: true, .. });
        let mut memberships = Vec::new();
        let mut name = match actor {
            ActorId::Person(person) => people::name(cx.tx(), person).await?.unwrap_or_default(),
            ActorId::Bot(_) => String::new(),
        };
        for mesh in meshes::mine(cx.tx(), actor, "", 200).await? {
            if !shows(&cx.envelope().caller, mesh.id) {
                continue;
            }
            let Some(member) = members::of_actor(cx.tx(), mesh.id, actor).await? else {
                continue;
            };
            if name.is_empty() {
                name.clone_from(&member.actor.name);
            }
            memberships.push(Membership {
                mesh_id: mesh.id,
                slug: mesh.slug,
                name: mesh.name,
                member_id: member.id,
                handle: member.handle,
                role: member.role,
            });
        }
        let (kind, credential) = (actor.kind().into(), credential.into());
        Ok(Identity {
            actor_id: actor,
            kind,
            name,
            credential,
            operator,
            scopes,
            memberships,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::check_email;

    #[test]
    fn addresses_have_a_name_and_a_host() {
        assert_eq!(check_email(" Ann@Example.ORG ").unwrap(), "ann@example.org");
        for email in ["", "ann", "@x", "ann@", "a b@x", "a@b@c", "a@b\u{0}", "a\u{202E}@b"] {
            assert!(check_email(email).is_err(), "{email:?}");
        }
    }
}
