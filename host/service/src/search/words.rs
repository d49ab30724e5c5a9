//! The words of a text, as search knows them.
//!
//! A word is a run of letters and digits, without regard to case, accents and the shape of letters.
//! Where writing has no spaces (Chinese, Japanese, Thai and others) each letter is a word, and so is each
//! emoji; what stands together is then found as a phrase.

use std::collections::BTreeSet;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Characters of a word that are kept to find it by. Longer words are told apart when they are read.
const KEPT: usize = 64;

/// A word and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// In its plainest form.
    pub(super) text: String,
    /// Its first UTF-16 code unit.
    pub(super) start: usize,
    /// Behind its last UTF-16 code unit.
    pub(super) end: usize,
}

/// What a character does to the word that it stands behind.
enum Role {
    /// Is not kept, and belongs to the word that it stands on.
    Dropped,
    /// Goes on with it, or begins one.
    Letter,
    /// Is one.
    Alone,
    /// Belongs to it.
    Mark,
    /// Ends it.
    Gap,
}

/// The words of a text, in order.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut reader = Reader::default();
    for letter in text.chars() {
        reader.at = reader.next;
        reader.next += letter.len_utf16();
        if letter.is_ascii() {
            reader.take(letter.to_ascii_lowercase());
        } else if is_dropped(letter) {
            reader.stretch();
        } else {
            let plain = std::iter::once(letter).nfkd();
            for letter in plain.flat_map(char::to_uppercase).flat_map(char::to_lowercase) {
                reader.take(letter);
            }
        }
    }
    reader.words
}

#[derive(Default)]
struct Reader {
    words: Vec<Word>,
    at: usize,
    next: usize,
    open: bool,
    marks: bool,
}

impl Reader {
    fn take(&mut self, letter: char) {
        match role(letter) {
            Role::Dropped => self.stretch(),
            Role::Letter if self.open => self.push(letter),
            Role::Letter => self.begin(letter, true),
            Role::Alone => self.begin(letter, false),
            Role::Mark if self.marks => self.push(letter),
            Role::Mark | Role::Gap => (self.open, self.marks) = (false, false),
        }
    }

    fn begin(&mut self, letter: char, open: bool) {
        self.words.push(Word {
            text: letter.into(),
            start: self.at,
            end: self.next,
        });
        (self.open, self.marks) = (open, true);
    }

    fn push(&mut self, letter: char) {
        if let Some(word) = self.words.last_mut() {
            word.text.push(letter);
            word.end = self.next;
        }
    }

    /// What is not kept still belongs to the word that it stands on.
    fn stretch(&mut self) {
        if let (true, Some(word)) = (self.marks, self.words.last_mut()) {
            word.end = self.next;
        }
    }
}

/// Accents, vowel points, and what only joins, hides or colours what stands beside it.
const fn is_dropped(letter: char) -> bool {
    matches!(letter,
        '\u{300}'..='\u{36F}' | '\u{591}'..='\u{5BD}' | '\u{5BF}' | '\u{5C1}' | '\u{5C2}' | '\u{5C4}' | '\u{5C5}' | '\u{5C7}'
        | '\u{610}'..='\u{61A}' | '\u{640}' | '\u{64B}'..='\u{65F}' | '\u{670}' | '\u{1AB0}'..='\u{1AFF}'
        | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}' | '\u{AD}'
        | '\u{200C}' | '\u{200D}' | '\u{2060}' | '\u{FE00}'..='\u{FE0F}' | '\u{1F3FB}'..='\u{1F3FF}'
        | '\u{E0020}'..='\u{E007F}' | '\u{E0100}'..='\u{E01EF}')
}

fn role(letter: char) -> Role {
    if letter.is_ascii_alphanumeric() {
        Role::Letter
    } else if is_dropped(letter) {
        Role::Dropped
    } else if is_emoji(letter) || (is_unspaced(letter) && letter.is_alphanumeric()) {
        Role::Alone
    } else if letter.is_alphanumeric() {
        Role::Letter
    } else if is_combining_mark(letter) {
        Role::Mark
    } else {
        Role::Gap
    }
}

