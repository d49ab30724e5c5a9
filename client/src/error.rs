//! What can go wrong, in few kinds.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What every call gives.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something did not happen.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server refused, and says why.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// The server cannot be reached, or the connection broke.
    #[error("the server cannot be reached: {why}")]
    Unreachable {
        /// In a few words.
        why: String,
        /// The server may have got the call all the same.
        sent: bool,
    },
    /// Something answered that does not speak as a mesh does, such as a proxy.
    #[error("the answer {status} is not one of a mesh")]
    Foreign {
        /// The HTTP status.
        status: u16,
        /// When to try again, in milliseconds, if it says so.
        retry_after_ms: Option<u64>,
    },
    /// The server ended the connection.
    #[error("the server ended the connection ({code}){}", .problem.as_ref().map(|problem| format!(": {problem}")).unwrap_or_default())]
    Closed {
        /// The WebSocket close code.
        code: u16,
        /// What the server said before.
        problem: Option<Box<Problem>>,
    },
    /// The two sides do not understand each other.
    #[error("{0}")]
    Protocol(String),
    /// Whoever gives tokens failed.
    #[error("{0}")]
    Token(String),
    /// This is no address of a server.
    #[error("`{0}` is no address that can be called; it is `http://HOST:PORT`, without TLS")]
    Address(String),
    /// The call is larger than a frame may be.
    #[error("this call has {bytes} bytes and a frame at most {most}; make it over REST")]
    TooLarge {
        /// How large it is.
        bytes: usize,
        /// How large it may be.
        most: usize,
    },
}

impl Error {
    /// What the server said, if it said something.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused(problem) => Some(problem),
            Self::Closed { problem, .. } => problem.as_deref(),
            _ => None,
        }
    }

    /// The stable name of what the server said, such as `not_found`.
    pub fn code(&self) -> Option<&str> {
        self.problem().map(|problem| problem.code.as_str())
    }

    /// When to try again, in milliseconds, if the server said so.
    pub fn retry_after_ms(&self) -> Option<u64> {
        match self {
            Self::Foreign { retry_after_ms, .. } => *retry_after_ms,
            _ => self.problem()?.retry_after_ms,
        }
    }

    /// Whether trying again later may help.
    pub(crate) fn passes(&self) -> bool {
        let passes = |status: u16| matches!(status, 408 | 429) || (status >= 500 && status != 501);
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused(problem) => passes(problem.status),
            Self::Foreign { status, .. } => passes(*status),
            Self::Closed { code, .. } => !matches!(code, 1000 | 4001..=4003 | 4010),
            Self::Protocol(_) | Self::Token(_) | Self::Address(_) | Self::TooLarge { .. } => false,
        }
    }

    /// Nobody got what was sent.
    pub(crate) fn unreachable(why: impl ToString) -> Self {
        Self::Unreachable {
            why: why.to_string(),
            sent: false,
        }
    }

    /// The connection broke, whatever arrived before.
    pub(crate) fn broken(why: impl ToString) -> Self {
        Self::Unreachable {
            why: why.to_string(),
            sent: true,
        }
    }
}

/// Why the server refused: a problem document (RFC 9457). Programs read `code`; texts may change.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Problem {
    /// The stable name, such as `validation_failed`.
    pub code: String,
    /// The HTTP status that goes with it.
    #[serde(default)]
    pub status: u16,
    /// A sentence for people.
    #[serde(default)]
    pub detail: String,
    /// The call, as the server's log names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// With `forbidden`: which rule refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// With `wrong_state`: the state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// When to try again, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// With `validation_failed`: the fields.
    #[serde(default, rename = "errors", skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldError>,
    /// Everything else that the server said.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let detail = if self.detail.is_empty() {
            "The server refused."
        } else {
            &self.detail
        };
        write!(f, "{detail} ({})", self.code)
    }
}

/// One wrong field.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FieldError {
    /// A JSON pointer into the input.
    pub pointer: String,
    /// The stable name of what is wrong.
    pub code: String,
    /// A sentence for people.
    pub detail: String,
}
