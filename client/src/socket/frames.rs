//! The frames of `mesh.v1.json`.

use crate::{Answer, Error, Problem, Result};
use mesh_types::{
    SessionId, Timestamp,
    view::{Actor, Event},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};
use std::collections::BTreeMap;

/// The version that is spoken here.
pub(super) const PROTOCOL: u32 = 1;

/// Stream, such as `room:room_…`, to the `seq` of the last event that was seen there.
pub type Positions = BTreeMap<String, i64>;

/// What the server says of a new connection.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Hello {
    /// Who is connected.
    pub actor: Actor,
    /// Its session; none for a token.
    pub session_id: Option<SessionId>,
    /// Seconds of silence after which a side says that it is still there.
    pub heartbeat_s: u64,
    /// What it may do at once.
    pub limits: Limits,
    /// Every stream that it is on, with the `seq` of its last event.
    pub heads: Positions,
}

/// What a connection may do at once.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of a frame to the server.
    pub frame_bytes: usize,
    /// Bytes of an answer.
    pub answer_bytes: usize,
    /// Operations that wait for their answer.
    pub in_flight: usize,
}

/// What became of positions, by stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resumed {
    /// The log is read from there.
    pub replaying: Vec<String>,
    /// The log does not have this position: look at the present state, then follow.
    pub expired: Vec<String>,
    /// Not, or no longer, for this client.
    pub forbidden: Vec<String>,
}

/// Something that happened and is in no log, such as `typing.started`. Some of it may be lost.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Passing {
    /// Where, such as `room:room_…`.
    pub stream: String,
    /// Such as `typing.started`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When.
    pub at: Timestamp,
    /// Who caused it; none for the server itself.
    pub actor: Option<Actor>,
    /// The operation that caused it.
    pub op: String,
    /// The request that caused it; none when it came by itself.
    pub request_id: Option<String>,
    /// What goes with it.
    pub data: Value,
}

/// An operation over a socket, by its name in the table of operations.
#[derive(Debug, Clone, Serialize)]
pub struct Op {
    #[serde(rename = "op")]
    name: String,
    input: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    if_match: Option<String>,
}

impl Op {
    /// An operation such as `message.post`, with its fields as an object.
    pub fn new(name: impl Into<String>, input: Value) -> Self {
        Self {
            name: name.into(),
            input,
            idempotency_key: None,
            if_match: None,
        }
    }

    /// With this name for the call: however often it is sent, it is done once.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Only if the thing is still as this `ETag` names it.
    #[must_use]
    pub fn if_match(mut self, etag: impl Into<String>) -> Self {
        self.if_match = Some(etag.into());
        self
    }

    pub(super) fn frame(&self, id: u64) -> String {
        let mut frame = json!(self);
        frame["frame"] = "op".into();
        frame["id"] = id.into();
        frame.to_string()
    }
}

/// A frame from the server.
#[derive(Debug)]
pub(super) enum Incoming {
    Hello(Box<Hello>),
    Resumed(Resumed),
    Event(Box<Event>),
    Passing(Box<Passing>),
    Answer(u64, Result<Answer>),
    /// What was asked without an id is refused.
    Refused(Box<Problem>),
    /// The server ends the connection.
    Fatal(Box<Problem>),
    Expiring,
    /// With the text to give back, as JSON.
    Ping(String),
    /// Nothing that this client has to do with.
    Other,
}

#[derive(Deserialize)]
struct Name {
    frame: String,
}

#[derive(Deserialize)]
struct Place {
    seq: Option<i64>,
}

#[derive(Deserialize)]
struct Good {
    id: u64,
    status: u16,
    etag: Option<String>,
    data: Value,
}

#[derive(Deserialize)]
struct Bad {
    id: Option<u64>,
    #[serde(default)]
    fatal: bool,
    problem: Box<Problem>,
}

#[derive(Deserialize)]
struct Ping<'f> {
    #[serde(borrow)]
    t: Option<&'f RawValue>,
}

