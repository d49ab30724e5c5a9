//! The child process that compiles: it bounds itself, reads a component, writes machine code and ends.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process;

use rustix::process::{Resource, Rlimit, nice, setrlimit};

use crate::engine::Engine;

/// The hidden first argument that makes a server be a compiler.
pub const CHILD_ARGUMENT: &str = "__compile";

/// Exit status: the component cannot be compiled; standard error says why.
pub(super) const REJECTED: i32 = 3;
/// Exit status: the child itself failed; standard error says why.
pub(super) const FAILED: i32 = 4;

/// Largest machine code the child may write, in bytes.
const OUTPUT: u64 = 1 << 30;

/// What a program does when its first argument is [`CHILD_ARGUMENT`]; call it before anything else.
///
/// Bounds this process for good, so it never returns.
pub fn compile_child_main() -> ! {
    let outcome = Orders::from_arguments(std::env::args_os().skip(2)).and_then(|orders| {
        orders.bound_this_process()?;
        orders.compile()
    });
    match outcome {
        Ok(()) => process::exit(0),
        Err(Failure::Rejected(why)) => quit(REJECTED, &why),
        Err(Failure::Io(error)) => quit(FAILED, &error.to_string()),
    }
}

fn quit(status: i32, why: &str) -> ! {
    let _ = writeln!(io::stderr(), "{why}");
    process::exit(status)
}

enum Failure {
    Rejected(String),
    Io(io::Error),
}

impl<E: Into<io::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Io(error.into())
    }
}

struct Orders {
    output: PathBuf,
    memory: u64,
    cpu_seconds: u64,
    input_size: u64,
}

impl Orders {
    fn from_arguments(mut arguments: impl Iterator<Item = OsString>) -> Result<Self, Failure> {
        let mut next = || {
            arguments
                .next()
                .ok_or_else(|| io::Error::other("usage: __compile OUTPUT MEMORY CPU_SECONDS INPUT_SIZE"))
        };
        let output = PathBuf::from(next()?);
        let mut number = || {
            let text = next()?;
            text.to_str()
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| io::Error::other("not a number"))
        };
        Ok(Self {
            output,
            memory: number()?,
            cpu_seconds: number()?,
            input_size: number()?,
        })
    }

    fn bound_this_process(&self) -> Result<(), Failure> {
        let bounds = [
            (Resource::As, self.memory),
            (Resource::Cpu, self.cpu_seconds),
            (Resource::Fsize, OUTPUT),
            (Resource::Core, 0),
            (Resource::Nofile, 64),
        ];
        for (resource, bound) in bounds {
            setrlimit(
                resource,
                Rlimit {
                    current: Some(bound),
                    maximum: Some(bound),
                },
            )?;
        }
        nice(10)?;
        Ok(())
    }

    fn compile(&self) -> Result<(), Failure> {
        let mut component = Vec::new();
        io::stdin().lock().take(self.input_size).read_to_end(&mut component)?;
        if component.len() as u64 != self.input_size {
            return Err(Failure::Io(io::Error::other("the component did not arrive whole")));
        }
        let engine = Engine::for_compiling().map_err(|error| Failure::Rejected(error.to_string()))?;
        let code = engine
            .inner()
            .precompile_component(&component)
            .map_err(|error| Failure::Rejected(format!("{error:#}")))?;
        write_private(&self.output, &code)?;
        Ok(())
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?
        .write_all(bytes)
}
