//! Errors as `application/problem+json` (RFC 9457).

use crate::door::rate_headers;
use axum::{body::Body, response::Response};
use http::{HeaderValue, StatusCode, header};
use mesh_service::{Error, error::Problem};
use mesh_types::RequestId;

fn status(error: &Error) -> StatusCode {
    StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The document itself.
pub(crate) fn of(error: &Error, request: Option<RequestId>) -> Problem<'_> {
    error.problem(status(error).canonical_reason().unwrap_or("Error"), request)
}

/// The answer that tells of an error. What cannot be seen is answered with the same bytes whatever it
/// is, so "not found" does not carry the request's id in its body, where the header has it, and says
/// nothing of the rate limit.
pub(crate) fn response(error: &Error, request: Option<RequestId>) -> Response {
    let status = status(error);
    let body = serde_json::to_vec(&of(error, request)).unwrap_or_default();
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
