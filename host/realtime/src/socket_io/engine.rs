//! Engine.IO 4: handshakes, requests and upgrades.

use super::{
    Speech, Wire,
    link::{Link, last_words},
    polling::{Arrived, Polling, Refused, decode},
    talk,
};
use crate::{
    Realtime,
    handshake::{self, query},
    session::Client,
    web_socket::WebSocket,
};
use axum::{
    body::to_bytes,
    extract::Request,
    response::{IntoResponse as _, Response},
};
use http::{Method, StatusCode, header};
use mesh_service::{Asked, token};
use mesh_types::limits;
use serde_json::json;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::mpsc::error::SendError, time::timeout};
use tokio_tungstenite::tungstenite::Message;

/// How often the client is pinged, in milliseconds.
pub(super) const PING: i64 = 25_000;
/// How long it may take to answer, in milliseconds.
pub(super) const PONG: i64 = 20_000;
/// How long a WebSocket may take to take over.
const UPGRADE: Duration = Duration::from_secs(10);
/// How long the body of a request may take.
const BODY: Duration = Duration::from_secs(30);
/// How long the last packets of a polled connection wait to be taken.
const LAST: Duration = Duration::from_secs(3);

/// Polled connections by their ids, each with the parser it uses.
#[derive(Default)]
pub(crate) struct Engines(Mutex<HashMap<String, (Speech, Arc<Polling>)>>);

impl Engines {
    fn get(&self, id: &str, speech: Speech) -> Option<Arc<Polling>> {
        let engines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (spoken, polling) = engines.get(id)?;
        (*spoken == speech).then(|| polling.clone())
    }

    fn add(&self, id: &str, speech: Speech, polling: Arc<Polling>) {
        let mut engines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        engines.insert(id.to_owned(), (speech, polling));
    }

