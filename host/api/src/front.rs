//! What every request passes, whatever it asks for: an id of its own, the check of `Host`, the caller's
//! address, and the headers that every answer has.

use crate::{AllowedHosts, Network, address, mcp, origin, problem, router};
use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
    response::Response,
};
use futures_util::FutureExt as _;
use http::{HeaderName, HeaderValue, header};
use mesh_service::{Asked, Error, Host, error::Code};
use mesh_types::RequestId;
use std::{net::SocketAddr, panic::AssertUnwindSafe, sync::Arc};
use tower::ServiceExt as _;

/// What stands between the server and its callers.
#[derive(Debug, Clone, Default)]
pub struct Front {
    /// Who may be named in `Host`.
    pub hosts: AllowedHosts,
    /// Pages elsewhere whose scripts may use MCP and the doors that stay open, such as `https://chat.example.org`;
    /// those of this server may anyway.
    pub origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed; nobody else's is.
    pub proxies: Vec<Network>,
}

/// Headers of every answer that did not set its own.
const FIXED: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
];

/// The HTTP door of a server. It is plain code around one router: layers would copy every request.
pub struct Service {
    host: Arc<Host>,
    front: Front,
    router: Router,
}

impl Service {
    /// The door of this server, with every operation's routes, and these for doors that stay open.
    pub fn new(host: &Arc<Host>, front: Front, open: Router) -> Self {
        let origins: Arc<[String]> = front.origins.clone().into();
        let check = from_fn(move |request: Request, next: Next| {
            let origins = origins.clone();
            async move { origin::check(&origins, request, next).await }
        });
        let open = open.merge(mcp::router(host)).route_layer(check);
        Self {
            host: host.clone(),
            front,
            router: router(host).merge(open),
        }
    }

    /// Answers a request that came over a connection from `peer`.
    pub(crate) async fn answer(&self, peer: SocketAddr, mut request: Request) -> Response {
        let id = RequestId::new(self.host.ids.next());
        let mut response = if self.front.hosts.named_by(&request) {
            let address = address::behind(&self.front.proxies, peer.ip().to_canonical(), request.headers());
            request.extensions_mut().insert(Asked { id, address });
            let answered = AssertUnwindSafe(self.router.clone().oneshot(request)).catch_unwind();
            // The panic itself was logged by the panic hook, on the thread where it happened.
            answered.await.map_or_else(
                |_| problem::response(&Error::internal("a handler panicked"), Some(id)),
                |Ok(response)| response,
            )
        } else {
            let error = Error::new(Code::Misdirected, self.front.hosts.refusal());
            problem::response(&error, None)
        };
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::try_from(id.to_string()) {
            headers.insert("x-request-id", id);
        }
        for (name, value) in FIXED {
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        }
        response
    }
}
