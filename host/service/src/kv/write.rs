use super::{KeyIn, check_key};
use crate::{Answer, Body, Cx, Effect, Error, Method, Op, OpSpec, Result, bot::settings, error::Code, op};
use bytes::Bytes;
use mesh_authz::{Grant, Permission};
use mesh_store::kv::{self, weight};
use mesh_types::{BotId, Timestamp, bot::KvEntry, limits};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest that a value can be told to last: ten years.
const LONGEST_SECONDS: i64 = 10 * 366 * 24 * 3600;

/// `kv.put`
pub struct PutValue;

/// A value to write; the body holds its bytes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PutValueIn {
    /// The bot.
    pub bot_id: BotId,
    /// 1 to 512 bytes.
    pub key: String,
    /// Only if the version stored now is this one; 0: only if there is none. Otherwise `409`.
    #[serde(default)]
    pub expected: Option<i64>,
    /// After how many seconds it is gone; it stays when absent.
    #[serde(default)]
    pub expires_in_s: Option<i64>,
    /// The bytes, 256 KiB at most.
    #[serde(skip)]
    #[schemars(skip)]
    pub value: Bytes,
}

impl Op for PutValue {
    const SPEC: OpSpec = op("kv.put", Effect::Write)
        .needs(Permission::BotState)
        .about("Writes a value; with `If-Match` or `expected` only over a version that the caller knows.")
        .http(Method::Put, "/bots/{bot_id}/kv/{key}", 200)
        .body(Body::Bytes(limits::KV_VALUE))
        .wasm("kv", "put")
        .cli();
    type In = PutValueIn;
    type Out = KvEntry;
    type On = BotId;

    fn on(input: &PutValueIn) -> BotId {
        input.bot_id
    }

    fn take_body(input: &mut PutValueIn, body: Bytes) {
        input.value = body;
    }

    async fn run(cx: &mut Cx<'_>, bot: Grant<BotId>, input: PutValueIn) -> Result<KvEntry> {
        check_key(&input.key)?;
        let now = cx.now();
        let expires_at = end(now, input.expires_in_s)?;
        let held = kv::hold(cx.tx(), &bot).await?.ok_or_else(Error::not_found)?;
        let limits = settings(&held.limits)?.effective();
        if input.value.len() as u64 > limits.value_bytes {
            return Err(Error::new(
                Code::TooLarge,
                format!("A value has at most {} bytes.", limits.value_bytes),
            ));
        }
        let old = kv::head(cx.tx(), *bot, &input.key).await?;
        check_version(cx, live(old.as_ref(), now), input.expected)?;
        let size = i64::try_from(input.value.len()).unwrap_or(i64::MAX);
        let freed = old.map_or(0, |old| weight(&old.key, old.size));
        let most = i64::try_from(limits.kv_bytes).unwrap_or(i64::MAX);
        let mut bytes = held.bytes - freed + weight(&input.key, size);
        let entry = KvEntry {
            key: input.key,
            size,
            version: held.version,
            expires_at,
        };
        kv::put(cx.tx(), &bot, &entry, &input.value, now).await?;
        if bytes > most {
            bytes -= kv::sweep(cx.tx(), &bot, now).await?;
        }
        if bytes > most {
            return Err(Error::new(
                Code::QuotaExceeded,
                format!("This bot's store may hold {most} bytes of keys and values, and this would make it {bytes}."),
            ));
        }
        kv::set_bytes(cx.tx(), &bot, bytes).await?;
        cx.note(*bot, &serde_json::json!({}))?;
        Ok(entry)
    }
}

/// `kv.delete`
pub struct DeleteValue;

/// Whether there was anything to remove.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct KvDeleted {
    /// The key was there.
    pub deleted: bool,
}

impl Answer for KvDeleted {}

impl Op for DeleteValue {
    const SPEC: OpSpec = op("kv.delete", Effect::Write)
        .needs(Permission::BotState)
        .about("Removes a value. That it is not there is fine.")
        .http(Method::Delete, "/bots/{bot_id}/kv/{key}", 200)
        .wasm("kv", "delete")
        .cli();
    type In = KeyIn;
    type Out = KvDeleted;
    type On = BotId;

    fn on(input: &KeyIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, bot: Grant<BotId>, input: KeyIn) -> Result<KvDeleted> {
        check_key(&input.key)?;
        let now = cx.now();
        let held = kv::hold(cx.tx(), &bot).await?.ok_or_else(Error::not_found)?;
        let old = kv::head(cx.tx(), *bot, &input.key).await?;
        check_version(cx, live(old.as_ref(), now), None)?;
        let deleted = live(old.as_ref(), now).is_some();
        if let Some(old) = old {
            kv::delete(cx.tx(), &bot, &old.key).await?;
            kv::set_bytes(cx.tx(), &bot, held.bytes - weight(&old.key, old.size)).await?;
        }
        cx.note(*bot, &serde_json::json!({}))?;
        Ok(KvDeleted { deleted })
    }
}

/// A key whose time is over is not there.
fn live(entry: Option<&KvEntry>, now: Timestamp) -> Option<&KvEntry> {
    entry.filter(|entry| entry.expires_at.is_none_or(|end| now < end))
}

fn end(now: Timestamp, seconds: Option<i64>) -> Result<Option<Timestamp>> {
    match seconds {
        None => Ok(None),
        Some(seconds @ 1..=LONGEST_SECONDS) => Ok(Some(now.plus_seconds(seconds))),
        Some(_) => Err(Error::invalid(
            "/expires_in_s",
            format!("must be 1 to {LONGEST_SECONDS}"),
        )),
    }
}

/// What the caller believes is stored must be what is stored.
fn check_version(cx: &Cx<'_>, stored: Option<&KvEntry>, expected: Option<i64>) -> Result<()> {
    match stored {
        Some(stored) => cx.check_match(stored.version)?,
        None if cx.envelope().if_match.is_some() => {
            return Err(Error::new(
                Code::PreconditionFailed,
                "Nothing is stored under this key.",
            ));
        }
        None => {}
    }
    let version = stored.map_or(0, |stored| stored.version);
    if expected.is_some_and(|expected| expected != version) {
        return Err(Error::new(
            Code::Conflict,
            format!("The version stored now is {version}; 0 says that there is none."),
        ));
    }
    Ok(())
}
