//! Using more than is good.

use std::hint::black_box;

pub(crate) fn spin() -> ! {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

pub(crate) fn hog() -> ! {
    let mut blocks = Vec::new();
    loop {
        blocks.push(vec![1_u8; 1 << 20]);
        black_box(&blocks);
    }
}

#[inline(never)]
pub(crate) fn recurse(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    if depth == 0 {
        0
    } else {
        recurse(depth - 1).wrapping_add(frame[1])
    }
}

pub(crate) fn count(turns: usize) -> usize {
    (0..turns).fold(0, |sum, turn| black_box(sum ^ turn))
}

/// Allocates and touches so many MiB; gives how many it got.
pub(crate) fn touch(mebibytes: usize) -> usize {
    let mut blocks = Vec::new();
    for _ in 0..mebibytes {
        let mut block = Vec::new();
        if block.try_reserve_exact(1 << 20).is_err() {
            break;
        }
        block.resize(1 << 20, 1_u8);
        blocks.push(black_box(block));
    }
    blocks.len()
}

pub(crate) fn log(lines: usize) -> String {
    for line in 0..lines {
        mesh_bot::info!("line {line}");
    }
    format!("{lines} lines")
}

pub(crate) fn print(text: &str) -> String {
    println!("{text}");
    "printed".into()
}

pub(crate) fn print_error(text: &str) -> String {
    eprintln!("{text}");
    "printed".into()
}

pub(crate) fn spam() -> ! {
    loop {
        println!("{}", "spam ".repeat(200));
    }
}
