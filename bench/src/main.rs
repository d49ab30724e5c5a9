//! Measures the server against bare parts, in one run on one machine, and writes `docs/performance.md`.
//!
//! Every figure that has a limit is a ratio, or is set against what the same run measured of the bare
//! part, so that a slow machine does not make a wrong verdict. With the names of parts (`posts`, `live`,
//! `echo`, `many`, `neighbours`, `languages`, `idle`) it measures these and writes nothing.

mod bare;
mod bare_wasm;
mod echo;
mod idle;
mod languages;
mod live;
mod load;
mod many;
mod neighbours;
mod posts;
mod process;
#[allow(dead_code, reason = "the tests of the bot host use all of it")]
#[path = "../../host/wasm/tests/it/recorder.rs"]
mod recorder;
mod report;

use report::Report;

/// The server's own, so that the bare handler has no worse one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    // The bare server is this program again, so that both servers are processes of their own.
    if std::env::args().nth(1).as_deref() == Some(bare::ARGUMENT) {
        bare::serve();
        return;
    }
    if std::env::args().nth(1).as_deref() == Some(live::bare::ARGUMENT) {
        live::bare::serve();
        return;
    }
    // The bot host compiles components in a child of its own program.
    if std::env::args().nth(1).as_deref() == Some(mesh_wasm::compile::CHILD_ARGUMENT) {
        mesh_wasm::compile::compile_child_main();
    }
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let runs = |part: &str| asked.is_empty() || asked.iter().any(|one| one == part);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut report = Report::default();
    runtime.block_on(async {
        if runs("posts") {
            posts::measure(&mut report).await;
        }
        if runs("live") {
            live::measure(&mut report).await;
        }
        if runs("echo") {
            let call = bare_wasm::measure(&mut report).await;
            echo::measure(&mut report, call).await;
        }
        if runs("many") {
            many::measure(&mut report).await;
        }
        if runs("neighbours") {
            neighbours::measure(&mut report).await;
        }
        if runs("languages") {
            languages::measure(&mut report).await;
        }
        if runs("idle") {
            idle::measure(&mut report).await;
        }
    });
    // Figures of different runs must not stand side by side.
    if asked.is_empty() {
        report.write();
    }
}
