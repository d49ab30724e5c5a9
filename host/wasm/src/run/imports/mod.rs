//! One file for each interface of the contract: thin adapters from its functions to operations.
//!
//! They parse ids, call, and convert the answer; nothing else. A test holds the contract that
//! they implement against the table of operations.

mod approvals;
mod auth;
mod bots;
mod calls;
mod config;
mod docs;
mod events;
mod files;
mod http;
mod kv;
mod members;
mod meshes;
mod messages;
mod rooms;
mod secrets;
mod timers;

use super::guest::Answer;
use crate::bindings::types::Error;

/// An answer that the contract hands over as the JSON of the REST operation.
fn json<T: serde::Serialize>(answer: Result<T, Error>) -> Answer<String> {
    Ok(match answer {
        Ok(answer) => Ok(serde_json::to_string(&answer)?),
        Err(error) => Err(error),
    })
}
