//! An event on its way to many connections, encoded at most once for each kind of them.

use bytes::Bytes;
use mesh_service::{Passing, Stream};
use mesh_types::view::Event;
use serde_json::Value;
use std::sync::OnceLock;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// One event.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) stream: Stream,
    /// Its place there; none for what is in no log.
    pub(crate) seq: Option<i64>,
    kind: String,
    /// The envelope, as JSON.
    pub(crate) json: String,
    frame: OnceLock<Utf8Bytes>,
    packet: OnceLock<Utf8Bytes>,
    packed: OnceLock<Bytes>,
}

impl Told {
    /// An event of the log.
    pub(crate) fn logged(stream: Stream, event: &Event) -> Result<Self, serde_json::Error> {
        let json = serde_json::to_string(event)?;
        Ok(Self::new(stream, Some(event.seq), event.kind.clone(), json))
    }

    /// An event that is in no log.
    pub(crate) fn passing(passing: &Passing) -> Self {
        Self::new(
            passing.stream,
            None,
            passing.kind.to_owned(),
            passing.envelope().to_string(),
        )
    }

    fn new(stream: Stream, seq: Option<i64>, kind: String, json: String) -> Self {
        Self {
            stream,
            seq,
            kind,
            json,
            frame: OnceLock::new(),
            packet: OnceLock::new(),
            packed: OnceLock::new(),
        }
    }

    /// About how much memory it takes.
    pub(crate) fn size(&self) -> usize {
        self.json.len()
    }

    /// As a frame of the plain WebSocket: the envelope with the frame's name beside its fields.
    pub(crate) fn frame(&self) -> Utf8Bytes {
        let frame = || Utf8Bytes::from(format!(r#"{{"frame":"event",{}"#, &self.json[1..]));
        self.frame.get_or_init(frame).clone()
    }

    /// As a message packet of Engine.IO that holds an event packet of Socket.IO.
    pub(crate) fn packet(&self) -> Utf8Bytes {
        let packet = || Utf8Bytes::from(format!(r#"42["{}",{}]"#, self.kind, self.json));
        self.packet.get_or_init(packet).clone()
    }

    /// As an event packet of Socket.IO's `MessagePack` parser.
    pub(crate) fn packed(&self) -> Bytes {
        let packed = || {
            let envelope: Value = serde_json::from_str(&self.json).unwrap_or_default();
            crate::socket_io::pack::event(&self.kind, &envelope)
        };
        self.packed.get_or_init(packed).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_holds_the_same_envelope() {
        let stream: Stream = "room:room_01h455vb4pex5vsknk084sn02q".parse().unwrap();
        let told = Told::new(
            stream,
            Some(7),
            "pin.added".into(),
            r#"{"seq":7,"type":"pin.added"}"#.into(),
        );
        assert_eq!(&*told.frame(), r#"{"frame":"event","seq":7,"type":"pin.added"}"#);
        assert_eq!(&*told.packet(), r#"42["pin.added",{"seq":7,"type":"pin.added"}]"#);
        let packed: Value = rmp_serde::from_slice(&told.packed()).unwrap();
        assert_eq!(packed["data"][1]["seq"], 7);
    }
}
