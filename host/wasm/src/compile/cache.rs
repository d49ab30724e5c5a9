//! The folder of compiled code. Each file has a signature beside it, made with a key of the server.
//!
//! `DIGEST-ENGINE.cwasm` is machine code, `DIGEST-ENGINE.mac` its signature: HMAC-SHA-256 over the
//! name and the bytes, so a file cannot stand for another component or another engine. What does
//! not verify is removed and compiled again.

use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use tracing::warn;
use wasmtime::component::Component;

use crate::digest::{Digest, hex};
use crate::engine::Engine;

/// Largest machine code that is loaded, in bytes.
const CODE: u64 = 1 << 30;

/// The server's key for signing compiled code. Not shown by `Debug`.
#[derive(Clone)]
pub struct CacheKey([u8; 32]);

impl From<[u8; 32]> for CacheKey {
    fn from(key: [u8; 32]) -> Self {
        Self(key)
    }
}

impl std::fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CacheKey(..)")
    }
}

#[derive(Clone)]
pub(super) struct Cache(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    key: CacheKey,
    /// The engine's version and settings, as 16 hexadecimal digits.
    engine: String,
    parts: AtomicU64,
}

/// A file that is being written. Removed when dropped, if it is still there.
pub(super) struct Part(PathBuf);

impl Part {
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

impl Cache {
    pub(super) fn open(engine: &Engine, folder: &Path, key: CacheKey) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|kind| kind == "part") {
                fs::remove_file(path)?;
            }
        }
        let engine = fingerprint(engine);
        Ok(Self(Arc::new(Inner {
            folder: folder.to_owned(),
            key,
            engine,
            parts: AtomicU64::new(0),
        })))
    }

    /// A new name to write to.
    pub(super) fn part(&self, digest: Digest) -> Part {
        let number = self.0.parts.fetch_add(1, Ordering::Relaxed);
        Part(
            self.0
                .folder
                .join(format!("{digest}-{}-{number}.part", std::process::id())),
        )
    }

    /// Signs a freshly compiled file and gives it its name.
    pub(super) fn adopt(&self, digest: Digest, part: &Part) -> io::Result<()> {
        let signature = self
            .sign(digest, &mut File::open(part.path())?)?
            .finalize()
            .into_bytes();
        let signature_part = self.part(digest);
        fs::write(signature_part.path(), hex(&signature))?;
        fs::rename(part.path(), self.code(digest))?;
        fs::rename(signature_part.path(), self.signature(digest))
    }

    /// The component, if its code is here and whole. The error is that of code which verifies and
    /// still does not load: the component does not fit this engine's pool.
    pub(super) fn load(&self, engine: &Engine, digest: Digest) -> wasmtime::Result<Option<Component>> {
        let code = self.code(digest);
        if !code.exists() {
            return Ok(None);
        }
        if let Err(error) = self.verify(digest) {
            warn!(%digest, %error, "compiled code does not verify; it is made again");
            self.remove(digest);
            return Ok(None);
        }
        deserialize(engine, &code).map(Some)
    }

    /// Removes the files of other engines and of components that are not listed.
    pub(super) fn sweep(&self, keep: &[Digest]) -> io::Result<usize> {
        let kept: Vec<String> = keep.iter().map(|digest| self.name(*digest)).collect();
        let mut removed = 0;
        for entry in fs::read_dir(&self.0.folder)? {
            let path = entry?.path();
            let is_ours = path.extension().is_some_and(|kind| kind == "cwasm" || kind == "mac");
            let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            if is_ours && !kept.iter().any(|kept| kept == name) {
                fs::remove_file(&path)?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    fn verify(&self, digest: Digest) -> io::Result<()> {
        let mut written = String::new();
        File::open(self.signature(digest))?
            .take(65)
            .read_to_string(&mut written)?;
        let written: Digest = written.parse().map_err(io::Error::other)?;
        let computed = self.sign(digest, &mut File::open(self.code(digest))?)?;
        computed
            .verify_slice(written.as_bytes())
            .map_err(|_| io::Error::other("the signature does not match"))
    }

    fn sign(&self, digest: Digest, code: &mut File) -> io::Result<Hmac<Sha256>> {
        let size = code.metadata()?.len();
        if size > CODE {
            return Err(io::Error::other("the code is too large"));
        }
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0.key.0).map_err(io::Error::other)?;
        mac.update(b"mesh compiled code 1\0");
        mac.update(self.name(digest).as_bytes());
        mac.update(&size.to_be_bytes());
        let mut buffer = vec![0; 64 << 10];
        loop {
            let read = code.read(&mut buffer)?;
            if read == 0 {
                return Ok(mac);
            }
            mac.update(&buffer[..read]);
        }
    }

    fn remove(&self, digest: Digest) {
        for path in [self.code(digest), self.signature(digest)] {
            let _ = fs::remove_file(path);
        }
    }

    fn name(&self, digest: Digest) -> String {
        format!("{digest}-{}", self.0.engine)
    }

    fn code(&self, digest: Digest) -> PathBuf {
        self.0.folder.join(self.name(digest) + ".cwasm")
    }

    fn signature(&self, digest: Digest) -> PathBuf {
        self.0.folder.join(self.name(digest) + ".mac")
    }
}

/// Maps verified machine code into memory.
#[allow(
    unsafe_code,
    reason = "loading machine code is what a compile cache is for; only `Cache::load` calls this, after verifying"
)]
fn deserialize(engine: &Engine, path: &Path) -> wasmtime::Result<Component> {
    // SAFETY: the file must be unmodified output of wasmtime. `Cache::load` has just checked it
    // against a signature that only this server makes, over output of its own compile child. The
    // folder is mode 0700 and this module replaces files only by renaming, so a mapped file is
    // never written to. Whoever can still change it runs as this user and controls the process.
    unsafe { Component::deserialize_file(engine.inner(), path) }
}

/// A short stable name for the engine's version and settings.
fn fingerprint(engine: &Engine) -> String {
    struct Sha(Sha256);
    impl Hasher for Sha {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut hasher = Sha(Sha256::new());
    engine.inner().precompile_compatibility_hash().hash(&mut hasher);
    hex(&hasher.0.finalize()[..8])
}
