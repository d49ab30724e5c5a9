//! Files of rooms; their bytes are elsewhere, under their digest.

use crate::{Error, Row, Tx, text};
use mesh_authz::Grant;
use mesh_types::{FileId, MeshId, MessageId, RoomId, Timestamp, view::File};

crate::statements! {
    INSERT = "INSERT INTO files (id, room_id, uploaded_by, name, name_key, media_type, size, digest, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    GET = "SELECT id, room_id, message_id, uploaded_by, name, media_type, size, digest, created_at FROM files WHERE id = $1 AND deleted_at IS NULL";
    LIST = "SELECT id, room_id, message_id, uploaded_by, name, media_type, size, digest, created_at FROM files WHERE room_id = $1 AND deleted_at IS NULL AND ($2 = '' OR id < $2) AND ($3 = '' OR media_type LIKE $3 || '/%') AND ($4 = '' OR uploaded_by = $4) ORDER BY id DESC LIMIT $5";
    FIND = "SELECT f.id, f.room_id, f.message_id, f.uploaded_by, f.name, f.media_type, f.size, f.digest, f.created_at FROM files f JOIN rooms r ON r.id = f.room_id WHERE r.mesh_id = $1 AND r.deleted_at IS NULL AND f.deleted_at IS NULL AND ($2 = '' OR f.id < $2) AND f.name_key LIKE $3 ESCAPE '!' ORDER BY f.id DESC LIMIT $4";
    SEND = "UPDATE files SET message_id = $2 WHERE id = $1 AND message_id IS NULL";
    DELETE = "UPDATE files SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL";
    DELETE_SENT = "UPDATE files SET deleted_at = $2 WHERE message_id = $1 AND deleted_at IS NULL";
    FORGET = "DELETE FROM files WHERE deleted_at < $1";
    NAMED = "SELECT 1 FROM files WHERE digest = $1 UNION ALL SELECT 1 FROM bot_versions WHERE digest = $1 UNION ALL SELECT 1 FROM members WHERE avatar = $1 OR avatar_small = $1 LIMIT 1";
}

fn read(row: &Row<'_>) -> Result<File, Error> {
    Ok(File {
        id: row.parse(0)?,
        room_id: row.parse(1)?,
        message_id: row.parse_option(2)?,
        uploaded_by: row.parse(3)?,
        name: row.get(4)?,
        media_type: row.get(5)?,
        size: row.get(6)?,
        digest: format!("sha256:{}", row.get::<String>(7)?),
        created_at: row.time(8)?,
    })
}

/// Adds a file whose bytes are kept; `digest` is their SHA-256 in hexadecimal.
pub async fn insert(tx: &mut Tx<'_>, _room: &Grant<RoomId>, file: &File, digest: &str) -> Result<(), Error> {
    let key = file.name.to_lowercase();
    let values = [
        text(file.id),
        text(file.room_id),
        text(file.uploaded_by),
        (&*file.name).into(),
        (&*key).into(),
        (&*file.media_type).into(),
        file.size.into(),
        digest.into(),
        file.created_at.into(),
    ];
    tx.exec(INSERT, &values).await.map(drop)
}

/// A file that is not deleted.
pub async fn get(tx: &mut Tx<'_>, file: FileId) -> Result<Option<File>, Error> {
    tx.opt(GET, &[text(file)], read).await
}

/// Which files of a room.
#[derive(Debug, Default)]
pub struct Filter {
    /// Those older than this one; empty for the newest.
    pub before: String,
    /// The first half of their media type; empty for any.
    pub kind: String,
    /// Who uploaded them; empty for anybody.
    pub by: String,
}

/// A room's files, the newest first.
pub async fn list(tx: &mut Tx<'_>, room: &Grant<RoomId>, filter: &Filter, limit: i64) -> Result<Vec<File>, Error> {
    let values = [
        text(**room),
        (&*filter.before).into(),
        (&*filter.kind).into(),
        (&*filter.by).into(),
        limit.into(),
    ];
    tx.all(LIST, &values, read).await
}

/// Files of a mesh's rooms with these letters in their names, whatever their case; the newest first.
pub async fn find(
    tx: &mut Tx<'_>,
    mesh: &Grant<MeshId>,
    letters: &str,
    (before, limit): (&str, i64),
) -> Result<Vec<File>, Error> {
    let mut pattern = String::from("%");
    for letter in letters.to_lowercase().chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    let values = [text(**mesh), before.into(), (&*pattern).into(), limit.into()];
    tx.all(FIND, &values, read).await
}

/// The files that come with a message; false when one of them came with another before.
pub async fn send(tx: &mut Tx<'_>, file: FileId, message: MessageId) -> Result<bool, Error> {
    Ok(tx.exec(SEND, &[text(file), text(message)]).await? == 1)
}

/// Deletes a file; false when it was deleted. Its bytes stay for a while.
pub async fn delete(tx: &mut Tx<'_>, file: &Grant<FileId>, at: Timestamp) -> Result<bool, Error> {
    Ok(tx.exec(DELETE, &[text(**file), at.into()]).await? == 1)
}

/// Deletes what came with a message.
pub async fn delete_sent(tx: &mut Tx<'_>, message: &Grant<MessageId>, at: Timestamp) -> Result<(), Error> {
    tx.exec(DELETE_SENT, &[text(**message), at.into()]).await.map(drop)
}

/// Forgets files that were deleted before this time.
pub async fn forget(tx: &mut Tx<'_>, before: Timestamp) -> Result<(), Error> {
    tx.exec(FORGET, &[before.into()]).await.map(drop)
}

/// Whether anything names bytes of this digest: a file, a version of a bot or an avatar.
pub async fn is_named(tx: &mut Tx<'_>, digest: &str) -> Result<bool, Error> {
    Ok(tx.opt(NAMED, &[digest.into()], |_| Ok(())).await?.is_some())
}
