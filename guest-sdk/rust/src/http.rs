use crate::{
    Mesh, Result,
    raw::mesh::bot::http::{Request as Raw, SecretHeader},
};
use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;

pub use crate::raw::mesh::bot::http::Response;

/// An HTTP request to a host that `bot.toml` names under `[egress]`; send it with [`Mesh::fetch`].
///
/// ```
/// # use mesh_bot::{Mesh, Request, Result};
/// fn state_of_build(mesh: &Mesh) -> Result<String> {
///     let request = Request::get("https://ci.example.org/api/state").secret("authorization", "Bearer ", "CI_TOKEN");
///     Ok(mesh.fetch(&request)?.text())
/// }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request(pub(crate) Raw);

impl Request {
    /// Any method.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self(Raw {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            secrets: Vec::new(),
            body: Vec::new(),
            timeout_ms: None,
        })
    }

    /// Reads.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// Sends.
    pub fn post(url: impl Into<String>) -> Self {
        Self::new("POST", url)
    }

    /// Adds a header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.headers.push((name.into(), value.into()));
        self
    }

    /// Adds a header that ends in a secret of the bot, which the mesh puts there and the bot does not see.
    pub fn secret(mut self, name: impl Into<String>, prefix: impl Into<String>, secret: impl Into<String>) -> Self {
        self.0.secrets.push(SecretHeader {
            name: name.into(),
            prefix: prefix.into(),
            secret: secret.into(),
        });
        self
    }

    /// With this body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.0.body = body.into();
        self
    }

    /// With this as a JSON body.
    pub fn json<T: Serialize + ?Sized>(self, body: &T) -> Result<Self> {
        let body = serde_json::to_vec(body)?;
        Ok(self.header("content-type", "application/json").body(body))
    }

    /// Waits no longer than this for the whole answer.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.0.timeout_ms = Some(u32::try_from(time.as_millis()).unwrap_or(u32::MAX));
        self
    }
}

impl Response {
    /// Whether the status is 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The body as text; what is not UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body, read as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        Ok(serde_json::from_slice(&self.body)?)
    }
}

impl Mesh {
    /// Sends an HTTP request and gives the answer, whatever its status. Needs `bot.network`.
    pub fn fetch(&self, request: &Request) -> Result<Response> {
        Ok(self.backend.fetch(&request.0)?)
    }
}
