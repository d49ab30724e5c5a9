//! Pages of other places: browsers say where a page is from (RFC 6454), and only some may reach the doors that
//! anything on this machine could otherwise be made to use.

use crate::problem;
use axum::{body::Body, extract::Request, middleware::Next, response::Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use mesh_authz::Reason;
use mesh_service::{Asked, Error};

/// How long a browser may remember that it may ask, in seconds.
const REMEMBERED: HeaderValue = HeaderValue::from_static("600");

/// Lets programs through, which send no `Origin`, and pages of this server or of these origins.
pub(crate) async fn check(origins: &[String], request: Request, next: Next) -> Response {
    let headers = request.headers();
    let Some(origin) = headers.get(header::ORIGIN).cloned() else {
        return next.run(request).await;
    };
    if !is_allowed(origins, headers) {
        let error = Error::forbidden(
            Reason::Policy,
            "Pages of this origin may not connect; the server's settings list those that may.",
        );
        let asked = request.extensions().get::<Asked>().copied();
        return problem::response(&error, asked.map(|asked| asked.id));
    }
    let mut response = if request.method() == Method::OPTIONS {
        permission(headers)
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    response
}

fn is_allowed(origins: &[String], headers: &HeaderMap) -> bool {
    let mut named = headers.get_all(header::ORIGIN).iter();
    let origin = named.next().and_then(|origin| origin.to_str().ok()).unwrap_or_default();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let place = origin.parse::<Uri>().ok();
    let place = place
        .as_ref()
        .and_then(Uri::authority)
        .map(http::uri::Authority::as_str);
    let own = place.is_some() && place == host;
    named.next().is_none() && (own || origins.iter().any(|known| known == origin))
}

/// What a browser asks for before it sends a request that no plain form could send (CORS, Fetch standard). There
/// are no cookies, so a page gains nothing by headers that it could not send from elsewhere.
fn permission(asks: &HeaderMap) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    let allowed = [
        (
            header::ACCESS_CONTROL_REQUEST_METHOD,
            header::ACCESS_CONTROL_ALLOW_METHODS,
        ),
        (
            header::ACCESS_CONTROL_REQUEST_HEADERS,
            header::ACCESS_CONTROL_ALLOW_HEADERS,
        ),
    ];
    for (asked, allowed) in allowed {
        if let Some(value) = asks.get(asked) {
            headers.insert(allowed, value.clone());
        }
    }
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, REMEMBERED);
    response
}
