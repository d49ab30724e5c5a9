use crate::raw::mesh::bot::types::{self, Denial, Id};
use std::{fmt, time::Duration};

/// What handlers and calls give; `Result` alone is that of a handler.
pub type Result<T = (), E = Error> = std::result::Result<T, E>;

/// Why something did not work, with a sentence for people in its `Display`.
///
/// A handler may give any of these back, with `?` or by hand. What the mesh then does:
///
/// | Handler gives | Then |
/// |---|---|
/// | `Ok(())` | the event is done, the next one of the room comes |
/// | [`Error::RateLimited`], [`Error::Retry`] | the event comes again after that time |
/// | [`Error::Pending`] | the event is done; the mesh makes the call itself once a person agrees |
/// | [`Error::Reject`] | the event goes to the dead letters at once |
/// | anything else | a failure: logged, tried again a few times, then dead letters |
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// The mesh refuses. Nothing happened and nothing was spent.
    Denied(Denial),
    /// Absent, or not visible to this bot.
    NotFound(String),
    /// The input is wrong; asking again changes nothing.
    Invalid(String),
    /// The thing is in another state than the call needs.
    Conflict(String),
    /// Ask again after this long.
    RateLimited(Duration),
    /// Held for a person to decide; the value is the approval's id.
    Pending(Id),
    /// The mesh could not do it now.
    Unavailable(String),
    /// A stored value, a setting or an answer does not have the shape the bot expects.
    Malformed(String),
    /// The bot asks for this event again, after this long.
    Retry(Duration),
    /// The bot will never handle this event, for this reason.
    Reject(String),
    /// The bot's own failure.
    Failed(String),
}

impl Error {
    /// A failure of the bot's own, described by anything that can be shown.
    ///
    /// ```
    /// # use mesh_bot::Error;
    /// let number = "seven".parse::<u8>().map_err(Error::failed);
    /// assert_eq!(number.unwrap_err().to_string(), "invalid digit found in string");
    /// ```
    pub fn failed(why: impl fmt::Display) -> Self {
        Self::Failed(why.to_string())
    }

    /// Asks for this event again after `wait`.
    pub fn retry(wait: Duration) -> Self {
        Self::Retry(wait)
    }

    /// Refuses this event for good.
    pub fn reject(why: impl Into<String>) -> Self {
        Self::Reject(why.into())
    }

    /// The error of a call of the mesh inside an error of reading or writing a file.
    ///
    /// With `From` instead, `?` would take any other error of reading and writing as one of the mesh.
    pub fn from_io(error: std::io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(error) => error,
            Err(error) => Self::Failed(error.to_string()),
        }
    }

    /// Whether the mesh refused for want of a right.
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Denied(_))
    }

    /// Whether the thing is absent or out of sight.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound(_))
    }

    /// Whether somebody else was there first, which a compare-and-set gives.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(denial) => write!(out, "{denial}"),
            Self::NotFound(what) => write!(out, "not found: {what}"),
            Self::Invalid(why) => write!(out, "invalid: {why}"),
            Self::Conflict(why) => write!(out, "conflict: {why}"),
            Self::RateLimited(wait) => write!(out, "too many calls, ask again in {} ms", wait.as_millis()),
            Self::Pending(approval) => write!(out, "waiting for a person to decide ({approval})"),
            Self::Unavailable(why) => write!(out, "not available now: {why}"),
            Self::Malformed(why) => write!(out, "unexpected shape: {why}"),
            Self::Retry(wait) => write!(out, "to be tried again in {} ms", wait.as_millis()),
            Self::Reject(why) => write!(out, "rejected: {why}"),
            Self::Failed(why) => out.write_str(why),
        }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Denial {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.detail.is_empty() {
            write!(out, "denied by {}", self.reason)
        } else {
            write!(out, "denied by {}: {}", self.reason, self.detail)
        }
    }
}

impl From<types::Error> for Error {
    fn from(error: types::Error) -> Self {
        match error {
            types::Error::Denied(denial) => Self::Denied(denial),
            types::Error::NotFound(what) => Self::NotFound(what),
            types::Error::Invalid(why) => Self::Invalid(why),
            types::Error::Conflict(why) => Self::Conflict(why),
            types::Error::RateLimited(wait) => Self::RateLimited(Duration::from_millis(wait)),
            types::Error::Pending(approval) => Self::Pending(approval),
            types::Error::Unavailable(why) => Self::Unavailable(why),
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Malformed(error.to_string())
    }
}

impl From<String> for Error {
    fn from(why: String) -> Self {
        Self::Failed(why)
    }
}

impl From<&str> for Error {
    fn from(why: &str) -> Self {
        Self::Failed(why.into())
    }
}