    fn remove(&self, id: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

/// What Engine.IO says when it refuses: its number, the status and the sentence.
type Refusal = (u8, StatusCode, &'static str);
const TRANSPORT_UNKNOWN: Refusal = (0, StatusCode::BAD_REQUEST, "Transport unknown");
const SESSION_UNKNOWN: Refusal = (1, StatusCode::BAD_REQUEST, "Session ID unknown");
const BAD_METHOD: Refusal = (2, StatusCode::BAD_REQUEST, "Bad handshake method");
const BAD_REQUEST: Refusal = (3, StatusCode::BAD_REQUEST, "Bad request");
const BAD_VERSION: Refusal = (5, StatusCode::BAD_REQUEST, "Unsupported protocol version");

fn refuse((code, status, message): Refusal) -> Response {
    (status, axum::Json(json!({ "code": code, "message": message }))).into_response()
}

/// Answers every request of the transport.
pub(crate) async fn answer(realtime: &Arc<Realtime>, speech: Speech, request: Request) -> Response {
    let asked = request.extensions().get::<Asked>().copied();
    let uri = request.uri().clone();
    if query(&uri, "EIO") != Some("4") {
        return refuse(BAD_VERSION);
    }
    let polling = query(&uri, "sid").map(|id| realtime.engines.get(id, speech));
    match (query(&uri, "transport"), request.method(), polling) {
        (Some("polling" | "websocket"), _, Some(None)) => refuse(SESSION_UNKNOWN),
        (Some("polling"), &Method::GET, None) => begin_polling(realtime, speech, asked, &request),
        (Some("polling"), &Method::GET, Some(Some(polling))) => match polling.next().await {
            Ok(body) => text(body),
            Err(Refused::Overlapping) => {
                polling.close();
                refuse(BAD_REQUEST)
            }
            Err(Refused::Closed) => refuse(SESSION_UNKNOWN),
        },
        (Some("polling"), &Method::POST, Some(Some(polling))) => receive(&polling, request).await,
        (Some("websocket"), &Method::GET, None) => begin_socket(realtime, speech, asked, request),
        (Some("websocket"), &Method::GET, Some(Some(polling))) => upgrade(realtime, polling, asked, request),
        (Some("polling" | "websocket"), _, _) => refuse(BAD_METHOD),
        _ => refuse(TRANSPORT_UNKNOWN),
    }
}

fn text(body: impl Into<String>) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=UTF-8")];
    (kind, body.into()).into_response()
}

fn client(asked: Option<Asked>, request: &Request) -> Client {
    Client {
        address: asked.map(|asked| asked.address),
        agent: handshake::agent(request.headers()),
    }
}

/// The first packet.
fn open(id: &str, upgrades: &[&str]) -> String {
    let open = json!({
        "sid": id,
        "upgrades": upgrades,
        "pingInterval": PING,
        "pingTimeout": PONG,
        "maxPayload": limits::SOCKET_FRAME,
    });
    format!("0{open}")
}

fn begin_polling(realtime: &Arc<Realtime>, speech: Speech, asked: Option<Asked>, request: &Request) -> Response {
    // Nobody has proved anything yet, and an engine is kept until it is known who it is for.
    if let Err(error) = realtime.host.limiter.take(None, asked.map(|asked| asked.address), 1) {
        return handshake::refuse(&error, asked);
    }
    let id = token::unguessable();
    let (polling, arrivals) = Polling::new();
    let polling = Arc::new(polling);
    realtime.engines.add(&id, speech, polling.clone());
    let opened = open(&id, &["websocket"]);
    let (realtime, client) = (realtime.clone(), client(asked, request));
    realtime.tasks.clone().spawn(async move {
        let link = Link::Polling(polling.clone(), arrivals);
        Box::pin(talk::serve(&realtime, link, speech, client)).await;
        polling.close();
        // The last packets say why it is over.
        let _ = timeout(LAST, polling.emptied()).await;
        realtime.engines.remove(&id);
    });
    text(opened)
}

fn begin_socket(realtime: &Arc<Realtime>, speech: Speech, asked: Option<Asked>, mut request: Request) -> Response {
    let (upgrade, response) = match handshake::upgrade(&mut request, None) {
        Ok(granted) => granted,
        Err(error) => return handshake::refuse(&error, asked),
    };
    let (realtime, client) = (realtime.clone(), client(asked, &request));
    realtime.tasks.clone().spawn(async move {
        let Some(socket) = WebSocket::accept(upgrade).await else {
            return;
        };
        let mut link = Link::Socket(Box::new(socket));
        let opened = Wire::Text(open(&token::unguessable(), &[]).into());
        if link.feed(opened).await.is_ok() && link.flush().await.is_ok() {
            Box::pin(talk::serve(&realtime, link, speech, client)).await;
        }
    });
    response
}

/// Hands the packets of a request over.
async fn receive(polling: &Polling, request: Request) -> Response {
    let body = timeout(BODY, to_bytes(request.into_body(), limits::SOCKET_FRAME)).await;
    let body = body.ok().and_then(Result::ok).unwrap_or_default();
    let Some(packets) = std::str::from_utf8(&body).ok().and_then(decode) else {
        polling.close();
        return refuse(BAD_REQUEST);
    };
    for packet in packets {
        if polling.arrived.send(Arrived::Wire(packet)).await.is_err() {
            return refuse(SESSION_UNKNOWN);
        }
    }
    text("ok")
}

/// A WebSocket proves that it works and takes a polled connection over.
fn upgrade(realtime: &Arc<Realtime>, polling: Arc<Polling>, asked: Option<Asked>, mut request: Request) -> Response {
    let (upgrade, response) = match handshake::upgrade(&mut request, None) {
        Ok(granted) => granted,
        Err(error) => return handshake::refuse(&error, asked),
    };
    realtime.tasks.spawn(async move {
        let Some(mut socket) = WebSocket::accept(upgrade).await else {
            return;
        };
        let probed = timeout(UPGRADE, probe(&mut socket, &polling)).await;
        if probed == Ok(Some(())) {
            let took = polling.arrived.send(Arrived::Upgraded(Box::new(socket))).await;
            if let Err(SendError(Arrived::Upgraded(socket))) = took {
                last_words(&polling, socket, (1000, "")).await;
            }
        } else {
            polling.set_upgrading(false);
            socket.close(1000, "").await;
        }
    });
    response
}

async fn probe(socket: &mut WebSocket, polling: &Polling) -> Option<()> {
    expect(socket, "2probe").await?;
    socket.feed_text("3probe").await.ok()?;
    socket.flush().await.ok()?;
    polling.set_upgrading(true);
    expect(socket, "5").await
}

async fn expect(socket: &mut WebSocket, packet: &str) -> Option<()> {
    match socket.read().await {
        Ok(Some(Message::Text(text))) if text.as_str() == packet => Some(()),
        _ => None,
    }
}
