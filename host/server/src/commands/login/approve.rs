//! Device authorization (RFC 8628), as the person who decides.

use super::{
    super::{call::encoded, show, text},
    first_line,
};
use crate::{
    client::{Client, Failure, Result},
    print::line,
};
use serde_json::{Value, json};

/// Shows what asks with this code, and decides about it.
pub(super) async fn decide(code: &str, only: &[String], yes: bool, as_json: bool) -> Result<()> {
    let client = Client::stored()?;
    let code: String = code.bytes().map(encoded).collect();
    let path = format!("/auth/device/{code}");
    let device = client.get(&path).await.map_err(explained)?;
    if !as_json {
        describe(&device, only);
    }
    let decision = if yes { "approve" } else { asked()? };
    let mut body = json!({ "decision": decision });
    if decision == "approve" && !only.is_empty() {
        body["permissions"] = json!(only);
    }
    client
        .post(&format!("{path}/decision"), body)
        .await
        .map_err(explained)?;
    let answer = json!({ "user_code": device["user_code"], "decision": decision });
    show(as_json, &answer, |_| match decision {
        "approve" => line!("It is signed in as you."),
        _ => line!("It is not signed in."),
    });
    Ok(())
}

fn describe(device: &Value, only: &[String]) {
    let asked = device["permissions"].as_array().into_iter().flatten();
    let asked: Vec<&str> = asked.filter_map(Value::as_str).collect();
    let wants = if asked.is_empty() {
        "to do everything that you may do".to_owned()
    } else {
        asked.join(", ")
    };
    line!("{} asks to be signed in as you.", text(device, "name"));
    line!("  code     {}", text(device, "user_code"));
    line!("  program  {}", text(device, "agent"));
    line!("  from     {}", text(device, "address"));
    line!("  since    {}", text(device, "created_at"));
    line!("  wants    {wants}");
    if !only.is_empty() {
        line!("  gets     {}", only.join(", "));
    }
}

/// What the person answers. Whoever says neither decides nothing.
fn asked() -> Result<&'static str> {
    eprintln!("Is this you, and does it show this code? [yes/no]");
    match first_line()?.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok("approve"),
        "n" | "no" => Ok("deny"),
        _ => Err(Failure::usage("Nothing was decided; answer `yes` or `no`.")),
    }
}

/// What the refusal of a code means to whoever typed it.
fn explained(failure: Failure) -> Failure {
    match failure.problem_code() {
        Some("not_found") => {
            failure.with("No device waits with this code: it is wrong, decided already, or its time is over.")
        }
        Some("fresh_login_required") => failure.with("Sign in with `mesh login --email …`, and decide then."),
        _ => failure,
    }
}