impl Incoming {
    pub(super) fn read(text: &str) -> Result<Self> {
        Self::parse(text).map_err(|error| Error::Protocol(format!("a frame of the server cannot be read: {error}")))
    }

    fn parse(text: &str) -> serde_json::Result<Self> {
        use serde_json::from_str;
        Ok(match from_str::<Name>(text)?.frame.as_str() {
            "event" if from_str::<Place>(text)?.seq.is_some() => Self::Event(from_str(text)?),
            "event" => Self::Passing(from_str(text)?),
            "result" => {
                let good: Good = from_str(text)?;
                let answer = Answer {
                    status: good.status,
                    etag: good.etag,
                    replayed: false,
                    body: good.data,
                };
                Self::Answer(good.id, Ok(answer))
            }
            "error" => match from_str(text)? {
                Bad {
                    fatal: true, problem, ..
                } => Self::Fatal(problem),
                Bad {
                    id: Some(id), problem, ..
                } => Self::Answer(id, Err(Error::Refused(problem))),
                Bad { id: None, problem, .. } => Self::Refused(problem),
            },
            "hello" => Self::Hello(from_str(text)?),
            "resume" => Self::Resumed(from_str(text)?),
            "auth_expiring" => Self::Expiring,
            "ping" => {
                let ping: Ping<'_> = from_str(text)?;
                Self::Ping(ping.t.map_or("null", RawValue::get).to_owned())
            }
            _ => Self::Other,
        })
    }
}

pub(super) fn hello(token: Option<&str>) -> String {
    let client = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
    json!({ "frame": "hello", "protocol": PROTOCOL, "client": client, "token": token }).to_string()
}

pub(super) fn resume(positions: &Positions) -> String {
    json!({ "frame": "resume", "streams": positions }).to_string()
}

pub(super) fn room(frame: &str, room: mesh_types::RoomId) -> String {
    json!({ "frame": frame, "room_id": room }).to_string()
}

pub(super) fn reauth(token: &str) -> String {
    json!({ "frame": "reauth", "token": token }).to_string()
}

pub(super) fn ping() -> String {
    json!({ "frame": "ping" }).to_string()
}

pub(super) fn pong(t: &str) -> String {
    format!(r#"{{"frame":"pong","t":{t}}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_told_apart() {
        let read = |text: &str| Incoming::read(text).unwrap();
        let event = r#"{"frame":"event","stream":"room:r","seq":SEQ,"type":"pin.added","at":"2026-02-20T09:30:00.000Z","actor":null,"op":"pin.add","request_id":"q","data":{}}"#;
        assert!(matches!(read(&event.replace("SEQ", "7")), Incoming::Event(event) if event.seq == 7));
        assert!(matches!(read(&event.replace("SEQ", "null")), Incoming::Passing(_)));
        let problem = r#""problem":{"code":"not_found","status":404,"more":1}"#;
        let bad = |id: &str, fatal: bool| read(&format!(r#"{{"frame":"error","id":{id},"fatal":{fatal},{problem}}}"#));
        assert!(matches!(bad("3", false), Incoming::Answer(3, Err(Error::Refused(_)))));
        assert!(matches!(bad("null", false), Incoming::Refused(problem) if problem.rest["more"] == 1));
        assert!(matches!(bad("null", true), Incoming::Fatal(_)));
        assert!(matches!(read(r#"{"frame":"ping","t":[1]}"#), Incoming::Ping(t) if t == "[1]"));
        assert!(matches!(read(r#"{"frame":"ping"}"#), Incoming::Ping(t) if t == "null"));
        // What a later server says besides is none of this client's business; what is broken is.
        assert!(matches!(read(r#"{"frame":"news"}"#), Incoming::Other));
        assert!(Incoming::read("{").is_err() && Incoming::read(r#"{"frame":"event"}"#).is_err());
    }
}
