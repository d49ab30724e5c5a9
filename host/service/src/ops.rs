//! The table of all operations. Every door is a loop over it. (Registries that fill themselves by
//! linker magic came back empty, silently, from a library crate; so this list is written by hand.)

use crate::{call::ErasedOp, message};

/// Every operation, by domain.
pub static OPS: &[ErasedOp] = &[
    ErasedOp::of::<message::PostMessage>(),
];
