//! What an operation is: one name, one permission, one input, one output, and the doors it has.

use crate::{Cx, Host, Result, resource::Resource};
use mesh_authz::{Access, Caller, Grant, Permission};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use std::fmt;

/// Whether an operation changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Only looks.
    Read,
    /// Runs in a transaction and leaves a log row.
    Write,
    /// Tells those who listen, and is kept nowhere.
    Pass,
}

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Looks.
    Get,
    /// Creates, or does something that is no edit.
    Post,
    /// Sets a whole small document.
    Put,
    /// Edits, as a JSON Merge Patch (RFC 7396).
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    /// `GET` and so on.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// What a request's body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// A JSON object, at most [`mesh_types::limits::JSON_BODY`] bytes.
    Json,
    /// Raw bytes, held in memory, at most so many.
    Bytes(usize),
    /// A component: streamed to its place, at most so many bytes, `Content-Digest` required.
    Component(u64),
    /// A file of any kind: streamed to its place, at most so many bytes. `Content-Digest` is checked when it is
    /// sent; `Content-Disposition` names the file.
    File(u64),
}

/// The REST door of an operation.
#[derive(Debug, Clone, Copy)]
pub struct Http {
    /// The method.
    pub method: Method,
    /// Under `/api/v1`, or at the root when it starts with `//`.
    pub path: &'static str,
    /// The status of a good answer.
    pub status: u16,
    /// What the request's body is.
    pub body: Body,
}

/// The doors, besides REST, that lead to an operation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Doors {
    /// Socket.IO and WebSocket.
    pub socket: bool,
    /// Interface and function of the WIT package.
    pub wasm: Option<(&'static str, &'static str)>,
    /// An MCP tool.
    pub mcp: bool,
    /// The command line.
    pub cli: bool,
}

/// An operation that does not say who may use it. Call `.needs(…)`, `.myself()`, `.operator()` or
/// `.public("why")` to make it an [`OpSpec`].
#[must_use = "an operation without a permission is not an operation"]
pub struct OperationWithoutPermission {
    name: &'static str,
    effect: Effect,
}

/// The written contract of an operation.
#[derive(Debug, Clone, Copy)]
pub struct OpSpec {
    /// `noun.verb`.
    pub name: &'static str,
    /// Whether it changes anything.
    pub effect: Effect,
    /// Who may use it.
    pub access: Access,
    /// The REST door.
    pub http: Option<Http>,
    /// The other doors.
    pub doors: Doors,
    /// `If-Match` must be sent.
    pub if_match_required: bool,
    /// Needs a sign-in within the last ten minutes.
    pub fresh: bool,
    /// Its answer holds a secret that is shown once, so the answer is never kept for a repeat.
    pub shown_once: bool,
    /// Works on a room that one has not entered; see the catalogue's rule on private rooms.
    pub from_outside: bool,
    /// Asks about a mesh, and decides about each of its rooms by itself.
    pub room_by_room: bool,
    /// The media type that a door of its own answers with, empty for a switch of protocols; REST leaves it to that.
    pub own_door: Option<&'static str>,
    /// What it costs against the rate limit; 1 for most.
    pub cost: u32,
    /// It tries a password or a short code, so it also draws on the slow bucket of the caller's address.
    pub sign_in: bool,
    /// One sentence.
    pub summary: &'static str,
}

/// Starts the description of an operation. It is not complete until it says who may use it.
pub const fn op(name: &'static str, effect: Effect) -> OperationWithoutPermission {
    OperationWithoutPermission { name, effect }
}

impl OperationWithoutPermission {
    /// Needs a permission on its resource.
    pub const fn needs(self, permission: Permission) -> OpSpec {
        self.with(Access::Needs(permission))
    }

    /// For any signed-in actor, on what is its own.
    pub const fn myself(self) -> OpSpec {
        self.with(Access::Myself)
    }

    /// For the operator of the server.
    pub const fn operator(self) -> OpSpec {
        self.with(Access::Operator)
    }

    /// For everyone; say why.
    pub const fn public(self, why: &'static str) -> OpSpec {
        assert!(!why.is_empty(), "a public operation says why it may be public");
        self.with(Access::Public(why))
    }

    const fn with(self, access: Access) -> OpSpec {
        OpSpec {
            name: self.name,
            effect: self.effect,
            access,
            http: None,
            doors: Doors {
                socket: false,
                wasm: None,
                mcp: false,
                cli: false,
            },
            if_match_required: false,
            fresh: false,
            shown_once: false,
            from_outside: false,
            room_by_room: false,
            own_door: None,
            cost: 1,
            sign_in: false,
            summary: "",
        }
    }
}

impl OpSpec {
    /// The permission that it needs; none when it is for everyone, for oneself or for operators.
    pub const fn permission(&self) -> Option<Permission> {
        match self.access {
            Access::Needs(permission) => Some(permission),
            _ => None,
        }
    }

    /// One sentence for the documents and the command line.
    #[must_use]
    pub const fn about(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }

    /// Opens the REST door.
    #[must_use]
    pub const fn http(mut self, method: Method, path: &'static str, status: u16) -> Self {
        self.http = Some(Http {
            method,
            path,
            status,
            body: Body::Json,
        });
        self
    }

