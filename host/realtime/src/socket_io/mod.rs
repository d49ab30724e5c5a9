//! Socket.IO: protocol 5 over Engine.IO 4, by WebSocket or long polling, as texts or as `MessagePack`.
//!
//! `engine` carries packets, `packet` and `pack` write and read them, `talk` says what they mean.

mod engine;
mod link;
pub(crate) mod pack;
mod packet;
mod polling;
mod talk;

pub(crate) use engine::{Engines, answer};
pub(crate) use packet::Speech;

use bytes::Bytes;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// A packet of Engine.IO as a WebSocket carries it: a text starts with its type, bytes are a message.
#[derive(Debug, Clone)]
pub(crate) enum Wire {
    Text(Utf8Bytes),
    Binary(Bytes),
}

impl Wire {
    fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}
