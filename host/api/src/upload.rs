//! Bodies: bounded in size and in time, and components streamed to a file under their digest.

use axum::body::Body;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body_util::BodyExt as _;
use mesh_service::{Error, Host, Result, error::Code, token};
use sha2::{Digest, Sha256};
use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{fs, io::AsyncWriteExt as _, time::timeout};

/// Longest silence within a body.
const SILENCE: Duration = Duration::from_secs(10);
/// Longest time for a whole body that is held in memory.
const WHOLE: Duration = Duration::from_secs(30);
/// Longest time for a whole component.
const UPLOAD: Duration = Duration::from_mins(15);

/// A file that is not finished. It goes when the upload ends before its time, whoever ends it.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        // After the rename there is nothing under this name.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn too_large(most: u64) -> Error {
    Error::new(Code::TooLarge, format!("The body has at most {most} bytes."))
}

fn too_slow() -> Error {
    Error::new(Code::RequestTimeout, "The body took too long to arrive.")
}

fn check_length(headers: &HeaderMap, most: u64) -> Result<()> {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > most) {
        Err(too_large(most))
    } else {
        Ok(())
    }
}

async fn chunk(body: &mut Body) -> Result<Option<Bytes>> {
    loop {
        let frame = timeout(SILENCE, body.frame()).await.map_err(|_| too_slow())?;
        match frame {
            None => return Ok(None),
            Some(Err(_)) => return Err(Error::new(Code::BadRequest, "The body broke off.")),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

/// A body held in memory.
pub(crate) async fn collect(headers: &HeaderMap, mut body: Body, most: usize) -> Result<Bytes> {
    check_length(headers, most as u64)?;
    let whole = async {
        let Some(first) = chunk(&mut body).await? else {
            return Ok(Bytes::new());
        };
        let mut all: Option<BytesMut> = None;
        let mut size = first.len();
        while let Some(more) = if size > most { None } else { chunk(&mut body).await? } {
            size += more.len();
            all.get_or_insert_with(|| BytesMut::from(&first[..]))
                .extend_from_slice(&more);
        }
        if size > most {
            Err(too_large(most as u64))
        } else {
            Ok(all.map_or(first, BytesMut::freeze))
        }
    };
    timeout(WHOLE, whole).await.map_err(|_| too_slow())?
}

/// Streams a component to its place among the blobs and describes it for the operation. Nothing is
/// visible there before its digest is the one that `Content-Digest` (RFC 9530) names.
pub(crate) async fn component(host: &Host, headers: &HeaderMap, mut body: Body, most: u64) -> Result<Bytes> {
    check_length(headers, most)?;
    let expected = content_digest(headers)?;
    let folder = host.settings.blobs.join("sha256");
    fs::create_dir_all(&folder).await.map_err(Error::internal)?;
    let part = Part(folder.join(format!("upload-{}", token::hash(&token::new(token::Kind::Code)))));
    let received = timeout(UPLOAD, receive(&part.0, &mut body, most)).await;
    let (digest, size) = received.map_err(|_| too_slow())??;
    if digest[..] != expected[..] {
        return Err(Error::new(
            Code::DigestMismatch,
            "The body is not the one that `Content-Digest` names.",
        ));
    }
    let hex = hex(&digest);
    let place = folder.join(&hex[..2]);
    fs::create_dir_all(&place).await.map_err(Error::internal)?;
    let path = place.join(&hex);
    fs::rename(&part.0, &path).await.map_err(Error::internal)?;
    // The name must last as well, before anything in the database speaks of it.
    for folder in [&place, &folder] {
        fs::File::open(folder)
            .await
            .map_err(Error::internal)?
            .sync_all()
            .await
            .map_err(Error::internal)?;
    }
    let described = serde_json::json!({ "digest": hex, "size": size, "path": path });
    Ok(described.to_string().into())
}

fn content_digest(headers: &HeaderMap) -> Result<Vec<u8>> {
    let wrong = || {
        Error::new(
            Code::BadRequest,
            "Send `Content-Digest: sha-256=:…:` with the base64 of the body's SHA-256.",
        )
    };
    let value = headers
        .get("content-digest")
        .and_then(|value| value.to_str().ok())
        .ok_or_else(wrong)?;
    let named = value
        .split(',')
        .find_map(|one| one.trim().strip_prefix("sha-256=:")?.strip_suffix(':'))
        .ok_or_else(wrong)?;
    STANDARD
        .decode(named)
        .ok()
        .filter(|bytes| bytes.len() == 32)
        .ok_or_else(wrong)
}

async fn receive(part: &Path, body: &mut Body, most: u64) -> Result<([u8; 32], u64)> {
    let stored = |error: io::Error| match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Error::later(Code::Overloaded, "The server cannot store anything now.", 5000)
        }
        _ => Error::internal(error),
    };
    let mut file = fs::File::create(part).await.map_err(stored)?;
    let (mut sum, mut size) = (Sha256::new(), 0u64);
    while let Some(data) = chunk(body).await? {
        size += data.len() as u64;
        if size > most {
            return Err(too_large(most));
        }
        sum.update(&data);
        file.write_all(&data).await.map_err(stored)?;
    }
    file.flush().await.map_err(stored)?;
    file.sync_all().await.map_err(stored)?;
    Ok((sum.finalize().into(), size))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
