//! Gives an error before its first event.

use mesh_bot::{Bot, Error, Mesh, Result};

#[derive(Default)]
struct FailInStart;

impl Bot for FailInStart {
    fn start(&mut self, _: &Mesh) -> Result {
        Err(Error::failed("no, I will not start"))
    }
}

mesh_bot::export!(FailInStart, manifest = "bot.toml");
