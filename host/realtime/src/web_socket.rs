//! A WebSocket with the bounds that keep one client from costing much.

use crate::end::End;
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use mesh_types::limits;
use std::{future::poll_fn, time::Duration};
use tokio::time::timeout;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message, Utf8Bytes,
        error::CapacityError,
        protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
    },
};

/// How long a write may wait for the client.
const STALL: Duration = Duration::from_secs(30);
/// How long the client may take to answer a close.
const FAREWELL: Duration = Duration::from_secs(2);

/// One of them.
pub(crate) struct WebSocket(WebSocketStream<TokioIo<Upgraded>>);

/// Why nothing more can be sent or read.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The client is gone.
    Gone,
    /// It takes nothing.
    Stalled,
    /// It broke the rules of WebSockets, which this close code tells.
    Rules(u16, &'static str),
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        match error {
            Error::Capacity(CapacityError::MessageTooLong { .. }) => Self::Rules(1009, "a frame was too large"),
            Error::Utf8(_) => Self::Rules(1007, "a text was not UTF-8"),
            Error::Protocol(_) | Error::Capacity(_) => Self::Rules(1002, "a frame broke RFC 6455"),
            _ => Self::Gone,
        }
    }
}

impl WebSocket {
    /// Waits until the client has the answer to its handshake.
    pub(crate) async fn accept(upgrade: OnUpgrade) -> Option<Self> {
        let config = WebSocketConfig::default()
            .read_buffer_size(2 << 10)
            .write_buffer_size(16 << 10)
            .max_message_size(Some(limits::SOCKET_FRAME))
            .max_frame_size(Some(limits::SOCKET_FRAME));
        let upgraded = upgrade.await.ok()?;
        let stream = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
        Some(Self(stream))
    }

    /// The next message; none when the client closed.
    pub(crate) async fn read(&mut self) -> Result<Option<Message>, Broken> {
        match self.0.next().await {
            None | Some(Ok(Message::Close(_)) | Err(Error::ConnectionClosed)) => Ok(None),
            Some(message) => Ok(Some(message?)),
        }
    }

    /// Puts a message into the buffer; waits for the client only when that is full.
    pub(crate) async fn feed(&mut self, message: Message) -> Result<(), Broken> {
        let room = timeout(STALL, poll_fn(|context| self.0.poll_ready_unpin(context))).await;
        room.map_err(|_| Broken::Stalled)??;
        Ok(self.0.start_send_unpin(message)?)
    }

    pub(crate) async fn feed_text(&mut self, text: impl Into<Utf8Bytes>) -> Result<(), Broken> {
        self.feed(Message::Text(text.into())).await
    }

    pub(crate) async fn flush(&mut self) -> Result<(), Broken> {
        Ok(timeout(STALL, self.0.flush()).await.map_err(|_| Broken::Stalled)??)
    }

    /// Says why and ends.
    pub(crate) async fn close(mut self, code: u16, reason: &str) {
        let frame = CloseFrame {
            code: CloseCode::from(code),
            reason: reason.into(),
        };
        let farewell = async {
            if self.0.close(Some(frame)).await.is_ok() {
                while let Some(Ok(_)) = self.0.next().await {}
            }
        };
        let _ = timeout(FAREWELL, farewell).await;
    }

    /// Ends after something broke.
    pub(crate) async fn close_broken(self, broken: Broken) {
        match broken {
            Broken::Gone => {}
            Broken::Stalled => self.close(End::SlowReader.code(), "slow reader").await,
            Broken::Rules(code, why) => self.close(code, why).await,
        }
    }
}
