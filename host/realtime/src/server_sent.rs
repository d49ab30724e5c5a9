//! Server-sent events: the same stream, in one direction, for whatever can read an HTTP answer.
//!
//! An event's `id` is its place in the whole log. It is sent only when everything before it was, so that
//! `Last-Event-ID` never skips anything; it may bring back what was sent already.

use crate::{
    Realtime,
    end::{End, problem},
    handshake,
    session::{Client, Out, Session, prove},
};
use axum::{
    body::Body,
    extract::Query,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use futures_util::stream::poll_fn;
use http::{HeaderMap, HeaderValue, header, request::Parts};
use mesh_service::{
    Asked, Door, Envelope, Error, call,
    error::Code,
    event::{Begins, StreamEvents, StreamEventsIn},
    socket::Opened,
};
use mesh_types::{RequestId, Timestamp};
use serde_json::json;
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::{sync::mpsc, time::timeout};

/// How often the client gets a sign of life, in milliseconds: its newest `id`, or a comment.
const SIGN: i64 = 25_000;
/// How long the client may take nothing.
const STALL: Duration = Duration::from_secs(30);
/// Bytes that are gathered before they are handed on.
const GATHERED: usize = 16 << 10;

/// Answers a request with events until one side has enough.
pub(crate) async fn answer(realtime: &Arc<Realtime>, request: Parts) -> Response {
    let asked = request.extensions.get::<Asked>().copied();
    match open(realtime, asked, &request).await {
        Err(error) => handshake::refuse(&error, asked),
        Ok((session, opened, begins)) => {
            let (to_client, mut body) = mpsc::channel(1);
            realtime.tasks.spawn(async move {
                let mut channel = Channel {
                    to_client,
                    gathered: Vec::new(),
                };
                Box::pin(channel.serve(session, &opened, begins)).await;
            });
            let body = poll_fn(move |context| body.poll_recv(context).map(|bytes| bytes.map(Ok::<_, Infallible>)));
            let mut response = Body::from_stream(body).into_response();
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
            // Proxies that gather answers would keep events back.
            headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
            response
        }
    }
}

async fn open(
    realtime: &Arc<Realtime>,
    asked: Option<Asked>,
    request: &Parts,
) -> Result<(Session, Opened, Begins), Error> {
    let headers = &request.headers;
    let client = Client {
        address: asked.map(|asked| asked.address),
        agent: handshake::agent(headers),
    };
    let query: Query<StreamEventsIn> =
        Query::try_from_uri(&request.uri).map_err(|error| Error::invalid("", error.body_text()))?;
    let mut asks = query.0;
    asks.last = last(headers)?;
    let known = prove(&realtime.host, &client, bearer(headers), asks.ticket.as_deref()).await;
    let known = known.map_err(|end| end.error())?;
    let (host, id) = (&realtime.host, asked.map(|asked| asked.id));
    let id = id.unwrap_or_else(|| RequestId::new(host.ids.next()));
    let mut envelope = Envelope::new(known.0.caller.clone(), Door::Socket, id);
    (envelope.address, envelope.agent) = (client.address, client.agent.clone());
    let begins = call::<StreamEvents>(host, envelope, asks).await?.out;
    let opened = Session::open(realtime.clone(), client, known).await;
    let (mut session, opened) = opened.map_err(|end| end.error())?;
    let resumed = session.resume(&begins.positions);
    if resumed.expired.is_empty() {
        return Ok((session, opened, begins));
    }
    Err(Error::new(
        Code::CursorExpired,
        "This cursor is from another log. Connect without one.",
    ))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn last(headers: &HeaderMap) -> Result<Option<i64>, Error> {
    let Some(id) = headers.get("last-event-id") else {
        return Ok(None);
    };
    let id = id.to_str().ok().and_then(|id| id.parse().ok());
    let wrong = || Error::new(Code::InvalidCursor, "`Last-Event-ID` is no `id` of this server.");
    id.map(Some).ok_or_else(wrong)
}

/// What leads to the client.
struct Channel {
    to_client: mpsc::Sender<Bytes>,
    gathered: Vec<u8>,
}

/// The client is gone, or takes nothing.
struct Gone;

impl From<Gone> for Option<End> {
    fn from(_: Gone) -> Self {
        None
    }
}

impl Channel {
    async fn serve(&mut self, mut session: Session, opened: &Opened, begins: Begins) {
        let ready = json!(opened);
        self.put(&format!("id: {}\nevent: ready\ndata: {ready}\n\n", begins.position));
        let Err(Some(end)) = self.run(&mut session).await else {
            return;
        };
        tracing::debug!(?end, "a stream of events was ended");
        let error = end.error();
        if let Some(wait) = error.retry_after_ms {
            self.put(&format!("retry: {wait}\n"));
        }
        self.put(&format!("event: closing\ndata: {}\n\n", json!(problem(&error, None))));
        let _ = self.flush().await;
    }

    async fn run(&mut self, session: &mut Session) -> Result<Infallible, Option<End>> {
        session.wake_at(session.now() + SIGN);
        loop {
            self.flush().await?;
            // It says nothing else, so taking is how it is heard.
            session.hear();
            let out = session.next().await;
            self.say(session, out).await?;
            while let Some(out) = session.ready() {
                self.say(session, out).await?;
            }
        }
    }

    async fn say(&mut self, session: &mut Session, out: Out) -> Result<(), Option<End>> {
        match out {
            Out::Event(told) => self.put(told.block(session.is_caught_up())),
            Out::Expiring(at) => {
                let expiring = json!({ "expires_at": Timestamp(at) });
                self.put(&format!("event: auth_expiring\ndata: {expiring}\n\n"));
            }
            Out::Due => {
                match session.position() {
                    Some(position) => self.put(&format!("id: {position}\n\n")),
                    None => self.put(":\n\n"),
                }
                session.wake_at(session.now() + SIGN);
            }
            Out::End(end) => return Err(Some(*end)),
            // Only doors that ask for these get them.
            Out::Answer(_) | Out::Replay { .. } => {}
        }
        if self.gathered.len() > GATHERED {
            self.flush().await?;
        }
        Ok(())
    }

    fn put(&mut self, block: &str) {
        self.gathered.extend_from_slice(block.as_bytes());
    }

    async fn flush(&mut self) -> Result<(), Gone> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let gathered = std::mem::take(&mut self.gathered).into();
        match timeout(STALL, self.to_client.send(gathered)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Gone),
        }
    }
}
