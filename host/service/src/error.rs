//! The one error type, from any operation to the edge of any door.

use crate::rate::Left;
use mesh_authz::{Reason, Refusal};
use mesh_store::Rollback;
use mesh_types::{ApprovalId, DecisionId, RequestId};
use serde::Serialize;
use std::fmt;

/// What every operation gives.
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $status:literal $text:literal;)*) => {
        /// The stable name of an error; programs read this.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The text form, such as `not_found`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The HTTP status.
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }
        }
    };
}

codes! {
    /// The call waits for a person; `approval_id` names the question. Doors answer this as a good answer.
    ApprovalPending = 202 "approval_pending";
    /// The request is malformed.
    BadRequest = 400 "bad_request";
    /// The page cursor is not one of this operation, or too old.
    InvalidCursor = 400 "invalid_cursor";
    /// The body is not the one that `Content-Digest` names.
    DigestMismatch = 400 "digest_mismatch";
    /// Nobody decided yet about the device that asks to be signed in (RFC 8628).
    AuthorizationPending = 400 "authorization_pending";
    /// The device asks too often; it waits five seconds longer between its questions from now on (RFC 8628).
    SlowDown = 400 "slow_down";
    /// A person decided against the device (RFC 8628).
    AccessDenied = 400 "access_denied";
    /// The device's code is over; it starts again (RFC 8628).
    ExpiredToken = 400 "expired_token";
    /// There is no such device code, or it was used (RFC 6749).
    InvalidGrant = 400 "invalid_grant";
    /// No credential, or one that is unknown.
    Unauthenticated = 401 "unauthenticated";
    /// The token's time is over.
    TokenExpired = 401 "token_expired";
    /// The token was ended.
    TokenRevoked = 401 "token_revoked";
    /// Name or password is wrong.
    LoginFailed = 401 "login_failed";
    /// The caller may see it but may not do this.
    Forbidden = 403 "forbidden";
    /// Sign in again first.
    FreshLoginRequired = 403 "fresh_login_required";
    /// Absent, or not visible to the caller.
    NotFound = 404 "not_found";
    /// The path is there, the method is not.
    MethodNotAllowed = 405 "method_not_allowed";
    /// The body is of another media type.
    UnsupportedMediaType = 415 "unsupported_media_type";
    /// The thing changed, or is in the way.
    Conflict = 409 "conflict";
    /// It is there already.
    AlreadyExists = 409 "already_exists";
    /// The thing is in another state.
    WrongState = 409 "wrong_state";
    /// The same call is still running.
    IdempotencyInProgress = 409 "idempotency_in_progress";
    /// A count limit.
    LimitReached = 409 "limit_reached";
    /// A room must keep an owner.
    LastOwner = 409 "last_owner";
    /// Used up or deleted for good.
    Gone = 410 "gone";
    /// The log no longer reaches back that far.
    CursorExpired = 410 "cursor_expired";
    /// The upload must say how long it is.
    LengthRequired = 411 "length_required";
    /// `If-Match` names another version.
    PreconditionFailed = 412 "precondition_failed";
    /// The body is over the limit.
    TooLarge = 413 "too_large";
    /// The storage limit is reached.
    QuotaExceeded = 413 "quota_exceeded";
    /// The host is not one that this server answers for.
    Misdirected = 421 "misdirected";
    /// A field is wrong.
    ValidationFailed = 422 "validation_failed";
    /// The same key came with another body.
    IdempotencyMismatch = 422 "idempotency_mismatch";
    /// The bot's manifest is wrong.
    ManifestInvalid = 422 "manifest_invalid";
    /// The file is no component this server can run.
    ComponentInvalid = 422 "component_invalid";
    /// The component imports what no bot may have.
    ImportsDenied = 422 "imports_denied";
    /// This address is for WebSocket clients.
    UpgradeRequired = 426 "upgrade_required";
    /// `If-Match` must be sent.
    PreconditionRequired = 428 "precondition_required";
    /// Too many calls.
    RateLimited = 429 "rate_limited";
    /// Too many operations of this connection wait for their answer.
    TooManyInFlight = 429 "too_many_in_flight";
    /// The room asks its authors to wait between messages.
    SlowMode = 429 "slow_mode";
    /// A fault of the server.
    Internal = 500 "internal";
    /// The other side of a request that left the server failed.
    PeerError = 502 "peer_error";
    /// The other side of a request that left the server did not answer in time.
    PeerTimeout = 504 "peer_timeout";
    /// This server or backend does not do it.
    NotSupported = 501 "not_supported";
    /// The server is about to end.
    Maintenance = 503 "maintenance";
    /// The bot is stopped.
    BotStopped = 503 "bot_stopped";
    /// The server has too much to do, or its disk is full.
    Overloaded = 503 "overloaded";
    /// The body took too long to arrive.
    RequestTimeout = 408 "request_timeout";
}

/// One wrong field.
#[derive(Debug, Clone, Serialize)]
pub struct FieldError {
    /// A JSON pointer into the input.
    pub pointer: String,
    /// The stable name of what is wrong.
    pub code: &'static str,
    /// A sentence.
    pub detail: String,
}

