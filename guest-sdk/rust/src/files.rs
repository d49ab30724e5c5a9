use crate::{
    Error, Mesh, Pages, Result,
    backend::{Reader, Writer},
    raw::mesh::bot::files::File,
};
use std::io;

/// Most bytes that one call hands over.
const PIECE: usize = 64 << 10;

/// Files of rooms; see [`Mesh::files`].
///
/// ```
/// # use mesh_bot::{Mesh, Result};
/// use std::io::Write;
///
/// fn report(mesh: &Mesh, room: &str) -> Result {
///     let mut file = mesh.files().upload(room, "report.csv")?;
///     file.write_all(b"day,messages\n").map_err(mesh_bot::Error::from_io)?;
///     let file = file.finish()?;
///     mesh.messages().send(mesh_bot::Draft::new(room, "Today's report").with_file(&file.id))?;
///     Ok(())
/// }
/// ```
#[derive(Clone, Copy)]
pub struct Files<'a> {
    pub(crate) mesh: &'a Mesh,
}

impl<'a> Files<'a> {
    /// The files of a room, newest first. Needs `file.read`.
    pub fn list(self, room: &str) -> Pages<'a, File> {
        let (mesh, room) = (self.mesh, room.to_owned());
        Pages::new(move |request| {
            let page = mesh.backend.file_list(&room, request)?;
            Ok((page.files, page.next_cursor))
        })
    }

    /// What a file is. Needs `file.read`.
    pub fn get(self, file: &str) -> Result<File> {
        Ok(self.mesh.backend.file_get(file)?)
    }

    /// The bytes of a file, to be read in pieces. Needs `file.read`.
    pub fn download(self, file: &str) -> Result<FileReader> {
        Ok(FileReader(self.mesh.backend.file_download(file)?))
    }

    /// A new file, to be written in pieces. It is there once it is [finished](FileWriter::finish), and people see it
    /// with the message that it is [sent with](crate::Draft::with_file). Needs `file.upload`.
    pub fn upload(self, room: &str, name: &str) -> Result<FileWriter> {
        Ok(FileWriter(self.mesh.backend.file_upload(room, name)?))
    }

    /// Deletes one of the bot's own files. Needs `file.manage`.
    pub fn delete(self, file: &str) -> Result {
        Ok(self.mesh.backend.file_delete(file)?)
    }
}

/// The bytes of a file. Each read is a call of the mesh: read in large pieces.
pub struct FileReader(Reader);

impl io::Read for FileReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = u32::try_from(into.len().min(PIECE)).unwrap_or(u32::MAX);
        let piece = self
            .0
            .read(most)
            .map_err(|error| io::Error::other(Error::from(error)))?;
        into[..piece.len()].copy_from_slice(&piece);
        Ok(piece.len())
    }
}

/// A file that is being made. Dropped before it is finished, it is forgotten.
pub struct FileWriter(Writer);

impl FileWriter {
    /// Makes the file of what was written.
    pub fn finish(self) -> Result<File> {
        Ok(self.0.finish()?)
    }
}

impl io::Write for FileWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = &bytes[..bytes.len().min(PIECE)];
        self.0
            .write(piece)
            .map_err(|error| io::Error::other(Error::from(error)))?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
