//! Files that come with a message.

use crate::{Cx, Error, Result};
use mesh_store::files;
use mesh_types::{ActorId, FileId, MessageId, RoomId, limits, view::Attachment};

/// These files as the message will show them: of this room, by this author, and with no message yet.
pub(crate) async fn of_author(
    cx: &mut Cx<'_>,
    (room, author): (RoomId, ActorId),
    ids: &[FileId],
) -> Result<Vec<Attachment>> {
    if ids.len() > limits::FILES {
        return Err(Error::invalid("/file_ids", format!("has at most {}", limits::FILES)));
    }
    let mut found: Vec<Attachment> = Vec::with_capacity(ids.len());
    for (n, id) in ids.iter().enumerate() {
        let wrong = || {
            Error::invalid(
                &format!("/file_ids/{n}"),
                "no file of this room that the author uploaded and showed nowhere yet",
            )
        };
        let file = files::get(cx.tx(), *id).await?.ok_or_else(wrong)?;
        let free = file.room_id == room && file.uploaded_by == author && file.message_id.is_none();
        if !free || ids[..n].contains(id) {
            return Err(wrong());
        }
        found.push(Attachment {
            id: file.id,
            name: file.name,
            media_type: file.media_type,
            size: file.size,
        });
    }
    Ok(found)
}

/// Ties them to their message.
pub(crate) async fn attach(cx: &mut Cx<'_>, message: MessageId, files: &[Attachment]) -> Result<()> {
    for (n, file) in files.iter().enumerate() {
        if !files::send(cx.tx(), file.id, message).await? {
            return Err(Error::invalid(
                &format!("/file_ids/{n}"),
                "was shown elsewhere just now",
            ));
        }
    }
    Ok(())
}
