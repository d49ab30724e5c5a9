//! What a bot holds of a file that moves: the resources of the contract.

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use mesh_service::{
    Code, Error, Result,
    blobs::{Blobs, Incoming, Stored},
};
use mesh_types::{RoomId, view::File};

/// Most bytes of one piece.
const PIECE: u64 = 1 << 20;

/// Bytes on their way out of a file.
pub struct FileReader {
    digest: String,
    at: u64,
    size: u64,
}

impl FileReader {
    /// At the beginning of a file.
    pub fn new(file: &File) -> Self {
        Self {
            digest: file.digest.trim_start_matches("sha256:").to_owned(),
            at: 0,
            size: u64::try_from(file.size).unwrap_or_default(),
        }
    }

    /// The next bytes, at most so many and at most 1 MiB; none at the end.
    pub(crate) async fn read(&mut self, blobs: &Blobs, most: u32) -> Result<Vec<u8>> {
        let end = self.size.min(self.at + u64::from(most).min(PIECE));
        if self.at == end {
            return Ok(Vec::new());
        }
        let pieces = blobs.read(&self.digest, self.at..end).await?;
        let bytes = pieces.try_fold(Vec::new(), async |mut all, piece| {
            all.extend_from_slice(&piece);
            Ok(all)
        });
        let bytes = bytes.await.map_err(Error::internal)?;
        self.at = end;
        Ok(bytes)
    }
}

/// Bytes on their way into a file. Dropped before it is finished, nothing of them stays.
pub struct FileWriter {
    room: RoomId,
    name: String,
    incoming: Option<Incoming>,
}

impl FileWriter {
    /// With nothing in it yet.
    pub fn new(room: RoomId, name: String, incoming: Incoming) -> Self {
        Self {
            room,
            name,
            incoming: Some(incoming),
        }
    }

    /// Adds bytes.
    pub(crate) async fn write(&mut self, bytes: Vec<u8>, most: u64) -> Result<()> {
        let incoming = self.incoming.as_mut().ok_or_else(finished_before)?;
        if incoming.write(Bytes::from(bytes)).await? > most {
            self.incoming = None;
            return Err(Error::new(Code::TooLarge, format!("A file has at most {most} bytes.")));
        }
        Ok(())
    }

    /// Keeps the bytes: for which room, under which name, and where they are.
    pub(crate) async fn finish(&mut self) -> Result<(RoomId, String, Stored)> {
        let incoming = self.incoming.take().ok_or_else(finished_before)?;
        let stored = incoming.finish(None).await?;
        Ok((self.room, self.name.clone(), stored))
    }
}

fn finished_before() -> Error {
    Error::new(Code::WrongState, "This file was finished, or given up, before.")
}
