//! What a post is measured against: a bare axum handler that takes and gives the same JSON.

use axum::{Json, Router, extract::Path, http::StatusCode, routing::post};
use serde_json::Value;
use std::net::SocketAddr;
use tokio::net::TcpListener;

pub(crate) const ARGUMENT: &str = "__bare";

/// Serves on a free port and says which.
pub(crate) fn serve() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let handler = |_: Path<String>, Json(body): Json<Value>| async move { (StatusCode::CREATED, Json(body)) };
        let router = Router::new().route("/api/v1/rooms/{room_id}/messages", post(handler));
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))
            .await
            .expect("a port");
        println!("{}", listener.local_addr().expect("an address"));
        let listener = axum::serve::ListenerExt::tap_io(listener, |stream: &mut tokio::net::TcpStream| {
            let _ = stream.set_nodelay(true);
        });
        axum::serve(listener, router).await.expect("serving");
    });
}
