//! Every end-to-end test, in one program.

mod approvals;
mod bots;
mod calls;
mod conformance;
mod devices;
mod door;
mod durability;
mod files;
mod follow;
mod golden;
mod humans;
mod live;
mod mcp;
mod messages;
mod neighbours;
mod people;
mod scripts;
mod sweeps;
mod trials;
