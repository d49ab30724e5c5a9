//! Packets of Socket.IO, in both of its encodings.

use super::{Wire, pack};
use crate::{end::End, told::Told};
use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

/// Kinds of packets, by their numbers on the wire.
pub(super) const CONNECT: u8 = 0;
pub(super) const DISCONNECT: u8 = 1;
pub(super) const EVENT: u8 = 2;
pub(super) const ACK: u8 = 3;
pub(super) const CONNECT_ERROR: u8 = 4;
pub(super) const BINARY_EVENT: u8 = 5;
pub(super) const BINARY_ACK: u8 = 6;

/// Most binary attachments of a packet.
const ATTACHMENTS: usize = 16;

/// How packets are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speech {
    /// The usual one: texts.
    Text,
    /// `socket.io-msgpack-parser`.
    Pack,
}

/// A packet from a client.
#[derive(Debug, PartialEq)]
pub(super) struct Packet {
    pub(super) kind: u8,
    pub(super) namespace: String,
    pub(super) id: Option<u64>,
    pub(super) data: Value,
    /// So many binary messages follow and belong to it.
    pub(super) attachments: usize,
}

fn wrong(why: &str) -> End {
    End::Protocol(format!("This packet cannot be read: {why}."))
}

impl Packet {
    /// Reads a text packet, without Engine.IO's type.
    pub(super) fn read(text: &str) -> Result<Self, End> {
        let kind = text.bytes().next().filter(u8::is_ascii_digit).map(|kind| kind - b'0');
        let kind = kind
            .filter(|kind| *kind <= BINARY_ACK)
            .ok_or_else(|| wrong("no such type"))?;
        let mut rest = &text[1..];
        let mut attachments = 0;
        if matches!(kind, BINARY_EVENT | BINARY_ACK) {
            let (count, behind) = rest.split_once('-').ok_or_else(|| wrong("no number of attachments"))?;
            attachments = count.parse().map_err(|_| wrong("no number of attachments"))?;
            rest = behind;
        }
        if attachments > ATTACHMENTS {
            return Err(wrong("too many attachments"));
        }
        let mut namespace = "/";
        if rest.starts_with('/') {
            (namespace, rest) = rest.split_once(',').unwrap_or((rest, ""));
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let id = match &rest[..digits] {
            "" => None,
            id => Some(id.parse().map_err(|_| wrong("the id is too large"))?),
        };
        let data = match &rest[digits..] {
            "" => Value::Null,
            json => serde_json::from_str(json).map_err(|_| wrong("the data is not JSON"))?,
        };
        Ok(Self {
            kind,
            namespace: namespace.to_owned(),
            id,
            data,
            attachments,
        })
    }
}

/// A packet for a client.
#[derive(Debug, Serialize)]
pub(super) struct Reply<'p, D> {
    #[serde(rename = "type")]
    pub(super) kind: u8,
    pub(super) nsp: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) data: Option<D>,
}

impl Speech {
    pub(super) fn event(self, told: &Told) -> Wire {
        match self {
            Self::Text => Wire::Text(told.packet().into()),
            Self::Pack => Wire::Binary(told.packed()),
        }
    }

    /// The same as a frame of a WebSocket.
    pub(super) fn event_frame(self, told: &Told) -> &Bytes {
        match self {
            Self::Text => told.packet_frame(),
            Self::Pack => told.packed_frame(),
        }
    }

    /// An event of the protocol itself; with an id, the client is to acknowledge it.
    pub(super) fn emit(self, name: &str, id: Option<u64>, data: &impl Serialize) -> Wire {
        self.write(&Reply {
            kind: EVENT,
            nsp: "/",
            id,
            data: Some((name, data)),
        })
    }

    pub(super) fn acknowledge(self, id: u64, data: &impl Serialize) -> Wire {
        self.write(&Reply {
            kind: ACK,
            nsp: "/",
            id: Some(id),
            data: Some([data]),
        })
    }

    pub(super) fn write<D: Serialize>(self, reply: &Reply<'_, D>) -> Wire {
        match self {
            Self::Pack => Wire::Binary(pack::write(reply)),
            Self::Text => {
                let namespace = if reply.nsp == "/" {
                    String::new()
                } else {
                    format!("{},", reply.nsp)
                };
                let id = reply.id.map_or_else(String::new, |id| id.to_string());
                let data = reply.data.as_ref().map(serde_json::to_string);
                let data = data.transpose().ok().flatten().unwrap_or_default();
                Wire::Text(format!("4{}{namespace}{id}{data}", reply.kind).into())
            }
        }
    }

    /// Reads a message of Engine.IO, which is a packet.
    pub(super) fn read(self, wire: &Wire) -> Result<Packet, End> {
        match (self, wire) {
            (Self::Text, Wire::Text(text)) => Packet::read(&text[1..]),
            (Self::Pack, Wire::Binary(bytes)) => pack::read(bytes).ok_or_else(|| wrong("it is not MessagePack")),
            _ => Err(wrong("it is of the other parser")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn packet(kind: u8, namespace: &str, id: Option<u64>, data: Value, attachments: usize) -> Packet {
        Packet {
            kind,
            namespace: namespace.into(),
            id,
            data,
            attachments,
        }
    }

    #[test]
    fn the_protocols_own_examples_are_read() {
        let cases = [
            ("0", packet(CONNECT, "/", None, Value::Null, 0)),
            (
                r#"0/admin,{"sid":"x"}"#,
                packet(CONNECT, "/admin", None, json!({"sid": "x"}), 0),
            ),
            ("1/admin,", packet(DISCONNECT, "/admin", None, Value::Null, 0)),
            (r#"2["foo"]"#, packet(EVENT, "/", None, json!(["foo"]), 0)),
            (
                r#"2/admin,12["bar"]"#,
                packet(EVENT, "/admin", Some(12), json!(["bar"]), 0),
            ),
            (
                r#"3/admin,13["bar"]"#,
                packet(ACK, "/admin", Some(13), json!(["bar"]), 0),
            ),
            (
                r#"51-["baz",{"_placeholder":true,"num":0}]"#,
                packet(
                    BINARY_EVENT,
                    "/",
                    None,
                    json!(["baz", {"_placeholder": true, "num": 0}]),
                    1,
                ),
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(Packet::read(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "7",
            "x",
            "2[",
            "5[]",
            "5x-[]",
            "599-[]",
            "299999999999999999999[]",
            "é",
        ] {
            assert!(Packet::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn both_encodings_say_the_same() {
        let Wire::Text(text) = Speech::Text.emit("ready", Some(3), &json!({"a": 1})) else {
            panic!("a text")
        };
        assert_eq!(&*text, r#"423["ready",{"a":1}]"#);
        let packed = Speech::Pack.emit("ready", Some(3), &json!({"a": 1}));
        let read = Speech::Pack.read(&packed).unwrap();
        assert_eq!(read, packet(EVENT, "/", Some(3), json!(["ready", {"a": 1}]), 0));
    }
}
