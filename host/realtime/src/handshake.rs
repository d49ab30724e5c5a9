//! What every connection passes before it is one: the WebSocket handshake (RFC 6455).

use crate::end::problem;
use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use mesh_service::{Asked, Error, error::Code};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// An error over HTTP, before there is a connection.
pub(crate) fn refuse(error: &Error, asked: Option<Asked>) -> Response {
    let status = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = serde_json::to_vec(&problem(error, asked.map(|asked| asked.id))).unwrap_or_default();
    let json = [(header::CONTENT_TYPE, "application/problem+json")];
    (status, json, body).into_response()
}

/// The upgrade that a request asks for, and the answer that grants it. `protocol` is the subprotocol that
/// the client has to offer.
pub(crate) fn upgrade(
    request: &mut Request,
    protocol: Option<&'static str>,
) -> Result<(hyper::upgrade::OnUpgrade, Response), Error> {
    let headers = request.headers();
    let wants = names(headers, &header::CONNECTION, "upgrade") && names(headers, &header::UPGRADE, "websocket");
    if request.method() != Method::GET || !wants {
        return Err(Error::new(
            Code::UpgradeRequired,
            "This address takes WebSocket connections.",
        ));
    }
    if headers
        .get(header::SEC_WEBSOCKET_VERSION)
        .is_none_or(|version| version != "13")
    {
        return Err(Error::new(Code::UpgradeRequired, "`Sec-WebSocket-Version` is 13 here."));
    }
    if let Some(protocol) = protocol
        && !names(headers, &header::SEC_WEBSOCKET_PROTOCOL, protocol)
    {
        return Err(Error::new(
            Code::BadRequest,
            format!("Offer the subprotocol `{protocol}` in `Sec-WebSocket-Protocol`."),
        ));
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes);
    let key = key.ok_or_else(|| Error::new(Code::BadRequest, "`Sec-WebSocket-Key` is missing."))?;
    let accept = HeaderValue::try_from(derive_accept_key(key)).map_err(Error::internal)?;
    let upgrade = request.extensions_mut().remove::<hyper::upgrade::OnUpgrade>();
    let upgrade = upgrade.ok_or_else(|| Error::new(Code::UpgradeRequired, "WebSockets are opened over HTTP/1.1."))?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let answer = response.headers_mut();
    answer.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    answer.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    answer.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    if let Some(protocol) = protocol {
        answer.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
    }
    Ok((upgrade, response))
}

/// Whether a header's list has a word in it.
fn names(headers: &HeaderMap, name: &header::HeaderName, word: &str) -> bool {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    let mut words = lines.flat_map(|line| line.split(','));
    words.any(|one| one.trim().eq_ignore_ascii_case(word))
}

/// The value of a query parameter. Tickets and session ids need no decoding.
pub(crate) fn query<'u>(uri: &'u Uri, name: &str) -> Option<&'u str> {
    let pairs = uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next()
}

/// What a client says it is: at most 200 characters.
pub(crate) fn agent(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).map_or(&b""[..], HeaderValue::as_bytes);
    let agent = String::from_utf8_lossy(agent);
    agent.chars().filter(|one| !one.is_control()).take(200).collect()
}
