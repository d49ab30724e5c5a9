//! How a call into a bot ended, in words for people.

use std::fmt::{self, Display};
use std::io;

use wasmtime::component::ResourceTableError;
use wasmtime::{PoolConcurrencyLimitError, Trap};
use wasmtime_wasi::I32Exit;

use crate::bindings::Outcome;
use crate::meter::Meter;

/// Longest text of a guest that is kept from an error or a rejection, in bytes.
const GUEST_TEXT: usize = 4 << 10;

/// How one call ended. Only after [`CallEnd::Started`], [`CallEnd::Done`] and the handler error of
/// an event can the instance be called again.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum CallEnd {
    /// `start` returned; the instance takes events.
    Started,
    /// `on-event` returned this outcome.
    Done(Outcome),
    /// The bot's own code returned an error; its text is cut at 4 KiB.
    HandlerError(String),
    /// WebAssembly stopped itself: a panic, a bad access, a deep recursion.
    Trap(TrapKind),
    /// The bot called `exit` with this status.
    Exit(i32),
    /// The fuel of this call was spent.
    OutOfFuel,
    /// The wall clock of this call ran out, waiting for host calls included.
    Timeout,
    /// The bot asked for more memory or table space than it may have, and then failed.
    MemoryLimit,
    /// One call carried more bytes to the host than allowed.
    BoundaryLimit,
    /// The bot held more handles than it may.
    HandleLimit,
    /// More calls of the mesh than one event may make.
    HostCallLimit,
    /// More messages than one event may post.
    MessageLimit,
    /// More HTTP requests than one event may send.
    HttpCallLimit,
    /// No room for another bot in memory at the moment. The bot is not to blame.
    PoolFull,
    /// The host failed while it served the bot. The bot is not to blame.
    HostFailure(String),
}

impl CallEnd {
    /// Whether the server and not the bot caused this end.
    pub fn is_hosts_fault(&self) -> bool {
        matches!(self, Self::PoolFull | Self::HostFailure(_))
    }
}

impl Display for CallEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started => f.write_str("The bot started."),
            Self::Done(Outcome::Ack) => f.write_str("The bot handled the event."),
            Self::Done(Outcome::RetryAfter(ms)) => write!(f, "The bot wants the event again in {ms} ms."),
            Self::Done(Outcome::Reject(why)) => write!(f, "The bot will not handle this event: {why}"),
            Self::HandlerError(why) => write!(f, "The bot reported an error: {why}"),
            Self::Trap(kind) => write!(f, "The bot crashed: {kind}."),
            Self::Exit(status) => write!(f, "The bot ended itself with exit status {status}."),
            Self::OutOfFuel => f.write_str("The bot computed for too long and was stopped: its fuel is spent."),
            Self::Timeout => f.write_str("The bot took too long and was stopped."),
            Self::MemoryLimit => f.write_str("The bot needs more memory than it may have."),
            Self::BoundaryLimit => f.write_str("The bot handed over more data in one call than it may."),
            Self::HandleLimit => f.write_str("The bot holds more handles than it may."),
            Self::HostCallLimit => f.write_str("The bot called the mesh more often than one event may."),
            Self::MessageLimit => f.write_str("The bot posted more messages than one event may."),
            Self::HttpCallLimit => f.write_str("The bot sent more HTTP requests than one event may."),
            Self::PoolFull => f.write_str("The server has no room for another bot in memory at the moment."),
            Self::HostFailure(why) => write!(f, "The server failed while it served the bot: {why}"),
        }
    }
}

/// What WebAssembly stopped at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrapKind {
    /// Recursion deeper than the stack.
    StackOverflow,
    /// A panic or an abort: the program decided not to go on.
    Panic,
    /// An access outside of memory or a table, or a call of something that is not there.
    BadAccess,
    /// A division by zero, or a number that does not fit.
    Arithmetic,
    /// A value that does not follow the contract crossed the boundary.
    BadValue,
    /// Anything else.
    Other,
}

impl Display for TrapKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StackOverflow => "it recursed deeper than its stack",
            Self::Panic => "it panicked or aborted",
            Self::BadAccess => "it used memory or a function that is not there",
            Self::Arithmetic => "it divided by zero or a number did not fit",
            Self::BadValue => "it handed over a value that does not follow the contract",
            Self::Other => "WebAssembly stopped it",
        })
    }
}

