//! Why a connection ends, in the words of each door.

use crate::web_socket::Broken;
use http::StatusCode;
use mesh_service::{
    Error,
    error::{Code, Problem},
};
use mesh_types::RequestId;

/// Why the server ends a connection.
#[derive(Debug, Clone)]
pub(crate) enum End {
    /// No credential, or one that proves nothing.
    Refused(Error),
    /// The token's time is over.
    TokenExpired,
    /// The token was ended, or its session.
    Revoked,
    /// The client does not keep to the protocol.
    Protocol(String),
    /// The client does not take what it is sent.
    SlowReader,
    /// Others of the same actor came.
    TooMany,
    /// The server ends; when to come back, in milliseconds.
    Restart(u64),
}

impl End {
    /// The WebSocket close code.
    pub(crate) fn code(&self) -> u16 {
        match self {
            Self::Refused(error) if error.code == Code::TokenExpired => 4002,
            Self::Refused(error) if error.code.status() == 503 => 4013,
            Self::Refused(error) if error.code.status() == 429 => 4009,
            Self::Refused(error) if error.code.status() >= 500 => 1011,
            Self::Refused(_) => 4001,
            Self::TokenExpired => 4002,
            Self::Revoked => 4010,
            Self::Protocol(_) => 4003,
            Self::SlowReader => 4008,
            Self::TooMany => 4009,
            Self::Restart(_) => 4013,
        }
    }

    /// The error that says so.
    pub(crate) fn error(&self) -> Error {
        match self {
            Self::Refused(error) => error.clone(),
            Self::TokenExpired => Error::new(
                Code::TokenExpired,
                "The token's time is over. Refresh it, connect again and resume.",
            ),
            Self::Revoked => Error::new(Code::TokenRevoked, "The session or token was ended."),
            Self::Protocol(what) => Error::new(Code::BadRequest, what.clone()),
            Self::SlowReader => Error::new(
                Code::RequestTimeout,
                "Nothing was taken for 30 seconds. Connect again and resume.",
            ),
            Self::TooMany => Error::new(
                Code::LimitReached,
                "Too many connections of the same actor; the longest silent one ended.",
            ),
            Self::Restart(wait) => Error::later(
                Code::Maintenance,
                "The server restarts. Connect again and resume.",
                *wait,
            ),
        }
    }
}

/// Why a connection is over.
pub(crate) enum Left {
    /// Nothing more can be sent or read.
    Broken(Broken),
    /// The client said so.
    Closed,
    /// The server says so.
    End(End),
}

impl From<Broken> for Left {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

impl From<End> for Left {
    fn from(end: End) -> Self {
        Self::End(end)
    }
}

/// An error as every door tells it (RFC 9457).
pub(crate) fn problem(error: &Error, request: Option<RequestId>) -> Problem<'_> {
    let title = StatusCode::from_u16(error.code.status()).ok();
    let title = title.and_then(|status| status.canonical_reason()).unwrap_or("Error");
    error.problem(title, request)
}
