//! One value of everything that the contract answers, and every case of its error.

use super::said;
use mesh_service::blobs::Blobs;
use mesh_types::{RoomId, Timestamp, view};
use mesh_wasm::bindings::types::{Attachment, Denial, Error, Member, Message, ReactionCount, Room, RoomMember, Thread};
use mesh_wasm::bindings::{auth, files, http, kv, members, meshes, messages, rooms};
use mesh_wasm::{FileReader, FileWriter};

pub(crate) trait Sample {
    fn sample() -> Self;
}

macro_rules! samples {
    ($($of:ty => $value:expr;)*) => {$(
        impl Sample for $of {
            fn sample() -> Self {
                $value
            }
        }
    )*};
}

samples! {
    () => ();
    bool => true;
    u64 => 7;
    String => "{}".into();
    Result<String, String> => Ok("{}".into());
    Vec<u8> => b"bytes".to_vec();
    Vec<bool> => vec![true, false];
    Message => message();
    messages::MessagePage => messages::MessagePage { messages: vec![message()], next_cursor: Some(more()) };
    Thread => Thread {
        id: "thread_1".into(),
        room_id: "room_1".into(),
        root_id: "message_1".into(),
        title: "A thread".into(),
        resolved: true,
        locked: false,
        reply_count: 3,
        last_reply_at: Some(5),
    };
    messages::ThreadPage => messages::ThreadPage { threads: vec![Thread::sample()], next_cursor: Some(more()) };
    Option<kv::Value> => Some(kv::Value { bytes: Vec::sample(), version: 2 });
    kv::EntryPage => {
        let entry = kv::Entry { key: "key".into(), size: 5, version: 2 };
        kv::EntryPage { entries: vec![entry], next_cursor: Some(more()) }
    };
    files::File => files::File {
        id: "file_1".into(),
        room_id: "room_1".into(),
        name: "name.txt".into(),
        media_type: "text/plain".into(),
        size: 5,
        created_at: 6,
    };
    files::FilePage => files::FilePage { files: vec![files::File::sample()], next_cursor: Some(more()) };
    http::Response => http::Response {
        status: 201,
        headers: vec![("content-type".into(), "text/plain".into())],
        body: Vec::sample(),
    };
    auth::Identity => auth::Identity {
        actor: message().author,
        member_id: "member_1".into(),
        mesh_id: "mesh_1".into(),
        role: "bot".into(),
    };
    Member => Member {
        id: "member_1".into(),
        actor: message().author,
        handle: "ann".into(),
        role: "member".into(),
        joined_at: 4,
    };
    members::MemberPage => members::MemberPage { members: vec![Member::sample()], next_cursor: Some(more()) };
    meshes::Mesh => meshes::Mesh {
        id: "mesh_1".into(),
        name: "Home".into(),
        slug: "home".into(),
        description: "A mesh".into(),
    };
    Room => Room {
        id: "room_1".into(),
        mesh_id: "mesh_1".into(),
        name: "A room".into(),
        slug: "a-room".into(),
        purpose: "talk".into(),
        kind: "chat".into(),
        join_rule: "public".into(),
        archived: false,
        my_role: Some("participant".into()),
        member_count: 2,
    };
    rooms::RoomPage => rooms::RoomPage { rooms: vec![Room::sample()], next_cursor: Some(more()) };
    RoomMember => RoomMember {
        room_id: "room_1".into(),
        member: Member::sample(),
        room_role: "owner".into(),
    };
    rooms::RoomMemberPage => rooms::RoomMemberPage { members: vec![RoomMember::sample()], next_cursor: Some(more()) };
}

/// The cases of the contract's error, one after the other.
pub(crate) fn error(number: usize) -> Error {
    match number % 7 {
        0 => Error::Denied(Denial {
            reason: "grant".into(),
            detail: "nobody granted it".into(),
        }),
        1 => Error::NotFound("not here".into()),
        2 => Error::Invalid("wrong".into()),
        3 => Error::Conflict("elsewhere".into()),
        4 => Error::RateLimited(250),
        5 => Error::Pending("approval_1".into()),
        _ => Error::Unavailable("later".into()),
    }
}

fn room() -> RoomId {
    "room_01h455vb4pex5vsknk084sn02q".parse().expect("an id")
}

pub(crate) fn reader() -> FileReader {
    FileReader::new(&view::File {
        id: "file_01h455vb4pex5vsknk084sn02q".parse().expect("an id"),
        room_id: room(),
        message_id: None,
        uploaded_by: "person_01h455vb4pex5vsknk084sn02q".parse().expect("an id"),
        name: "name.txt".into(),
        media_type: "text/plain".into(),
        size: 5,
        digest: String::new(),
        created_at: Timestamp(6),
    })
}

pub(crate) async fn writer() -> wasmtime::Result<FileWriter> {
    let folder = tempfile::tempdir()?;
    let incoming = Blobs::open(folder.path())?.receive().await;
    let incoming = incoming.map_err(|error| wasmtime::Error::msg(format!("{error:?}")))?;
    Ok(FileWriter::new(room(), "name.txt".into(), incoming))
}

/// A message in which nothing is absent.
fn message() -> Message {
    Message {
        thread_id: Some("thread_1".into()),
        reply_to: Some("message_0".into()),
        edited_at: Some(3),
        reactions: vec![ReactionCount {
            emoji: "👍".into(),
            count: 2,
            mine: true,
        }],
        files: vec![Attachment {
            id: "file_1".into(),
            name: "name.txt".into(),
            media_type: "text/plain".into(),
            size: 5,
        }],
        ..said("words")
    }
}

fn more() -> String {
    "more".into()
}
