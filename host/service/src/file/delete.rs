use super::look::FileIn;
use crate::{Cx, Effect, Error, Method, Nothing, Op, OpSpec, Result, message::refuse_archived, op};
use mesh_authz::{Grant, Permission};
use mesh_store::{files, log::Stream, messages};
use mesh_types::FileId;
use serde_json::json;

/// `file.delete`
pub struct DeleteFile;

impl Op for DeleteFile {
    const SPEC: OpSpec = op("file.delete", Effect::Write)
        .needs(Permission::FileManage)
        .about("Deletes a file, also from the message that shows it. Its bytes go after 30 days.")
        .http(Method::Delete, "/files/{file_id}", 204)
        .wasm("files", "delete")
        .socket()
        .cli();
    type In = FileIn;
    type Out = Nothing;
    type On = FileId;

    fn on(input: &FileIn) -> FileId {
        input.file_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<FileId>, _: FileIn) -> Result<Nothing> {
        let file = files::get(cx.tx(), *on).await?.ok_or_else(Error::not_found)?;
        refuse_archived(cx, &on).await?;
        let at = cx.now();
        if !files::delete(cx.tx(), &on, at).await? {
            return Err(Error::not_found());
        }
        let data = json!({ "room_id": file.room_id, "file_id": file.id, "message_id": file.message_id });
        // With a place in the stream, so that nobody changes the message meanwhile.
        cx.emit(Stream::Room(file.room_id), "file.deleted", file.id, &data)
            .await?;
        if let Some(message) = file.message_id
            && let Some(mut shown) = messages::get(cx.tx(), message).await?
        {
            shown.files.retain(|one| one.id != file.id);
            messages::show_files(cx.tx(), message, &shown.files).await?;
        }
        Ok(Nothing {})
    }
}