/// Why an operation did not happen.
#[derive(Debug, Clone)]
pub struct Error {
    /// The stable name.
    pub code: Code,
    /// A sentence for the caller. Never holds internals.
    pub detail: String,
    /// With `forbidden`: which rule refused.
    pub reason: Option<Reason>,
    /// With `wrong_state`: the state.
    pub state: Option<String>,
    /// With `validation_failed`: the fields.
    pub fields: Vec<FieldError>,
    /// When to try again, in milliseconds.
    pub retry_after_ms: Option<u64>,
    /// A held call: the approval that decides it.
    pub approval: Option<String>,
    /// A bot's refusal that `bot.explain` can read back.
    pub decision: Option<DecisionId>,
    /// What is left of the caller's rate limit.
    pub left: Option<Left>,
    /// What really happened; for the log only.
    pub internal: Option<String>,
    /// Doing the same again may help at once.
    pub(crate) transient: bool,
    /// What was written stays written although the caller is refused.
    pub(crate) commits: bool,
}

impl Error {
    /// An error with a sentence for the caller.
    pub fn new(code: Code, detail: impl fmt::Display) -> Self {
        Self {
            code,
            detail: detail.to_string(),
            reason: None,
            state: None,
            fields: Vec::new(),
            retry_after_ms: None,
            approval: None,
            decision: None,
            left: None,
            internal: None,
            transient: false,
            commits: false,
        }
    }

    /// Absent or invisible: always the same bytes.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "There is nothing here that you can see.")
    }

    /// A fault of the server; the text goes to the log, not to the caller.
    pub fn internal(what: impl fmt::Display) -> Self {
        let mut error = Self::new(
            Code::Internal,
            "The server failed. The request id leads to the reason in its log.",
        );
        error.internal = Some(what.to_string());
        error
    }

    /// One wrong field. The pointer is a JSON pointer such as `/name`.
    pub fn invalid(pointer: &str, detail: impl fmt::Display) -> Self {
        let mut error = Self::new(Code::ValidationFailed, format!("{pointer}: {detail}"));
        error.fields.push(FieldError {
            pointer: pointer.into(),
            code: "invalid",
            detail: detail.to_string(),
        });
        error
    }

    /// The call waits for a person to decide.
    pub fn pending(approval: ApprovalId) -> Self {
        let mut error = Self::new(Code::ApprovalPending, "This waits for a person to decide.");
        error.approval = Some(approval.to_string());
        error
    }

    /// The thing is in a state that does not allow it.
    pub fn wrong_state(state: impl fmt::Display, detail: impl fmt::Display) -> Self {
        let mut error = Self::new(Code::WrongState, detail);
        error.state = Some(state.to_string());
        error
    }

    /// Refuses the caller but keeps what the operation wrote, such as the end of a stolen session.
    #[must_use]
    pub fn and_commit(mut self) -> Self {
        self.commits = true;
        self
    }

    /// Not now; again in so many milliseconds.
    pub fn later(code: Code, detail: impl fmt::Display, retry_after_ms: u64) -> Self {
        let mut error = Self::new(code, detail);
        error.retry_after_ms = Some(retry_after_ms);
        error
    }

    /// The caller sees the thing but a rule refuses.
    pub fn forbidden(reason: Reason, detail: impl fmt::Display) -> Self {
        let mut error = Self::new(Code::Forbidden, detail);
        error.reason = Some(reason);
        error
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.detail)
    }
}

impl std::error::Error for Error {}

impl From<mesh_store::Error> for Error {
    fn from(error: mesh_store::Error) -> Self {
        use mesh_store::Error as Store;
        match &error {
            Store::Unique(_) => Self::new(Code::AlreadyExists, "Something with this name is there already."),
            Store::Reference => Self::new(Code::Conflict, "Something that this needs is gone."),
            Store::Retry => Self {
                transient: true,
                ..Self::later(Code::Overloaded, "Too many changes met each other; try again.", 100)
            },
            Store::Full => {
                let mut full = Self::later(Code::Overloaded, "The server cannot store anything now.", 5000);
                full.internal = Some(error.to_string());
                full
            }
            Store::Corrupt(_) | Store::Other(_) => Self::internal(error),
        }
    }
}

/// An error as a document (RFC 9457).
#[derive(Debug, Serialize)]
pub struct Problem<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    code: &'a str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<RequestId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision_id: Option<String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

impl Error {
    /// The document that tells of it; `title` is the status in words. What cannot be seen is told with the
    /// same bytes whatever it is, so "not found" does not carry the request's id.
    pub fn problem<'a>(&'a self, title: &'a str, request: Option<RequestId>) -> Problem<'a> {
        Problem {
            kind: format!("https://the-mesh.dev/errors/{}", self.code.as_str()),
            title,
            status: self.code.status(),
            code: self.code.as_str(),
            detail: &self.detail,
            request_id: request.filter(|_| self.code != Code::NotFound),
            reason: self.reason.map(Reason::as_str),
            state: self.state.as_deref(),
            retry_after_ms: self.retry_after_ms,
            approval_id: self.approval.as_deref(),
            decision_id: self.decision.map(|id| id.to_string()),
            errors: &self.fields,
        }
    }
}

impl From<Rollback> for Error {
    fn from(rollback: Rollback) -> Self {
        match rollback {
            Rollback::Database(error) => error.into(),
            Rollback::Panicked(text) => Self::internal(format!("an operation panicked: {text}")),
            Rollback::Waited => Self::internal("a write awaited something other than its transaction"),
            Rollback::Refused => Self::internal("a job refused without saying why"),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unauthenticated => Self::new(Code::Unauthenticated, "Sign in, or send a token."),
            Refusal::NotFound => Self::not_found(),
            Refusal::Forbidden { reason, detail, .. } => Self::forbidden(reason, detail),
            Refusal::Ask { permission } => Self::forbidden(
                Reason::Grant,
                format!("`{permission}` is granted as `ask`, and what this call was about cannot wait for a person."),
            ),
        }
    }
}
