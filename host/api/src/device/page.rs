//! What `/device` looks like: plain HTML without a script.

use super::status;
use axum::{body::Body, response::Response};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderValue, StatusCode, header};
use mesh_service::{Error, error::Code};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::{fmt::Write as _, sync::LazyLock};

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:26rem;margin:3rem auto;padding:0 1rem}\
    label,input{display:block;width:100%;box-sizing:border-box}input{font:inherit;padding:.5rem;margin:0 0 1rem}\
    button{font:inherit;padding:.5rem 1.25rem;margin-right:.5rem}dt{color:#555}dd{margin:0 0 .75rem}\
    .code{font:1.5rem/1.5 ui-monospace,monospace}[role=alert]{border-left:.25rem solid #b00;padding-left:.75rem}";

/// This style and forms to this server; no script, and nobody may frame it.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// One of the page's states.
pub(super) enum Page<'a> {
    /// Asks who it is.
    SignIn {
        /// What was typed so far.
        code: &'a str,
    },
    /// Asks for the code.
    Code,
    /// Shows what asks.
    Decision {
        /// The answer of `device.lookup`.
        device: &'a Value,
    },
    /// Says what was decided.
    Decided {
        /// `approve` or `deny`.
        decision: &'a str,
    },
}

impl Page<'_> {
    /// The page.
    pub(super) fn shown(&self) -> Response {
        response(StatusCode::OK, &self.html(""))
    }

    /// The page, with why the step before it did not succeed.
    pub(super) fn failed(&self, error: &Error) -> Response {
        let why: &str = match error.code {
            Code::NotFound => "No device waits with this code: it is wrong, decided already, or its time is over.",
            Code::FreshLoginRequired => "Your sign-in was some time ago; sign in again.",
            Code::Unauthenticated => "Sign in first.",
            _ => &error.detail,
        };
        let mut response = response(status(error.code), &self.html(why));
        if let Some(millis) = error.retry_after_ms {
            let seconds = HeaderValue::from(millis.div_ceil(1000));
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        response
    }

    fn html(&self, why: &str) -> String {
        let mut html = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>Sign a device in</title>\
             <style>{STYLE}</style><h1>Sign a device in</h1>"
        );
        if !why.is_empty() {
            let _ = write!(html, "<p role=\"alert\">{}</p>", escaped(why));
        }
        html.push_str(&match self {
            Self::SignIn { code } => sign_in(code),
            Self::Code => CODE.to_owned(),
            Self::Decision { device } => decision(device),
            Self::Decided { decision: "approve" } => {
                "<p>The device is signed in as you. You can close this page.</p>".to_owned()
            }
            Self::Decided { .. } => "<p>The device is not signed in. You can close this page.</p>".to_owned(),
        });
        html
    }
}

const CODE: &str = "<form action=\"/device\"><label for=\"code\">The code that the device shows</label>\
    <input id=\"code\" name=\"user_code\" required autofocus autocomplete=\"off\" autocapitalize=\"characters\" \
    spellcheck=\"false\"><button>Go on</button></form>";

fn sign_in(code: &str) -> String {
    format!(
        "<form method=\"post\" action=\"/device\">\
         <label for=\"code\">The code that the device shows</label>\
         <input id=\"code\" name=\"user_code\" value=\"{}\" required autocomplete=\"off\" spellcheck=\"false\">\
         <label for=\"email\">Your e-mail address</label>\
         <input id=\"email\" name=\"email\" type=\"email\" required autocomplete=\"username\">\
         <label for=\"password\">Your password</label>\
         <input id=\"password\" name=\"password\" type=\"password\" required autocomplete=\"current-password\">\
         <button>Sign in</button></form>",
        escaped(code)
    )
}

fn decision(device: &Value) -> String {
    let text = |field: &str| escaped(device[field].as_str().unwrap_or_default());
    let asked = device["permissions"].as_array().into_iter().flatten();
    let asked: Vec<&str> = asked.filter_map(Value::as_str).collect();
    let wants = if asked.is_empty() {
        "to do everything that you may do".to_owned()
    } else {
        escaped(&asked.join(", "))
    };
    format!(
        "<p>Approve only if you started this yourself and the device shows this code.</p>\
         <dl><dt>Code</dt><dd class=\"code\">{code}</dd><dt>Calls itself</dt><dd>{name}</dd>\
         <dt>Program</dt><dd>{agent}</dd><dt>Asks from</dt><dd>{address}</dd><dt>Since</dt><dd>{since}</dd>\
         <dt>Wants</dt><dd>{wants}</dd></dl>\
         <form method=\"post\" action=\"/device/decision\"><input type=\"hidden\" name=\"user_code\" value=\"{code}\">\
         <button name=\"decision\" value=\"approve\">Approve</button>\
         <button name=\"decision\" value=\"deny\">Deny</button></form>",
        code = text("user_code"),
        name = text("name"),
        agent = text("agent"),
        address = text("address"),
        since = text("created_at"),
    )
}

/// Text as HTML shows it, in an element or in a quoted attribute.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            letter => html.push(letter),
        }
    }
    html
}

/// Back to the page, with the code.
pub(super) fn see_other(code: &str) -> Response {
    let mut response = response(StatusCode::SEE_OTHER, "");
    let place = format!("/device?user_code={}", utf8_percent_encode(code, NON_ALPHANUMERIC));
    if let Ok(place) = HeaderValue::try_from(place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

fn response(status: StatusCode, html: &str) -> Response {
    let mut response = Response::new(Body::from(html.to_owned()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    // With `no-referrer` a browser hides where a form comes from, and this page's own would be refused.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}
