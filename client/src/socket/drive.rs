//! The task behind a connection: it moves frames, keeps the connection alive and its token fresh.

use super::{
    Frame,
    frames::{self, Hello, Incoming},
    mailbox::Mailbox,
};
use crate::{
    Client, Error, Problem, Result,
    client::{CONNECT, refused},
};
use futures_util::{
    SinkExt as _, StreamExt as _,
    future::BoxFuture,
    stream::{SplitSink, SplitStream},
};
use reqwest::Url;
use std::{sync::Arc, time::Duration};
use tokio::{
    net::TcpStream,
    sync::mpsc::{UnboundedReceiver, WeakUnboundedSender},
    time::{Instant, sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        self, ClientRequestBuilder, Message,
        protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode},
    },
};

const SUBPROTOCOL: &str = "mesh.v1.json";
/// The largest frame that is read, in bytes: an answer of 2 MiB and what is around it.
const FRAME: usize = 4 << 20;
/// How long the server may take to say hello.
const HELLO: Duration = Duration::from_secs(15);
/// After so long without a word from the server, it is asked.
const IDLE: Duration = Duration::from_secs(25);
/// After so long, it is gone.
const SILENCE: Duration = Duration::from_mins(1);
/// How long a write may take.
const STALL: Duration = Duration::from_secs(30);
/// How long the end may take.
const FAREWELL: Duration = Duration::from_secs(2);
/// A token that was shown so lately is shown again before another one is asked for: the server's warning
/// may have crossed it.
const LATELY: Duration = Duration::from_secs(10);

type Stream = WebSocketStream<TcpStream>;

/// The task's ends of a connection.
pub(super) struct Link {
    pub(super) client: Client,
    /// The token that was shown last.
    pub(super) token: Option<String>,
    pub(super) mailbox: Arc<Mailbox>,
    /// Ends with the socket.
    pub(super) out: WeakUnboundedSender<String>,
    pub(super) lines: UnboundedReceiver<String>,
}

/// Connects and says hello.
pub(super) async fn open(url: &Url, token: Option<&str>) -> Result<(Stream, Box<Hello>)> {
    let mut stream = timeout(CONNECT, connect(url))
        .await
        .map_err(|_| Error::unreachable("it does not answer"))??;
    let greeting = async {
        let sent = stream.send(Message::Text(frames::hello(token).into())).await;
        let mut fatal = None;
        loop {
            match stream.next().await {
                Some(Ok(Message::Text(text))) => match Incoming::read(text.as_str())? {
                    Incoming::Hello(hello) => return Ok(hello),
                    Incoming::Fatal(problem) => fatal = Some(problem),
                    _ => {}
                },
                Some(Ok(Message::Close(close))) => return Err(ended(close, fatal)),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => {
                    let why = if sent.is_ok() {
                        "the connection broke"
                    } else {
                        "it takes nothing"
                    };
                    return Err(broke(why, fatal));
                }
            }
        }
    };
    let hello = timeout(HELLO, greeting).await;
    Ok((stream, hello.map_err(|_| Error::broken("it does not say hello"))??))
}

async fn connect(url: &Url) -> Result<Stream> {
    let wrong = || Error::Address(url.to_string());
    let host = url.host_str().ok_or_else(wrong)?.trim_matches(['[', ']']);
    let port = url.port_or_known_default().ok_or_else(wrong)?;
    let tcp = TcpStream::connect((host, port))
        .await
        .map_err(|_| Error::unreachable("nothing answers there"))?;
    // Frames are small and wait for nothing.
    let _ = tcp.set_nodelay(true);
    let base = url.as_str().trim_end_matches('/').replacen("http", "ws", 1);
    let address = format!("{base}/api/v1/socket").parse().map_err(|_| wrong())?;
    let request = ClientRequestBuilder::new(address).with_sub_protocol(SUBPROTOCOL);
    let config = WebSocketConfig::default()
        .max_message_size(Some(FRAME))
        .max_frame_size(Some(FRAME));
    match client_async_with_config(request, tcp, Some(config)).await {
        Ok((stream, _)) => Ok(stream),
        Err(tungstenite::Error::Http(response)) => {
            let after = response.headers().get("retry-after");
            let after = after.and_then(|after| after.to_str().ok()?.parse::<u64>().ok());
            let body = response.body().as_deref().unwrap_or_default();
            Err(refused(
                response.status().as_u16(),
                body,
                after.map(|seconds| seconds.saturating_mul(1000)),
            ))
        }
        Err(tungstenite::Error::Io(_)) => Err(Error::unreachable("the connection broke")),
        Err(error) => Err(Error::Protocol(format!("the WebSocket cannot be opened: {error}"))),
    }
}

/// Runs a connection to its end.
pub(super) async fn drive(stream: Stream, link: Link) {
    let (sink, stream) = stream.split();
    let Link {
        client,
        token,
        mailbox,
        out,
        lines,
    } = link;
    let mut reader = Reader {
        stream,
        client,
        token,
        mailbox,
        out,
        fatal: None,
        renewing: None,
        greeted: None,
        awaits_hello: false,
    };
    // Reading never waits for a write to end, so that two full buffers cannot wait for each other.
    let error = tokio::select! {
        error = reader.read() => error,
        error = write(sink, lines) => error,
    };
    reader.mailbox.end(&error);
    // Reading on lets the closing handshake end.
    let _ = timeout(FAREWELL, async {
        while let Some(Ok(_)) = reader.stream.next().await {}
    })
    .await;
}

