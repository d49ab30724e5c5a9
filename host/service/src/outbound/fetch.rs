use super::{address::matches, client::Request};
use crate::{Answer, Cx, Effect, Error, Host, Op, OpSpec, Result, bot, manifest::Manifest, op};
use bytes::Bytes;
use mesh_authz::{Caller, Grant, Permission, Reason};
use mesh_store::{bot_versions, bots};
use mesh_types::{ActorId, BotId};
use reqwest::{
    Method, Url,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Most headers of a request, and most bytes of one.
const HEADERS: usize = 64;
const HEADER: usize = 8 << 10;

/// `outbound.fetch`
pub struct Fetch;

/// A header that ends in a secret of the bot.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SecretHeader {
    /// The header.
    pub name: String,
    /// What stands before the secret, such as `Bearer `.
    pub prefix: String,
    /// The secret's name.
    pub secret: String,
}

/// What is to be sent.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FetchIn {
    /// The bot.
    pub bot_id: BotId,
    /// `GET`, `POST` and so on.
    pub method: String,
    /// Begins with `https://`.
    pub url: String,
    /// Headers in order.
    pub headers: Vec<(String, String)>,
    /// Headers that the server completes.
    pub secrets: Vec<SecretHeader>,
    /// At most this many milliseconds.
    pub timeout_ms: Option<u32>,
    /// The body.
    #[serde(skip)]
    #[schemars(skip)]
    pub body: Bytes,
    /// What came of it.
    #[serde(skip)]
    #[schemars(skip)]
    pub answer: Option<Fetched>,
}

/// What the other side answered.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Fetched {
    /// The HTTP status.
    pub status: u16,
    /// The headers that are text.
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(skip)]
    #[schemars(skip)]
    pub body: Bytes,
}

impl Answer for Fetched {}

#[derive(Serialize)]
struct Noted<'a> {
    host: &'a str,
    status: u16,
}

impl Op for Fetch {
    const SPEC: OpSpec = op("outbound.fetch", Effect::Write)
        .needs(Permission::BotNetwork)
        .about("Sends an HTTP request to a host that the bot's manifest names.")
        .shown_once()
        .cost(5)
        .wasm("http", "fetch");
    type In = FetchIn;
    type Out = Fetched;
    type On = BotId;

    fn on(input: &FetchIn) -> BotId {
        input.bot_id
    }

    /// Waits for the other side, which nothing may do where writes wait.
    async fn prepare(host: &Host, caller: &Caller, input: &mut FetchIn) -> Result<()> {
        if caller.actor() != Some(ActorId::Bot(input.bot_id)) {
            return Err(Error::forbidden(Reason::Ownership, "A bot sends in its own name only."));
        }
        let (manifest, limits) = {
            let mut view = host.store.view().await?;
            let tx = &mut view.tx();
            let stored = bots::get(tx, input.bot_id).await?.ok_or_else(Error::not_found)?;
            let version = stored.bot.active_version.ok_or_else(Error::not_found)?;
            let version = bot_versions::get(tx, version).await?.ok_or_else(Error::not_found)?;
            let limits = bots::limits(tx, input.bot_id).await?.ok_or_else(Error::not_found)?;
            (
                Manifest::from_json(&version.manifest)?,
                bot::settings(&limits.set)?.effective(),
            )
        };
        let url = Url::parse(&input.url).map_err(|error| Error::invalid("/url", error.to_string()))?;
        let to = url.host_str().unwrap_or_default().to_owned();
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::invalid("/url", "names nobody; send a header"));
        }
        host.settings.outbound.check(&url)?;
        if !manifest.egress.hosts.iter().any(|pattern| matches(pattern, &to)) {
            let detail = format!("bot.toml does not name the host `{to}` under `[egress]`.");
            return Err(Error::forbidden(Reason::Grant, detail));
        }
        let mut headers = headers(&input.headers)?;
        for secret in &input.secrets {
            let value = bot::open_for_request(host, input.bot_id, &manifest, &secret.secret, &to).await?;
            let mut value = header_value(&format!("{}{value}", secret.prefix))?;
            value.set_sensitive(true);
            headers.append(header_name(&secret.name)?, value);
        }
        let asked = input.timeout_ms.map_or(limits.http_ms, u64::from).min(limits.http_ms);
        let request = Request {
            method: method(&input.method)?,
            url,
            headers,
            body: std::mem::take(&mut input.body),
            time: Duration::from_millis(asked),
            most: usize::try_from(limits.http_bytes).unwrap_or(usize::MAX),
        };
        let response = host.settings.outbound.send(request).await?;
        let text =
            |(name, value): (&HeaderName, &HeaderValue)| Some((name.to_string(), value.to_str().ok()?.to_owned()));
        input.answer = Some(Fetched {
            status: response.status,
            headers: response.headers.iter().filter_map(text).collect(),
            body: response.body,
        });
        Ok(())
    }

    async fn run(cx: &mut Cx<'_>, bot: Grant<BotId>, mut input: FetchIn) -> Result<Fetched> {
        let fetched = input.answer.take().ok_or_else(|| Error::internal("not sent"))?;
        let url = Url::parse(&input.url).map_err(Error::internal)?;
        let noted = Noted {
            host: url.host_str().unwrap_or_default(),
            status: fetched.status,
        };
        cx.note(*bot, &noted)?;
        Ok(fetched)
    }
}

fn method(method: &str) -> Result<Method> {
    match method {
        "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" => {
            method.parse().map_err(|_| Error::invalid("/method", "is no method"))
        }
        _ => Err(Error::invalid(
            "/method",
            "is GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS",
        )),
    }
}

fn headers(given: &[(String, String)]) -> Result<HeaderMap> {
    if given.len() > HEADERS {
        return Err(Error::invalid("/headers", "are at most 64"));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        headers.append(header_name(name)?, header_value(value)?);
    }
    Ok(headers)
}

/// A header that is not the connection's own business.
fn header_name(name: &str) -> Result<HeaderName> {
    const OURS: [&str; 9] = [
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    let known = HeaderName::try_from(name).map_err(|_| Error::invalid("/headers", "has a name that no header has"))?;
    if OURS.contains(&known.as_str()) || known.as_str().starts_with("proxy-") {
        return Err(Error::invalid("/headers", format!("`{known}` is set by the server")));
    }
    Ok(known)
}

fn header_value(value: &str) -> Result<HeaderValue> {
    let fits = HeaderValue::try_from(value).ok().filter(|value| value.len() <= HEADER);
    fits.ok_or_else(|| Error::invalid("/headers", "has a value that no header has"))
}
