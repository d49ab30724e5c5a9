//! Socket.IO's `MessagePack` parser: a packet is one map.

use super::packet::{self, Packet, Reply};
use bytes::Bytes;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An event packet.
pub(crate) fn event(name: &str, data: &Value) -> Bytes {
    write(&Reply {
        kind: packet::EVENT,
        nsp: "/",
        id: None,
        data: Some((name, data)),
    })
}

pub(super) fn write<D: Serialize>(reply: &Reply<'_, D>) -> Bytes {
    rmp_serde::to_vec_named(reply).unwrap_or_default().into()
}

/// Reads a packet. Bytes within it make it one with attachments, which operations do not take.
pub(super) fn read(bytes: &[u8]) -> Option<Packet> {
    rmp_serde::from_slice(bytes)
        .map(Any::<Value>::packet)
        .or_else(|_| rmp_serde::from_slice(bytes).map(Any::<IgnoredAny>::with_attachments))
        .ok()
}

/// What the parser of the clients sends.
#[derive(Deserialize)]
struct Any<D> {
    #[serde(rename = "type")]
    kind: u8,
    #[serde(default)]
    nsp: Option<String>,
    #[serde(default)]
    id: Option<u64>,
    data: Option<D>,
}

impl<D> Any<D> {
    fn packet(self) -> Packet
    where
        D: Into<Value>,
    {
        Packet {
            kind: self.kind,
            namespace: self.nsp.unwrap_or_else(|| "/".into()),
            id: self.id,
            data: self.data.map(Into::into).unwrap_or_default(),
            attachments: 0,
        }
    }
}

impl Any<IgnoredAny> {
    fn with_attachments(mut self) -> Packet {
        if self.kind == packet::EVENT {
            self.kind = packet::BINARY_EVENT;
        }
        Any::<Value> {
            kind: self.kind,
            nsp: self.nsp,
            id: self.id,
            data: None,
        }
        .packet()
    }
}
