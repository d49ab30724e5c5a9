//! The components that the guest toolchains make. They are built first, so these tests are asked for:
//! `MESH_GUESTS=folder:folder cargo test -p mesh-wasm -- --ignored`.

use std::fs;
use std::path::PathBuf;

use mesh_wasm::{Allowed, InspectionBounds, Instance, Limits, inspect};

use crate::recorder::{Bench, Recorder, event};

fn built() -> Vec<PathBuf> {
    let dist = concat!(env!("CARGO_MANIFEST_DIR"), "/../../dist/plugins");
    let folders = std::env::var("MESH_GUESTS").unwrap_or_else(|_| dist.into());
    let files = folders
        .split(':')
        .flat_map(|folder| fs::read_dir(folder).expect("built guests"));
    let mut files: Vec<_> = files.map(|entry| entry.expect("entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|kind| kind == "wasm"));
    files.sort();
    files
}

/// Whatever a toolchain made is accepted, links with and without grants, and ends in a known way.
#[tokio::test]
#[ignore = "needs built guests"]
async fn guests_of_all_toolchains_are_accepted_and_run() {
    let bench = Bench::new();
    for path in built() {
        let name = path.file_name().expect("name").to_string_lossy().into_owned();
        let bytes = fs::read(&path).expect("guest");
        let began = std::time::Instant::now();
        let seen = inspect(&bytes, &InspectionBounds::default()).unwrap_or_else(|refused| panic!("{name}: {refused}"));
        let wasi = seen
            .imports
            .iter()
            .filter(|import| import.operation().is_none())
            .count();
        println!(
            "{name}: {} bytes, {} imports ({wasi} of WASI), manifest {:?} bytes, inspected in {:?}",
            seen.size,
            seen.imports.len(),
            seen.manifest.as_ref().map(String::len),
            began.elapsed()
        );
        let component = bench.engine.compile_here(&bytes).expect("compiles");
        for allowed in [Allowed::everything(), Allowed::nothing()] {
            let linked = bench
                .linker
                .link(&component, &allowed)
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            let limits = Limits {
                memory: 128 << 20,
                event_ms: 2_000,
                ..Limits::default()
            };
            let started = Instance::start(&linked, Recorder::new(limits)).await;
            println!("  start: {} {:?} {:?}", started.end, started.spent, started.log);
            let Some(instance) = started.alive() else { continue };
            let called = instance.on_event(&event("hello")).await;
            println!("  event: {} {:?} {:?}", called.end, called.spent, called.log);
            if let Some(mut instance) = called.alive() {
                println!("  posts: {:?}", instance.host().posts);
            }
        }
    }
}
