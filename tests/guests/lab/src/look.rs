//! Looking for something: a way out of the sandbox, or what another instance wrote.

use mesh_bot::{Mesh, Result};
use std::time::Duration;

/// Looks for a key until it is there.
pub(crate) fn key(mesh: &Mesh, key: &str) -> Result<String> {
    while mesh.kv().get_bytes(key)?.is_none() {
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok("there".into())
}

/// Keeps so many handles to the standard output open, for good.
#[cfg(target_arch = "wasm32")]
pub(crate) fn handles(number: usize) -> String {
    for _ in 0..number {
        std::mem::forget(wasip2::cli::stdout::get_stdout());
    }
    format!("{number} handles")
}

#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn handles(_: usize) -> String {
    "there are no handles natively".into()
}

/// What can be seen of the machine; in a sandbox all of it is nothing.
pub(crate) fn around() -> String {
    let files = std::fs::read_dir("/").map_or(0, Iterator::count);
    let passwords = std::fs::read("/etc/passwd").map_or(0, |bytes| bytes.len());
    let variables = std::env::vars_os().count();
    let arguments = std::env::args_os().count();
    format!("files {files}, passwd {passwords}, variables {variables}, arguments {arguments}")
}

/// How far this bot's clock is from the one by which the server wrote a message.
pub(crate) fn clock(written_at: u64) -> String {
    let own = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let own = own.unwrap_or_default().as_millis();
    format!("{} minutes", own.abs_diff(written_at.into()) / 60_000)
}
