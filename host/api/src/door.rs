//! One request: who asks, what for, and the answer's headers.

use crate::{PREFIX, content, fields::Fields, problem, upload};
use axum::{
    body::Body,
    extract::{FromRequestParts as _, RawPathParams, Request},
    response::Response,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use mesh_authz::{Access, Caller};
use mesh_service::{
    Asked, Body as Takes, Door, Envelope, ErasedOp, Error, Host, Http, Input, Method, Reply, Result, error::Code,
    rate::Left,
};
use mesh_types::limits;
use serde_json::{Map, Value};
use std::{net::IpAddr, sync::Arc};

/// One operation's REST door.
#[derive(Clone)]
pub(crate) struct Route {
    host: Arc<Host>,
    op: &'static ErasedOp,
    http: Http,
    fields: Arc<Fields>,
}

impl Route {
    pub(crate) fn new(host: Arc<Host>, op: &'static ErasedOp, http: Http) -> Self {
        Self {
            host,
            op,
            http,
            fields: Arc::new(Fields::of(op)),
        }
    }

    pub(crate) const fn method(&self) -> Method {
        self.http.method
    }
}

/// Headers of an answer that there is room for from the beginning.
const HEADERS: usize = 16;

/// Answers a request. Never fails: an error is an answer.
pub(crate) async fn answer(route: Route, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Some(asked) = parts.extensions.get::<Asked>().copied() else {
        return problem::response(&Error::internal("a request came past the front"), None);
    };
    // Only who reads may have it already, or want a part of it.
    let headers = match route.http.method {
        Method::Get => parts.headers.clone(),
        _ => HeaderMap::new(),
    };
    let answered = match call(&route, asked, parts, body).await {
        Ok(Reply {
            content: Some(content), ..
        }) => content::answer(&route.host, &headers, content).await,
        Ok(reply) => good(route.http.status, headers.get(header::IF_NONE_MATCH), reply),
        Err(error) => match Reply::waiting(&error) {
            Some(reply) => good(202, None, reply),
            None => Err(error),
        },
    };
    answered.unwrap_or_else(|error| problem::response(&error, Some(asked.id)))
}

async fn call(route: &Route, asked: Asked, mut parts: Parts, body: Body) -> Result<Reply> {
    let address = Some(asked.address);
    let caller = caller(&route.host, &parts.headers, address).await?;
    if caller.actor().is_none() && !matches!(route.op.spec.access, Access::Public(_)) {
        // Before the body and the path are looked at: strangers learn nothing and send nothing.
        route.host.limiter.take(None, address, 1)?;
        return Err(Error::new(Code::Unauthenticated, "Sign in, or send a token."));
    }
    let mut envelope = Envelope::new(caller, Door::Rest, asked.id);
    envelope.address = address;
    envelope.idempotency_key = text(&parts.headers, "idempotency-key")?;
    envelope.if_match = text(&parts.headers, header::IF_MATCH.as_str())?;
    envelope.agent = agent(&parts.headers);
    let path = RawPathParams::from_request_parts(&mut parts, &()).await;
    let path = path.map_err(|_| Error::not_found())?;
    let path: Vec<(String, String)> = path
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let query = parts.uri.query();
    let input = match route.http.body {
        Takes::Json => {
            let object = json_body(route.http.method, &parts.headers, body).await?;
            Input {
                fields: merged(route, &path, query, object)?,
                body: None,
            }
        }
        Takes::Bytes(most) => {
            let bytes = upload::collect(&parts.headers, body, most).await?;
            Input {
                fields: merged(route, &path, query, None)?,
                body: Some(bytes),
            }
        }
        Takes::Component(most) | Takes::File(most) => {
            let component = matches!(route.http.body, Takes::Component(_));
            if component {
                media_type(&parts.headers, &["application/wasm"])?;
            }
            let fields = merged(route, &path, query, None)?;
            (route.op.authorize)(route.host.clone(), envelope.clone(), fields.clone()).await?;
            let stored = upload::store(&route.host, &parts.headers, body, most, component).await?;
            Input {
                fields,
                body: Some(stored),
            }
        }
    };
    (route.op.call)(route.host.clone(), envelope, input).await
}

fn merged(
    route: &Route,
    path: &[(String, String)],
    query: Option<&str>,
    body: Option<Map<String, Value>>,
) -> Result<Bytes> {
    let fields = route.fields.merge(path, query, body)?;
    serde_json::to_vec(&fields).map(Bytes::from).map_err(Error::internal)
}

/// Who the `Authorization` header proves. A token in the address is never looked at. Wrong tokens cost
/// the address that sends them, so that they cannot be tried for free.
pub(crate) async fn caller(host: &Host, headers: &HeaderMap, address: Option<IpAddr>) -> Result<Caller> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(Caller::ANONYMOUS);
    };
    let bearer = value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|_| values.next().is_none());
    let known = match bearer {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => {
            host.authority
                .authenticate(&host.store, host.clock.now(), token.trim())
                .await
        }
        _ => Err(Error::new(
            Code::Unauthenticated,
            "`Authorization` is `Bearer` and a token.",
        )),
    };
    if known.is_err() {
        host.limiter.take(None, address, 1)?;
    }
    known
}

