//! The plain WebSocket: one JSON object per text frame, subprotocol `mesh.v1.json`.

mod frames;

use crate::{
    Realtime,
    end::{End, Left},
    handshake,
    session::{Client, Out, Session, prove},
    web_socket::{Broken, WebSocket},
};
use axum::{extract::Request, response::Response};
use frames::Frame;
use mesh_service::Asked;
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

const PROTOCOL: &str = "mesh.v1.json";
/// How long the first frame may take.
const HELLO: Duration = Duration::from_secs(10);
/// A client that was not heard for so many milliseconds is pinged.
const IDLE: i64 = 25_000;
/// A client that was not heard for so many milliseconds is gone.
const SILENCE: i64 = 60_000;
/// Batches that are sent before the client is heard.
const TURNS: u32 = 8;

/// Answers a handshake; the connection lives in a task of its own.
pub(crate) fn answer(realtime: &Arc<Realtime>, mut request: Request) -> Response {
    let asked = request.extensions().get::<Asked>().copied();
    let (upgrade, response) = match handshake::upgrade(&mut request, Some(PROTOCOL)) {
        Ok(granted) => granted,
        Err(error) => return handshake::refuse(&error, asked),
    };
    let client = Client {
        address: asked.map(|asked| asked.address),
        agent: handshake::agent(request.headers()),
    };
    let ticket = handshake::query(request.uri(), "ticket").map(str::to_owned);
    let realtime = realtime.clone();
    realtime.tasks.clone().spawn(async move {
        if let Some(socket) = WebSocket::accept(upgrade).await {
            Box::pin(serve(realtime, socket, client, ticket)).await;
        }
    });
    response
}

async fn serve(realtime: Arc<Realtime>, mut socket: WebSocket, client: Client, ticket: Option<String>) {
    let opened = match timeout(HELLO, greet(&realtime, &mut socket, &client, ticket)).await {
        Ok(opened) => opened,
        Err(_) => Err(Left::End(End::Protocol(
            "The first frame, `hello`, did not come in time.".into(),
        ))),
    };
    let left = match opened {
        Ok(mut session) => match run(&mut session, &mut socket).await {
            Ok(never) => match never {},
            Err(left) => left,
        },
        Err(left) => left,
    };
    match left {
        Left::Broken(broken) => {
            tracing::debug!(?broken, "a connection broke");
            socket.close_broken(broken).await;
        }
        Left::Closed => socket.close(1000, "").await,
        Left::End(end) => {
            tracing::debug!(?end, "a connection was ended");
            let error = end.error();
            let told = async {
                socket.feed_text(&frames::error(None, &error, None, true)).await?;
                socket.flush().await
            };
            let _ = timeout(Duration::from_secs(1), told).await;
            socket.close(end.code(), error.code.as_str()).await;
        }
    }
}

enum Never {}

/// The first frame proves who it is.
async fn greet(
    realtime: &Arc<Realtime>,
    socket: &mut WebSocket,
    client: &Client,
    ticket: Option<String>,
) -> Result<Session, Left> {
    let Some(message) = socket.read().await? else {
        return Err(Left::Closed);
    };
    let hello = text(&message).and_then(Frame::hello)?;
    let known = prove(&realtime.host, client, hello.token.as_deref(), ticket.as_deref()).await?;
    let (session, opened) = Session::open(realtime.clone(), client.clone(), known).await?;
    socket.feed_text(&frames::hello(&opened)).await?;
    socket.flush().await?;
    Ok(session)
}

fn text(message: &Message) -> Result<&str, End> {
    match message {
        Message::Text(text) => Ok(text.as_str()),
        _ => Err(End::Protocol("Frames are texts here.".into())),
    }
}

async fn run(session: &mut Session, socket: &mut WebSocket) -> Result<Never, Left> {
    let mut pinged = false;
    session.wake_at(session.now() + IDLE);
    let mut turns = 0;
    loop {
        tokio::select! {
            biased;
            out = session.next(), if turns < TURNS => {
                turns += 1;
                let mut due = false;
                send(socket, out, &mut due).await?;
                while let Some(out) = session.ready() {
                    send(socket, out, &mut due).await?;
                }
                if due {
                    let silent = session.now() - session.line.heard();
                    if silent >= SILENCE {
                        return Err(Left::Broken(Broken::Gone));
                    }
                    pinged = silent >= IDLE;
                    if pinged {
                        socket.feed_text(&frames::ping()).await?;
                    }
                    session.wake_at(session.line.heard() + if pinged { SILENCE } else { IDLE });
                }
                socket.flush().await?;
            }
            message = socket.read() => {
                turns = 0;
                let Some(message) = message? else { return Err(Left::Closed) };
                session.hear();
                if std::mem::take(&mut pinged) {
                    session.wake_at(session.now() + IDLE);
                }
                if !matches!(message, Message::Ping(_) | Message::Pong(_)) {
                    for answer in obey(session, text(&message)?).await? {
                        socket.feed_text(&answer).await?;
                    }
                }
                socket.flush().await?;
            }
            // What the client says must not wait for ever behind what it is sent.
            () = std::future::ready(()), if turns >= TURNS => turns = 0,
        }
    }
}

async fn send(socket: &mut WebSocket, out: Out, due: &mut bool) -> Result<(), Left> {
    match out {
        Out::Event(told) => socket.feed(told.frame()).await?,
        Out::Answer(answered) => socket.feed_text(&frames::answer(&answered)).await?,
        Out::Expiring(at) => socket.feed_text(&frames::expiring(at)).await?,
        // Only doors that acknowledge get these.
        Out::Replay { events, .. } => {
            for told in events {
                socket.feed(told.frame()).await?;
            }
        }
        Out::Due => *due = true,
        Out::End(end) => return Err(Left::End(*end)),
    }
    Ok(())
}

/// Does what a frame says and gives the frames that answer it at once.
async fn obey(session: &mut Session, text: &str) -> Result<Vec<String>, End> {
    Ok(match Frame::read(text)? {
        Frame::Hello(_) => return Err(End::Protocol("`hello` comes once; use `reauth`.".into())),
        Frame::Resume(positions) => vec![frames::resumed(&session.resume(&positions))],
        Frame::Op(asked) => {
            session.start(asked);
            Vec::new()
        }
        Frame::Subscribe(room) => match session.view(room).await {
            Ok(resumed) => vec![frames::resumed(&resumed)],
            Err(error) => vec![frames::error(None, &error, None, false)],
        },
        Frame::Unsubscribe(room) => {
            session.unview(room);
            vec![frames::resumed(&crate::session::Resumed::default())]
        }
        Frame::Reauth(token) => {
            let opened = session.renew(&token).await?;
            vec![frames::hello(&opened)]
        }
        Frame::Ping(t) => vec![frames::pong(t.as_deref())],
        Frame::Pong => Vec::new(),
    })
}
