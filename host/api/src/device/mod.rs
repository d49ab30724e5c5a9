//! The page at `/device`, where somebody who has only a browser signs a device in (RFC 8628, 3.3). It is a door as
//! any other: its forms are the fields of operations, and what it shows is their answers.
//!
//! Between two of its forms the session's token is in a cookie that this page alone gets and that no other door
//! looks at. The decision ends that session.

mod page;

use crate::{door, fields::query_pairs, method_not_allowed, origin, upload};
use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn},
    response::Response,
    routing::{get, post},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use mesh_authz::Caller;
use mesh_service::{Asked, Door, Envelope, Error, Host, Input, Result, error::Code, operation};
use page::Page;
use serde_json::{Value, json};
use std::sync::Arc;

/// The cookie with the session's token.
const COOKIE: &str = "mesh_device";
/// How long the browser keeps it: as long as the sign-in counts as recent.
const COOKIE_SECONDS: i64 = 10 * 60;
/// Most bytes of a form.
const FORM: usize = 8 << 10;

/// The page's routes. Forms of pages from elsewhere are refused, whatever other doors allow to those pages.
pub(crate) fn router(host: &Arc<Host>) -> Router {
    let check = from_fn(|request: Request, next: Next| async move { origin::check(&[], request, next).await });
    let page = get(look).post(sign_in);
    Router::new()
        .route(
            "/device",
            page.fallback(|| async { method_not_allowed("GET, POST, HEAD") }),
        )
        .route(
            "/device/decision",
            post(decide).fallback(|| async { method_not_allowed("POST") }),
        )
        .route_layer(check)
        .with_state(host.clone())
}

/// One request to the page.
struct Visit {
    host: Arc<Host>,
    asked: Asked,
    headers: HeaderMap,
    /// Of the query or the form.
    fields: Vec<(String, String)>,
}

impl Visit {
    async fn new(host: Arc<Host>, request: Request) -> Result<Self> {
        let (parts, body) = request.into_parts();
        let asked = parts.extensions.get::<Asked>().copied();
        let asked = asked.ok_or_else(|| Error::internal("a request came past the front"))?;
        let fields = if parts.method == http::Method::POST {
            door::media_type(&parts.headers, &["application/x-www-form-urlencoded"])?;
            let form = upload::collect(&parts.headers, body, FORM).await?;
            let form =
                std::str::from_utf8(&form).map_err(|_| Error::new(Code::BadRequest, "The form is not UTF-8."))?;
            query_pairs(Some(form))?
        } else {
            query_pairs(parts.uri.query())?
        };
        Ok(Self {
            host,
            asked,
            headers: parts.headers,
            fields,
        })
    }

    /// A field's text, as it was typed; empty when it is not there.
    fn field(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, value)| value)
    }

    /// Who the cookie proves. A wrong one costs its address, as a wrong token does.
    async fn caller(&self) -> Result<Caller> {
        let lines = self.headers.get_all(header::COOKIE).iter();
        let mut cookies = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'));
        let token = cookies.find_map(|cookie| cookie.trim().strip_prefix(COOKIE)?.strip_prefix('='));
        let Some(token) = token else {
            return Ok(Caller::ANONYMOUS);
        };
        let (host, now) = (&self.host, self.host.clock.now());
        let Ok(caller) = host.authority.authenticate(&host.store, now, token).await else {
            host.limiter.take(None, Some(self.asked.address), 1)?;
            return Ok(Caller::ANONYMOUS);
        };
        Ok(caller)
    }

    async fn call(&self, caller: Caller, name: &str, fields: Value) -> Result<Value> {
        let op = operation(name).ok_or_else(|| Error::internal("the page names no operation"))?;
        let mut envelope = Envelope::new(caller, Door::Rest, self.asked.id);
        envelope.address = Some(self.asked.address);
        envelope.agent = door::agent(&self.headers);
        let input = Input {
            fields: fields.to_string().into(),
            body: None,
        };
        let reply = (op.call)(self.host.clone(), envelope, input).await?;
        serde_json::from_slice(&reply.body.1).map_err(Error::internal)
    }

    fn cookie(&self, token: &str, seconds: i64) -> Result<HeaderValue> {
        let secure = if self.host.settings.public_url.starts_with("https:") {
            "; Secure"
        } else {
            ""
        };
        let cookie = format!("{COOKIE}={token}; Path=/device; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
        HeaderValue::try_from(cookie).map_err(Error::internal)
    }
}

/// `GET /device`: asks for what is still missing, a sign-in or the code, and else shows what asks.
async fn look(State(host): State<Arc<Host>>, request: Request) -> Response {
    let visit = match Visit::new(host, request).await {
        Ok(visit) => visit,
        Err(error) => return Page::SignIn { code: "" }.failed(&error),
    };
    let code = visit.field("user_code");
    match visit.caller().await {
        Ok(caller) if caller.actor().is_none() => Page::SignIn { code }.shown(),
        Ok(_) if code.is_empty() => Page::Code.shown(),
        Ok(caller) => match visit.call(caller, "device.lookup", json!({ "user_code": code })).await {
            Ok(device) => Page::Decision { device: &device }.shown(),
            Err(error) => Page::Code.failed(&error),
        },
        Err(error) => Page::SignIn { code }.failed(&error),
    }
}

/// `POST /device`: signs in, and shows what asks.
async fn sign_in(State(host): State<Arc<Host>>, request: Request) -> Response {
    let visit = match Visit::new(host, request).await {
        Ok(visit) => visit,
        Err(error) => return Page::SignIn { code: "" }.failed(&error),
    };
    let code = visit.field("user_code");
    let login = json!({ "email": visit.field("email"), "password": visit.field("password") });
    let signed_in = async {
        let session = visit.call(Caller::ANONYMOUS, "auth.login", login).await?;
        visit.cookie(session["access_token"].as_str().unwrap_or_default(), COOKIE_SECONDS)
    };
    match signed_in.await {
        Ok(cookie) => {
            let mut response = page::see_other(code);
            response.headers_mut().insert(header::SET_COOKIE, cookie);
            response
        }
        Err(error) => Page::SignIn { code }.failed(&error),
    }
}

/// `POST /device/decision`: decides, and ends the session that was for this alone.
async fn decide(State(host): State<Arc<Host>>, request: Request) -> Response {
    let visit = match Visit::new(host, request).await {
        Ok(visit) => visit,
        Err(error) => return Page::Code.failed(&error),
    };
    let (code, decision) = (visit.field("user_code"), visit.field("decision"));
    let decided = async {
        let caller = visit.caller().await?;
        let fields = json!({ "user_code": code, "decision": decision });
        visit.call(caller.clone(), "device.decide", fields).await?;
        // What was decided stays decided, whatever comes of the session.
        let _ = visit.call(caller, "auth.logout", json!({})).await;
        visit.cookie("", 0)
    };
    match decided.await {
        Ok(cookie) => {
            let mut response = Page::Decided { decision }.shown();
            response.headers_mut().insert(header::SET_COOKIE, cookie);
            response
        }
        Err(error) if matches!(error.code, Code::Unauthenticated | Code::FreshLoginRequired) => {
            Page::SignIn { code }.failed(&error)
        }
        Err(error) => Page::Code.failed(&error),
    }
}

fn status(code: Code) -> StatusCode {
    StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
