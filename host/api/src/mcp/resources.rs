//! What can be read by its address: `mesh://rooms/{room_id}` and so on.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use mesh_service::{Content, ErasedOp, Error, Host, OPS, Reply, Result, error::Code};
use rmcp::model::{ResourceContents, ResourceTemplate};
use serde_json::json;

/// The most bytes of a file that fit an agent's answer.
const MOST: u64 = 1 << 20;

/// A kind of resource: its address before the id, the name of the id, the operation that reads it, and what it is.
struct Kind {
    noun: &'static str,
    id: &'static str,
    operation: &'static str,
    about: &'static str,
}

const KINDS: [Kind; 3] = [
    Kind {
        noun: "rooms",
        id: "room_id",
        operation: "room.get",
        about: "A room: its name, topic, rules and last activity.",
    },
    Kind {
        noun: "messages",
        id: "message_id",
        operation: "message.get",
        about: "A message with its author, text, files and reactions.",
    },
    Kind {
        noun: "files",
        id: "file_id",
        operation: "file.download",
        about: "The bytes of a file, at most 1 MiB; text as text.",
    },
];

/// Every kind, as an RFC 6570 template.
pub(super) fn templates() -> Vec<ResourceTemplate> {
    let template = |kind: &Kind| {
        let address = format!("mesh://{}/{{{}}}", kind.noun, kind.id);
        let template = ResourceTemplate::new(address, kind.noun).with_description(kind.about);
        if kind.noun == "files" {
            template
        } else {
            template.with_mime_type("application/json")
        }
    };
    KINDS.iter().map(template).collect()
}

/// The operation that reads this address, and its input.
pub(super) fn find(address: &str) -> Option<(&'static ErasedOp, serde_json::Value)> {
    let (noun, id) = address.strip_prefix("mesh://")?.split_once('/')?;
    let kind = KINDS.iter().find(|kind| kind.noun == noun)?;
    let op = OPS.iter().find(|op| op.spec.name == kind.operation)?;
    Some((op, json!({ kind.id: id })))
}

/// What was read, as the protocol sends it.
pub(super) async fn contents(host: &Host, address: &str, reply: Reply) -> Result<ResourceContents> {
    let Some(content) = reply.content else {
        let text = String::from_utf8_lossy(&reply.body.1).into_owned();
        return Ok(ResourceContents::text(text, address).with_mime_type(reply.body.0));
    };
    let bytes = bytes(host, &content).await?;
    let is_text = content.media_type.starts_with("text/") || content.media_type == "application/json";
    let contents = match std::str::from_utf8(&bytes) {
        Ok(text) if is_text => ResourceContents::text(text, address),
        _ => ResourceContents::blob(STANDARD.encode(&bytes), address),
    };
    Ok(contents.with_mime_type(content.media_type))
}

async fn bytes(host: &Host, content: &Content) -> Result<Bytes> {
    let blobs = &host.settings.blobs;
    if blobs.size(&content.digest).await? > MOST {
        let detail = "The file is larger than 1 MiB; get it over HTTP, with `file.download`.";
        return Err(Error::new(Code::TooLarge, detail));
    }
    blobs.whole(&content.digest).await
}
