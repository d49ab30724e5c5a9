//! The operations that run for one connection.

use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use mesh_service::{Error, Reply, Result};
use mesh_types::RequestId;
use std::panic::AssertUnwindSafe;

/// An operation that a client asks for.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The client's name for it, in the door's own form.
    pub(crate) tag: String,
    pub(crate) op: String,
    /// A JSON object.
    pub(crate) input: Bytes,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) if_match: Option<String>,
}

/// What became of it.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) tag: String,
    pub(crate) result: Result<Reply>,
    /// Of a good answer.
    pub(crate) status: u16,
    pub(crate) request: Option<RequestId>,
}

/// All of them.
#[derive(Default)]
pub(crate) struct Running(FuturesUnordered<BoxFuture<'static, Answered>>);

impl Running {
    pub(crate) fn push(
        &mut self,
        call: BoxFuture<'static, Result<Reply>>,
        (tag, status, request): (String, u16, RequestId),
    ) {
        let answered = async move {
            // The panic itself was logged by the panic hook, on the thread where it happened.
            let called = AssertUnwindSafe(call).catch_unwind().await;
            let result = called.unwrap_or_else(|_| Err(Error::internal("an operation panicked")));
            let waiting = result.as_ref().err().and_then(Reply::waiting);
            let (result, status) = match waiting {
                Some(reply) => (Ok(reply), 202),
                None => (result, status),
            };
            Answered {
                tag,
                result,
                status,
                request: Some(request),
            }
        };
        self.0.push(answered.boxed());
    }

    pub(crate) async fn next(&mut self) -> Option<Answered> {
        self.0.next().await
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
