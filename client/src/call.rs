//! One call, and its answer.

use bytes::Bytes;
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Error, Result};

/// A call of the API over REST. Paths are below `/api/v1`, or at the root when they start with `//`.
#[derive(Debug, Clone)]
pub struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Body,
    pub(crate) if_match: Option<String>,
    pub(crate) key: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) enum Body {
    None,
    Json(Value),
    Bytes {
        kind: String,
        digest: Option<String>,
        bytes: Bytes,
    },
}

impl Call {
    /// Any call.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            body: Body::None,
            if_match: None,
            key: None,
        }
    }

    /// Reads.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    /// Does or makes something.
    pub fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path)
    }

    /// Sets something.
    pub fn put(path: impl Into<String>) -> Self {
        Self::new(Method::PUT, path)
    }

    /// Takes something away.
    pub fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path)
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(mut self, body: Value) -> Self {
        self.body = Body::Json(body);
        self
    }

    /// With a body of this media type.
    #[must_use]
    pub fn bytes(mut self, kind: &str, bytes: impl Into<Bytes>) -> Self {
        self.body = Body::Bytes {
            kind: kind.into(),
            digest: None,
            bytes: bytes.into(),
        };
        self
    }

    /// With the `Content-Digest` of the bytes (RFC 9530), `sha-256=:…:`; set after them.
    #[must_use]
    pub fn digest(mut self, digest: impl Into<String>) -> Self {
        if let Body::Bytes { digest: place, .. } = &mut self.body {
            *place = Some(digest.into());
        }
        self
    }

    /// Only if the thing is still as this `ETag` names it.
    #[must_use]
    pub fn if_match(mut self, etag: impl Into<String>) -> Self {
        self.if_match = Some(etag.into());
        self
    }

    /// With an `Idempotency-Key`: however often it is sent, it is done once.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// With a new `Idempotency-Key`, so that the client may repeat it when the connection breaks. Calls whose
    /// answer is shown once, such as a sign-in, take none.
    #[must_use]
    pub fn once(self) -> Self {
        let key = format!("{:032x}", rand::random::<u128>());
        self.key(key)
    }

    /// Doing it twice does what doing it once does.
    pub(crate) fn is_repeatable(&self) -> bool {
        let harmless = self.method.is_idempotent() && self.if_match.is_none();
        self.key.is_some() || self.method.is_safe() || harmless
    }
}

/// A good answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status, as HTTP numbers it.
    pub status: u16,
    /// The version of the thing, for `If-Match`.
    pub etag: Option<String>,
    /// The call was done before; this is the answer of then. Sockets do not say.
    pub replayed: bool,
    /// The body: JSON, or its text when it is none; an empty object when there is none.
    pub body: Value,
}

impl Answer {
    /// The body as a type, such as one of `mesh_types::view`.
    pub fn read<T: DeserializeOwned>(self) -> Result<T> {
        serde_json::from_value(self.body)
            .map_err(|error| Error::Protocol(format!("the answer is not what was expected: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_cannot_happen_twice_is_repeated() {
        assert!(Call::get("/me").is_repeatable() && Call::put("/x").is_repeatable());
        assert!(!Call::post("/meshes").is_repeatable());
        assert!(Call::post("/meshes").once().is_repeatable());
        // The second one would find the version of the first.
        assert!(!Call::put("/x").if_match("\"1\"").is_repeatable());
        assert!(!Call::new(Method::PATCH, "/x").is_repeatable());
    }
}
