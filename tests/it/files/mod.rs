//! Files and pictures: what comes in, what goes out, and what it may not do.

mod avatars;
mod bytes;
mod rights;

use mesh_tests::{Client, Response, send};
use reqwest::Method;
use serde_json::Value;

async fn upload(who: &Client, room: &Value, name: &str, bytes: &[u8]) -> Response {
    let path = format!("/rooms/{}/files", room["id"].as_str().unwrap());
    let named = format!("attachment; filename=\"{name}\"");
    let request = who.request(Method::POST, &path).header("content-disposition", named);
    send(request.body(bytes.to_vec())).await
}

async fn uploaded(who: &Client, room: &Value, name: &str, text: &str) -> Value {
    upload(who, room, name, text.as_bytes()).await.expect(201)
}
