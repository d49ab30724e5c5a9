//! Device authorization (RFC 8628), as the device.

use super::super::{show, text};
use crate::{
    client::{Client, Result},
    print::line,
};
use serde_json::{Value, json};
use std::{fs, time::Duration};

/// How much longer a device waits that is told to slow down (RFC 8628, 3.5).
const SLOWER: Duration = Duration::from_secs(5);
/// How long it waits when nobody says (RFC 8628, 3.2).
const INTERVAL: u64 = 5;

/// Asks to be signed in, says how, and waits for a person. Gives the token.
pub(super) async fn sign_in(url: &str, only: &[String], as_json: bool) -> Result<Value> {
    let client = Client::anonymous(url)?;
    let asks = json!({ "name": format!("mesh on {}", machine()), "permissions": only });
    let started = client.post("/auth/device", asks).await?;
    let (code, page) = (text(&started, "user_code"), text(&started, "verification_uri_complete"));
    let shown = json!({ "user_code": code, "verification_uri": started["verification_uri"], "verification_uri_complete": page });
    show(as_json, &shown, |_| {
        line!("Your code is  {code}\n");
        line!("Open this page in any browser and compare the code:\n  {page}");
        line!("Or, on a machine that is signed in already:\n  mesh login --approve {code}\n");
        line!("Waiting for you to decide …");
    });
    let seconds = |field: &str, usual| Duration::from_secs(started[field].as_u64().unwrap_or(usual));
    let (mut interval, mut left) = (seconds("interval", INTERVAL), seconds("expires_in", 600));
    let asks = json!({ "device_code": started["device_code"] });
    loop {
        tokio::time::sleep(interval).await;
        left = left.saturating_sub(interval);
        let failure = match client.post("/auth/device/token", asks.clone()).await {
            Ok(tokens) => return Ok(tokens),
            Err(failure) => failure,
        };
        match failure.problem_code() {
            Some("authorization_pending") => {}
            Some("slow_down") => interval += SLOWER,
            // The server is busy or away; it may come back before the code is over.
            Some("rate_limited" | "overloaded" | "maintenance") => interval *= 2,
            None if failure.is_unreachable() => interval *= 2,
            _ => return Err(failure),
        }
        if left.is_zero() {
            return Err(failure);
        }
    }
}

/// What this machine is called.
fn machine() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name: String = name
        .trim()
        .chars()
        .filter(|letter| !letter.is_control())
        .take(60)
        .collect();
    if name.is_empty() { "this machine".into() } else { name }
}