/// Letters of writing without spaces between words.
const fn is_unspaced(letter: char) -> bool {
    matches!(letter,
        '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{2E80}'..='\u{2FDF}'
        | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{312F}' | '\u{31A0}'..='\u{31BF}' | '\u{31F0}'..='\u{31FF}'
        | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

const fn is_emoji(letter: char) -> bool {
    matches!(letter,
        '\u{231A}' | '\u{231B}' | '\u{23E9}'..='\u{23FA}' | '\u{2600}'..='\u{27BF}' | '\u{2B50}' | '\u{2B55}'
        | '\u{1F004}' | '\u{1F0CF}' | '\u{1F1E6}'..='\u{1F1FF}' | '\u{1F300}'..='\u{1FAFF}')
}

/// What these words are found by: each once, cut short.
pub(super) fn keys<'a>(words: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let cut = |word: &str| word.chars().take(KEPT).collect();
    words.into_iter().map(cut).collect()
}

/// Whether there is a link in a text.
pub(super) fn has_link(text: &str) -> bool {
    text.match_indices("://").any(|(at, _)| {
        let before = &text.as_bytes()[..at];
        let ends = |scheme: &[u8]| {
            let from = before.len().checked_sub(scheme.len());
            from.is_some_and(|from| before[from..].eq_ignore_ascii_case(scheme))
        };
        ends(b"http") || ends(b"https")
    })
}

#[cfg(test)]
mod tests {
    use super::{KEPT, has_link, keys, words};

    #[test]
    fn words_are_plain() {
        for (text, expected) in [
            ("", ""),
            (" \t\n…!?", ""),
            ("Hello, World", "hello world"),
            ("Crème BRÛLÉE", "creme brulee"),
            ("cre\u{301}me", "creme"),
            ("Straße STRASSE", "strasse strasse"),
            ("ΟΔΟΣ οδός", "οδοσ οδοσ"),
            ("İstanbul ﬁne ½ ①", "istanbul fine 1 2 1"),
            ("foo-bar_baz.v1", "foo bar baz v1"),
            ("don't @ann #room :tada:", "don t ann room tada"),
            ("日本語です", "日 本 語 て\u{3099} す"),
            ("て\u{3099}す", "て\u{3099} す"),
            ("ﾃﾞｽ", "テ\u{3099} ス"),
            ("한국어", "한국어"),
            ("ภาษาไทย", "ภ า ษ า ไ ท ย"),
            ("שָׁלוֹם مُحَمَّد", "שלום محمد"),
            ("party🎉🎉 👍🏽 ❤️", "party 🎉 🎉 👍 ❤"),
            ("👩‍💻", "👩 💻"),
            ("soft\u{AD}hyphen", "softhyphen"),
        ] {
            let found: Vec<_> = words(text).into_iter().map(|word| word.text).collect();
            let nfkd: String = unicode_normalization::UnicodeNormalization::nfkd(expected).collect();
            assert_eq!(found.join(" "), nfkd, "{text:?}");
        }
    }

    #[test]
    fn places_count_utf_16_code_units() {
        let place = |text: &str| -> Vec<_> { words(text).into_iter().map(|word| (word.start, word.end)).collect() };
        assert_eq!(place("é𝒜 b"), [(0, 3), (4, 5)]);
        assert_eq!(place("🎉 cre\u{301}me!"), [(0, 2), (3, 9)]);
        assert_eq!(place("👍🏽x"), [(0, 4), (4, 5)]);
    }

    #[test]
    fn keys_are_short_and_without_signs() {
        let long = "x".repeat(1000);
        let odd = format!("{long} \"a\" 'b' _c_ (d) *e* a\\f & | ! <-> NEAR");
        let words = words(&odd);
        let keys = keys(words.iter().map(|word| &*word.text));
        assert!(keys.iter().all(|key| (1..=KEPT).contains(&key.chars().count())));
        assert!(
            !keys
                .iter()
                .any(|key| key.contains(|sign: char| !sign.is_alphanumeric()))
        );
    }

    #[test]
    fn links_have_a_scheme() {
        for text in ["see https://example.org", "HTTP://x", "(https://é)"] {
            assert!(has_link(text), "{text}");
        }
        for text in ["example.org", "://", "ftp://x", "é://"] {
            assert!(!has_link(text), "{text}");
        }
    }
}
