use crate::{
    Answer, Cx, Effect, Error, Method, Op, OpSpec, Page, Result,
    cursor::{self, page_size},
    op,
    op::Content,
};
use mesh_authz::{Grant, Permission};
use mesh_store::files;
use mesh_types::{ActorId, FileId, RoomId, view::File};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One file.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileIn {
    /// The file.
    pub file_id: FileId,
}

/// `file.get`
pub struct GetFile;

impl Op for GetFile {
    const SPEC: OpSpec = op("file.get", Effect::Read)
        .needs(Permission::FileRead)
        .about("Describes a file: its name, kind, size, digest and message.")
        .http(Method::Get, "/files/{file_id}", 200)
        .wasm("files", "get")
        .socket()
        .mcp()
        .cli();
    type In = FileIn;
    type Out = File;
    type On = FileId;

    fn on(input: &FileIn) -> FileId {
        input.file_id
    }

    async fn run(cx: &mut Cx<'_>, file: Grant<FileId>, _: FileIn) -> Result<File> {
        files::get(cx.tx(), *file).await?.ok_or_else(Error::not_found)
    }
}

/// `file.download`
pub struct DownloadFile;

/// A file with its bytes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Download {
    /// What it is.
    pub file: File,
}

impl Answer for Download {
    fn content(&self) -> Option<Content> {
        Some(Content {
            digest: self.file.digest.strip_prefix("sha256:")?.to_owned(),
            media_type: self.file.media_type.clone(),
            name: Some(self.file.name.clone()),
            lasts: false,
        })
    }
}

impl Op for DownloadFile {
    const SPEC: OpSpec = op("file.download", Effect::Read)
        .needs(Permission::FileRead)
        .about(
            "Gives a file's bytes, or a range of them. Images, audio, video and PDF may be shown; the rest is saved.",
        )
        .http(Method::Get, "/files/{file_id}/content", 200)
        .wasm("files", "download")
        .cli();
    type In = FileIn;
    type Out = Download;
    type On = FileId;

    fn on(input: &FileIn) -> FileId {
        input.file_id
    }

    async fn run(cx: &mut Cx<'_>, file: Grant<FileId>, _: FileIn) -> Result<Download> {
        let file = files::get(cx.tx(), *file).await?.ok_or_else(Error::not_found)?;
        Ok(Download { file })
    }
}

/// `file.list`
pub struct ListFiles;

/// Which files.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListFilesIn {
    /// The room.
    pub room_id: RoomId,
    /// The first half of the media type, such as `image`.
    #[serde(default)]
    pub kind: Option<String>,
    /// Who uploaded them.
    #[serde(default)]
    pub uploaded_by: Option<ActorId>,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

impl Op for ListFiles {
    const SPEC: OpSpec = op("file.list", Effect::Read)
        .needs(Permission::FileRead)
        .about("Lists a room's files, the newest first.")
        .http(Method::Get, "/rooms/{room_id}/files", 200)
        .wasm("files", "list")
        .socket()
        .mcp()
        .cli();
    type In = ListFilesIn;
    type Out = Page<File>;
    type On = RoomId;

    fn on(input: &ListFilesIn) -> RoomId {
        input.room_id
    }

    async fn run(cx: &mut Cx<'_>, room: Grant<RoomId>, input: ListFilesIn) -> Result<Page<File>> {
        let size = page_size(input.limit)?;
        let kind = input.kind.unwrap_or_default();
        if !kind.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return Err(Error::invalid(
                "/kind",
                "is the first half of a media type, such as `image`",
            ));
        }
        let by = input.uploaded_by.map_or_else(String::new, |by| by.to_string());
        let scope = format!("{} {kind} {by}", *room);
        let before = cursor::open(cx, &scope, input.cursor.as_deref())?.unwrap_or_default();
        let filter = files::Filter { before, kind, by };
        let found = files::list(cx.tx(), &room, &filter, size + 1).await?;
        Ok(cursor::page(cx, &scope, found, size, |one| one.id.to_string()))
    }
}