async fn write(mut sink: SplitSink<Stream, Message>, mut lines: UnboundedReceiver<String>) -> Error {
    while let Some(line) = lines.recv().await {
        match timeout(STALL, sink.send(Message::Text(line.into()))).await {
            Ok(Ok(())) => {}
            // Reading finds out why, if anybody said so.
            Ok(Err(_)) => return std::future::pending().await,
            Err(_) => return Error::broken("it takes nothing"),
        }
    }
    let frame = CloseFrame {
        code: CloseCode::Normal,
        reason: "".into(),
    };
    let _ = timeout(FAREWELL, sink.send(Message::Close(Some(frame)))).await;
    Error::Closed {
        code: 1000,
        problem: None,
    }
}

type Renewing = BoxFuture<'static, Result<Option<String>>>;

struct Reader {
    stream: SplitStream<Stream>,
    client: Client,
    token: Option<String>,
    mailbox: Arc<Mailbox>,
    out: WeakUnboundedSender<String>,
    fatal: Option<Box<Problem>>,
    /// Another token is asked for.
    renewing: Option<Renewing>,
    /// When a token was last shown here.
    greeted: Option<Instant>,
    /// A token was shown, and the server did not answer yet.
    awaits_hello: bool,
}

impl Reader {
    async fn read(&mut self) -> Error {
        let (mut heard, mut asked) = (Instant::now(), false);
        loop {
            let alarm = heard + if asked { SILENCE } else { IDLE };
            tokio::select! {
                message = self.stream.next() => {
                    (heard, asked) = (Instant::now(), false);
                    let text = match message {
                        Some(Ok(Message::Text(text))) => text,
                        Some(Ok(Message::Close(close))) => return ended(close, self.fatal.take()),
                        Some(Ok(_)) => continue,
                        Some(Err(tungstenite::Error::Capacity(error))) => return Error::Protocol(error.to_string()),
                        Some(Err(_)) | None => return broke("the connection broke", self.fatal.take()),
                    };
                    match Incoming::read(text.as_str()) {
                        Ok(frame) => self.take(frame, text.len()),
                        Err(error) => return error,
                    }
                }
                token = maybe(&mut self.renewing) => {
                    self.renewing = None;
                    // Without another token the connection lasts as long as this one.
                    if let Ok(Some(token)) = token {
                        self.show(token);
                    }
                }
                () = sleep_until(alarm) => {
                    if asked {
                        return Error::broken("it went silent");
                    }
                    asked = true;
                    self.say(frames::ping());
                }
            }
        }
    }

    fn take(&mut self, frame: Incoming, size: usize) {
        match frame {
            Incoming::Event(event) => self.mailbox.put(Frame::Event(event), size),
            Incoming::Passing(passing) => self.mailbox.put(Frame::Passing(passing), size),
            Incoming::Resumed(resumed) => self.mailbox.put(Frame::Resumed(resumed), size),
            Incoming::Refused(problem) => self.mailbox.put(Frame::Refused(problem), size),
            Incoming::Answer(id, answer) => self.mailbox.answer(id, answer),
            Incoming::Fatal(problem) => self.fatal = Some(problem),
            Incoming::Hello(_) => self.awaits_hello = false,
            Incoming::Ping(t) => self.say(frames::pong(&t)),
            Incoming::Expiring => self.renew(),
            Incoming::Other => {}
        }
    }

    /// The token ends soon.
    fn renew(&mut self) {
        if self.awaits_hello || self.renewing.is_some() {
            return;
        }
        let lately = self.greeted.is_some_and(|at| at.elapsed() < LATELY);
        let (client, shown) = (self.client.clone(), self.token.clone());
        self.renewing = Some(Box::pin(async move {
            let ended = shown.as_deref().filter(|_| !lately);
            let token = client.tokens().token(ended).await?;
            Ok(token.filter(|token| lately || shown.as_ref() != Some(token)))
        }));
    }

    fn show(&mut self, token: String) {
        self.say(frames::reauth(&token));
        self.token = Some(token);
        self.greeted = Some(Instant::now());
        self.awaits_hello = true;
    }

    fn say(&self, frame: String) {
        if let Some(out) = self.out.upgrade() {
            // When nobody sends any more, the connection ends.
            let _ = out.send(frame);
        }
    }
}

async fn maybe(renewing: &mut Option<Renewing>) -> Result<Option<String>> {
    match renewing {
        Some(renewing) => renewing.await,
        None => std::future::pending().await,
    }
}

/// The server closed the connection.
fn ended(close: Option<CloseFrame>, fatal: Option<Box<Problem>>) -> Error {
    match close {
        Some(close) => Error::Closed {
            code: close.code.into(),
            problem: fatal,
        },
        None => broke("the connection broke", fatal),
    }
}

/// The connection broke; perhaps behind the server's last word and before its close.
fn broke(why: &str, fatal: Option<Box<Problem>>) -> Error {
    let Some(problem) = fatal else {
        return Error::broken(why);
    };
    let code = match problem.code.as_str() {
        "unauthenticated" | "token_revoked" => 4001,
        "token_expired" => 4002,
        "bad_request" => 4003,
        "request_timeout" => 4008,
        "limit_reached" | "rate_limited" => 4009,
        "maintenance" | "overloaded" => 4013,
        _ => 1006,
    };
    Error::Closed {
        code,
        problem: Some(problem),
    }
}
