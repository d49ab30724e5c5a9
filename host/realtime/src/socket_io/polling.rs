//! Long polling: packets wait here for the next request, and requests for the next packet.

use super::Wire;
use crate::web_socket::{Broken, WebSocket};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Notify, mpsc},
    time::timeout,
};

/// What stands between packets in a body.
const SEPARATOR: char = '\u{1e}';
/// Bytes that may wait for a request.
const WAITING: usize = 256 << 10;
/// Packets that may wait to be handled.
const ARRIVED: usize = 64;
/// How long packets may wait for a request.
const STALL: Duration = Duration::from_secs(30);

/// What requests bring.
pub(super) enum Arrived {
    Wire(Wire),
    /// The client goes on over a WebSocket.
    Upgraded(Box<WebSocket>),
}

/// Both ends of a polled connection.
pub(super) struct Polling {
    pub(super) arrived: mpsc::Sender<Arrived>,
    outbox: Mutex<Outbox>,
    filled: Notify,
    taken: Notify,
}

#[derive(Default)]
struct Outbox {
    packets: Vec<Wire>,
    bytes: usize,
    /// A request waits.
    asked: bool,
    /// A WebSocket is about to take over: requests are answered at once.
    upgrading: bool,
    closed: bool,
}

/// Why a request gets no packets.
pub(super) enum Refused {
    /// Another request waits already.
    Overlapping,
    /// The connection is over.
    Closed,
}

impl Polling {
    pub(super) fn new() -> (Self, mpsc::Receiver<Arrived>) {
        let (arrived, arrivals) = mpsc::channel(ARRIVED);
        let polling = Self {
            arrived,
            outbox: Mutex::default(),
            filled: Notify::new(),
            taken: Notify::new(),
        };
        (polling, arrivals)
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a packet where the next request takes it, as soon as there is room.
    pub(super) async fn put(&self, wire: Wire) -> Result<(), Broken> {
        let room = async {
            loop {
                {
                    let mut outbox = self.outbox();
                    if outbox.bytes < WAITING || outbox.closed {
                        outbox.bytes += wire.len();
                        outbox.packets.push(wire);
                        break;
                    }
                }
                self.taken.notified().await;
            }
        };
        timeout(STALL, room).await.map_err(|_| Broken::Stalled)?;
        self.filled.notify_one();
        Ok(())
    }

    /// Everything that waits; for who goes on over a WebSocket.
    pub(super) fn take(&self) -> Vec<Wire> {
        let mut outbox = self.outbox();
        outbox.bytes = 0;
        self.taken.notify_one();
        std::mem::take(&mut outbox.packets)
    }

    /// Until nothing waits.
    pub(super) async fn emptied(&self) {
        while !self.outbox().packets.is_empty() {
            self.taken.notified().await;
        }
    }

    pub(super) fn set_upgrading(&self, upgrading: bool) {
        self.outbox().upgrading = upgrading;
        self.filled.notify_one();
    }

    pub(super) fn close(&self) {
        self.outbox().closed = true;
        self.filled.notify_one();
    }

    /// The body of an answer: the packets that wait, or the next one.
    pub(super) async fn next(&self) -> Result<String, Refused> {
        {
            let mut outbox = self.outbox();
            if outbox.asked {
                return Err(Refused::Overlapping);
            }
            outbox.asked = true;
        }
        let _asked = Asked(self);
        loop {
            {
                let outbox = self.outbox();
                let (some, upgrading, closed) = (!outbox.packets.is_empty(), outbox.upgrading, outbox.closed);
                drop(outbox);
                if some {
                    return Ok(encode(&self.take()));
                }
                if closed {
                    return Err(Refused::Closed);
                }
                if upgrading {
                    return Ok("6".to_owned());
                }
            }
            self.filled.notified().await;
        }
    }
}

/// A request that waits, until it is answered or gone.
struct Asked<'p>(&'p Polling);

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.0.outbox().asked = false;
    }
}

fn encode(packets: &[Wire]) -> String {
    let mut body = String::new();
    for packet in packets {
        if !body.is_empty() {
            body.push(SEPARATOR);
        }
        match packet {
            Wire::Text(text) => body.push_str(text),
            Wire::Binary(bytes) => {
                body.push('b');
                STANDARD.encode_string(bytes, &mut body);
            }
        }
    }
    body
}

/// The packets of a request's body.
pub(super) fn decode(body: &str) -> Option<Vec<Wire>> {
    let packets = body.split(SEPARATOR).map(|packet| match packet.strip_prefix('b') {
        Some(bytes) => STANDARD.decode(bytes).ok().map(|bytes| Wire::Binary(bytes.into())),
        None if packet.is_empty() => None,
        None => Some(Wire::Text(packet.into())),
    });
    packets.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_round_trip() {
        let body = "4hello\u{1e}2\u{1e}bAQIDBA==";
        let packets = decode(body).unwrap();
        assert_eq!(packets.len(), 3);
        assert!(matches!(&packets[2], Wire::Binary(bytes) if bytes[..] == [1, 2, 3, 4]));
        assert_eq!(encode(&packets), body);
        for wrong in ["", "4a\u{1e}", "b!"] {
            assert!(decode(wrong).is_none(), "{wrong:?}");
        }
    }
}
