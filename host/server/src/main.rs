//! `mesh`: the server and its command line.

mod client;
mod commands;
mod config;
mod first_start;
mod keys;
mod print;
mod serve;

use crate::print::line;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// A call makes and frees many small things on two threads, which the system's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A server where people and bots work side by side in rooms.
///
/// Without a command it serves. Commands other than `serve` talk to a running server with the account
/// that `mesh init` made.
///
/// Exit codes: 0 done; 1 refused or failed, with the reason on standard error; 2 wrong usage; 3 the server
/// cannot be reached.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Answer in JSON, for programs.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server (the default).
    Serve(config::Flags),
    /// Make your account on a server with the code that it printed, and your first mesh.
    Init(commands::init::Init),
    /// Sign this machine in, or another one.
    Login(commands::login::Login),
    /// Work with bots.
    #[command(subcommand)]
    Bot(commands::bot::Bot),
    /// Say something in a room.
    Say(commands::talk::Say),
    /// Read a room's newest messages.
    Read(commands::talk::Read),
    /// Talk in a room: shows what others write, and posts each line that you type.
    Chat(commands::live::Chat),
    /// Show what happens, one line an event, until Ctrl-C.
    Events(commands::live::Events),
    /// Call any operation: `mesh call room.create --mesh-id mesh_… --name kitchen`. Alone it lists them.
    Call(commands::call::Call),
    /// Print the OpenAPI document of this version.
    Openapi,
    /// Look at the configuration.
    #[command(subcommand)]
    Config(commands::settings::Settings),
}

fn main() -> ExitCode {
    // The server compiles components in a child of its own program, with limits on itself.
    if std::env::args().nth(1).as_deref() == Some(mesh_wasm::compile::CHILD_ARGUMENT) {
        mesh_wasm::compile::compile_child_main();
    }
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return client::Failure::failed(error).report(cli.json),
    };
    let json = cli.json;
    let done = runtime.block_on(async move {
        match cli.command.unwrap_or_else(|| Command::Serve(config::Flags::default())) {
            Command::Serve(flags) => serve::run(flags).await.map_err(client::Failure::failed),
            Command::Init(init) => init.run(json).await,
            Command::Login(login) => login.run(json).await,
            Command::Bot(bot) => bot.run(json).await,
            Command::Say(say) => say.run(json).await,
            Command::Read(read) => read.run(json).await,
            Command::Chat(chat) => chat.run(json).await,
            Command::Events(events) => events.run(json).await,
            Command::Call(call) => call.run(json).await,
            Command::Openapi => {
                line!("{:#}", mesh_service::server::openapi_document());
                Ok(())
            }
            Command::Config(settings) => settings.run(),
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(json),
    }
}
