//! Runs the bots of a server: hands each its events, in order, and serves its imports by the
//! operations of the API.
//!
//! [`Supervisor`] follows the log and wakes a [`worker`] for each bot with something to do. A worker
//! owns the bot's instance, takes its events from the inbox one at a time, and settles each.

mod allowed;
mod clock;
mod convert;
mod event;
mod guest;
mod handle;
mod health;
mod imports;
mod lanes;
mod scope;
mod supervisor;
mod told;
mod trial;
mod worker;

pub use guest::Guest;
pub use supervisor::{Supervisor, SupervisorConfig};
