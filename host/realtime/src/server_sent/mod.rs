//! Server-sent events: the same stream, in one direction, for whatever can read an HTTP answer.
//!
//! An event's `id` is its place in the whole log. It is sent only when everything before it was, so that
//! `Last-Event-ID` never skips anything; it may bring back what was sent already.

mod channel;
mod tail;

use crate::{
    Realtime,
    end::End,
    handshake,
    session::{Client, Out, Session, prove},
};
use axum::{extract::Query, response::Response};
use channel::{Channel, SIGN, bearer, respond};
use http::{HeaderMap, request::Parts};
use mesh_service::{
    Asked, Door, Envelope, Error, call,
    error::Code,
    event::{Begins, StreamEvents, StreamEventsIn},
    socket::Opened,
};
use mesh_types::{RequestId, Timestamp};
use serde_json::json;
use std::{convert::Infallible, sync::Arc};
pub(crate) use tail::answer as tail;

/// Answers a request with events until one side has enough.
pub(crate) async fn answer(realtime: &Arc<Realtime>, request: Parts) -> Response {
    let asked = request.extensions.get::<Asked>().copied();
    match open(realtime, asked, &request).await {
        Err(error) => handshake::refuse(&error, asked),
        Ok((session, opened, begins)) => respond(realtime, move |channel| {
            Box::pin(async move { serve(channel, session, &opened, begins).await })
        }),
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

fn last(headers: &HeaderMap) -> Result<Option<i64>, Error> {
    let Some(id) = headers.get("last-event-id") else {
        return Ok(None);
    };
    let id = id.to_str().ok().and_then(|id| id.parse().ok());
    let wrong = || Error::new(Code::InvalidCursor, "`Last-Event-ID` is no `id` of this server.");
    id.map(Some).ok_or_else(wrong)
}

async fn serve(mut channel: Channel, mut session: Session, opened: &Opened, begins: Begins) {
    let ready = json!(opened);
    channel.put(&format!("id: {}\nevent: ready\ndata: {ready}\n\n", begins.position));
    if let Err(Some(end)) = run(&mut channel, &mut session).await {
        channel.close(&end).await;
    }
}

async fn run(channel: &mut Channel, session: &mut Session) -> Result<Infallible, Option<End>> {
    session.wake_at(session.now() + SIGN);
    loop {
        channel.flush().await?;
        // It says nothing else, so taking is how it is heard.
        session.hear();
        let out = session.next().await;
        say(channel, session, out).await?;
        while let Some(out) = session.ready() {
            say(channel, session, out).await?;
        }
    }
}

async fn say(channel: &mut Channel, session: &mut Session, out: Out) -> Result<(), Option<End>> {
    match out {
        Out::Event(told) => channel.put(told.block(session.is_caught_up())),
        Out::Expiring(at) => {
            let expiring = json!({ "expires_at": Timestamp(at) });
            channel.put(&format!("event: auth_expiring\ndata: {expiring}\n\n"));
        }
        Out::Due => {
            match session.position() {
                Some(position) => channel.put(&format!("id: {position}\n\n")),
                None => channel.put(":\n\n"),
            }
            session.wake_at(session.now() + SIGN);
        }
        Out::End(end) => return Err(Some(*end)),
        // Only doors that ask for these get them.
        Out::Answer(_) | Out::Replay { .. } => {}
    }
    if channel.is_full() {
        channel.flush().await?;
    }
    Ok(())
}
