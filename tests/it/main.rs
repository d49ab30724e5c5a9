//! Every end-to-end test, in one program.

mod approvals;
mod bots;
mod calls;
mod conformance;
mod door;
mod durability;
mod files;
mod follow;
mod live;
mod mcp;
mod messages;
mod people;
mod sweeps;
