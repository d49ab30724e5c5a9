//! The doors that answer and are done: REST, a loop over the operations table, and MCP. They translate and nothing
//! more.

mod address;
mod content;
mod device;
mod disposition;
mod door;
mod fields;
mod front;
mod host_header;
mod listen;
mod mcp;
mod origin;
mod pages;
mod problem;
mod upload;

pub use address::Network;
pub use front::{Front, Service};
pub use host_header::AllowedHosts;
pub use listen::serve;

use axum::{Router, routing::MethodFilter};
use door::Route;
use http::{HeaderValue, StatusCode, header};
use mesh_service::{Error, Host, Method, OPS, error::Code};
use std::{collections::BTreeMap, sync::Arc};

/// What every path of the API starts with, unless the table says `//`.
pub const PREFIX: &str = "/api/v1";

/// Every REST route of the server.
fn router(host: &Arc<Host>) -> Router {
    let mut by_path: BTreeMap<String, Vec<Route>> = BTreeMap::new();
    for op in OPS {
        if let Some(http) = op.spec.http.filter(|_| op.spec.own_door.is_none()) {
            by_path
                .entry(full_path(http.path))
                .or_default()
                .push(Route::new(host.clone(), op, http));
        }
    }
    let mut router = Router::new();
    for (path, routes) in by_path {
        let allow = allowed(&routes);
        let mut methods = axum::routing::MethodRouter::new();
        for route in routes {
            let filter = filter(route.method());
            // Boxed here, since axum moves a handler's future about before it boxes it.
            methods = methods.on(filter, move |request: axum::extract::Request| {
                Box::pin(door::answer(route, request))
            });
        }
        let refuse = move || async move { method_not_allowed(&allow) };
        router = router.route(&path, methods.fallback(refuse));
    }
    let unknown = || async { problem::response(&Error::not_found(), None) };
    pages::add(router).merge(device::router(host)).fallback(unknown)
}

fn full_path(path: &str) -> String {
    path.strip_prefix("//")
        .map_or_else(|| format!("{PREFIX}{path}"), |rest| format!("/{rest}"))
}

const fn filter(method: Method) -> MethodFilter {
    match method {
        // axum answers HEAD through GET's handler and drops the body.
        Method::Get => MethodFilter::GET,
        Method::Post => MethodFilter::POST,
        Method::Put => MethodFilter::PUT,
        Method::Patch => MethodFilter::PATCH,
        Method::Delete => MethodFilter::DELETE,
    }
}

fn allowed(routes: &[Route]) -> String {
    let mut methods: Vec<_> = routes.iter().map(|route| route.method().as_str()).collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods.join(", ")
}

fn method_not_allowed(allow: &str) -> axum::response::Response {
    let error = Error::new(Code::MethodNotAllowed, format!("This address takes {allow}."));
    let mut response = problem::response(&error, None);
    if let Ok(value) = HeaderValue::from_str(allow) {
        response.headers_mut().insert(header::ALLOW, value);
    }
    debug_assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    response
}
