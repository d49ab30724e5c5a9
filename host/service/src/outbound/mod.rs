//! HTTP that leaves the server in a bot's name: to hosts that its manifest names and somebody allowed, and never
//! into the network that the server stands in.

mod address;
mod client;
mod fetch;

pub(crate) use address::{is_host_pattern, matches};
pub use client::Outbound;
pub use fetch::{Fetch, FetchIn, Fetched, SecretHeader};
