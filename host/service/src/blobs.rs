//! Bytes outside the database, under their SHA-256: components, files, pictures. What is the same is kept once.

use crate::{Error, Result, error::Code, token};
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use mesh_types::Timestamp;
use object_store::{
    GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, WriteMultipart, local::LocalFileSystem, path::Path,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{io, ops::Range, sync::Arc};
use tokio::sync::Mutex;

/// Where what is being received waits.
const INCOMING: &str = "incoming";
/// Bytes that are held in memory while they are written.
const CHUNK: usize = 1 << 20;
/// Bytes by which a file's kind is known.
const START: usize = 4096;

/// The place of all bytes. Clones are the same place.
#[derive(Debug, Clone)]
pub struct Blobs {
    store: Arc<LocalFileSystem>,
    /// Nothing is swept away while something takes its place.
    turn: Arc<Mutex<()>>,
}

/// Bytes that are kept, as a door describes them to an operation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Stored {
    /// SHA-256 in hexadecimal.
    pub digest: String,
    /// How many.
    pub size: i64,
    /// The media type that the sender named.
    pub named_type: String,
    /// The name that the sender gave.
    pub name: Option<String>,
    /// The media type that the first bytes tell.
    pub found_type: Option<String>,
}

fn at(digest: &str) -> Path {
    let (start, _) = digest.split_at_checked(2).unwrap_or_default();
    Path::from_iter(["sha256", start, digest])
}

/// A full disk is nobody's fault, and passes.
fn failed(error: object_store::Error) -> Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(one) = cause {
        let kind = one.downcast_ref::<io::Error>().map(io::Error::kind);
        if matches!(
            kind,
            Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
        ) {
            return Error::later(Code::Overloaded, "The server cannot store anything now.", 5000);
        }
        cause = one.source();
    }
    Error::internal(error)
}

impl Blobs {
    /// The bytes below a folder, which is made. What an earlier server did not finish receiving goes.
    pub fn open(folder: &std::path::Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        match std::fs::remove_dir_all(folder.join(INCOMING)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let store = LocalFileSystem::new_with_prefix(folder).map_err(io::Error::other)?;
        Ok(Self {
            // An answer says that something is stored: then it is on the disk, like what the database says of it.
            store: Arc::new(store.with_fsync(true)),
            turn: Arc::default(),
        })
    }

    /// Begins to receive.
    pub async fn receive(&self) -> Result<Incoming> {
        let place = Path::from_iter([INCOMING, &token::unguessable()]);
        let upload = self.store.put_multipart(&place).await.map_err(failed)?;
        Ok(Incoming {
            blobs: self.clone(),
            place,
            upload: WriteMultipart::new_with_chunk_size(upload, CHUNK),
            sum: Sha256::new(),
            size: 0,
            start: Vec::new(),
        })
    }

    /// Keeps what is in memory already. Gives its SHA-256 in hexadecimal.
    pub async fn keep(&self, bytes: Vec<u8>) -> Result<String> {
        let digest = hex(&Sha256::digest(&bytes));
        let _turn = self.turn.lock().await;
        self.store.put(&at(&digest), bytes.into()).await.map_err(failed)?;
        Ok(digest)
    }

    /// A part of what is kept, in pieces. The range must not be empty.
    pub async fn read(&self, digest: &str, range: Range<u64>) -> Result<BoxStream<'static, io::Result<Bytes>>> {
        let options = GetOptions {
            range: Some(GetRange::Bounded(range)),
            ..GetOptions::default()
        };
        let found = self.store.get_opts(&at(digest), options).await.map_err(failed)?;
        Ok(found.into_stream().map_err(io::Error::other).boxed())
    }

    /// How many bytes it has.
    pub async fn size(&self, digest: &str) -> Result<u64> {
        Ok(self.store.head(&at(digest)).await.map_err(failed)?.size)
    }

    /// All of it, in memory.
    pub async fn whole(&self, digest: &str) -> Result<Bytes> {
        let found = self.store.get(&at(digest)).await.map_err(failed)?;
        found.bytes().await.map_err(failed)
    }

    /// The file that holds it.
    pub fn file(&self, digest: &str) -> Result<std::path::PathBuf> {
        self.store.path_to_filesystem(&at(digest)).map_err(failed)
    }

