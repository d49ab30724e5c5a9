//! Calls over REST.

use crate::{Answer, Call, Error, Problem, Result, TokenSource, backoff::Backoff, call::Body, token::Fixed};
use reqwest::{Response, Url, header};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

/// How often a call is tried.
const TRIES: u32 = 3;
/// A server that asks for a longer wait is not waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the server may take to accept a connection.
pub(crate) const CONNECT: Duration = Duration::from_secs(10);
/// How long it may say nothing.
const SILENCE: Duration = Duration::from_mins(1);

/// A server, and who calls it. Cheap to clone.
///
/// Calls that are safe to repeat are tried up to three times, with waits as the server asks for them or
/// drawn at random. An access token that ended is renewed once a call, as the [`TokenSource`] knows how.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    http: reqwest::Client,
    url: Url,
    tokens: Box<dyn TokenSource>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("url", &self.inner.url.as_str())
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A server, such as `http://127.0.0.1:8080`, and one token for all calls.
    pub fn new(url: &str, token: impl Into<String>) -> Result<Self> {
        Self::with_tokens(url, Fixed(Some(token.into())))
    }

    /// A server that is called without a token.
    pub fn anonymous(url: &str) -> Result<Self> {
        Self::with_tokens(url, Fixed(None))
    }

    /// A server, and somebody who knows the token of the moment.
    pub fn with_tokens(url: &str, tokens: impl TokenSource) -> Result<Self> {
        let wrong = || Error::Address(url.to_owned());
        let parsed = Url::parse(url.trim_end_matches('/')).map_err(|_| wrong())?;
        if parsed.scheme() != "http" || parsed.host_str().is_none() {
            return Err(wrong());
        }
        let http = reqwest::Client::builder()
            .no_proxy()
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .build()
            .map_err(|error| Error::Protocol(error.to_string()))?;
        let inner = Inner {
            http,
            url: parsed,
            tokens: Box::new(tokens),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The server's address, without a `/` at its end.
    pub fn url(&self) -> &str {
        self.inner.url.as_str().trim_end_matches('/')
    }

    pub(crate) fn address(&self) -> &Url {
        &self.inner.url
    }

    pub(crate) fn tokens(&self) -> &dyn TokenSource {
        &*self.inner.tokens
    }

    /// Makes a call.
    pub async fn send(&self, call: &Call) -> Result<Answer> {
        let mut token = self.tokens().token(None).await?;
        let (mut backoff, mut tries, mut renewed) = (Backoff::default(), 1, false);
        loop {
            let error = match self.send_once(call, token.as_deref()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if let (Some("token_expired" | "unauthenticated"), false, Some(shown)) = (error.code(), renewed, &token) {
                renewed = true;
                match self.tokens().token(Some(shown)).await? {
                    Some(other) if other != *shown => token = Some(other),
                    _ => return Err(error),
                }
            } else if tries < TRIES
                && may_repeat(call, &error)
                && let Some(wait) = wait(&error, &mut backoff)
            {
                tries += 1;
                tokio::time::sleep(wait).await;
            } else {
                return Err(error);
            }
        }
    }

    /// Reads something.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.send(&Call::get(path)).await?.read()
    }

    /// Every item of a list.
    pub async fn all<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let mut page: Value = self.get(&format!("{path}?limit=200{cursor}")).await?;
            let found = serde_json::from_value::<Vec<T>>(page["items"].take());
            items.extend(found.map_err(|error| Error::Protocol(format!("this is no list: {error}")))?);
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(items),
            }
        }
    }

    /// Opens an answer that goes on: server-sent events.
    pub(crate) async fn open(&self, path: &str, token: Option<&str>) -> Result<Response> {
        let mut request = self.inner.http.get(format!("{}/api/v1{path}", self.url()));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.map_err(failed)?;
        if response.status().is_success() {
            return Ok(response);
        }
        let refused = read(response).await.err();
        Err(refused.unwrap_or_else(|| Error::Protocol("this answer is no stream of events".into())))
    }

    async fn send_once(&self, call: &Call, token: Option<&str>) -> Result<Answer> {
        let address = match call.path.strip_prefix("//") {
            Some(rest) => format!("{}/{rest}", self.url()),
            None => format!("{}/api/v1{}", self.url(), call.path),
        };
        let mut request = self.inner.http.request(call.method.clone(), address);
        request = match &call.body {
            Body::None => request,
            Body::Json(body) => request.json(body),
            Body::Bytes { kind, digest, bytes } => {
                let request = request.header(header::CONTENT_TYPE, kind).body(bytes.clone());
                match digest {
                    Some(digest) => request.header("content-digest", digest),
                    None => request,
                }
            }
        };
        if let Some(etag) = &call.if_match {
            request = request.header(header::IF_MATCH, etag);
        }
        if let Some(key) = &call.key {
            request = request.header("idempotency-key", key);
        }
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        read(request.send().await.map_err(failed)?).await
    }
}

