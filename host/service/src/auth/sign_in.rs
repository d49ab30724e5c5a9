use super::{account::LONGEST_EMAIL, password};
use crate::{
    Answer, Cx, Effect, Error, Host, Method, Op, OpSpec, Result,
    authority::Stale,
    error::Code,
    op,
    resource::Server,
    token::{self as secret, Kind},
};
use mesh_authz::{Caller, Grant};
use mesh_store::people::{self, NewSession, Tokens};
use mesh_types::{PersonId, SessionId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How long an access token lasts, in seconds.
const ACCESS_SECONDS: i64 = 15 * 60;
/// How long a refresh token lasts, in seconds.
const REFRESH_SECONDS: i64 = 30 * 24 * 3600;
/// How long a sign-in counts as recent, in seconds.
const FRESH_SECONDS: i64 = 10 * 60;

/// A signed-in session. The tokens are shown here and never again.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct SignedIn {
    /// The account.
    pub person_id: PersonId,
    /// The session.
    pub session_id: SessionId,
    /// Send it as `Authorization: Bearer …`.
    pub access_token: String,
    /// When the access token ends; then use `auth.refresh`.
    pub expires_at: Timestamp,
    /// Gives new tokens, once.
    pub refresh_token: String,
    /// When the refresh token ends.
    pub refresh_expires_at: Timestamp,
}

impl fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedIn")
            .field("session_id", &self.session_id)
            .finish_non_exhaustive()
    }
}

impl Answer for SignedIn {}

/// New tokens for a session. `family` is a secret that all refresh tokens of the session share, and no
/// other: it tells a token that was used up, which ends the session, from one that somebody made up
/// around the session's id, which must not.
pub(super) fn new_tokens((person_id, session_id): (PersonId, SessionId), family: &str, now: Timestamp) -> SignedIn {
    SignedIn {
        person_id,
        session_id,
        access_token: secret::new(Kind::Session),
        expires_at: now.plus_seconds(ACCESS_SECONDS),
        refresh_token: format!("{}.{family}.{session_id}", secret::new(Kind::Refresh)),
        refresh_expires_at: now.plus_seconds(REFRESH_SECONDS),
    }
}

/// Opens a session for whoever just proved who they are.
pub(super) async fn open<R>(cx: &mut Cx<'_>, allowed: &Grant<R>, person: PersonId) -> Result<SignedIn> {
    let (device, fresh_until) = (cx.envelope().agent.clone(), cx.now().plus_seconds(FRESH_SECONDS));
    open_on(cx, allowed, person, (&device, fresh_until)).await
}

/// Opens a session on a device of this name, and stores what is kept of its tokens: hashes and ends. Until
/// `fresh_until` it counts as a recent sign-in.
pub(super) async fn open_on<R>(
    cx: &mut Cx<'_>,
    allowed: &Grant<R>,
    person: PersonId,
    (device, fresh_until): (&str, Timestamp),
) -> Result<SignedIn> {
    let (now, id, family) = (cx.now(), cx.id(SessionId::new), secret::unguessable());
    let signed_in = new_tokens((person, id), &family, now);
    let (access, refresh) = (
        secret::hash(&signed_in.access_token),
        secret::hash(&signed_in.refresh_token),
    );
    let tokens = Tokens {
        access: &access,
        access_ends: signed_in.expires_at,
        refresh: &refresh,
        refresh_ends: signed_in.refresh_expires_at,
    };
    let address = cx.envelope().address;
    let address = address.map(|address| address.to_string()).unwrap_or_default();
    let new = NewSession {
        id,
        person,
        family: &secret::hash(&family),
        device,
        address: &address,
        at: now,
        fresh_until,
    };
    people::open_session(cx.tx(), allowed, &new, &tokens).await?;
    cx.changed(Stale::Token(access));
    Ok(signed_in)
}

/// `auth.login`
pub struct Login;

/// Address and password.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginIn {
    /// The account's e-mail address.
    pub email: String,
    /// The password.
    pub password: String,
    #[serde(skip)]
    #[schemars(skip)]
    person: Option<PersonId>,
}

impl Op for Login {
    const SPEC: OpSpec = op("auth.login", Effect::Write)
        .public("whoever signs in is not signed in yet")
        .about("Signs in with address and password.")
        .http(Method::Post, "/auth/login", 200)
        .shown_once()
        .sign_in()
        .cli()
        .cost(5);
    type In = LoginIn;
    type Out = SignedIn;
    type On = Server;

    fn on(_: &LoginIn) -> Server {
        Server
    }

    /// The same work and the same answer, whether or not the account is there.
    async fn prepare(host: &Host, _: &Caller, input: &mut LoginIn) -> Result<()> {
        let email = input.email.trim().to_lowercase();
        if email.len() > LONGEST_EMAIL || input.password.chars().count() > password::LONGEST {
            // No account has these, so there is nothing to compare, and nothing to learn from the time.
            return Ok(());
        }
        host.limiter.take_sign_in_on(&email)?;
        let found = people::password(&mut host.store.view().await?.tx(), &email).await?;
        let (person, hash) = found.unzip();
        if password::verify(std::mem::take(&mut input.password), hash).await? {
            input.person = person;
        }
        Ok(())
    }

    async fn run(cx: &mut Cx<'_>, server: Grant<Server>, input: LoginIn) -> Result<SignedIn> {
        let person = input
            .person
            .ok_or_else(|| Error::new(Code::LoginFailed, "The address or the password is wrong."))?;
        let signed_in = open(cx, &server, person).await?;
        cx.note(signed_in.session_id, &serde_json::json!({ "person_id": person }))?;
        Ok(signed_in)
    }
}
