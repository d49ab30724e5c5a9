//! The page at `/device`, for somebody who has only a browser.

use super::{poll, start};
use mesh_tests::{Engine, PASSWORD, TestServer};
use reqwest::{Client, RequestBuilder, header::HeaderMap, redirect::Policy};
use serde_json::{Value, json};
use std::time::Duration;

/// A browser without scripts: it keeps the cookie and does not follow redirects by itself.
struct Browser {
    http: Client,
    site: String,
    cookie: String,
}

struct Seen {
    status: u16,
    headers: HeaderMap,
    html: String,
}

impl Seen {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Browser {
    fn new(server: &TestServer) -> Self {
        let http = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        let site = format!("http://{}", server.address);
        let cookie = String::new();
        Self { http, site, cookie }
    }

    async fn send(&mut self, request: RequestBuilder) -> Seen {
        let response = request.header("cookie", &self.cookie).send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        if let Some(cookie) = headers.get("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            cookie.split(';').next().unwrap().clone_into(&mut self.cookie);
        }
        let html = response.text().await.unwrap();
        Seen { status, headers, html }
    }

    async fn open(&mut self, path: &str) -> Seen {
        let request = self.http.get(format!("{}{path}", self.site));
        self.send(request).await
    }

    fn form(&self, path: &str, fields: &Value) -> RequestBuilder {
        let request = self.http.post(format!("{}{path}", self.site));
        let fields: Vec<String> = fields.as_object().unwrap().iter().map(field).collect();
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.body(fields.join("&"))
    }

    async fn submit(&mut self, path: &str, fields: Value) -> Seen {
        let form = self.form(path, &fields).header("origin", &self.site);
        self.send(form).await
    }
}

fn field((name, value): (&String, &Value)) -> String {
    let value = value.as_str().unwrap().bytes().map(|byte| format!("%{byte:02X}"));
    format!("{name}={}", value.collect::<String>())
}

#[tokio::test]
async fn somebody_with_only_a_browser_signs_a_device_in() {
    let server = TestServer::start(Engine::Sqlite).await;
    let ann = server.person("ann").await;
    let device = start(&server, json!(["message.read"])).await;
    let code = device["user_code"].as_str().unwrap();
    let mut browser = Browser::new(&server);
    let page = browser.open(&format!("/device?user_code={code}")).await;
    assert_eq!(page.status, 200);
    assert!(
        page.html.contains("type=\"password\"") && page.html.contains(code),
        "{}",
        page.html
    );
    assert!(
        !page.html.contains("<script") && !page.html.contains("laptop"),
        "{}",
        page.html
    );
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(
        policy.contains("form-action 'self'") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    let fixed = [
        "x-content-type-options",
        "referrer-policy",
        "cache-control",
        "content-type",
    ]
    .map(|name| page.header(name));
    assert_eq!(
        fixed,
        ["nosniff", "same-origin", "no-store", "text/html; charset=utf-8"]
    );

    let login = |password: &str| json!({ "user_code": code, "email": ann.email, "password": password });
    let wrong = browser.submit("/device", login("not the password")).await;
    assert!(
        wrong.status == 401 && wrong.html.contains("role=\"alert\""),
        "{}",
        wrong.html
    );
    assert!(browser.cookie.is_empty());
    let signed_in = browser.submit("/device", login(PASSWORD)).await;
    assert_eq!(signed_in.status, 303, "{}", signed_in.html);
    let cookie = signed_in.header("set-cookie");
    for part in [
        "mesh_device=mst_",
        "; Path=/device;",
        "; HttpOnly;",
        "; SameSite=Strict",
    ] {
        assert!(cookie.contains(part), "{cookie}");
    }

    let place = signed_in.header("location").to_owned();
    let page = browser.open(&place).await;
    for part in [
        "mesh on &lt;laptop&gt;",
        "127.0.0.1",
        "message.read",
        "value=\"approve\"",
        "value=\"deny\"",
        code,
    ] {
        assert!(page.html.contains(part), "no {part} in {}", page.html);
    }
    let token = browser.cookie.split_once('=').unwrap().1.to_owned();
    let done = browser
        .submit("/device/decision", json!({ "user_code": code, "decision": "approve" }))
        .await;
    assert!(
        done.status == 200 && done.html.contains("signed in as you"),
        "{}",
        done.html
    );
    assert!(done.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(poll(&server, &device).await.expect(200)["scope"], "message.read");
    // The session was for this alone.
    server.with_token(&token).get("/me").await.refused(401, "token_revoked");
    let again = browser
        .submit("/device/decision", json!({ "user_code": code, "decision": "approve" }))
        .await;
    assert!(
        again.status == 401 && again.html.contains("type=\"password\""),
        "{}",
        again.html
    );
}

/// Attack 31: nobody decides from another page, and the page's cookie opens no other door.
#[tokio::test]
async fn the_page_is_for_its_own_forms() {
    let server = TestServer::start(Engine::Sqlite).await;
    let ann = server.person("ann").await;
    let device = start(&server, json!([])).await;
    let mut browser = Browser::new(&server);
    let login = json!({ "user_code": "", "email": ann.email, "password": PASSWORD });
    assert_eq!(browser.submit("/device", login.clone()).await.status, 303);
    let approve = json!({ "user_code": device["user_code"], "decision": "approve" });
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        for (path, fields) in [("/device", &login), ("/device/decision", &approve)] {
            let form = browser.form(path, fields).header("origin", origin);
            assert_eq!(browser.send(form).await.status, 403, "{origin} {path}");
        }
    }
    let plain = browser
        .http
        .post(format!("{}/device/decision", browser.site))
        .header("content-type", "text/plain");
    assert_eq!(
        browser.send(plain.body("user_code=x&decision=approve")).await.status,
        415
    );
    let long = browser.form(
        "/device/decision",
        &json!({ "user_code": "x".repeat(10_000), "decision": "approve" }),
    );
    assert_eq!(browser.send(long).await.status, 413);
    assert_eq!(browser.open("/api/v1/me").await.status, 401);
    poll(&server, &device).await.refused(400, "authorization_pending");

    // A wrong code says no more than that.
    let wrong = browser.open("/device?user_code=BBBB-BBBB").await;
    assert!(
        wrong.status == 404 && wrong.html.contains("No device waits"),
        "{}",
        wrong.html
    );
    let odd = browser.open("/device?user_code=%22%3E%3Cscript%3E").await;
    assert!(odd.status == 404 && !odd.html.contains("<script"), "{}", odd.html);
    let odd = Browser::new(&server).open("/device?user_code=%22%3E%3Cscript%3E").await;
    assert!(odd.html.contains("&quot;&gt;&lt;script&gt;"), "{}", odd.html);
    // Whoever comes back after ten minutes signs in again.
    server.host.let_pass(Duration::from_mins(11));
    let later = start(&server, json!([])).await;
    let approve = json!({ "user_code": later["user_code"], "decision": "deny" });
    let stale = browser.submit("/device/decision", approve.clone()).await;
    assert!(
        stale.status == 403 && stale.html.contains("sign in again"),
        "{}",
        stale.html
    );
    assert_eq!(browser.submit("/device", login).await.status, 303);
    let denied = browser.submit("/device/decision", approve).await;
    assert!(denied.html.contains("not signed in"), "{}", denied.html);
    poll(&server, &later).await.refused(400, "access_denied");
    // A cookie that is none of this server's is nobody's.
    browser.cookie = "mesh_device=mst_unknown".into();
    assert!(browser.open("/device").await.html.contains("type=\"password\""));
}
