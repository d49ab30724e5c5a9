//! Socket.IO's `MessagePack` parser: a packet is one map.

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

/// An event packet.
pub(crate) fn event(name: &str, data: &Value) -> Bytes {
    #[derive(Serialize)]
    struct Packet<'p> {
        #[serde(rename = "type")]
        kind: u8,
        nsp: &'static str,
        data: (&'p str, &'p Value),
    }
    let packet = Packet {
        kind: 2,
        nsp: "/",
        data: (name, data),
    };
    rmp_serde::to_vec_named(&packet).unwrap_or_default().into()
}
