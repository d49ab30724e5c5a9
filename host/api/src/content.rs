//! Kept bytes as an answer: whole, or one range of them (RFC 9110, section 14).

use crate::disposition;
use axum::{body::Body, response::Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use mesh_service::{Content, Error, Host, Result};
use std::ops::Range;

/// Kinds that browsers may show: none of them runs anything.
const SHOWN: [&str; 8] = [
    "application/pdf",
    "image/avif",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/webp",
    "audio/",
    "video/",
];

/// What every answer with somebody's bytes has: they cannot do anything, whatever they are.
const FIXED: [(HeaderName, &str); 4] = [
    (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::ACCEPT_RANGES, "bytes"),
];

fn is_shown(media_type: &str) -> bool {
    SHOWN
        .iter()
        .any(|kind| media_type == *kind || kind.ends_with('/') && media_type.starts_with(kind))
}

/// The answer to a request with these headers.
pub(crate) async fn answer(host: &Host, asked: &HeaderMap, content: Content) -> Result<Response> {
    let size = host.settings.blobs.size(&content.digest).await?;
    let tag = format!("\"{}\"", content.digest);
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    let ascii = |text: &str| HeaderValue::try_from(text).map_err(Error::internal);
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::ETAG, ascii(&tag)?);
    // Whoever keeps it asks again, since rights end; unless the address itself changes with the bytes.
    let keep = if content.lasts {
        "private, max-age=31536000, immutable"
    } else {
        "private, no-cache"
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    if names(asked, &header::IF_NONE_MATCH, &tag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }
    headers.insert(header::CONTENT_TYPE, ascii(&content.media_type)?);
    let disposition = disposition::header(is_shown(&content.media_type), content.name.as_deref());
    headers.insert(header::CONTENT_DISPOSITION, ascii(&disposition)?);
    let range = match asked.get(header::RANGE).filter(|_| is_current(asked, &tag)) {
        None => Asked::Whole,
        Some(range) => range.to_str().map_or(Asked::Whole, |range| read(range, size)),
    };
    let (status, range) = match range {
        Asked::Whole => (StatusCode::OK, 0..size),
        Asked::Part(range) => {
            let told = format!("bytes {}-{}/{size}", range.start, range.end - 1);
            headers.insert(header::CONTENT_RANGE, ascii(&told)?);
            (StatusCode::PARTIAL_CONTENT, range)
        }
        Asked::Nothing => {
            headers.insert(header::CONTENT_RANGE, ascii(&format!("bytes */{size}"))?);
            (StatusCode::RANGE_NOT_SATISFIABLE, 0..0)
        }
    };
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    *response.status_mut() = status;
    if !range.is_empty() {
        let bytes = host.settings.blobs.read(&content.digest, range).await?;
        *response.body_mut() = Body::from_stream(bytes);
    }
    Ok(response)
}

fn names(asked: &HeaderMap, header: &HeaderName, tag: &str) -> bool {
    let tags = asked.get(header).and_then(|tags| tags.to_str().ok());
    tags.is_some_and(|tags| tags == "*" || tags.split(',').any(|one| one.trim() == tag))
}

/// Whether the bytes that the client has a part of are still these (`If-Range`).
fn is_current(asked: &HeaderMap, tag: &str) -> bool {
    asked.get(header::IF_RANGE).is_none_or(|one| one == tag)
}

#[derive(Debug, PartialEq)]
enum Asked {
    /// Also where several ranges are asked for, or something that is none: RFC 9110 lets a server ignore it.
    Whole,
    Part(Range<u64>),
    Nothing,
}

fn read(range: &str, size: u64) -> Asked {
    let Some((first, last)) = range.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Asked::Whole;
    };
    let (first, last) = (first.trim(), last.trim());
    let number = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| text.parse::<u64>().ok())?
    };
    let range = match (number(first), number(last)) {
        (None, Some(count)) if first.is_empty() => size.saturating_sub(count)..size,
        (Some(first), None) if last.is_empty() => first..size,
        (Some(first), Some(last)) if first <= last => first..size.min(last.saturating_add(1)),
        _ => return Asked::Whole,
    };
    if range.is_empty() {
        Asked::Nothing
    } else {
        Asked::Part(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        for (range, asked) in [
            ("bytes=0-3", Asked::Part(0..4)),
            ("bytes=4-", Asked::Part(4..10)),
            ("bytes=-3", Asked::Part(7..10)),
            ("bytes=-30", Asked::Part(0..10)),
            ("bytes=8-99", Asked::Part(8..10)),
            ("bytes=9-18446744073709551615", Asked::Part(9..10)),
            ("bytes=10-", Asked::Nothing),
            ("bytes=-0", Asked::Nothing),
            ("bytes=3-2", Asked::Whole),
            ("bytes=0-1,3-4", Asked::Whole),
            ("bytes=-", Asked::Whole),
            ("bytes=+1-2", Asked::Whole),
            ("lines=0-3", Asked::Whole),
        ] {
            assert_eq!(read(range, 10), asked, "{range}");
        }
        assert_eq!(read("bytes=0-", 0), Asked::Nothing);
    }

    #[test]
    fn only_what_runs_nothing_is_shown() {
        for (kind, shown) in [
            ("image/png", true),
            ("video/mp4", true),
            ("image/svg+xml", false),
            ("text/html", false),
            ("image/", false),
            ("application/pdfx", false),
        ] {
            assert_eq!(is_shown(kind), shown, "{kind}");
        }
    }
}
