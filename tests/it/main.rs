//! Every end-to-end test, in one program.

mod bots;
mod door;
mod durability;
mod files;
mod follow;
mod live;
mod mcp;
mod people;
mod sweeps;