async fn read(response: Response) -> Result<Answer> {
    let status = response.status();
    let header = |name: &str| {
        let value = response.headers().get(name)?.to_str().ok()?;
        Some(value.to_owned())
    };
    let (etag, replayed) = (header("etag"), header("idempotent-replayed").is_some());
    let retry_after = header("retry-after").and_then(|seconds| seconds.parse::<u64>().ok());
    let text = response.text().await.map_err(failed)?;
    if status.is_success() {
        let body = if text.is_empty() {
            json!({})
        } else {
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        };
        return Ok(Answer {
            status: status.as_u16(),
            etag,
            replayed,
            body,
        });
    }
    let retry_after_ms = retry_after.map(|seconds| seconds.saturating_mul(1000));
    Err(refused(status.as_u16(), text.as_bytes(), retry_after_ms))
}

/// What a body says that came with a bad status.
pub(crate) fn refused(status: u16, body: &[u8], retry_after_ms: Option<u64>) -> Error {
    match serde_json::from_slice::<Problem>(body) {
        Ok(mut problem) => {
            problem.retry_after_ms = problem.retry_after_ms.or(retry_after_ms);
            Error::Refused(Box::new(problem))
        }
        Err(_) => Error::Foreign { status, retry_after_ms },
    }
}

fn failed(error: reqwest::Error) -> Error {
    if error.is_builder() {
        return Error::Protocol(error.to_string());
    }
    let why = if error.is_timeout() {
        "it does not answer"
    } else if error.is_connect() {
        "nothing answers there"
    } else {
        "the connection broke"
    };
    if error.is_connect() {
        Error::unreachable(why)
    } else {
        Error::broken(why)
    }
}

/// Whether a call can be made again after this.
fn may_repeat(call: &Call, error: &Error) -> bool {
    match error {
        Error::Unreachable { sent, .. } => !sent || call.is_repeatable(),
        // The server says that it did not do it, and when it will.
        Error::Refused(problem) => matches!(problem.status, 429 | 503) && problem.retry_after_ms.is_some(),
        Error::Foreign { status, .. } => matches!(status, 429 | 502 | 503 | 504) && call.is_repeatable(),
        _ => false,
    }
}

fn wait(error: &Error, backoff: &mut Backoff) -> Option<Duration> {
    let asked = error.retry_after_ms().map(Duration::from_millis);
    let wait = asked.unwrap_or_else(|| backoff.wait());
    (wait <= PATIENCE).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_made_again_only_when_it_was_not_done_or_may_be_done_twice() {
        let (post, keyed) = (Call::post("/meshes"), Call::post("/meshes").once());
        let limited = refused(429, br#"{"code":"rate_limited","status":429}"#, Some(1000));
        let conflict = refused(409, br#"{"code":"conflict","status":409}"#, None);
        let proxy = refused(502, b"<html>", None);
        for (error, plain, with_key) in [
            (Error::unreachable("x"), true, true),
            (Error::broken("x"), false, true),
            (limited, true, true),
            (conflict, false, false),
            (proxy, false, true),
        ] {
            assert_eq!(
                (may_repeat(&post, &error), may_repeat(&keyed, &error)),
                (plain, with_key),
                "{error:?}"
            );
        }
    }

    #[test]
    fn addresses_name_a_host() {
        assert_eq!(
            Client::anonymous("http://127.0.0.1:8080/").unwrap().url(),
            "http://127.0.0.1:8080"
        );
        for url in ["", "127.0.0.1:8080", "ftp://host", "https://host"] {
            assert!(matches!(Client::anonymous(url), Err(Error::Address(_))), "{url}");
        }
    }
}
