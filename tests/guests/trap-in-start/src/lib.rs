//! Panics before its first event.

use mesh_bot::{Bot, Mesh, Result};

#[derive(Default)]
struct TrapInStart;

impl Bot for TrapInStart {
    fn start(&mut self, _: &Mesh) -> Result {
        panic!("no, I will not start");
    }
}

mesh_bot::export!(TrapInStart, manifest = "bot.toml");
