use super::check_key;
use crate::{
    Answer, Cx, Effect, Error, Method, Op, OpSpec, Page, Result,
    cursor::{self, page_size},
    op,
};
use bytes::Bytes;
use mesh_authz::{Grant, Permission};
use mesh_store::kv;
use mesh_types::{BotId, Timestamp, bot::KvEntry, limits};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `kv.get`
pub struct GetValue;

/// A key of a bot.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyIn {
    /// The bot.
    pub bot_id: BotId,
    /// 1 to 512 bytes.
    pub key: String,
}

/// A value. REST answers the bytes alone, with the version as the `ETag`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KvValue {
    /// The key.
    pub key: String,
    /// The value; as JSON, in base64.
    #[serde(with = "base64_text")]
    #[schemars(with = "String")]
    pub value: Bytes,
    /// Bytes of the value.
    pub size: i64,
    /// Rises with every write, and never comes back.
    pub version: i64,
    /// Its end.
    pub expires_at: Option<Timestamp>,
}

impl Answer for KvValue {
    fn revision(&self) -> Option<i64> {
        Some(self.version)
    }

    fn raw(&self) -> Option<(&'static str, Bytes)> {
        Some(("application/octet-stream", self.value.clone()))
    }
}

mod base64_text {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use bytes::Bytes;
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Bytes::from).map_err(D::Error::custom)
    }
}

impl Op for GetValue {
    const SPEC: OpSpec = op("kv.get", Effect::Read)
        .needs(Permission::BotState)
        .about("Reads a value.")
        .http(Method::Get, "/bots/{bot_id}/kv/{key}", 200)
        .wasm("kv", "get")
        .cli();
    type In = KeyIn;
    type Out = KvValue;
    type On = BotId;

    fn on(input: &KeyIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, bot: Grant<BotId>, input: KeyIn) -> Result<KvValue> {
        check_key(&input.key)?;
        let now = cx.now();
        let (entry, value) = kv::get(cx.tx(), *bot, &input.key, now)
            .await?
            .ok_or_else(Error::not_found)?;
        let KvEntry {
            key,
            size,
            version,
            expires_at,
        } = entry;
        Ok(KvValue {
            key,
            value: value.into(),
            size,
            version,
            expires_at,
        })
    }
}

/// `kv.list`
pub struct ListKeys;

/// Which keys.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListKeysIn {
    /// The bot.
    pub bot_id: BotId,
    /// What the keys begin with; all when absent.
    #[serde(default)]
    pub prefix: Option<String>,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

impl Op for ListKeys {
    const SPEC: OpSpec = op("kv.list", Effect::Read)
        .needs(Permission::BotState)
        .about("Lists keys in order, with the size and version of their values.")
        .http(Method::Get, "/bots/{bot_id}/kv", 200)
        .wasm("kv", "list")
        .cli();
    type In = ListKeysIn;
    type Out = Page<KvEntry>;
    type On = BotId;

    fn on(input: &ListKeysIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, bot: Grant<BotId>, input: ListKeysIn) -> Result<Page<KvEntry>> {
        let (size, prefix) = (page_size(input.limit)?, input.prefix.unwrap_or_default());
        if prefix.len() > limits::KV_KEY || prefix.chars().any(char::is_control) {
            return Err(Error::invalid(
                "/prefix",
                format!("has at most {} bytes, none of control characters", limits::KV_KEY),
            ));
        }
        let scope = format!("{} {prefix}", input.bot_id);
        // No key has control characters, so this is the first that can come after the last one shown.
        let first = match cursor::open(cx, &scope, input.cursor.as_deref())? {
            Some(last) => last + "\u{1}",
            None => prefix.clone(),
        };
        let (end, now) = (end_of(&prefix), cx.now());
        let entries = kv::list(cx.tx(), *bot, (&first, &end), now, size + 1).await?;
        Ok(cursor::page(cx, &scope, entries, size, |entry| entry.key.clone()))
    }
}

/// The first text, in the order of bytes, after all that begin with this prefix.
fn end_of(prefix: &str) -> String {
    let mut end = prefix.to_owned();
    while let Some(last) = end.pop() {
        // Steps over the surrogates, which no text holds.
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            end.push(next);
            return end;
        }
    }
    // Longer than any key can be.
    char::MAX.to_string().repeat(limits::KV_KEY / char::MAX.len_utf8() + 1)
}

#[cfg(test)]
mod tests {
    use super::end_of;

    #[test]
    fn a_range_holds_what_begins_with_the_prefix_and_nothing_else() {
        for (prefix, inside, outside) in [
            ("a", vec!["a", "a/", "a\u{10FFFF}b"], vec!["b", "A", "`"]),
            ("a\u{D7FF}", vec!["a\u{D7FF}", "a\u{D7FF}z"], vec!["a\u{E000}", "b"]),
            ("a\u{10FFFF}", vec!["a\u{10FFFF}x"], vec!["b", "a"]),
            ("", vec!["", "x", "\u{10FFFF}\u{10FFFF}"], vec![]),
        ] {
            let range = prefix.to_owned()..end_of(prefix);
            assert!(
                inside.iter().all(|key| range.contains(&(*key).to_owned())),
                "{prefix:?}"
            );
            assert!(
                !outside.iter().any(|key| range.contains(&(*key).to_owned())),
                "{prefix:?}"
            );
        }
    }

    #[test]
    fn a_value_survives_being_kept() {
        let value = super::KvValue {
            key: "k".into(),
            value: vec![0, 255, 1].into(),
            size: 3,
            version: 1,
            expires_at: None,
        };
        let json = serde_json::to_string(&value).unwrap();
        assert_eq!(serde_json::from_str::<super::KvValue>(&json).unwrap(), value);
    }
}
