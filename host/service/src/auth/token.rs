use crate::{
    Answer, Cx, Effect, Error, Method, Nothing, Op, OpSpec, Page, Result,
    authority::{Stale, session_person},
    cursor::{self, page_size},
    op,
    resource::Myself,
    text::clean_name,
    token::{self as secret, Kind},
};
use mesh_authz::{Grant, Permission};
use mesh_store::{
    log::Stream,
    tokens::{self, TokenRow},
};
use mesh_types::{MeshId, PersonId, RoomId, Timestamp, TokenId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fmt;

/// The longest life of a token, in seconds.
const LONGEST: i64 = 366 * 24 * 3600;
/// Most meshes or rooms that a token names.
const MOST_PLACES: usize = 100;

/// A personal access token, without the token itself.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// What its owner calls it.
    pub name: String,
    /// What it may do.
    pub permissions: Vec<Permission>,
    /// Where; everywhere when empty.
    pub mesh_ids: Vec<MeshId>,
    /// In which rooms; in all when empty.
    pub room_ids: Vec<RoomId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its end.
    pub expires_at: Timestamp,
}

/// `pat.list`
pub struct ListTokens;

/// Which page.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListTokensIn {
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

impl Op for ListTokens {
    const SPEC: OpSpec = op("pat.list", Effect::Read)
        .myself()
        .about("Lists the caller's personal access tokens, newest first.")
        .http(Method::Get, "/me/tokens", 200)
        .cli();
    type In = ListTokensIn;
    type Out = Page<Token>;
    type On = Myself;

    fn on(_: &ListTokensIn) -> Myself {
        Myself
    }

    async fn run(cx: &mut Cx<'_>, _: Grant<Myself>, input: ListTokensIn) -> Result<Page<Token>> {
        let person = session_person(&cx.envelope().caller)?;
        let (size, scope) = (page_size(input.limit)?, person.to_string());
        let before = cursor::open(cx, &scope, input.cursor.as_deref())?.unwrap_or_default();
        let rows = tokens::list(cx.tx(), person, &before, size + 1).await?;
        let found = rows.into_iter().map(shown).collect::<Result<_>>()?;
        Ok(cursor::page(cx, &scope, found, size, |token| token.id.to_string()))
    }
}

fn shown(row: TokenRow) -> Result<Token> {
    Ok(Token {
        id: row.id,
        name: row.name,
        permissions: serde_json::from_str(&row.permissions).map_err(Error::internal)?,
        mesh_ids: serde_json::from_str(&row.meshes).map_err(Error::internal)?,
        room_ids: serde_json::from_str(&row.rooms).map_err(Error::internal)?,
        created_at: row.created_at,
        expires_at: row.expires_at,
    })
}

/// `pat.create`
pub struct CreateToken;

/// A token to make.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTokenIn {
    /// 1 to 80 characters.
    pub name: String,
    /// What it may do; at least one.
    pub permissions: Vec<Permission>,
    /// Where; everywhere when empty.
    #[serde(default)]
    pub mesh_ids: Vec<MeshId>,
    /// In which rooms; in all when empty.
    #[serde(default)]
    pub room_ids: Vec<RoomId>,
    /// Its end; a year from now at most.
    pub expires_at: Timestamp,
}

/// A new token. The secret is shown here and never again.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct NewToken {
    /// Its id.
    pub id: TokenId,
    /// Send it as `Authorization: Bearer …`.
    pub token: String,
    /// Its end.
    pub expires_at: Timestamp,
}

impl fmt::Debug for NewToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewToken").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Answer for NewToken {}

impl Op for CreateToken {
    const SPEC: OpSpec = op("pat.create", Effect::Write)
        .myself()
        .about("Makes a personal access token; it is shown once.")
        .http(Method::Post, "/me/tokens", 201)
        .fresh()
        .shown_once()
        .cli();
    type In = CreateTokenIn;
    type Out = NewToken;
    type On = Myself;

    fn on(_: &CreateTokenIn) -> Myself {
        Myself
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<Myself>, mut input: CreateTokenIn) -> Result<NewToken> {
        let (owner, now) = (session_person(&cx.envelope().caller)?, cx.now());
        let name = clean_name("/name", &input.name, 80)?;
        input.permissions.sort_unstable();
        input.permissions.dedup();
        if input.permissions.is_empty() {
            return Err(Error::invalid("/permissions", "names at least one permission"));
        }
        if input.mesh_ids.len() > MOST_PLACES || input.room_ids.len() > MOST_PLACES {
            return Err(Error::invalid("/room_ids", format!("names at most {MOST_PLACES}")));
        }
        if input.expires_at <= now || input.expires_at > now.plus_seconds(LONGEST) {
            return Err(Error::invalid("/expires_at", "is in the future and within a year"));
        }
        make(cx, &on, owner, CreateTokenIn { name, ..input }).await
    }
}

/// Makes a token that was checked, and tells its owner.
pub(super) async fn make<R>(cx: &mut Cx<'_>, on: &Grant<R>, owner: PersonId, new: CreateTokenIn) -> Result<NewToken> {
    let (id, token) = (cx.id(TokenId::new), secret::new(Kind::Personal));
    let row = TokenRow {
        id,
        name: new.name,
        permissions: serde_json::to_string(&new.permissions).map_err(Error::internal)?,
        meshes: serde_json::to_string(&new.mesh_ids).map_err(Error::internal)?,
        rooms: serde_json::to_string(&new.room_ids).map_err(Error::internal)?,
        created_at: cx.now(),
        expires_at: new.expires_at,
    };
    tokens::insert(cx.tx(), on, owner, &secret::hash(&token), &row).await?;
    let data = json!({ "what": "token_made", "token_id": id });
    cx.emit(Stream::Actor(owner.into()), "account.changed", id, &data)
        .await?;
    Ok(NewToken {
        id,
        token,
        expires_at: new.expires_at,
    })
}

/// `pat.revoke`
pub struct RevokeToken;

/// Which token.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeTokenIn {
    /// One of the caller's own.
    pub token_id: TokenId,
}

impl Op for RevokeToken {
    const SPEC: OpSpec = op("pat.revoke", Effect::Write)
        .myself()
        .about("Ends a personal access token at once.")
        .http(Method::Delete, "/tokens/{token_id}", 204)
        .cli();
    type In = RevokeTokenIn;
    type Out = Nothing;
    type On = TokenId;

    fn on(input: &RevokeTokenIn) -> TokenId {
        input.token_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<TokenId>, _: RevokeTokenIn) -> Result<Nothing> {
        let (owner, now) = (session_person(&cx.envelope().caller)?, cx.now());
        let hash = tokens::revoke(cx.tx(), &on, *on, owner, now)
            .await?
            .ok_or_else(Error::not_found)?;
        cx.changed(Stale::Token(hash));
        let data = json!({ "what": "token_revoked", "token_id": *on });
        cx.emit(Stream::Actor(owner.into()), "account.changed", *on, &data)
            .await?;
        Ok(Nothing {})
    }
}
