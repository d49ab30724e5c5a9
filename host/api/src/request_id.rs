//! Every request gets an id of its own, which its answer and the log carry. None is taken from outside.

use axum::{extract::Request, middleware::Next, response::Response};
use http::HeaderValue;
use mesh_service::Host;
use mesh_types::RequestId;
use std::sync::Arc;

pub(crate) async fn give(host: Arc<Host>, mut request: Request, next: Next) -> Response {
    let id = RequestId::new(host.ids.next());
    request.extensions_mut().insert(id);
    let mut response = next.run(request).await;
    if let Ok(id) = HeaderValue::try_from(id.to_string()) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}