    /// The request's body is not JSON.
    #[must_use]
    pub const fn body(mut self, body: Body) -> Self {
        if let Some(http) = &mut self.http {
            http.body = body;
        }
        self
    }

    /// Opens the socket door.
    #[must_use]
    pub const fn socket(mut self) -> Self {
        self.doors.socket = true;
        self
    }

    /// Opens the door for components, as this function of this interface.
    #[must_use]
    pub const fn wasm(mut self, interface: &'static str, function: &'static str) -> Self {
        self.doors.wasm = Some((interface, function));
        self
    }

    /// Opens the MCP door.
    #[must_use]
    pub const fn mcp(mut self) -> Self {
        self.doors.mcp = true;
        self
    }

    /// Opens the command line.
    #[must_use]
    pub const fn cli(mut self) -> Self {
        self.doors.cli = true;
        self
    }

    /// `If-Match` must be sent.
    #[must_use]
    pub const fn if_match(mut self) -> Self {
        self.if_match_required = true;
        self
    }

    /// Needs a recent sign-in.
    #[must_use]
    pub const fn fresh(mut self) -> Self {
        self.fresh = true;
        self
    }

    /// Its answer holds a secret that is shown once.
    #[must_use]
    pub const fn shown_once(mut self) -> Self {
        self.shown_once = true;
        self
    }

    /// Works on a room that one has not entered.
    #[must_use]
    pub const fn from_outside(mut self) -> Self {
        self.from_outside = true;
        self
    }

    /// Shows only rooms about each of which it decides by itself, so that a right to some of them is enough
    /// to ask.
    #[must_use]
    pub const fn room_by_room(mut self) -> Self {
        self.room_by_room = true;
        self
    }

    /// A door of its own answers it, with this media type; with none when it switches protocols.
    #[must_use]
    pub const fn own_door(mut self, answers: &'static str) -> Self {
        self.own_door = Some(answers);
        self
    }

    /// Tries a password or a short code.
    #[must_use]
    pub const fn sign_in(mut self) -> Self {
        self.sign_in = true;
        self
    }

    /// Costs more than one call against the rate limit.
    #[must_use]
    pub const fn cost(mut self, cost: u32) -> Self {
        self.cost = cost;
        self
    }
}

impl fmt::Display for OpSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// An operation. Its door-independent meaning is all in here.
pub trait Op: Send + Sync + 'static {
    /// The contract.
    const SPEC: OpSpec;
    /// Path, query and body fields, merged. Derive `Deserialize` with `deny_unknown_fields`, and `Serialize`, so that
    /// a call can wait for a person.
    type In: Serialize + DeserializeOwned + JsonSchema + Clone + Send + Sync + 'static;
    /// The answer.
    type Out: Answer;
    /// The resource on which the permission is checked.
    type On: Resource;

    /// Names the resource.
    fn on(input: &Self::In) -> Self::On;

    /// Takes a raw body; only for operations that declare one.
    fn take_body(input: &mut Self::In, body: bytes::Bytes) {
        let _ = (input, body);
    }

    /// Slow work before the transaction, such as hashing a password. The caller was allowed already.
    fn prepare(host: &Host, caller: &Caller, input: &mut Self::In) -> impl Future<Output = Result<()>> + Send {
        let _ = (host, caller, input);
        async { Ok(()) }
    }

    /// Waits, after the commit, for what somebody else does, and gives the answer that is known then. A repeated call
    /// with the same `Idempotency-Key` waits for the same.
    fn wait(host: &Host, out: &Self::Out) -> impl Future<Output = Result<Option<Self::Out>>> + Send {
        let _ = (host, out);
        async { Ok(None) }
    }

    /// Does it. In a write, awaits nothing but the transaction.
    fn run(cx: &mut Cx<'_>, on: Grant<Self::On>, input: Self::In) -> impl Future<Output = Result<Self::Out>> + Send;
}

/// What an operation gives back.
pub trait Answer: Serialize + DeserializeOwned + JsonSchema + Send + 'static {
    /// The version of the thing, for `ETag` and `If-Match`; changes with every stored change.
    fn revision(&self) -> Option<i64> {
        None
    }

    /// Whether an answer of the same version is the same answer, so that `If-None-Match` may spare it.
    fn is_all_versioned(&self) -> bool {
        true
    }

    /// Where a created thing can be found, under `/api/v1`.
    fn location(&self) -> Option<String> {
        None
    }

    /// Bytes that are kept outside the database, for doors that can send them.
    fn content(&self) -> Option<Content> {
        None
    }

    /// A body that is not JSON: media type and bytes.
    fn raw(&self) -> Option<(&'static str, bytes::Bytes)> {
        None
    }
}

/// Bytes that an answer stands for.
#[derive(Debug, Clone)]
pub struct Content {
    /// SHA-256 in hexadecimal.
    pub digest: String,
    /// What they are.
    pub media_type: String,
    /// What to save them as.
    pub name: Option<String>,
    /// The address names these bytes, so they never change.
    pub lasts: bool,
}

/// The answer of operations that have nothing to say.
#[derive(Debug, Clone, Default, Serialize, serde::Deserialize, JsonSchema)]
pub struct Nothing {}

impl Answer for Nothing {}
