use super::sign_in::{SignedIn, new_tokens};
use crate::{
    Answer, Cx, Effect, Error, Method, Nothing, Op, OpSpec, Result,
    authority::{Stale, person},
    error::Code,
    op,
    resource::{Myself, Server},
    server::NoInput,
    token as secret,
};
use mesh_authz::{Credential, Grant};
use mesh_store::{
    log::Stream,
    people::{self, Tokens},
};
use mesh_types::{ActorId, SessionId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use subtle::ConstantTimeEq as _;

/// `auth.refresh`
pub struct Refresh;

/// The token to use up.
#[derive(Clone, Deserialize, JsonSchema)]
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
        let id: SessionId = input
            .refresh_token
            .rsplit_once('.')
            .and_then(|(_, id)| id.parse().ok())
            .ok_or_else(unknown)?;
        let session = people::session(cx.tx(), id).await?.ok_or_else(unknown)?;
        let now = cx.now();
        if session.ended {
            return Err(Error::new(Code::TokenRevoked, "This session was ended. Sign in again."));
        }
        if session.refresh_ends <= now {
            return Err(Error::new(Code::TokenExpired, "This session is over. Sign in again."));
        }
        let hash = secret::hash(&input.refresh_token);
        if !bool::from(hash.as_bytes().ct_eq(session.refresh.as_bytes())) {
            // Somebody shows a token that was used up: the session is in two hands, so it ends.
            people::end_session(cx.tx(), &server, id, session.person, now).await?;
            tell_end(cx, session.person.into(), id, "token_reused").await?;
            let why = "This token was used before, so somebody else may have it. The session was ended; sign in again.";
            return Err(Error::new(Code::TokenRevoked, why).and_commit());
        }
        let signed_in = new_tokens(session.person, id, now);
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
        people::renew_session(cx.tx(), &server, id, &tokens, now).await?;
        cx.changed(Stale::Token(session.access));
        cx.note(id, &json!({}))?;
        Ok(signed_in)
    }
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
        let (person, now) = (person(&cx.envelope().caller)?, cx.now());
        people::end_session(cx.tx(), &on, id, person, now).await?;
        tell_end(cx, person.into(), id, "logout").await?;
        Ok(Nothing {})
    }
}

/// `session.list`
pub struct ListSessions;

/// A person's open sessions.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Sessions {
    /// Newest first.
    pub items: Vec<Session>,
}

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

impl Answer for Sessions {}

impl Op for ListSessions {
    const SPEC: OpSpec = op("session.list", Effect::Read)
        .myself()
        .about("Lists the caller's open sessions.")
        .http(Method::Get, "/me/sessions", 200)
        .cli();
    type In = NoInput;
    type Out = Sessions;
    type On = Myself;

    fn on(_: &NoInput) -> Myself {
        Myself
    }

    async fn run(cx: &mut Cx<'_>, _: Grant<Myself>, _: NoInput) -> Result<Sessions> {
        let (person, now) = (person(&cx.envelope().caller)?, cx.now());
        let mine = match cx.envelope().caller.credential {
            Credential::Session { id, .. } => Some(id),
            _ => None,
        };
        let items = people::sessions(cx.tx(), person, now).await?;
        let session = |(id, device, address, created_at, last_used_at)| Session {
            id,
            device,
            address,
            created_at,
            last_used_at,
            current: mine == Some(id),
        };
        Ok(Sessions {
            items: items.into_iter().map(session).collect(),
        })
    }
}

/// `session.end`
pub struct EndSession;

/// Which session.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
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
        let (person, now) = (person(&cx.envelope().caller)?, cx.now());
        if !people::end_session(cx.tx(), &on, *on, person, now).await? {
            return Err(Error::not_found());
        }
        tell_end(cx, person.into(), *on, "ended").await?;
        Ok(Nothing {})
    }
}
