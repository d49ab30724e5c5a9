//! The pipeline: the only way in, for every door.
//!
//! admit → facts → decide → prepare → transaction { run + idempotency + event + audit } → commit →
//! forget stale rights → publish → wait → answer. `call` is a thin generic shell; the steps are not generic.

pub(crate) mod caps;
pub(crate) mod work;
mod write;

use crate::{
    Answer, Cx, Effect, Error, Host, Op, OpSpec, Result,
    approval::{About, hold},
    cx::etag,
    error::Code,
    op::Content,
    rate::Left,
    refusal,
    resource::{Resource, Target},
};
use base64::Engine as _;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use mesh_authz::{Access, Caller, Credential, Entering, Facts, Grant, Refusal, Who, decide};
use mesh_types::{ApprovalId, BotCallId, RequestId};
use serde_path_to_error::Segment;
use sha2::{Digest, Sha256};
use std::{net::IpAddr, sync::Arc, time::Instant};
use tracing::Instrument as _;
use write::{keyed, repeat, write};

/// The door a call came through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// HTTP.
    Rest,
    /// Socket.IO and WebSocket.
    Socket,
    /// A component's import.
    Wasm,
    /// A tool or a resource of the Model Context Protocol.
    Mcp,
    /// The command line, in this process.
    Cli,
    /// Work of the server itself.
    Job,
}

impl Door {
    /// `rest`, `socket`, `wasm`, `mcp`, `cli` or `job`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Socket => "socket",
            Self::Wasm => "wasm",
            Self::Mcp => "mcp",
            Self::Cli => "cli",
            Self::Job => "job",
        }
    }
}

/// Everything about a call but its input.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// The operation's name; the pipeline sets it.
    pub op: &'static str,
    /// Who asks.
    pub caller: Caller,
    /// Through which door.
    pub door: Door,
    /// The request's id, for logs and for matching events with answers.
    pub request: RequestId,
    /// `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// `If-Match`.
    pub if_match: Option<String>,
    /// The caller's address, as far as it can be trusted.
    pub address: Option<IpAddr>,
    /// What the caller says it is (`User-Agent`).
    pub agent: String,
    /// How many bots stand between this call and the person who caused it.
    pub hops: u32,
    /// The question that the calling bot is answering.
    pub within: Option<BotCallId>,
    /// A person let exactly this call go ahead.
    pub approved: Option<ApprovalId>,
    /// It is decided and made as ever, and then taken back: nothing of it stays, nobody is told, and it counts
    /// against no limit. Its answer is what the real call would have got.
    pub dry: bool,
}

impl Envelope {
    /// A call with nothing but a caller.
    pub fn new(caller: Caller, door: Door, request: RequestId) -> Self {
        let agent = String::new();
        Self {
            op: "",
            caller,
            door,
            request,
            idempotency_key: None,
            if_match: None,
            address: None,
            agent,
            hops: 0,
            within: None,
            approved: None,
            dry: false,
        }
    }
}

/// What a network door knows of a request before it looks at it.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// Never taken from outside; the answer and the log carry it.
    pub id: RequestId,
    /// Where it comes from, as far as that can be trusted.
    pub address: IpAddr,
}

/// A good answer and what doors say beside it.
#[derive(Debug)]
pub struct Done<T> {
    /// The answer itself.
    pub out: T,
    /// It as JSON, when it was needed.
    json: Option<String>,
    /// It is the answer to an earlier call with the same key.
    pub replayed: bool,
    /// What is left of the caller's rate limit.
    pub left: Option<Left>,
}