impl From<Trap> for TrapKind {
    fn from(trap: Trap) -> Self {
        match trap {
            Trap::StackOverflow => Self::StackOverflow,
            Trap::UnreachableCodeReached => Self::Panic,
            Trap::MemoryOutOfBounds
            | Trap::TableOutOfBounds
            | Trap::IndirectCallToNull
            | Trap::BadSignature
            | Trap::NullReference => Self::BadAccess,
            Trap::IntegerOverflow | Trap::IntegerDivisionByZero | Trap::BadConversionToInteger => Self::Arithmetic,
            Trap::InvalidChar
            | Trap::StringOutOfBounds
            | Trap::ListOutOfBounds
            | Trap::InvalidDiscriminant
            | Trap::UnalignedPointer => Self::BadValue,
            _ => Self::Other,
        }
    }
}

/// A budget of one event that is spent. As an error of a host function it stops the bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Exhausted {
    /// Calls of the mesh.
    #[error("more calls of the mesh than one event may make")]
    HostCalls,
    /// Messages posted.
    #[error("more messages than one event may post")]
    Messages,
    /// HTTP requests.
    #[error("more HTTP requests than one event may send")]
    HttpCalls,
}

/// A host function could not do its work for a reason that is not the bot's. As an error of a host
/// function it stops the bot without blaming it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct HostFault(pub String);

/// What an error of wasmtime means for the bot.
pub(crate) fn classify(error: &wasmtime::Error, meter: &Meter) -> CallEnd {
    if let Some(exhausted) = error.downcast_ref::<Exhausted>() {
        return match exhausted {
            Exhausted::HostCalls => CallEnd::HostCallLimit,
            Exhausted::Messages => CallEnd::MessageLimit,
            Exhausted::HttpCalls => CallEnd::HttpCallLimit,
        };
    }
    if let Some(exit) = error.downcast_ref::<I32Exit>() {
        return CallEnd::Exit(exit.0);
    }
    if error.is::<PoolConcurrencyLimitError>() {
        return CallEnd::PoolFull;
    }
    if matches!(error.downcast_ref(), Some(ResourceTableError::Full)) {
        return CallEnd::HandleLimit;
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => return CallEnd::OutOfFuel,
        Some(Trap::Interrupt) => return CallEnd::Timeout,
        // After a refused growth an allocator aborts, or goes on with a null pointer.
        Some(Trap::UnreachableCodeReached | Trap::MemoryOutOfBounds) if meter.refused() => return CallEnd::MemoryLimit,
        Some(trap) => return CallEnd::Trap((*trap).into()),
        None => {}
    }
    if let Some(HostFault(why)) = error.downcast_ref() {
        return CallEnd::HostFailure(why.clone());
    }
    if error.is::<io::Error>() || error.is::<rustix::io::Errno>() {
        return CallEnd::HostFailure(error.to_string());
    }
    if meter.refused() {
        return CallEnd::MemoryLimit;
    }
    // Only the innermost error: the ones around it quote names of the guest's functions.
    by_text(&error.root_cause().to_string().to_lowercase())
}

/// The errors that wasmtime keeps private can be told only by their words; a test pins each. They
/// come from taking over the guest's values, so the guest is to blame.
fn by_text(text: &str) -> CallEnd {
    if text.contains("fuel allocated for hostcalls has been exhausted") {
        return CallEnd::BoundaryLimit;
    }
    if text.contains("handle limit exceeded") {
        return CallEnd::HandleLimit;
    }
    let values = [
        "out of bounds",
        "not aligned",
        "unaligned",
        "discriminant",
        "utf-8",
        "realloc",
        "handle",
    ];
    CallEnd::Trap(if values.iter().any(|words| text.contains(words)) {
        TrapKind::BadValue
    } else {
        TrapKind::Other
    })
}

/// The outcome with its text cut.
pub(crate) fn outcome(outcome: Outcome) -> CallEnd {
    CallEnd::Done(match outcome {
        Outcome::Reject(why) => Outcome::Reject(cut(why)),
        other => other,
    })
}

/// At most 4 KiB of a guest's text, ending at a whole character.
pub(crate) fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(GUEST_TEXT));
    text.shrink_to_fit();
    text
}
