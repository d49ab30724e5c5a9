//! An event on its way to many connections, encoded at most once for each kind of them.

use crate::web_socket::{Holds, frame};
use bytes::Bytes;
use mesh_service::{Passing, Stream};
use mesh_types::view::Event;
use serde_json::Value;
use std::sync::OnceLock;

/// One event.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) stream: Stream,
    /// Its place there; none for what is in no log.
    pub(crate) seq: Option<i64>,
    /// Its place in the whole log, when it was told as it happened.
    pub(crate) pos: Option<i64>,
    kind: String,
    /// The envelope, as JSON.
    pub(crate) json: String,
    block: OnceLock<(String, usize)>,
    frame: OnceLock<Bytes>,
    packet_frame: OnceLock<Bytes>,
    packed_frame: OnceLock<Bytes>,
}

impl Told {
    /// An event of the log.
    pub(crate) fn logged(stream: Stream, event: &Event) -> Result<Self, serde_json::Error> {
        let json = serde_json::to_string(event)?;
        Ok(Self::new(stream, Some(event.seq), event.kind.clone(), json))
    }

    /// As it happened.
    pub(crate) fn at(mut self, pos: i64) -> Self {
        self.pos = Some(pos);
        self
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
            pos: None,
            kind,
            json,
            block: OnceLock::new(),
            frame: OnceLock::new(),
            packet_frame: OnceLock::new(),
            packed_frame: OnceLock::new(),
        }
    }

    /// About how much memory it takes.
    pub(crate) fn size(&self) -> usize {
        self.json.len()
    }

    /// As server-sent events have it, with its `id` or without.
    pub(crate) fn block(&self, with_id: bool) -> &str {
        let (block, id) = self.block.get_or_init(|| {
            let id = self.pos.map_or_else(String::new, |pos| format!("id: {pos}\n"));
            (format!("{id}data: {}\n\n", self.json), id.len())
        });
        if with_id { block } else { &block[*id..] }
    }

    /// As a frame of the plain WebSocket: the envelope with the frame's name beside its fields.
    pub(crate) fn frame(&self) -> &Bytes {
        let text = || format!(r#"{{"frame":"event",{}"#, &self.json[1..]);
        self.frame.get_or_init(|| frame(Holds::Text, text().as_bytes()))
    }

    /// As a message packet of Engine.IO that holds an event packet of Socket.IO.
    pub(crate) fn packet(&self) -> String {
        format!(r#"42["{}",{}]"#, self.kind, self.json)
    }

    /// The same in a frame of a WebSocket.
    pub(crate) fn packet_frame(&self) -> &Bytes {
        self.packet_frame
            .get_or_init(|| frame(Holds::Text, self.packet().as_bytes()))
    }

    /// As an event packet of Socket.IO's `MessagePack` parser.
    pub(crate) fn packed(&self) -> Bytes {
        let envelope: Value = serde_json::from_str(&self.json).unwrap_or_default();
        crate::socket_io::pack::event(&self.kind, &envelope)
    }

    /// The same in a frame of a WebSocket.
    pub(crate) fn packed_frame(&self) -> &Bytes {
        self.packed_frame.get_or_init(|| frame(Holds::Binary, &self.packed()))
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
        assert_eq!(&told.frame()[2..], br#"{"frame":"event","seq":7,"type":"pin.added"}"#);
        assert_eq!(told.packet(), r#"42["pin.added",{"seq":7,"type":"pin.added"}]"#);
        let packed: Value = rmp_serde::from_slice(&told.packed()).unwrap();
        assert_eq!(packed["data"][1]["seq"], 7);
    }
}
