//! Every end-to-end test, in one program.

mod door;
mod sweeps;
