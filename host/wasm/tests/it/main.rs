//! Bots from the outside: inspection, compilation and containment of real components.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "tests stop at the first surprise"
)]

mod compile;
mod contain;
mod golden;
mod guest;
mod hostile;
mod inspect;
mod real;
mod recorder;
mod wasi;
