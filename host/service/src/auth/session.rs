use super::sign_in::{SignedIn, new_tokens};
use crate::{
    Cx, Effect, Error, Method, Nothing, Op, OpSpec, Page, Result,
    authority::{Stale, session_person},
    cursor::{self, page_size},
    error::Code,
    op,
    resource::{Myself, Server},
    server::NoInput,
    token as secret,
};
use mesh_authz::{Credential, Grant};
use mesh_store::{
    log::Stream,
    people::{self, SessionRow, Tokens},
};
use mesh_types::{ActorId, SessionId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use subtle::ConstantTimeEq as _;

/// `auth.refresh`
pub struct Refresh;

/// The token to use up.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshIn {
    /// From the sign-in or the refresh before.
    pub refresh_token: String,
}

impl Op for Refresh {
    const SPEC: OpSpec = op("auth.refresh", Effect::Write)
        .public("the access token has ended; the refresh token itself is the proof")
        .about("Gives a session new tokens. Showing a used-up refresh token ends the session.")
        .http(Method::Post, "/auth/refresh", 200)
        .shown_once()
        .cli();
    type In = RefreshIn;
    type Out = SignedIn;
    type On = Server;

    fn on(_: &RefreshIn) -> Server {
        Server
    }

    async fn run(cx: &mut Cx<'_>, server: Grant<Server>, input: RefreshIn) -> Result<SignedIn> {
        let unknown = || {
            Error::new(
                Code::Unauthenticated,
                "This refresh token is not known here. Sign in again.",
            )
        };
        let (id, family) = parts(&input.refresh_token).ok_or_else(unknown)?;
        let session = people::session(cx.tx(), id).await?.ok_or_else(unknown)?;
        if !same(&secret::hash(family), &session.family) {
            return Err(unknown());
        }
        let now = cx.now();
        if session.ended {
            return Err(Error::new(Code::TokenRevoked, "This session was ended. Sign in again."));
        }
        if session.refresh_ends <= now {
            return Err(Error::new(Code::TokenExpired, "This session is over. Sign in again."));
        }
        let used = secret::hash(&input.refresh_token);
        if !same(&used, &session.refresh) {
            return Err(reused(cx, &server, id, &session).await?);
        }
        let signed_in = new_tokens((session.person, id), family, now);
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
        if !people::renew_session(cx.tx(), &server, (id, &used), &tokens, now).await? {
            return Err(reused(cx, &server, id, &session).await?);
        }
        cx.changed(Stale::Token(session.access));
        cx.note(id, &json!({}))?;
        Ok(signed_in)
    }
}

/// The session's id and the part that its refresh tokens share.
fn parts(token: &str) -> Option<(SessionId, &str)> {
    let (rest, id) = token.rsplit_once('.')?;
    let (_, family) = rest.rsplit_once('.')?;
    Some((id.parse().ok()?, family))
}

fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// Somebody shows a token that was used up: the session is in two hands, so it ends.
async fn reused(cx: &mut Cx<'_>, server: &Grant<Server>, id: SessionId, session: &SessionRow) -> Result<Error> {
    let now = cx.now();
    people::end_session(cx.tx(), server, id, session.person, now).await?;
    tell_end(cx, session.person.into(), id, "token_reused").await?;
    let why = "This token was used before, so somebody else may have it. The session was ended; sign in again.";
    Ok(Error::new(Code::TokenRevoked, why).and_commit())
}

async fn tell_end(cx: &mut Cx<'_>, actor: ActorId, id: SessionId, reason: &str) -> Result<()> {
    cx.emit(
        Stream::Actor(actor),
        "session.ended",
        id,
        &json!({ "session_id": id, "reason": reason }),
    )
    .await?;
    cx.changed(Stale::Session(id));
    Ok(())
}

/// `auth.logout`
pub struct Logout;

impl Op for Logout {
    const SPEC: OpSpec = op("auth.logout", Effect::Write)
        .myself()
        .about("Ends this session.")
        .http(Method::Post, "/auth/logout", 204)
        .cli();
    type In = NoInput;
    type Out = Nothing;
    type On = Myself;

    fn on(_: &NoInput) -> Myself {
        Myself
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<Myself>, _: NoInput) -> Result<Nothing> {
        let Credential::Session { id, .. } = cx.envelope().caller.credential else {
            return Err(Error::new(
                Code::WrongState,
                "This call came without a session; a token is ended with `pat.revoke`.",
            ));
        };
        let (person, now) = (session_person(&cx.envelope().caller)?, cx.now());
        people::end_session(cx.tx(), &on, id, person, now).await?;
        tell_end(cx, person.into(), id, "logout").await?;
        Ok(Nothing {})
    }
}

/// `session.list`
pub struct ListSessions;

/// One session.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// What the client called itself.
    pub device: String,
    /// Where it signed in from.
    pub address: String,
    /// When it signed in.
    pub created_at: Timestamp,
    /// When its tokens were last renewed.
    pub last_used_at: Timestamp,
    /// It is the one that asks.
    pub current: bool,
}

/// Which page.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListSessionsIn {
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

impl Op for ListSessions {
    const SPEC: OpSpec = op("session.list", Effect::Read)
        .myself()
        .about("Lists the caller's open sessions, newest first.")
        .http(Method::Get, "/me/sessions", 200)
        .cli();
    type In = ListSessionsIn;
    type Out = Page<Session>;
    type On = Myself;

    fn on(_: &ListSessionsIn) -> Myself {
        Myself
    }

    async fn run(cx: &mut Cx<'_>, _: Grant<Myself>, input: ListSessionsIn) -> Result<Page<Session>> {
        let (person, now) = (session_person(&cx.envelope().caller)?, cx.now());
        let (size, scope) = (page_size(input.limit)?, person.to_string());
        let before = cursor::open(cx, &scope, input.cursor.as_deref())?.unwrap_or_default();
        let mine = match cx.envelope().caller.credential {
            Credential::Session { id, .. } => Some(id),
            _ => None,
        };
        let found = people::sessions(cx.tx(), person, now, &before, size + 1).await?;
        let session = |(id, device, address, created_at, last_used_at)| Session {
            id,
            device,
            address,
            created_at,
            last_used_at,
            current: mine == Some(id),
        };
        let found = found.into_iter().map(session).collect();
        Ok(cursor::page(cx, &scope, found, size, |session| session.id.to_string()))
    }
}

/// `session.end`
pub struct EndSession;

/// Which session.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndSessionIn {
    /// One of the caller's own.
    pub session_id: SessionId,
}

impl Op for EndSession {
    const SPEC: OpSpec = op("session.end", Effect::Write)
        .myself()
        .about("Ends one of the caller's sessions.")
        .http(Method::Delete, "/sessions/{session_id}", 204)
        .cli();
    type In = EndSessionIn;
    type Out = Nothing;
    type On = SessionId;

    fn on(input: &EndSessionIn) -> SessionId {
        input.session_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<SessionId>, _: EndSessionIn) -> Result<Nothing> {
        let (person, now) = (session_person(&cx.envelope().caller)?, cx.now());
        if !people::end_session(cx.tx(), &on, *on, person, now).await? {
            return Err(Error::not_found());
        }
        tell_end(cx, person.into(), *on, "ended").await?;
        Ok(Nothing {})
    }
}
