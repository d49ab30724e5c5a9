//! Machine code for components: made in a child process, kept on disk, trusted only when signed.

mod cache;
mod child;

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::time;
use wasmtime::component::Component;

pub use cache::CacheKey;
pub use child::{CHILD_ARGUMENT, compile_child_main};

use crate::digest::Digest;
use crate::engine::Engine;
use cache::Cache;

/// Most bytes of a child's complaint that are read.
const COMPLAINT: u64 = 4 << 10;

/// Where and how components are compiled.
#[derive(Debug, Clone)]
pub struct CompilerConfig {
    /// The folder of compiled code. Only this server may write there.
    pub folder: PathBuf,
    /// Signs what the folder holds, so that damaged or foreign files are found out.
    pub key: CacheKey,
    /// The program that compiles: this server's own, which gives [`CHILD_ARGUMENT`] to [`compile_child_main`].
    pub program: PathBuf,
    /// Address space of the child in bytes.
    pub memory: u64,
    /// Processor time of the child in seconds, over all its threads.
    pub cpu_seconds: u64,
    /// Wall clock of the child.
    pub timeout: Duration,
    /// Threads of the child.
    pub threads: u32,
}

impl CompilerConfig {
    /// The defaults: this program, 4 GiB of address space, 60 s, two threads.
    pub fn new(folder: PathBuf, key: CacheKey) -> io::Result<Self> {
        Ok(Self {
            folder,
            key,
            program: std::env::current_exe()?,
            memory: 4 << 30,
            cpu_seconds: 120,
            timeout: Duration::from_mins(1),
            threads: 2,
        })
    }
}

/// Why there is no machine code for a component.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// The compiler says no: the component is fine as a file, but beyond the engine's bounds.
    #[error("The component cannot be compiled: {0}")]
    Rejected(String),
    /// The child was stopped at its wall clock.
    #[error("Compiling the component took longer than {} s and was stopped.", .0.as_secs())]
    Timeout(Duration),
    /// The child died: it reached its bound of memory or processor time, or it crashed.
    #[error("Compiling the component needs more memory or processor time than the server gives ({0}).")]
    Died(String),
    /// The compiled code does not fit this engine's pool.
    #[error("The component does not fit this server's bounds: {0}")]
    DoesNotFit(String),
    /// The bytes are not those of the digest.
    #[error("The stored component is damaged: its digest is not {0}.")]
    WrongBytes(Digest),
    /// Reading, writing or starting the child failed.
    #[error("The server could not compile the component: {0}")]
    Io(#[from] io::Error),
}

/// Compiles components one at a time and remembers the result.
pub struct Compiler {
    engine: Engine,
    config: CompilerConfig,
    cache: Cache,
    turn: Semaphore,
}

impl Compiler {
    /// Opens the folder, making it if need be, and removes what earlier runs left half-written.
    pub fn new(engine: &Engine, config: CompilerConfig) -> Result<Self, CompileError> {
        let cache = Cache::open(engine, &config.folder, config.key.clone())?;
        Ok(Self {
            engine: engine.clone(),
            config,
            cache,
            turn: Semaphore::new(1),
        })
    }

    /// The compiled component: from the cache, or else compiled from the bytes that `read` brings.
    pub async fn load<R>(&self, digest: Digest, read: R) -> Result<Component, CompileError>
    where
        R: Future<Output = io::Result<Vec<u8>>>,
    {
        if let Some(component) = self.cached(digest).await? {
            return Ok(component);
        }
        let Ok(_turn) = self.turn.acquire().await else {
            return Err(io::Error::other("the compiler is shut down").into());
        };
        // Whoever had the turn before may have compiled this very component.
        if let Some(component) = self.cached(digest).await? {
            return Ok(component);
        }
        let bytes = read.await?;
        if Digest::of(&bytes) != digest {
            return Err(CompileError::WrongBytes(digest));
        }
        let part = self.cache.part(digest);
        self.run_child(&bytes, part.path()).await?;
        let cache = self.cache.clone();
        blocking(move || cache.adopt(digest, &part)).await?;
        self.cached(digest)
            .await?
            .ok_or_else(|| io::Error::other("the compiled code is not readable").into())
    }

    /// Removes compiled code for another engine, and that of components not in the list.
    pub async fn sweep(&self, keep: Vec<Digest>) -> io::Result<usize> {
        let cache = self.cache.clone();
        blocking(move || cache.sweep(&keep)).await
    }

    async fn cached(&self, digest: Digest) -> Result<Option<Component>, CompileError> {
        let (cache, engine) = (self.cache.clone(), self.engine.clone());
        match blocking(move || Ok(cache.load(&engine, digest))).await? {
            Ok(component) => Ok(component),
            Err(error) => Err(CompileError::DoesNotFit(format!("{error:#}"))),
        }
    }

    /// Runs the child with the component on its standard input; the code is in `output` when it succeeds.
    async fn run_child(&self, bytes: &[u8], output: &std::path::Path) -> Result<(), CompileError> {
        let arguments: [OsString; 5] = [
            CHILD_ARGUMENT.into(),
            output.into(),
            self.config.memory.to_string().into(),
            self.config.cpu_seconds.to_string().into(),
            bytes.len().to_string().into(),
        ];
        let mut child = Command::new(&self.config.program)
            .args(arguments)
            .env_clear()
            .env("RAYON_NUM_THREADS", self.config.threads.max(1).to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
        let work = async {
            let feed = async {
                if let Some(mut stdin) = stdin {
                    // A child that dies early closes the pipe; its status tells more than this error.
                    let _ = stdin.write_all(bytes).await;
                }
            };
            let listen = async {
                let mut complaint = Vec::new();
                if let Some(stderr) = stderr {
                    let _ = stderr.take(COMPLAINT).read_to_end(&mut complaint).await;
                }
                String::from_utf8_lossy(&complaint).trim().to_owned()
            };
            let ((), complaint, status) = tokio::join!(feed, listen, child.wait());
            io::Result::Ok((complaint, status?))
        };
        let Ok(done) = time::timeout(self.config.timeout, work).await else {
            child.kill().await?;
            return Err(CompileError::Timeout(self.config.timeout));
        };
        let (complaint, status) = done?;
        match status.code() {
            Some(0) => Ok(()),
            Some(child::REJECTED) => Err(CompileError::Rejected(complaint)),
            Some(child::FAILED) => Err(io::Error::other(complaint).into()),
            // A panic of the compiler, which is about this component.
            Some(_) => Err(CompileError::Rejected(format!("the compiler gave up: {complaint}"))),
            None => Err(CompileError::Died(status.to_string())),
        }
    }
}

impl Engine {
    /// Compiles in this process, without bounds. For tools and tests with components of one's own;
    /// the server compiles what others bring with a [`Compiler`].
    pub fn compile_here(&self, bytes: &[u8]) -> Result<Component, CompileError> {
        Component::from_binary(self.inner(), bytes).map_err(|error| CompileError::Rejected(format!("{error:#}")))
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
