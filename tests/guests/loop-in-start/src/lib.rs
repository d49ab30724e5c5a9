//! Never gets to its first event.

use mesh_bot::{Bot, Mesh, Result};
use std::hint::black_box;

#[derive(Default)]
struct LoopInStart;

impl Bot for LoopInStart {
    fn start(&mut self, _: &Mesh) -> Result {
        let mut turns = 0_u64;
        loop {
            turns = black_box(turns.wrapping_add(1));
        }
    }
}

mesh_bot::export!(LoopInStart, manifest = "bot.toml");
