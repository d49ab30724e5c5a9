//! Errors as `application/problem+json` (RFC 9457).

use crate::door::rate_headers;
use axum::{body::Body, response::Response};
use http::{HeaderValue, StatusCode, header};
use mesh_service::{Error, error::FieldError};
use mesh_types::RequestId;
use serde::Serialize;

#[derive(Serialize)]
struct Problem<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    code: &'a str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<RequestId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision_id: Option<String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

/// The answer that tells of an error. What cannot be seen is answered with the same bytes whatever it
/// is, so "not found" does not carry the request's id in its body, where the header has it, and says
/// nothing of the rate limit.
pub(crate) fn response(error: &Error, request: Option<RequestId>) -> Response {
    let status = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let problem = Problem {
        kind: format!("https://the-mesh.dev/errors/{}", error.code.as_str()),
        title: status.canonical_reason().unwrap_or("Error"),
        status: status.as_u16(),
        code: error.code.as_str(),
        detail: &error.detail,
        request_id: request.filter(|_| status != StatusCode::NOT_FOUND),
        reason: error.reason.map(mesh_authz::Reason::as_str),
        state: error.state.as_deref(),
        retry_after_ms: error.retry_after_ms,
        approval_id: error.approval.as_deref(),
        decision_id: error.decision.map(|id| id.to_string()),
        errors: &error.fields,
    };
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"mesh\""),
        );
    }
    if let Some(left) = error.left.filter(|_| status != StatusCode::NOT_FOUND) {
        rate_headers(headers, left);
    }
    if let Some(millis) = error.retry_after_ms {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(millis.div_ceil(1000)));
    }
    response
}
