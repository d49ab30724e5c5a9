//! Measures the server against bare parts, in one run on one machine, and writes `docs/performance.md`.
//!
//! Every figure that has a limit is a ratio, or is set against what the same run measured of the bare
//! part, so that a slow machine does not make a wrong verdict.

mod bare;
mod echo;
mod idle;
mod load;
mod posts;
mod process;
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
    // The bot host compiles components in a child of its own program.
    if std::env::args().nth(1).as_deref() == Some(mesh_wasm::compile::CHILD_ARGUMENT) {
        mesh_wasm::compile::compile_child_main();
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut report = Report::default();
    runtime.block_on(async {
        posts::measure(&mut report).await;
        echo::measure(&mut report).await;
        idle::measure(&mut report).await;
    });
    report.write();
}
