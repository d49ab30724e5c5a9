//! Socket.IO's `MessagePack` parser: a packet is one map.

use super::packet::{self, Packet, Reply};
use bytes::Bytes;
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
    let any: Any<Value> = match rmp_serde::from_slice(bytes) {
        Ok(any) => any,
        Err(_) => {
            let any: Any<serde::de::IgnoredAny> = rmp_serde::from_slice(bytes).ok()?;
            return Some(Packet {
                kind: if any.kind == packet::EVENT {
                    packet::BINARY_EVENT
                } else {
                    any.kind
                },
                namespace: any.nsp.unwrap_or_else(|| "/".into()),
                id: any.id,
                data: Value::Null,
                attachments: 0,
            });
        }
    };
    Some(Packet {
        kind: any.kind,
        namespace: any.nsp.unwrap_or_else(|| "/".into()),
        id: any.id,
        data: any.data.unwrap_or_default(),
        attachments: 0,
    })
}
