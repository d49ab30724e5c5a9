//! A WebSocket with the bounds that keep one client from costing much.
//!
//! The library reads, and writes control frames. Data frames of a server are not masked, so one encoding
//! serves every connection: they are written here, whole, between the library's own.

use crate::end::End;
use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt as _, StreamExt as _, task::AtomicWaker};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use mesh_types::limits;
use std::{
    future::poll_fn,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker, ready},
    time::Duration,
};
use tokio::{io::AsyncWrite as _, time::timeout};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        error::CapacityError,
        protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
    },
};

/// How long a write may wait for the client.
const STALL: Duration = Duration::from_secs(30);
/// How long the client may take to answer a close.
const FAREWELL: Duration = Duration::from_secs(2);
/// Bytes that are gathered before they are written.
const GATHERED: usize = 16 << 10;

/// One of them.
pub(crate) struct WebSocket {
    stream: WebSocketStream<TokioIo<Upgraded>>,
    /// Frames that were not written, and how much of them was.
    out: Vec<u8>,
    written: usize,
    readable: Arc<Readable>,
    waker: Waker,
}

/// Whether there may be something to read. A connection is woken for each event that it is to send, and
/// looking for frames every time would cost more than sending it.
#[derive(Default)]
struct Readable {
    perhaps: AtomicBool,
    task: AtomicWaker,
}

impl Wake for Readable {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.perhaps.store(true, Ordering::Release);
        self.task.wake();
    }
}

/// Why nothing more can be sent or read.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The client is gone.
    Gone,
    /// It takes nothing.
    Stalled,
    /// It broke the rules of the protocol, which this close code tells.
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

/// What a frame holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Holds {
    Text = 0x81,
    Binary = 0x82,
}

/// A whole frame (RFC 6455, section 5.2), final and not masked.
pub(crate) fn frame(holds: Holds, payload: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(payload.len() + 10);
    put_frame(&mut frame, holds, payload);
    frame.freeze()
}

fn put_frame(to: &mut impl bytes::BufMut, holds: Holds, payload: &[u8]) {
    to.put_u8(holds as u8);
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ ..126), _) => to.put_u8(length),
        (_, Ok(length)) => {
            to.put_u8(126);
            to.put_u16(length);
        }
        _ => {
            to.put_u8(127);
            to.put_u64(payload.len() as u64);
        }
    }
    to.put_slice(payload);
}

impl WebSocket {
    /// Waits until the client has the answer to its handshake.
    pub(crate) async fn accept(upgrade: OnUpgrade) -> Option<Self> {
        let config = WebSocketConfig::default()
            .read_buffer_size(2 << 10)
            .write_buffer_size(0)
            .max_message_size(Some(limits::SOCKET_FRAME))
            .max_frame_size(Some(limits::SOCKET_FRAME));
        let upgraded = upgrade.await.ok()?;
        let stream = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
        let readable = Arc::new(Readable {
            perhaps: AtomicBool::new(true),
            task: AtomicWaker::new(),
        });
        Some(Self {
            stream,
            out: Vec::new(),
            written: 0,
            waker: readable.clone().into(),
            readable,
        })
    }

    /// The next message; none when the client closed.
    pub(crate) async fn read(&mut self) -> Result<Option<Message>, Broken> {
        if self.written > 0 {
            // Reading may write an answer to a ping, and that has to stand between whole frames.
            self.flush().await?;
        }
        let message = match poll_fn(|context| self.poll_read(context)).await {
            None | Some(Ok(Message::Close(_)) | Err(Error::ConnectionClosed)) => return Ok(None),
            Some(message) => message?,
        };
        if matches!(message, Message::Ping(_)) {
            // The library answers, but only between whole frames.
            self.flush().await?;
            self.stream.flush().await?;
        }
        Ok(Some(message))
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Message, Error>>> {
        self.readable.task.register(context.waker());
        if !self.readable.perhaps.swap(false, Ordering::AcqRel) {
            return Poll::Pending;
        }
        let message = ready!(self.stream.poll_next_unpin(&mut Context::from_waker(&self.waker)));
        self.readable.perhaps.store(true, Ordering::Release);
        Poll::Ready(message)
    }

    /// Puts a whole frame into the buffer; waits for the client only when that is full.
    pub(crate) async fn feed(&mut self, frame: &[u8]) -> Result<(), Broken> {
        self.out.extend_from_slice(frame);
        if self.out.len() > GATHERED {
            self.flush().await
        } else {
            Ok(())
        }
    }

    /// The same for a payload that only this client gets.
    pub(crate) async fn feed_one(&mut self, holds: Holds, payload: &[u8]) -> Result<(), Broken> {
        put_frame(&mut self.out, holds, payload);
        if self.out.len() > GATHERED {
            self.flush().await
        } else {
            Ok(())
        }
    }

    pub(crate) async fn feed_text(&mut self, text: &str) -> Result<(), Broken> {
        self.feed_one(Holds::Text, text.as_bytes()).await
    }

    /// Writes what waits. The client may take its time as long as it takes something.
    pub(crate) async fn flush(&mut self) -> Result<(), Broken> {
        while self.written < self.out.len() {
            let wrote = match poll_fn(|context| Poll::Ready(self.poll_write(context))).await {
                Poll::Ready(wrote) => wrote,
                Poll::Pending => timeout(STALL, poll_fn(|context| self.poll_write(context)))
                    .await
                    .map_err(|_| Broken::Stalled)?,
            };
            match wrote {
                Ok(1..) => {}
                Ok(0) | Err(_) => return Err(Broken::Gone),
            }
        }
        self.written = 0;
        if self.out.capacity() > 2 * GATHERED {
            self.out = Vec::new();
        } else {
            self.out.clear();
        }
        Ok(())
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<std::io::Result<usize>> {
        let stream = Pin::new(self.stream.get_mut());
        let wrote = ready!(stream.poll_write(context, &self.out[self.written..]))?;
        self.written += wrote;
        Poll::Ready(Ok(wrote))
    }

    /// Says why and ends.
    pub(crate) async fn close(mut self, code: u16, reason: &str) {
        let frame = CloseFrame {
            code: CloseCode::from(code),
            reason: reason.into(),
        };
        let farewell = async {
            // Behind half a frame nobody would understand it.
            if self.flush().await.is_err() {
                return;
            }
            match self.stream.close(Some(frame)).await {
                Ok(()) => while let Some(Ok(_)) = self.stream.next().await {},
                // The client closed first, and the answer to that waits to be written.
                Err(_) => drop(self.stream.flush().await),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_as_short_as_they_can_be() {
        for (length, head) in [
            (0, &[0x81, 0][..]),
            (125, &[0x81, 125]),
            (126, &[0x81, 126, 0, 126]),
            (65_535, &[0x81, 126, 0xff, 0xff]),
            (65_536, &[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let frame = frame(Holds::Text, &vec![b'x'; length]);
            assert_eq!(&frame[..head.len()], head);
            assert_eq!(frame.len(), head.len() + length);
        }
    }
}
