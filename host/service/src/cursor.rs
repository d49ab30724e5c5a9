//! Page cursors: opaque, signed, tied to the operation and its filters, good for 24 hours.

use crate::{Answer, Cx, Error, Result, error::Code};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use mesh_types::limits::{CURSOR_SECONDS, PAGE_DEFAULT, PAGE_MAX};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::Sha256;

/// A page of a list.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Page<T> {
    /// The items, in the order that the operation states.
    pub items: Vec<T>,
    /// Asks for the next page; `null` at the end.
    pub next_cursor: Option<String>,
}

impl<T: Serialize + DeserializeOwned + JsonSchema + Send + 'static> Answer for Page<T> {}

/// How many items a page may have, from what the caller asked for.
pub fn page_size(asked: Option<u32>) -> Result<i64> {
    match asked.unwrap_or(PAGE_DEFAULT) {
        size @ 1..=PAGE_MAX => Ok(size.into()),
        _ => Err(Error::invalid("/limit", format!("must be 1 to {PAGE_MAX}"))),
    }
}

fn sign(cx: &Cx<'_>, scope: &str, payload: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&cx.host().keys.cursor).expect("HMAC takes a key of any length");
    for part in [cx.envelope().op, scope, payload] {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    mac
}

/// A cursor that stands for a position. `scope` holds the filters.
pub fn seal(cx: &Cx<'_>, scope: &str, position: &str) -> String {
    let payload = format!("{}.{position}", cx.now().plus_seconds(CURSOR_SECONDS).millis());
    let tag = sign(cx, scope, &payload).finalize().into_bytes();
    format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(&payload),
        URL_SAFE_NO_PAD.encode(&tag[..16])
    )
}

/// The position that a cursor stands for; `None` for no cursor.
pub fn open(cx: &Cx<'_>, scope: &str, cursor: Option<&str>) -> Result<Option<String>> {
    let Some(cursor) = cursor else { return Ok(None) };
    let wrong = || {
        Error::new(
            Code::InvalidCursor,
            "This cursor is not of this list, or older than a day. Start again.",
        )
    };
    let (payload, tag) = cursor.split_once('.').ok_or_else(wrong)?;
    let payload = URL_SAFE_NO_PAD
        .decode(payload)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(wrong)?;
    let tag = URL_SAFE_NO_PAD.decode(tag).map_err(|_| wrong())?;
    sign(cx, scope, &payload)
        .verify_truncated_left(&tag)
        .map_err(|_| wrong())?;
    let (end, position) = payload.split_once('.').ok_or_else(wrong)?;
    if tag.len() != 16 || end.parse::<i64>().map_or(true, |end| end < cx.now().millis()) {
        return Err(wrong());
    }
    Ok(Some(position.to_owned()))
}

/// A page of items that were read with one more than its size; `position` names an item.
pub fn page<T>(cx: &Cx<'_>, scope: &str, mut items: Vec<T>, size: i64, position: impl Fn(&T) -> String) -> Page<T> {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let more = items.len() > size;
    items.truncate(size);
    let next_cursor = items
        .last()
        .filter(|_| more)
        .map(|last| seal(cx, scope, &position(last)));
    Page { items, next_cursor }
}
