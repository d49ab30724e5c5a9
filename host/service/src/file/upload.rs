use super::kind::{clean_name, media_type};
use crate::{
    Body, Cx, Effect, Error, Method, Op, OpSpec, Result, blobs::Stored, error::Code, message::refuse_archived, op,
};
use bytes::Bytes;
use mesh_authz::{Grant, Permission};
use mesh_store::{files, log::Stream};
use mesh_types::{FileId, RoomId, limits, view::File};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// `file.upload`
pub struct UploadFile;

/// Where it goes. The body is the file.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UploadFileIn {
    /// The room.
    pub room_id: RoomId,
    /// What it is called, unless `Content-Disposition` says it. Cleaned: no folders, nothing that cannot be seen,
    /// at most 255 bytes.
    #[serde(default)]
    pub name: Option<String>,
    /// Where the door put the bytes.
    #[serde(skip)]
    #[schemars(skip)]
    stored: Option<Stored>,
}

impl UploadFileIn {
    /// A file whose bytes are kept already.
    pub fn of(room_id: RoomId, name: String, stored: Stored) -> Self {
        Self {
            room_id,
            name: Some(name),
            stored: Some(stored),
        }
    }
}

impl Op for UploadFile {
    const SPEC: OpSpec = op("file.upload", Effect::Write)
        .needs(Permission::FileUpload)
        .about("Uploads a file of at most 100 MiB; `message.post` shows it with a message.")
        .http(Method::Post, "/rooms/{room_id}/files", 201)
        .body(Body::File(limits::FILE))
        .cost(5)
        .wasm("files", "upload")
        .cli();
    type In = UploadFileIn;
    type Out = File;
    type On = RoomId;

    fn on(input: &UploadFileIn) -> RoomId {
        input.room_id
    }

    fn take_body(input: &mut UploadFileIn, body: Bytes) {
        input.stored = serde_json::from_slice(&body).ok();
    }

    async fn run(cx: &mut Cx<'_>, room: Grant<RoomId>, input: UploadFileIn) -> Result<File> {
        let Some(stored) = input.stored else {
            return Err(Error::new(
                Code::BadRequest,
                "The body of an upload is the file itself.",
            ));
        };
        refuse_archived(cx, &room).await?;
        let file = File {
            id: cx.id(FileId::new),
            room_id: *room,
            message_id: None,
            uploaded_by: cx.actor()?,
            name: clean_name(&stored.name.clone().or(input.name).unwrap_or_default()),
            media_type: media_type(&stored),
            size: stored.size,
            digest: format!("sha256:{}", stored.digest),
            created_at: cx.now(),
        };
        files::insert(cx.tx(), &room, &file, &stored.digest).await?;
        // What people call their files is not for the log.
        let data = json!({ "room_id": *room, "file_id": file.id });
        cx.emit(Stream::Room(*room), "file.added", file.id, &data).await?;
        Ok(file)
    }
}
