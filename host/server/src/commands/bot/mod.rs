//! The commands of those who write bots, and of those who run them.

mod build;
mod deploy;
mod dev;
mod explain;
mod inspect;
mod logs;
mod new;
mod project;
mod script;
mod toolchain;

use crate::client::Result;
use clap::Subcommand;

#[derive(Subcommand)]
pub(crate) enum Bot {
    /// Begin a bot: a folder with everything that it needs, in Rust, Go, JavaScript or Python.
    New(new::New),
    /// Build the bot of this folder to `dist/NAME.wasm`.
    Build(build::Build),
    /// Run the tests of the bot of this folder, and play its scripts in a mesh of their own.
    Test(build::Test),
    /// Build, deploy into a room of its own, and do so again whenever a file changes.
    Dev(dev::Dev),
    /// Upload a component, decide what it may do, and start it.
    Deploy(deploy::Deploy),
    /// Show what a bot says about itself.
    Logs(logs::Logs),
    /// Say why a bot may or may not do something.
    Explain(explain::Explain),
    /// Show what a component would ask of a mesh, before it is uploaded.
    Inspect(inspect::Inspect),
}

impl Bot {
    pub(crate) async fn run(self, as_json: bool) -> Result<()> {
        match self {
            Self::New(new) => new.run(as_json),
            Self::Build(build) => build.run(as_json),
            Self::Test(test) => test.run(as_json).await,
            Self::Dev(dev) => dev.run().await,
            Self::Deploy(deploy) => deploy.run(as_json).await,
            Self::Logs(logs) => logs.run(as_json).await,
            Self::Explain(explain) => explain.run(as_json).await,
            Self::Inspect(inspect) => inspect.run(as_json),
        }
    }
}
