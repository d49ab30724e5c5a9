//! What a file is called and what it is: the sender proposes, the server decides.

use crate::{blobs::Stored, text::is_unseen};
use mesh_types::limits;

/// A name to show and to save under: the last part of a path, without characters that cannot be seen, of at
/// most 255 bytes.
pub(super) fn clean_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen: String = last.chars().filter(|letter| !is_unseen(*letter)).collect();
    let mut name = seen
        .trim_matches(|letter: char| letter == '.' || letter.is_whitespace())
        .to_owned();
    while name.len() > limits::FILE_NAME {
        name.pop();
    }
    if name.is_empty() { "file".into() } else { name }
}

/// The media type: what the bytes say. Where they say little, the sender's word counts, but never for a kind
/// that is shown instead of saved.
pub(super) fn media_type(stored: &Stored) -> String {
    let named = stored.named_type.to_ascii_lowercase();
    let named = named.split(';').next().unwrap_or_default().trim();
    match stored.found_type.as_deref() {
        Some("text/plain") if named.starts_with("text/") && is_type(named) => named.to_owned(),
        Some(found) => found.to_owned(),
        None if named.starts_with("application/") && named != "application/pdf" && is_type(named) => named.to_owned(),
        None => "application/octet-stream".to_owned(),
    }
}

/// Two words of RFC 9110's `token`, as short as registered ones (RFC 6838).
fn is_type(text: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty()
            && word.len() <= 127
            && word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    text.split_once('/').is_some_and(|(kind, of)| word(kind) && word(of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cleaned() {
        for (given, name) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\temp\\a b.txt", "a b.txt"),
            ("evil\u{202e}gpj.exe", "evilgpj.exe"),
            ("a\0b\nc", "abc"),
            ("...", "file"),
            ("", "file"),
            (".bashrc", "bashrc"),
            ("naïve 文件.txt", "naïve 文件.txt"),
        ] {
            assert_eq!(clean_name(given), name);
        }
        let long = clean_name(&"é".repeat(300));
        assert_eq!((long.len(), long.chars().count()), (254, 127));
    }

    #[test]
    fn bytes_decide_what_a_file_is() {
        let stored = |found: Option<&str>, named: &str| Stored {
            digest: String::new(),
            size: 0,
            named_type: named.into(),
            name: None,
            found_type: found.map(str::to_owned),
        };
        for (found, named, is) in [
            (Some("image/png"), "text/html", "image/png"),
            (Some("text/html"), "image/png", "text/html"),
            (Some("text/plain"), "text/csv; charset=utf-8", "text/csv"),
            (Some("text/plain"), "image/svg+xml", "text/plain"),
            (None, "image/png", "application/octet-stream"),
            (None, "application/pdf", "application/octet-stream"),
            (None, "application/x-thing", "application/x-thing"),
            (None, "application/x-thing\r\nset-cookie: a", "application/octet-stream"),
        ] {
            assert_eq!(media_type(&stored(found, named)), is, "{found:?} {named}");
        }
    }
}
