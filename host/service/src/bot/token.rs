use super::{BotIn, stored};
use crate::{
    Answer, Cx, Effect, Error, Method, Nothing, Op, OpSpec, Result,
    authority::Stale,
    error::Code,
    op,
    token::{self, Kind},
};
use mesh_authz::{Grant, Permission};
use mesh_store::bot_tokens;
use mesh_types::{BotBackend, BotId, TokenId, bot::BotToken};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const OVERLAP_SECONDS: u32 = 300;
const OVERLAP_MOST: u32 = 24 * 3600;

/// `bot_token.rotate`
pub struct RotateBotToken;

/// Which bot gets a new token.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateBotTokenIn {
    /// The bot.
    pub bot_id: BotId,
    /// How long the old token still works, in seconds, at most a day; 300 when absent.
    #[serde(default)]
    pub overlap_s: Option<u32>,
}

impl Answer for BotToken {}

impl Op for RotateBotToken {
    const SPEC: OpSpec = op("bot_token.rotate", Effect::Write)
        .needs(Permission::BotManage)
        .about("Gives a bot a new token, shown once. The old one works a little longer.")
        .http(Method::Post, "/bots/{bot_id}/token/rotate", 201)
        .cli();
    type In = RotateBotTokenIn;
    type Out = BotToken;
    type On = BotId;

    fn on(input: &RotateBotTokenIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<BotId>, input: RotateBotTokenIn) -> Result<BotToken> {
        let overlap = input.overlap_s.unwrap_or(OVERLAP_SECONDS);
        if overlap > OVERLAP_MOST {
            return Err(Error::invalid("/overlap_s", format!("must be 0 to {OVERLAP_MOST}")));
        }
        // The answer to a keyed call is stored, and this one holds a secret.
        if cx.envelope().idempotency_key.is_some() {
            return Err(Error::new(
                Code::BadRequest,
                "This answer holds a secret and is not kept. Call without `Idempotency-Key`.",
            ));
        }
        if stored(cx, *on).await?.bot.runtime == BotBackend::Wasm {
            return Err(Error::new(
                Code::NotSupported,
                "A component needs no token: the server runs it itself.",
            ));
        }
        let old_until = cx.now().plus_seconds(overlap.into());
        for hash in bot_tokens::expire(cx.tx(), &on, old_until).await? {
            cx.changed(Stale::Token(hash));
        }
        let (id, secret, at) = (cx.id(TokenId::new), token::new(Kind::Bot), cx.now());
        bot_tokens::insert(cx.tx(), &on, id, &token::hash(&secret), at).await?;
        cx.note(*on, &serde_json::json!({ "token_id": id }))?;
        Ok(BotToken {
            bot_id: *on,
            token: secret,
            old_until,
        })
    }
}

/// `bot_token.revoke`
pub struct RevokeBotToken;

impl Op for RevokeBotToken {
    const SPEC: OpSpec = op("bot_token.revoke", Effect::Write)
        .needs(Permission::BotManage)
        .about("Ends a bot's tokens at once, and the connections that they opened.")
        .http(Method::Delete, "/bots/{bot_id}/token", 204)
        .cli();
    type In = BotIn;
    type Out = Nothing;
    type On = BotId;

    fn on(input: &BotIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<BotId>, _: BotIn) -> Result<Nothing> {
        let at = cx.now();
        for hash in bot_tokens::revoke(cx.tx(), &on, at).await? {
            cx.changed(Stale::Token(hash));
        }
        Ok(Nothing {})
    }
}
