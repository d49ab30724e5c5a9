//! The frames of the plain WebSocket, in both directions.

use crate::{
    end::{End, problem},
    session::{Answered, Asked, Resumed},
};
use bytes::Bytes;
use mesh_service::{Error, Reply, error::Code, socket::Opened};
use mesh_types::{RequestId, RoomId, limits};
use serde::{Deserialize, Serialize};
use serde_json::{json, value::RawValue};
use std::collections::BTreeMap;

/// The version of what is spoken here.
const PROTOCOL: u32 = 1;
/// Longest name that a client gives an operation, in bytes.
const ID: usize = 100;

/// A frame from a client.
pub(super) enum Frame {
    Hello(Hello),
    Resume(BTreeMap<String, i64>),
    Op(Asked),
    Subscribe(RoomId),
    Unsubscribe(RoomId),
    Reauth(String),
    Ping(Option<String>),
    Pong,
}

/// The first frame.
pub(super) struct Hello {
    pub(super) token: Option<String>,
}

/// Any frame: its name, and the fields that one or another has.
#[derive(Deserialize)]
struct Fields<'f> {
    frame: String,
    protocol: Option<u32>,
    token: Option<String>,
    streams: Option<BTreeMap<String, i64>>,
    #[serde(borrow)]
    id: Option<&'f RawValue>,
    op: Option<String>,
    #[serde(borrow)]
    input: Option<&'f RawValue>,
    idempotency_key: Option<String>,
    if_match: Option<String>,
    room_id: Option<RoomId>,
    #[serde(borrow)]
    t: Option<&'f RawValue>,
}

impl Frame {
    /// What has to come first.
    pub(super) fn hello(text: &str) -> Result<Hello, End> {
        match Self::read(text)? {
            Self::Hello(hello) => Ok(hello),
            _ => Err(End::Protocol("The first frame is `hello`.".into())),
        }
    }

    pub(super) fn read(text: &str) -> Result<Self, End> {
        let fields: Fields<'_> = serde_json::from_str(text).map_err(|error| wrong(&error.to_string()))?;
        let missing = |name: &str| wrong(&format!("`{}` needs `{name}`", fields.frame));
        Ok(match fields.frame.as_str() {
            "hello" if fields.protocol == Some(PROTOCOL) => Self::Hello(Hello { token: fields.token }),
            "hello" => return Err(End::Protocol(format!("This server speaks protocol {PROTOCOL}."))),
            "resume" => Self::Resume(fields.streams.ok_or_else(|| missing("streams"))?),
            "op" => Self::Op(Asked {
                tag: tag(fields.id.ok_or_else(|| missing("id"))?)?,
                op: fields.op.ok_or_else(|| missing("op"))?,
                input: fields.input.map_or(Bytes::from_static(b"{}"), |input| {
                    Bytes::copy_from_slice(input.get().as_bytes())
                }),
                idempotency_key: fields.idempotency_key,
                if_match: fields.if_match,
            }),
            "subscribe" => Self::Subscribe(fields.room_id.ok_or_else(|| missing("room_id"))?),
            "unsubscribe" => Self::Unsubscribe(fields.room_id.ok_or_else(|| missing("room_id"))?),
            "reauth" => Self::Reauth(fields.token.ok_or_else(|| missing("token"))?),
            "ping" => Self::Ping(fields.t.map(|t| t.get().to_owned())),
            "pong" => Self::Pong,
            other => return Err(wrong(&format!("`{other}` is no frame"))),
        })
    }
}

fn wrong(why: &str) -> End {
    End::Protocol(format!("This frame cannot be read: {why}."))
}

/// The client's own name of an operation: a text or a number, given back as it came.
fn tag(id: &RawValue) -> Result<String, End> {
    let id = id.get();
    if id.len() <= ID && !id.starts_with(['{', '[', 'n', 't', 'f']) {
        Ok(id.to_owned())
    } else {
        Err(wrong(&format!("`id` is a text or a number of at most {ID} bytes")))
    }
}

#[derive(Serialize)]
struct HelloOut<'f> {
    frame: &'static str,
    protocol: u32,
    heartbeat_s: i64,
    #[serde(flatten)]
    opened: &'f Opened,
}

pub(super) fn hello(opened: &Opened) -> String {
    text(&HelloOut {
        frame: "hello",
        protocol: PROTOCOL,
        heartbeat_s: super::IDLE / 1000,
        opened,
    })
}

pub(super) fn resumed(resumed: &Resumed) -> String {
    let mut frame = json!(resumed);
    frame["frame"] = "resume".into();
    frame.to_string()
}

/// The one answer to an operation.
pub(super) fn answer(answered: &Answered) -> String {
    match &answered.result {
        Ok(reply) => good(&answered.tag, answered.status, reply).unwrap_or_else(|| {
            let error = Error::new(Code::TooLarge, "The answer is too large for a frame; ask over REST.");
            self::error(Some(&answered.tag), &error, answered.request, false)
        }),
        Err(error) => self::error(Some(&answered.tag), error, answered.request, false),
    }
}

/// A good answer with the operation's own JSON in it, unless that is too large.
fn good(tag: &str, status: u16, reply: &Reply) -> Option<String> {
    let (kind, body) = &reply.body;
    if body.len() > limits::SOCKET_ANSWER || *kind != "application/json" {
        return None;
    }
    let data = std::str::from_utf8(body).ok()?;
    let etag = text(&reply.etag);
    Some(format!(
        r#"{{"frame":"result","id":{tag},"status":{status},"etag":{etag},"data":{data}}}"#
    ))
}

pub(super) fn error(tag: Option<&str>, error: &Error, request: Option<RequestId>, fatal: bool) -> String {
    let problem = text(&problem(error, request));
    let id = tag.unwrap_or("null");
    let retry = error
        .retry_after_ms
        .map_or_else(String::new, |wait| format!(r#","retry_after_ms":{wait}"#));
    format!(r#"{{"frame":"error","id":{id},"fatal":{fatal}{retry},"problem":{problem}}}"#)
}

pub(super) fn expiring(at: i64) -> String {
    json!({ "frame": "auth_expiring", "expires_at": mesh_types::Timestamp(at) }).to_string()
}

pub(super) fn ping() -> String {
    r#"{"frame":"ping"}"#.to_owned()
}

pub(super) fn pong(t: Option<&str>) -> String {
    format!(r#"{{"frame":"pong","t":{}}}"#, t.unwrap_or("null"))
}

fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
