//! What live events are measured against: a bare socketioxide server that relays what it is sent to everyone
//! in one room.

use axum::{Router, extract::State, routing::post};
use serde_json::Value;
use socketioxide::{SocketIo, extract::SocketRef};
use std::net::SocketAddr;
use tokio::net::TcpListener;

pub(crate) const ARGUMENT: &str = "__bare_live";

/// Serves on a free port and says which.
pub(crate) fn serve() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let (layer, io) = SocketIo::builder().max_buffer_size(4096).build_layer();
        io.ns("/", async |socket: SocketRef| socket.join("room"));
        let relay = async |State(io): State<SocketIo>, body: axum::Json<Value>| {
            io.to("room").emit("message.created", &body.0).await.expect("sent");
        };
        let router = Router::new().route("/post", post(relay)).with_state(io).layer(layer);
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
