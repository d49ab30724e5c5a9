//! Signing in a device from another one (RFC 8628): a program without a browser shows a short code, a person who
//! is signed in elsewhere looks at what asks and decides, and the program gets a token.
//!
//! Fields of answers are named as the standard names them. Its error codes are the `code` of the problem.

mod code;
mod decide;
mod poll;
mod start;

pub use decide::{DecideDevice, DecideDeviceIn, Device, DeviceDecision, LookUpDevice, LookUpDeviceIn};
pub use poll::{DeviceTokens, PollDevice, PollDeviceIn};
pub use start::{StartDevice, StartDeviceIn, StartedDevice};

use crate::{Error, Result};
use mesh_authz::Permission;

/// How long a person has to decide, in seconds.
const SECONDS: i64 = 10 * 60;
/// How long the token of a device lasts that was limited to some permissions, in seconds.
const TOKEN_SECONDS: i64 = 90 * 24 * 3600;

fn stored(permissions: &[Permission]) -> Result<String> {
    serde_json::to_string(permissions).map_err(Error::internal)
}

fn read(stored: &str) -> Result<Vec<Permission>> {
    serde_json::from_str(stored).map_err(Error::internal)
}

/// In the order of the matrix, each once.
fn tidy(mut permissions: Vec<Permission>) -> Vec<Permission> {
    permissions.sort_unstable();
    permissions.dedup();
    permissions
}
