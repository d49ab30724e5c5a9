//! A plain WebSocket, frame by frame: what a client library would hide.

use crate::{Client, TestServer};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::{net::SocketAddr, time::Duration};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _, http::HeaderValue},
};

/// How long a frame may take that has to come.
const SOON: Duration = Duration::from_secs(10);

/// An open connection.
pub struct Live {
    socket: WebSocketStream<TcpStream>,
    /// The server's `hello`.
    pub hello: Value,
}

/// How a connection ended: the close code; none when it broke.
pub type Closed = Option<u16>;

impl Live {
    /// The WebSocket handshake alone, with an `Origin` if there is one. The HTTP status when it is refused.
    pub async fn shake(address: SocketAddr, path: &str, origin: Option<&str>) -> Result<Self, u16> {
        let mut request = format!("ws://{address}{path}")
            .into_client_request()
            .expect("a request");
        let headers = request.headers_mut();
        if path.starts_with("/api/") {
            headers.insert("sec-websocket-protocol", HeaderValue::from_static("mesh.v1.json"));
        }
        if let Some(origin) = origin {
            headers.insert("origin", HeaderValue::from_str(origin).expect("text"));
        }
        let stream = TcpStream::connect(address).await.expect("a connection");
        match client_async(request, stream).await {
            Ok((socket, _)) => Ok(Self {
                socket,
                hello: Value::Null,
            }),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Connects and proves who it is. The server's `hello` is kept.
    pub async fn open(server: &TestServer, who: &Client) -> Self {
        let mut live = Self::shake(server.address, "/api/v1/socket", None)
            .await
            .expect("a socket");
        let token = who.token().expect("a token");
        live.send(json!({ "frame": "hello", "protocol": 1, "client": "test", "token": token }))
            .await;
        live.hello = live.until("hello").await;
        live
    }

    /// As [`Live::open`], and events flow from the heads.
    pub async fn follow(server: &TestServer, who: &Client) -> Self {
        let mut live = Self::open(server, who).await;
        live.resume(json!({})).await;
        live
    }

    /// Lets events flow from these positions; gives the server's answer.
    pub async fn resume(&mut self, streams: Value) -> Value {
        self.send(json!({ "frame": "resume", "streams": streams })).await;
        self.until("resume").await
    }

    /// Sends a frame.
    pub async fn send(&mut self, frame: Value) {
        self.send_raw(Message::text(frame.to_string())).await;
    }

    /// Sends whatever it is. The server may have closed already.
    pub async fn send_raw(&mut self, message: Message) {
        let _ = self.socket.send(message).await;
    }

    /// The next frame, or how the connection ended.
    pub async fn next(&mut self) -> Result<Value, Closed> {
        loop {
            let message = timeout(SOON, self.socket.next()).await.expect("a frame in time");
            match message {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Close(frame))) => return Err(frame.map(|frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    /// The next frame of this name; others are passed over.
    pub async fn until(&mut self, name: &str) -> Value {
        loop {
            let frame = self.next().await.expect("the connection goes on");
            if frame["frame"] == name {
                return frame;
            }
        }
    }

    /// The next event of this type.
    pub async fn event(&mut self, kind: &str) -> Value {
        loop {
            let event = self.until("event").await;
            if event["type"] == kind {
                return event;
            }
        }
    }

    /// An operation's answer: `result` or `error`. Events before it are passed over.
    pub async fn op(&mut self, op: &str, input: Value) -> Value {
        self.send(json!({ "frame": "op", "id": op, "op": op, "input": input }))
            .await;
        loop {
            let frame = self.next().await.expect("the connection goes on");
            if frame["id"] == op {
                return frame;
            }
        }
    }

    /// Reads to the end: the frames, and the close code.
    pub async fn end(&mut self) -> (Vec<Value>, Closed) {
        let mut frames = Vec::new();
        loop {
            match self.next().await {
                Ok(frame) => frames.push(frame),
                Err(closed) => return (frames, closed),
            }
        }
    }
}