    /// The digests of what was stored before this time.
    pub fn older_than(&self, time: Timestamp) -> BoxStream<'static, Result<String>> {
        let listed = self.store.list(Some(&Path::from("sha256"))).map_err(failed);
        let old = listed.try_filter_map(move |one| async move {
            let old = one.last_modified.timestamp_millis() < time.millis();
            Ok(old.then(|| one.location.filename().unwrap_or_default().to_owned()))
        });
        old.boxed()
    }

    /// Removes it, unless it was stored again since this time: then false.
    pub async fn remove(&self, digest: &str, time: Timestamp) -> Result<bool> {
        let _turn = self.turn.lock().await;
        let found = self.store.head(&at(digest)).await.map_err(failed)?;
        let old = found.last_modified.timestamp_millis() < time.millis();
        if old {
            self.store.delete(&at(digest)).await.map_err(failed)?;
        }
        Ok(old)
    }
}

/// Bytes that are being received. Nothing of them stays when they are dropped.
pub struct Incoming {
    blobs: Blobs,
    place: Path,
    upload: WriteMultipart,
    sum: Sha256,
    size: u64,
    start: Vec<u8>,
}

impl Incoming {
    /// The next bytes. Gives how many there are by now.
    pub async fn write(&mut self, bytes: Bytes) -> Result<u64> {
        self.upload.wait_for_capacity(1).await.map_err(failed)?;
        self.sum.update(&bytes);
        self.size += bytes.len() as u64;
        let missing = START.saturating_sub(self.start.len()).min(bytes.len());
        self.start.extend_from_slice(&bytes[..missing]);
        self.upload.put(bytes);
        Ok(self.size)
    }

    /// Puts them where their digest says. With `expected`, only if it is theirs.
    pub async fn finish(self, expected: Option<&[u8]>) -> Result<Stored> {
        let digest = self.sum.finalize();
        if expected.is_some_and(|expected| expected != &digest[..]) {
            self.upload.abort().await.map_err(failed)?;
            return Err(Error::new(
                Code::DigestMismatch,
                "The body is not the one that `Content-Digest` names.",
            ));
        }
        let digest = hex(&digest);
        self.upload.finish().await.map_err(failed)?;
        let _turn = self.blobs.turn.lock().await;
        let store = &self.blobs.store;
        store.rename(&self.place, &at(&digest)).await.map_err(failed)?;
        Ok(Stored {
            digest,
            size: i64::try_from(self.size).map_err(Error::internal)?,
            named_type: String::new(),
            name: None,
            found_type: infer::get(&self.start)
                .map(|kind| kind.mime_type().to_owned())
                .or_else(|| is_text(&self.start).then(|| "text/plain".to_owned())),
        })
    }
}

/// Whether these bytes are the start of a text: UTF-8, without control characters that no text has.
fn is_text(start: &[u8]) -> bool {
    let text = match std::str::from_utf8(start) {
        Ok(text) => text,
        // A letter that was cut at the end is no mistake.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&start[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.is_empty() && !text.chars().any(|one| one.is_control() && !one.is_whitespace())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_kept_is_read_and_what_is_not_finished_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        let mut incoming = blobs.receive().await.unwrap();
        for part in ["hello ", "world"] {
            incoming.write(Bytes::from_static(part.as_bytes())).await.unwrap();
        }
        let stored = incoming.finish(None).await.unwrap();
        assert_eq!((stored.size, stored.found_type.as_deref()), (11, Some("text/plain")));
        let parts: Vec<_> = blobs.read(&stored.digest, 6..9).await.unwrap().collect().await;
        assert_eq!(
            parts.into_iter().map(Result::unwrap).collect::<Vec<_>>().concat(),
            b"wor"
        );
        let mut half = blobs.receive().await.unwrap();
        half.write(Bytes::from(vec![1; 3 * CHUNK])).await.unwrap();
        std::mem::forget(half);
        drop(Blobs::open(folder.path()).unwrap());
        assert!(!folder.path().join(INCOMING).exists());
        let later = Timestamp(i64::MAX);
        let old: Vec<_> = blobs.older_than(later).map(Result::unwrap).collect().await;
        assert_eq!(old, std::slice::from_ref(&stored.digest));
        assert!(!blobs.remove(&stored.digest, Timestamp(0)).await.unwrap());
        assert_eq!(blobs.whole(&stored.digest).await.unwrap(), "hello world");
        assert!(blobs.remove(&stored.digest, later).await.unwrap());
        assert!(blobs.whole(&stored.digest).await.is_err());
    }

    #[test]
    fn texts_are_told_from_other_bytes() {
        for (start, text) in [
            (&b"a,b\n1,2"[..], true),
            (b"\xe2\x82", false),
            ("ä€".as_bytes(), true),
            (b"ab\xe2\x82", true),
            (b"a\0b", false),
            (b"\xff\xfe", false),
            (b"", false),
        ] {
            assert_eq!(is_text(start), text, "{start:?}");
        }
    }
}
