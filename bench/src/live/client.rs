//! WebSocket clients with as little in them as possible: two servers are measured, not these.

use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Which door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaks {
    /// Socket.IO over WebSocket.
    SocketIo,
    /// `mesh.v1.json`.
    Plain,
}

/// An open connection.
pub(crate) struct Socket {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Bytes of the buffer that were read.
    have: usize,
    /// Bytes of it that were handled.
    done: usize,
}

impl Socket {
    /// Connects and proves itself; with a token, as a client of The Mesh.
    pub(crate) async fn open(address: SocketAddr, speaks: Speaks, token: Option<&str>) -> Self {
        let path = match speaks {
            Speaks::SocketIo => "/socket.io/?EIO=4&transport=websocket",
            Speaks::Plain => "/api/v1/socket",
        };
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("nodelay");
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: mesh.v1.json\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.expect("written");
        let mut socket = Self {
            stream,
            buffer: vec![0; 4096],
            have: 0,
            done: 0,
        };
        loop {
            socket.fill().await;
            let head = socket.buffer[..socket.have]
                .windows(4)
                .position(|four| four == b"\r\n\r\n");
            if let Some(head) = head {
                assert!(socket.buffer.starts_with(b"HTTP/1.1 101"), "a WebSocket");
                socket.done = head + 4;
                break;
            }
        }
        let token = token.unwrap_or_default();
        match speaks {
            Speaks::SocketIo => {
                socket.send(&format!(r#"40{{"token":"{token}","protocol":1}}"#)).await;
                socket.until(b"40").await;
            }
            Speaks::Plain => {
                let hello = format!(r#"{{"frame":"hello","protocol":1,"token":"{token}"}}"#);
                socket.send(&hello).await;
                socket.until(br#"{"frame":"hello""#).await;
                socket.send(r#"{"frame":"resume","streams":{}}"#).await;
                socket.until(br"{").await;
            }
        }
        socket
    }

    /// Sends a text, masked with zeros.
    pub(crate) async fn send(&mut self, text: &str) {
        let mut frame = vec![0x81];
        match text.len() {
            len @ ..126 => frame.push(0x80 | u8::try_from(len).expect("short")),
            len => {
                frame.push(0xfe);
                frame.extend(u16::try_from(len).expect("not long").to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.stream.write_all(&frame).await.expect("written");
    }

    async fn until(&mut self, start: &[u8]) {
        let mut found = false;
        while !found {
            self.next(|text| found = text.starts_with(start)).await;
        }
    }

    async fn fill(&mut self) {
        if self.done == self.have {
            (self.done, self.have) = (0, 0);
        } else if self.have == self.buffer.len() {
            self.buffer.copy_within(self.done..self.have, 0);
            self.have -= self.done;
            self.done = 0;
            if self.have == self.buffer.len() {
                self.buffer.resize(self.have * 2, 0);
            }
        }
        let read = self.stream.read(&mut self.buffer[self.have..]).await.expect("bytes");
        assert!(read > 0, "the server closed the connection");
        self.have += read;
    }

    /// Gives the next text to whoever wants to see it.
    pub(crate) async fn next(&mut self, see: impl FnOnce(&[u8])) {
        loop {
            let bytes = &self.buffer[self.done..self.have];
            if let Some((head, length)) = head(bytes)
                && bytes.len() >= head + length
            {
                self.done += head + length;
                see(&bytes[head..head + length]);
                return;
            }
            self.fill().await;
        }
    }
}

/// How long a frame's head and its payload are.
fn head(bytes: &[u8]) -> Option<(usize, usize)> {
    let short = usize::from(*bytes.get(1)? & 0x7f);
    match short {
        126 => Some((4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)))),
        127 => {
            let length = u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?);
            Some((10, usize::try_from(length).ok()?))
        }
        _ => Some((2, short)),
    }
}
