//! `Content-Disposition` (RFC 6266): what a file is called, in both directions.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What RFC 8187 writes as it is.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The name in a header: `filename*` (RFC 8187, UTF-8) before `filename`.
pub(crate) fn name(header: &[u8]) -> Option<String> {
    let header = String::from_utf8_lossy(header);
    let mut plain = None;
    for parameter in parameters(&header) {
        let (key, value) = parameter.split_once('=')?;
        let value = value.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "filename*" => {
                let mut parts = value.splitn(3, '\'');
                let charset = parts.next().unwrap_or_default();
                let encoded = parts.nth(1).filter(|_| charset.eq_ignore_ascii_case("utf-8"));
                if let Some(encoded) = encoded {
                    return Some(percent_decode_str(encoded).decode_utf8_lossy().into_owned());
                }
            }
            "filename" => plain = Some(unquoted(value)),
            _ => {}
        }
    }
    plain
}

/// What stands between semicolons, behind the first. Those in quotes do not count.
fn parameters(header: &str) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    let parts = header.split(move |letter| {
        let cuts = letter == ';' && !quoted;
        quoted ^= letter == '"' && !escaped;
        escaped = letter == '\\' && quoted && !escaped;
        cuts
    });
    parts.skip(1).collect()
}

fn unquoted(value: &str) -> String {
    let inner = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    let Some(inner) = inner else { return value.to_owned() };
    let mut escaped = false;
    let kept = inner.chars().filter(|letter| {
        escaped = *letter == '\\' && !escaped;
        !escaped
    });
    kept.collect()
}

/// A header that shows (`inline`) or saves (`attachment`) under a name.
pub(crate) fn header(inline: bool, name: Option<&str>) -> String {
    let kind = if inline { "inline" } else { "attachment" };
    match name {
        Some(name) => format!("{kind}; filename*=UTF-8''{}", utf8_percent_encode(name, KEPT)),
        None => kind.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written() {
        for (header, found) in [
            ("attachment; filename=\"a b.txt\"", Some("a b.txt")),
            ("attachment; filename=plain.txt", Some("plain.txt")),
            ("attachment; filename=\"a\\\"b;c.txt\"; x=y", Some("a\"b;c.txt")),
            (
                "attachment; filename=\"fallback\"; filename*=UTF-8''na%C3%AFve.txt",
                Some("naïve.txt"),
            ),
            ("attachment; filename*=latin1''x", None),
            ("attachment", None),
            ("", None),
        ] {
            assert_eq!(name(header.as_bytes()).as_deref(), found, "{header}");
        }
        let written = header(false, Some("a\r\nb \"文\".txt"));
        assert_eq!(written, "attachment; filename*=UTF-8''a%0D%0Ab%20%22%E6%96%87%22.txt");
        assert_eq!(name(written.as_bytes()).as_deref(), Some("a\r\nb \"文\".txt"));
    }
}
