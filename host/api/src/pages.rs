//! The browsable API documents at `/api/v1/docs`: Swagger UI from this program, nothing from the network.

use crate::{PREFIX, problem};
use axum::{
    Router,
    body::Body,
    extract::Path,
    response::{Redirect, Response},
    routing::get,
};
use http::{HeaderValue, header};
use mesh_service::Error;
use std::sync::{Arc, LazyLock};
use utoipa_swagger_ui::Config;

/// Its own files and the API, and nobody may frame it. It sets styles on its elements.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Adds the pages.
pub(crate) fn add(router: Router) -> Router {
    router
        // Its files are named relative to the folder, so the address must end with a slash.
        .route(
            &format!("{PREFIX}/docs"),
            get(|| async { Redirect::permanent("/api/v1/docs/") }),
        )
        .route(&format!("{PREFIX}/docs/"), get(|| async { file("") }))
        .route(
            &format!("{PREFIX}/docs/{{*file}}"),
            get(|Path(path): Path<String>| async move { file(&path) }),
        )
}

fn file(path: &str) -> Response {
    static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
        Arc::new(
            Config::new(["/api/v1/openapi.json"])
                .doc_expansion("none")
                .filter(true)
                .persist_authorization(false),
        )
    });
    let found = match utoipa_swagger_ui::serve(path, CONFIG.clone()) {
        Ok(Some(found)) => found,
        Ok(None) => return problem::response(&Error::not_found(), None),
        Err(error) => {
            tracing::error!(%error, "a page of the documents could not be made");
            return problem::response(&Error::internal(error), None);
        }
    };
    let mut response = Response::new(Body::from(found.bytes.into_owned()));
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::try_from(found.content_type) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
