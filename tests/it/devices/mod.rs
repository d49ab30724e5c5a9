//! Signing a device in from another one (RFC 8628).

mod command;
mod flow;
mod limits;
mod page;

use mesh_tests::TestServer;
use serde_json::{Value, json};

/// A device that asks for everything, or for these permissions.
async fn start(server: &TestServer, permissions: Value) -> Value {
    let asks = json!({ "name": "mesh on <laptop>", "permissions": permissions });
    server.anonymous().call("device.start", asks).await.expect(200)
}

/// What it is told when it asks whether it may come in.
async fn poll(server: &TestServer, device: &Value) -> mesh_tests::Response {
    let asks = json!({ "device_code": device["device_code"] });
    server.anonymous().call("device.poll", asks).await
}

fn decision(device: &Value, decision: &str) -> Value {
    json!({ "user_code": device["user_code"], "decision": decision })
}