/// What the caller says it is: at most 200 characters, whatever they are.
pub(crate) fn agent(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).map_or(&b""[..], HeaderValue::as_bytes);
    String::from_utf8_lossy(agent)
        .chars()
        .filter(|one| !one.is_control())
        .take(200)
        .collect()
}

fn text(headers: &HeaderMap, name: &str) -> Result<Option<String>> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    let text = value
        .to_str()
        .map_err(|_| Error::new(Code::BadRequest, format!("`{name}` has characters that are not ASCII.")))?;
    Ok(Some(text.to_owned()))
}

pub(crate) fn media_type(headers: &HeaderMap, takes: &[&str]) -> Result<()> {
    let given = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let given = given.split(';').next().unwrap_or_default().trim().to_lowercase();
    if takes.contains(&given.as_str()) {
        return Ok(());
    }
    Err(Error::new(
        Code::UnsupportedMediaType,
        format!("`Content-Type` is {} here.", takes.join(" or ")),
    ))
}

async fn json_body(method: Method, headers: &HeaderMap, body: Body) -> Result<Option<Map<String, Value>>> {
    let bytes = upload::collect(headers, body, limits::JSON_BODY).await?;
    if bytes.trim_ascii().is_empty() {
        return Ok(None);
    }
    match method {
        Method::Patch => media_type(headers, &["application/json", "application/merge-patch+json"])?,
        _ => media_type(headers, &["application/json"])?,
    }
    let wrong = |_| Error::new(Code::BadRequest, "The body is not a JSON object.");
    serde_json::from_slice(&bytes).map(Some).map_err(wrong)
}

fn good(status: u16, unchanged: Option<&HeaderValue>, reply: Reply) -> Result<Response> {
    let status = StatusCode::from_u16(status).map_err(Error::internal)?;
    let mut response = Response::new(Body::empty());
    *response.headers_mut() = HeaderMap::with_capacity(HEADERS);
    let headers = response.headers_mut();
    let ascii = |text: String| HeaderValue::try_from(text).map_err(Error::internal);
    if let Some(etag) = &reply.etag {
        headers.insert(header::ETAG, ascii(etag.clone())?);
    }
    if let Some(location) = reply
        .location
        .filter(|_| [StatusCode::CREATED, StatusCode::ACCEPTED].contains(&status))
    {
        headers.insert(header::LOCATION, ascii(format!("{PREFIX}{location}"))?);
    }
    if reply.replayed {
        headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    if let Some(left) = reply.left {
        rate_headers(headers, left);
    }
    let same = |tags: &HeaderValue| {
        let tags = tags.to_str().unwrap_or_default();
        reply
            .etag
            .as_deref()
            .is_some_and(|etag| tags == "*" || tags.split(',').any(|tag| tag.trim() == etag))
    };
    if reply.spares && unchanged.is_some_and(same) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }
    if status != StatusCode::NO_CONTENT {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(reply.body.0));
        *response.body_mut() = Body::from(reply.body.1);
    }
    *response.status_mut() = status;
    Ok(response)
}

/// What is left of the caller's rate limit (draft-ietf-httpapi-ratelimit-headers-07).
pub(crate) fn rate_headers(headers: &mut HeaderMap, left: Left) {
    headers.insert("ratelimit-limit", HeaderValue::from(left.limit));
    headers.insert("ratelimit-remaining", HeaderValue::from(left.remaining));
    headers.insert("ratelimit-reset", HeaderValue::from(left.reset_s));
    if let Ok(policy) = HeaderValue::try_from(format!("{};w={}", left.limit, left.window_s)) {
        headers.insert("ratelimit-policy", policy);
    }
}
