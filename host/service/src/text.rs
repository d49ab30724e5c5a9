//! Names that people give to things.

use crate::{Error, Result};

/// A name of 1 to `most` characters, trimmed; without control characters and without characters
/// that turn the direction of text or cannot be seen.
pub(crate) fn clean_name(pointer: &str, name: &str, most: usize) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > most {
        return Err(Error::invalid(pointer, format!("has 1 to {most} characters")));
    }
    if name.chars().any(is_unseen) {
        return Err(Error::invalid(pointer, "has characters that cannot be seen"));
    }
    Ok(name.to_owned())
}

/// A text of at most `most` characters that may be empty and may have line breaks.
pub(crate) fn clean_text(pointer: &str, text: &str, most: usize) -> Result<String> {
    if text.chars().count() > most {
        return Err(Error::invalid(pointer, format!("has at most {most} characters")));
    }
    if text
        .chars()
        .any(|letter| letter != '\n' && letter != '\t' && is_unseen(letter))
    {
        return Err(Error::invalid(pointer, "has characters that cannot be seen"));
    }
    Ok(text.trim().to_owned())
}

/// Control characters, and those that are not seen or that turn the direction of what stands around them
/// (Unicode's categories Cc and Cf, and the letters that are blank).
pub(crate) fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// A slug: `a-z 0-9 -`, 1 to 64 characters, no `-` at the ends.
pub(crate) fn check_slug(pointer: &str, slug: &str) -> Result<()> {
    let plain = slug
        .bytes()
        .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if plain && (1..=64).contains(&slug.len()) && !slug.starts_with('-') && !slug.ends_with('-') {
        return Ok(());
    }
    Err(Error::invalid(
        pointer,
        "has 1 to 64 characters of `a-z`, `0-9` and `-`, and no `-` at its ends",
    ))
}

/// A slug made of a name; `fallback` when nothing of it can be used.
pub(crate) fn slug_from(name: &str, fallback: &str) -> String {
    let mut slug = String::new();
    for letter in name.to_lowercase().chars() {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(48);
    let slug = slug.trim_matches('-');
    if slug.is_empty() { fallback.into() } else { slug.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_seen_as_they_are() {
        assert_eq!(clean_name("/name", "  Ann Ä ", 10).unwrap(), "Ann Ä");
        for name in [
            "",
            "   ",
            "a\u{202E}b",
            "a\0",
            "a\u{200B}",
            "a\u{61C}b",
            "\u{3164}",
            "a\u{E0041}",
            "12345678901",
        ] {
            assert!(clean_name("/name", name, 10).is_err(), "{name:?}");
        }
    }

    #[test]
    fn slugs_are_plain() {
        for (name, slug) in [
            ("General", "general"),
            ("Über uns!", "ber-uns"),
            ("…", "room"),
            ("a--b", "a-b"),
        ] {
            assert_eq!(slug_from(name, "room"), slug);
            assert!(check_slug("/slug", slug).is_ok());
        }
        for slug in ["", "-a", "a-", "A", "a b", "ä"] {
            assert!(check_slug("/slug", slug).is_err(), "{slug}");
        }
    }
}
