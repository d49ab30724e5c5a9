//! How the packets of one connection travel: over a WebSocket, or by long polling until one takes over.

use super::{
    Speech, Wire,
    polling::{Arrived, Polling},
};
use crate::{
    told::Told,
    web_socket::{Broken, Holds, WebSocket},
};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

pub(super) enum Link {
    Socket(Box<WebSocket>),
    Polling(Arc<Polling>, mpsc::Receiver<Arrived>),
}

impl Link {
    /// The next packet; none when the client closed.
    pub(super) async fn read(&mut self) -> Result<Option<Wire>, Broken> {
        loop {
            match self {
                Self::Socket(socket) => match socket.read().await? {
                    None => return Ok(None),
                    Some(Message::Text(text)) => return Ok(Some(Wire::Text(text))),
                    Some(Message::Binary(bytes)) => return Ok(Some(Wire::Binary(bytes))),
                    Some(_) => {}
                },
                Self::Polling(polling, arrivals) => match arrivals.recv().await {
                    None => return Ok(None),
                    Some(Arrived::Wire(wire)) => return Ok(Some(wire)),
                    Some(Arrived::Upgraded(socket)) => {
                        let waiting = polling.take();
                        polling.close();
                        *self = Self::Socket(socket);
                        for wire in waiting {
                            self.feed(wire).await?;
                        }
                        self.flush().await?;
                    }
                },
            }
        }
    }

    pub(super) async fn feed(&mut self, wire: Wire) -> Result<(), Broken> {
        match self {
            Self::Socket(socket) => match wire {
                Wire::Text(text) => socket.feed_text(&text).await,
                Wire::Binary(bytes) => socket.feed_one(Holds::Binary, &bytes).await,
            },
            Self::Polling(polling, _) => polling.put(wire).await,
        }
    }

    /// The same for an event, which many others get as well.
    pub(super) async fn feed_event(&mut self, speech: Speech, told: &Told) -> Result<(), Broken> {
        match self {
            Self::Socket(socket) => socket.feed(speech.event_frame(told)).await,
            Self::Polling(polling, _) => polling.put(speech.event(told)).await,
        }
    }

    pub(super) async fn flush(&mut self) -> Result<(), Broken> {
        match self {
            Self::Socket(socket) => socket.flush().await,
            Self::Polling(..) => Ok(()),
        }
    }

    pub(super) async fn close(self, code: u16, reason: &str) {
        match self {
            Self::Socket(socket) => socket.close(code, reason).await,
            Self::Polling(polling, mut arrivals) => {
                polling.close();
                arrivals.close();
                // A WebSocket that was about to take over takes the last packets instead.
                while let Ok(arrived) = arrivals.try_recv() {
                    if let Arrived::Upgraded(socket) = arrived {
                        last_words(&polling, socket, (code, reason)).await;
                    }
                }
            }
        }
    }
}

/// Sends what waits for a polled connection that is over.
pub(super) async fn last_words(polling: &Polling, socket: Box<WebSocket>, (code, reason): (u16, &str)) {
    let mut link = Link::Socket(socket);
    for wire in polling.take() {
        if link.feed(wire).await.is_err() {
            return;
        }
    }
    if let Link::Socket(socket) = link {
        // Closing sends what was fed.
        socket.close(code, reason).await;
    }
}
