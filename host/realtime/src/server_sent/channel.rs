//! What leads to a client that reads an HTTP answer for as long as there is more of it.

use crate::{
    Realtime,
    end::{End, problem},
};
use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use futures_util::{future::BoxFuture, stream::poll_fn};
use http::{HeaderMap, HeaderValue, header};
use serde_json::json;
use std::{convert::Infallible, time::Duration};
use tokio::{sync::mpsc, time::timeout};

/// How often the client gets a sign of life, in milliseconds: its newest `id`, or a comment.
pub(super) const SIGN: i64 = 25_000;
/// How long the client may take nothing.
const STALL: Duration = Duration::from_secs(30);
/// Bytes that are gathered before they are handed on.
const GATHERED: usize = 16 << 10;

/// Blocks on their way.
pub(super) struct Channel {
    to_client: mpsc::Sender<Bytes>,
    gathered: Vec<u8>,
}

/// The client is gone, or takes nothing.
pub(super) struct Gone;

impl From<Gone> for Option<End> {
    fn from(_: Gone) -> Self {
        None
    }
}

/// An answer that goes on until `serve` is done.
pub(super) fn respond(realtime: &Realtime, serve: impl FnOnce(Channel) -> BoxFuture<'static, ()>) -> Response {
    let (to_client, mut body) = mpsc::channel(1);
    realtime.tasks.spawn(serve(Channel {
        to_client,
        gathered: Vec::new(),
    }));
    let body = poll_fn(move |context| body.poll_recv(context).map(|bytes| bytes.map(Ok::<_, Infallible>)));
    let mut response = Body::from_stream(body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    // Proxies that gather answers would keep events back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// The token of an `Authorization` header.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl Channel {
    pub(super) fn put(&mut self, block: &str) {
        self.gathered.extend_from_slice(block.as_bytes());
    }

    /// Whether enough is gathered to hand it on.
    pub(super) fn is_full(&self) -> bool {
        self.gathered.len() > GATHERED
    }

    pub(super) async fn flush(&mut self) -> Result<(), Gone> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let gathered = std::mem::take(&mut self.gathered).into();
        match timeout(STALL, self.to_client.send(gathered)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Gone),
        }
    }

    /// The client went away by itself.
    pub(super) async fn closed(&self) {
        self.to_client.closed().await;
    }

    /// Says why the server ends it.
    pub(super) async fn close(mut self, end: &End) {
        tracing::debug!(?end, "a stream of events was ended");
        let error = end.error();
        if let Some(wait) = error.retry_after_ms {
            self.put(&format!("retry: {wait}\n"));
        }
        self.put(&format!("event: closing\ndata: {}\n\n", json!(problem(&error, None))));
        let _ = self.flush().await;
    }
}