/// What a door that speaks JSON sends back.
#[derive(Debug)]
pub struct Reply {
    /// Media type and body.
    pub body: (&'static str, Bytes),
    /// What a door that can send bytes sends in place of the body.
    pub content: Option<Content>,
    /// Strong entity tag.
    pub etag: Option<String>,
    /// Whoever has the answer of this tag needs no other.
    pub spares: bool,
    /// Where the created thing is.
    pub location: Option<String>,
    /// It is the answer to an earlier call with the same key.
    pub replayed: bool,
    /// What is left of the caller's rate limit.
    pub left: Option<Left>,
}

impl Reply {
    /// What a caller is told whose call waits for a person, with status 202: which approval decides it.
    pub fn waiting(error: &Error) -> Option<Self> {
        let approval = error.approval.as_ref()?;
        let body = serde_json::json!({ "approval_id": approval }).to_string();
        Some(Self {
            body: ("application/json", body.into()),
            content: None,
            etag: None,
            spares: false,
            location: Some(format!("/approvals/{approval}")),
            replayed: false,
            left: error.left,
        })
    }
}

/// An input as a door brings it.
#[derive(Debug, Default)]
pub struct Input {
    /// A JSON object with path, query and body fields.
    pub fields: Bytes,
    /// The raw body, for operations that take one.
    pub body: Option<Bytes>,
}

/// An operation without its types: what the `OPS` table holds.
#[derive(Clone, Copy)]
pub struct ErasedOp {
    /// The contract.
    pub spec: &'static OpSpec,
    /// Decodes, calls, encodes.
    pub call: fn(Arc<Host>, Envelope, Input) -> BoxFuture<'static, Result<Reply>>,
    /// Decides only; for bodies that are streamed before the call.
    pub authorize: fn(Arc<Host>, Envelope, Bytes) -> BoxFuture<'static, Result<()>>,
    /// Decodes an input and says what it is about.
    pub target: fn(&[u8]) -> Result<Target>,
    /// The schema of the input.
    pub input: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
    /// The schema of the answer.
    pub output: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
}

impl ErasedOp {
    /// Erases the types of an operation.
    pub const fn of<O: Op>() -> Self {
        Self {
            spec: &O::SPEC,
            call: |host, envelope, input| Box::pin(call_json::<O>(host, envelope, input)),
            authorize: |host, envelope, fields| Box::pin(authorize_json::<O>(host, envelope, fields)),
            target: |fields| Ok(O::on(&decode::<O::In>(fields)?).target()),
            input: |generator| generator.subschema_for::<O::In>(),
            output: |generator| generator.subschema_for::<O::Out>(),
        }
    }
}

/// Calls an operation with typed input and output.
pub async fn call<O: Op>(host: &Arc<Host>, envelope: Envelope, input: O::In) -> Result<Done<O::Out>> {
    observed::<O>(host, envelope, "*".into(), |_| Ok(input), false).await
}

async fn call_json<O: Op>(host: Arc<Host>, envelope: Envelope, input: Input) -> Result<Reply> {
    let digest = envelope
        .idempotency_key
        .as_ref()
        .map(|_| digest(&input))
        .unwrap_or_default();
    let decode = |_: &Envelope| {
        let mut fields: O::In = decode(&input.fields)?;
        if let Some(body) = input.body {
            O::take_body(&mut fields, body);
        }
        Ok(fields)
    };
    let done = observed::<O>(&host, envelope, digest, decode, true).await?;
    let body = match done.out.raw() {
        Some(raw) => raw,
        None => (
            "application/json",
            done.json.map_or_else(|| encode(&done.out), Ok)?.into(),
        ),
    };
    let (etag, location) = (done.out.revision().map(etag), done.out.location());
    Ok(Reply {
        body,
        content: done.out.content(),
        etag,
        spares: done.out.is_all_versioned(),
        location,
        replayed: done.replayed,
        left: done.left,
    })
}

async fn authorize_json<O: Op>(host: Arc<Host>, mut envelope: Envelope, fields: Bytes) -> Result<()> {
    envelope.op = O::SPEC.name;
    admit(&host, &O::SPEC, &envelope)?;
    let on = O::on(&decode::<O::In>(&fields)?);
    grant(&host, &O::SPEC, &envelope, on).await.map_err(Refused::for_good)?;
    Ok(())
}

fn decode<T: serde::de::DeserializeOwned>(fields: &[u8]) -> Result<T> {
    let fields = if fields.trim_ascii().is_empty() { b"{}" } else { fields };
    serde_json::from_slice(fields).map_err(|error| {
        if error.is_data() {
            // serde_json's position is of the merged object, which the caller never saw.
            let text = error.to_string();
            let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
            Error::invalid(&pointer::<T>(fields), text)
        } else {
            Error::new(Code::BadRequest, "The body is not a JSON object.")
        }
    })
}

/// Where the wrong field of a refused input is, as a JSON pointer (RFC 6901). Following the path slows
/// decoding, so only what was refused is read this way.
fn pointer<T: serde::de::DeserializeOwned>(fields: &[u8]) -> String {
    let mut reader = serde_json::Deserializer::from_slice(fields);
    let Err(error) = serde_path_to_error::deserialize::<_, T>(&mut reader) else {
        return String::new();
    };
    let steps = error.path().iter().map(|step| match step {
        Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Seq { index } => format!("/{index}"),
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    });
    steps.collect()
}

fn encode(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(Error::internal)
}

fn digest(input: &Input) -> String {
    let mut sum = Sha256::new_with_prefix((input.fields.len() as u64).to_be_bytes());
    sum.update(&input.fields);
    sum.update(input.body.as_deref().unwrap_or_default());
    base64::engine::general_purpose::STANDARD_NO_PAD.encode(sum.finalize())
}

/// One span and one histogram per call.
async fn observed<O: Op>(
    host: &Arc<Host>,
    mut envelope: Envelope,
    digest: String,
    decode: impl FnOnce(&Envelope) -> Result<O::In>,
    json: bool,
) -> Result<Done<O::Out>> {
    envelope.op = O::SPEC.name;
    let begun = Instant::now();
    let (door, kind, request) = (envelope.door.as_str(), envelope.caller.kind(), envelope.request);
    let span =
        tracing::debug_span!("call", op = O::SPEC.name, door, caller = kind, %request, outcome = tracing::field::Empty);
    let done = execute::<O>(host, envelope, digest, decode, json)
        .instrument(span.clone())
        .await;
    let outcome = done.as_ref().map_or_else(|error| error.code.as_str(), |_| "done");
    span.record("outcome", outcome);
    metrics::histogram!("mesh_call_seconds", "op" => O::SPEC.name, "door" => door, "caller" => kind, "outcome" => outcome)
        .record(begun.elapsed());
    if let Err(Error {
        internal: Some(reason),
        code,
        ..
    }) = &done
    {
        tracing::error!(op = O::SPEC.name, door, %request, code = code.as_str(), reason, "a call failed");
    }
    done
}

async fn execute<O: Op>(
    host: &Arc<Host>,
    envelope: Envelope,
    digest: String,
    decode: impl FnOnce(&Envelope) -> Result<O::In>,
    json: bool,
) -> Result<Done<O::Out>> {
    let left = admit(host, &O::SPEC, &envelope)?;
    match admitted::<O>(host, envelope, digest, decode, json).await {
        Ok(mut done) => {
            done.left = left;
            Ok(done)
        }
        Err(mut error) => {
            error.left = left;
            Err(error)
        }
    }
}

async fn admitted<O: Op>(
    host: &Arc<Host>,
    envelope: Envelope,
    digest: String,
    decode: impl FnOnce(&Envelope) -> Result<O::In>,
    json: bool,
) -> Result<Done<O::Out>> {
    let mut input = decode(&envelope)?;
    let grant = match grant(host, &O::SPEC, &envelope, O::on(&input)).await {
        Ok(grant) => grant,
        Err(Refused::Asks(about)) => return Err(hold(host, &O::SPEC, envelope, about, encode(&input)?).await),
        Err(Refused::No(error)) => return Err(error),
    };
    if let (Effect::Write, Who::Bot { .. }) = (O::SPEC.effect, envelope.caller.who) {
        let place = (grant.mesh(), grant.room());
        match Box::pin(caps::count(host, &O::SPEC, &envelope, digest.clone(), place)).await {
            Ok(()) => {}
            Err(Refused::Asks(about)) => return Err(hold(host, &O::SPEC, envelope, about, encode(&input)?).await),
            Err(Refused::No(error)) => return Err(error),
        }
    }
    require_headers(&O::SPEC, &envelope, host)?;
    if envelope.dry && O::SPEC.shown_once && O::SPEC.effect == Effect::Write {
        return Err(not_in_dry_runs());
    }
    O::prepare(host, &envelope.caller, &mut input).await?;
    if O::SPEC.effect != Effect::Write {
        // Boxed, so that the many calls that write do not carry the room for it.
        return Box::pin(read::<O>(host, &envelope, grant, input)).await;
    }
    let keyed = keyed(&O::SPEC, &envelope, digest)?;
    let done = match write::<O>(host, envelope, grant, input, keyed.clone(), json).await {
        Ok(done) => done,
        Err(error) => match keyed {
            Some(keyed) => Box::pin(repeat::<O>(host, &keyed, error)).await?,
            None => return Err(error),
        },
    };
    match O::wait(host, &done.out).await? {
        Some(out) => Ok(Done {
            out,
            json: None,
            ..done
        }),
        None => Ok(done),
    }
}

/// Steps 1 and 2 of the order of checks: a credential where one is needed, and the rate limit.
fn admit(host: &Host, spec: &OpSpec, envelope: &Envelope) -> Result<Option<Left>> {
    if envelope.dry || matches!(envelope.door, Door::Job | Door::Cli) {
        return Ok(None);
    }
    let left = host
        .limiter
        .take(envelope.caller.actor(), envelope.address, spec.cost)?;
    if let (true, Some(address)) = (spec.sign_in, envelope.address) {
        host.limiter.take_sign_in_from(address)?;
    }
    if matches!(envelope.caller.who, Who::Anonymous) && !matches!(spec.access, Access::Public(_)) {
        return Err(Error::new(Code::Unauthenticated, "Sign in, or send a token."));
    }
    Ok(left)
}

/// What leaves the server, or is told only once, cannot be taken back.
fn not_in_dry_runs() -> Error {
    Error::new(
        Code::NotSupported,
        "This is a dry run: what cannot be taken back is not done.",
    )
}

/// Why a call does not go on.
enum Refused {
    /// It may not be made.
    No(Error),
    /// A person has to let it go on.
    Asks(About),
}

impl Refused {
    /// For calls that cannot wait.
    fn for_good(self) -> Error {
        match self {
            Self::No(error) => error,
            Self::Asks(about) => about.cannot_wait(),
        }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::No(error)
    }
}

/// Steps 4 to 12, and 14: the facts and the decision.
async fn grant<R: Resource>(host: &Arc<Host>, spec: &OpSpec, envelope: &Envelope, on: R) -> Result<Grant<R>, Refused> {
    let facts = facts_of(host, spec, &envelope.caller, envelope.approved, on.target()).await?;
    match decide(&envelope.caller, spec.access, &facts, on) {
        Ok(grant) => Ok(grant),
        Err(Refusal::Ask { permission }) => Err(Refused::Asks(About::new(permission, &facts))),
        Err(refusal) => {
            let error = Error::from(refusal);
            Err(Refused::No(refusal::record(host, spec, envelope, &facts, error)))
        }
    }
}

/// What a decision about a call is made from.
pub(crate) async fn facts_of(
    host: &Host,
    spec: &OpSpec,
    caller: &Caller,
    approved: Option<ApprovalId>,
    target: Target,
) -> Result<Facts> {
    let now = host.clock.now();
    let mut facts = host.authority.facts(&host.store, now, caller, target).await?;
    if spec.from_outside {
        facts.entering = Entering::NotNeeded;
    }
    facts.room_by_room = spec.room_by_room;
    facts.approved = approved;
    facts.operation = Some(spec.name);
    Ok(facts)
}

fn require_headers(spec: &OpSpec, envelope: &Envelope, host: &Host) -> Result<()> {
    if spec.if_match_required && envelope.if_match.is_none() && envelope.door != Door::Job {
        return Err(Error::new(
            Code::PreconditionRequired,
            "Send `If-Match` with the version that you read.",
        ));
    }
    if let (true, Who::Person { .. }) = (spec.fresh, envelope.caller.who) {
        let fresh = match envelope.caller.credential {
            Credential::Session { fresh_until, .. } => fresh_until > host.clock.now(),
            _ => false,
        };
        if !fresh {
            return Err(Error::new(
                Code::FreshLoginRequired,
                "This needs a sign-in within the last ten minutes.",
            ));
        }
    }
    Ok(())
}

async fn read<O: Op>(host: &Arc<Host>, envelope: &Envelope, grant: Grant<O::On>, input: O::In) -> Result<Done<O::Out>> {
    let filed = (grant.layer().as_str(), grant.mesh());
    let mut view = host.store.view().await?;
    let mut cx = Cx::new(view.tx(), host, envelope, filed);
    let out = O::run(&mut cx, grant, input).await?;
    let passing = cx.passing.iter().filter(|_| !envelope.dry);
    passing.for_each(|passing| host.live.pass(passing));
    Ok(Done {
        out,
        json: None,
        replayed: false,
        left: None,
    })
}
