//! A server that sends back what it is sent, through the same handshake, reader and writer as every other
//! WebSocket here, so that a test suite for WebSockets can look at them.

use crate::{
    handshake,
    web_socket::{Holds, WebSocket},
};
use axum::{Router, extract::Request, routing::get};
use tokio_tungstenite::tungstenite::Message;

/// Its one route, `/`.
pub fn router() -> Router {
    Router::new().route(
        "/",
        get(|mut request: Request| async move {
            match handshake::upgrade(&mut request, None) {
                Ok((upgrade, response)) => {
                    tokio::spawn(async move {
                        if let Some(socket) = WebSocket::accept(upgrade).await {
                            echo(socket).await;
                        }
                    });
                    response
                }
                Err(error) => handshake::refuse(&error, None),
            }
        }),
    )
}

async fn echo(mut socket: WebSocket) {
    let broken = loop {
        let fed = match socket.read().await {
            Ok(None) => return socket.close(1000, "").await,
            Ok(Some(Message::Text(text))) => socket.feed_text(&text).await,
            Ok(Some(Message::Binary(bytes))) => socket.feed_one(Holds::Binary, &bytes).await,
            Ok(Some(_)) => Ok(()),
            Err(broken) => break broken,
        };
        match fed {
            Ok(()) => {}
            Err(broken) => break broken,
        }
        if let Err(broken) = socket.flush().await {
            break broken;
        }
    };
    socket.close_broken(broken).await;
}
