//! Bodies: bounded in size and in time, and streamed to their place where they are large.

use crate::disposition;
use axum::body::Body;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, header};
use http_body_util::BodyExt as _;
use mesh_service::{Error, Host, Result, error::Code};
use std::time::Duration;
use tokio::time::timeout;

/// Longest silence within a body.
const SILENCE: Duration = Duration::from_secs(10);
/// Longest time for a whole body that is held in memory.
const WHOLE: Duration = Duration::from_secs(30);
/// Longest time for a whole body that is streamed.
const UPLOAD: Duration = Duration::from_mins(15);

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

/// Streams a body to its place among the blobs and describes it for the operation. With `digest`, only if it
/// is the one that `Content-Digest` (RFC 9530) names; otherwise that is looked at when it is there.
pub(crate) async fn store(host: &Host, headers: &HeaderMap, mut body: Body, most: u64, digest: bool) -> Result<Bytes> {
    check_length(headers, most)?;
    let expected = match headers.get("content-digest") {
        None if !digest => None,
        _ => Some(content_digest(headers)?),
    };
    let mut incoming = host.settings.blobs.receive().await?;
    let received = async {
        while let Some(data) = chunk(&mut body).await? {
            if incoming.write(data).await? > most {
                return Err(too_large(most));
            }
        }
        Ok(())
    };
    timeout(UPLOAD, received).await.map_err(|_| too_slow())??;
    let mut stored = incoming.finish(expected.as_deref()).await?;
    let text = |name: header::HeaderName| headers.get(name).map(HeaderValue::as_bytes).unwrap_or_default();
    stored.named_type = String::from_utf8_lossy(text(header::CONTENT_TYPE)).into_owned();
    stored.name = disposition::name(text(header::CONTENT_DISPOSITION));
    serde_json::to_vec(&stored).map(Bytes::from).map_err(Error::internal)
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
