//! Files of rooms: what people and bots upload, show with their messages and download.

mod delete;
mod kind;
mod look;
mod send;
mod upload;

pub use delete::DeleteFile;
pub use look::{Download, DownloadFile, FileIn, GetFile, ListFiles, ListFilesIn};
pub use upload::{UploadFile, UploadFileIn};

pub(crate) use send::{attach, of_author};

use crate::Answer;
use mesh_types::view::File;

impl Answer for File {
    fn location(&self) -> Option<String> {
        Some(format!("/files/{}", self.id))
    }
}
