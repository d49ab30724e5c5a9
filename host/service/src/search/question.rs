//! What somebody typed into the search field.

use super::words::{self, Word, words};
use crate::{Error, Result};
use mesh_types::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longest question, in characters.
pub(super) const LONGEST: usize = 500;

/// Most places of one message that are pointed out.
const MOST_HIGHLIGHTS: usize = 100;

/// Where what was asked for stands in a message's text, in UTF-16 code units, as the strings of
/// JavaScript and Java count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Highlight {
    /// The first code unit.
    pub start: usize,
    /// Behind the last code unit.
    pub end: usize,
}

/// What a message has besides words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Has {
    Link,
    Mention,
    Pin,
    Reaction,
    Thread,
}

/// A question, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Question {
    /// Words, or words that stand together.
    pub(super) terms: Vec<Vec<String>>,
    /// By one of these: handles or ids.
    pub(super) from: Vec<String>,
    /// In one of these: slugs or ids.
    pub(super) rooms: Vec<String>,
    /// With all of these.
    pub(super) has: Vec<Has>,
    /// Earlier than this.
    pub(super) before: Option<Timestamp>,
    /// At this time or later.
    pub(super) after: Option<Timestamp>,
}

impl Question {
    /// Any text is a question, unless it asks for nothing or a filter in it is none.
    pub(super) fn read(text: &str) -> Result<Self> {
        if text.chars().count() > LONGEST {
            return Err(wrong(format!("has at most {LONGEST} characters")));
        }
        let mut question = Self::default();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            rest = question.take(rest)?.trim_start();
        }
        if question == Self::default() {
            return Err(wrong("has no word to look for"));
        }
        Ok(question)
    }

    /// Reads one term or filter; gives what stands behind it.
    fn take<'a>(&mut self, text: &'a str) -> Result<&'a str> {
        if let Some(quoted) = text.strip_prefix('"') {
            let (phrase, rest) = unquote(quoted);
            self.term(phrase);
            return Ok(rest);
        }
        let end = text.find(|letter: char| letter == '"' || letter.is_whitespace());
        let (piece, rest) = text.split_at(end.unwrap_or(text.len()));
        let Some((name, value)) = piece.split_once(':') else {
            self.term(piece);
            return Ok(rest);
        };
        let quoted = rest.strip_prefix('"').filter(|_| value.is_empty());
        let (value, rest) = quoted.map_or((value, rest), unquote);
        if value.is_empty() || !self.filter(&name.to_ascii_lowercase(), value)? {
            self.term(piece);
            if quoted.is_some() {
                self.term(value);
            }
        }
        Ok(rest)
    }

    fn term(&mut self, text: &str) {
        let term: Vec<_> = words(text).into_iter().map(|word| word.text).collect();
        if !term.is_empty() && !self.terms.contains(&term) {
            self.terms.push(term);
        }
    }

    /// False when there is no filter of this name.
    fn filter(&mut self, name: &str, value: &str) -> Result<bool> {
        match name {
            "from" => self.from.push(value.trim_start_matches('@').to_lowercase()),
            "in" => self.rooms.push(value.trim_start_matches('#').to_lowercase()),
            "has" => self.has.push(has(value)?),
            "before" => self.before = self.before.min(Some(time(value)?)).or(Some(time(value)?)),
            "after" => self.after = self.after.max(Some(time(value)?)),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What a message must have to be looked at.
    pub(super) fn keys(&self) -> Vec<String> {
        let words = self.terms.iter().flatten().map(String::as_str);
        words::keys(words).into_iter().collect()
    }

    /// Where each term stands in a text; none when one of them does not.
    pub(super) fn places(&self, text: &str) -> Option<Vec<Highlight>> {
        let words = words(text);
        let mut places = Vec::new();
        for term in &self.terms {
            let before = places.len();
            let fits = |run: &&[Word]| run.iter().map(|word| &word.text).eq(term);
            places.extend(words.windows(term.len()).filter(fits).map(|run| Highlight {
                start: run[0].start,
                end: run[run.len() - 1].end,
            }));
            if places.len() == before {
                return None;
            }
        }
        Some(merged(places))
    }
}

/// What stands up to the closing quotation mark, or to the end, and what stands behind it.
fn unquote(quoted: &str) -> (&str, &str) {
    quoted.split_once('"').unwrap_or((quoted, ""))
}

fn has(value: &str) -> Result<Has> {
    Ok(match value.to_ascii_lowercase().as_str() {
        "link" => Has::Link,
        "mention" => Has::Mention,
        "pin" => Has::Pin,
        "reaction" => Has::Reaction,
        "thread" => Has::Thread,
        _ => return Err(wrong("`has:` is `link`, `mention`, `pin`, `reaction` or `thread`")),
    })
}

/// A time, or the beginning of a day, UTC.
fn time(value: &str) -> Result<Timestamp> {
    let day = || format!("{value}T00:00:00.000Z").parse();
    (value.to_ascii_uppercase().parse())
        .or_else(|_| day())
        .map_err(|_| wrong("expected a day like 2026-02-20, or a time like 2026-02-20T09:30:00.000Z"))
}

fn wrong(why: impl std::fmt::Display) -> Error {
    Error::invalid("/q", why)
}

/// In order, and none inside another.
fn merged(mut places: Vec<Highlight>) -> Vec<Highlight> {
    places.sort_unstable();
    let mut merged: Vec<Highlight> = Vec::new();
    for place in places {
        match merged.last_mut() {
            Some(last) if place.start < last.end => last.end = last.end.max(place.end),
            _ => merged.push(place),
        }
    }
    merged.truncate(MOST_HIGHLIGHTS);
    merged
}

#[cfg(test)]
mod tests {
    use super::{Has, LONGEST, Question};

    fn read(text: &str) -> Question {
        Question::read(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn terms(text: &str) -> String {
        let terms = read(text).terms.into_iter().map(|term| term.join(" "));
        terms.collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn words_and_phrases() {
        for (text, expected) in [
            ("hello world", "hello | world"),
            ("  Hello,  hello ", "hello"),
            ("\"hello world\" again", "hello world | again"),
            ("\"not closed", "not closed"),
            ("foo\"bar baz\"qux", "foo | bar baz | qux"),
            ("foo-bar http://x.org", "foo bar | http x org"),
            ("in: a", "in | a"),
            ("note:\"two words\"", "note | two words"),
            ("a AND b OR NOT c* NEAR(d)", "a | and | b | or | not | c | near d"),
            ("words:x ^y {z}", "words x | y | z"),
            ("日本", "日 本"),
        ] {
            assert_eq!(terms(text), expected, "{text}");
        }
    }

    #[test]
    fn filters() {
        let question = read("From:@Ann from:bob IN:#general in:\"room_1\" has:link HAS:pin lunch");
        assert_eq!(question.from, ["ann", "bob"]);
        assert_eq!(question.rooms, ["general", "room_1"]);
        assert_eq!(question.has, [Has::Link, Has::Pin]);
        assert_eq!(question.terms, [["lunch"]]);
        let question = read("before:2026-02-20 before:2026-02-19T00:00:00.500Z after:2025-01-01 after:2026-01-01");
        assert_eq!(question.before.unwrap().to_string(), "2026-02-19T00:00:00.500Z");
        assert_eq!(question.after.unwrap().to_string(), "2026-01-01T00:00:00.000Z");
    }

    #[test]
    fn what_asks_for_nothing_is_refused() {
        let long = "a".repeat(LONGEST + 1);
        for text in [
            "",
            "  ",
            "!?",
            "\"\"",
            "has:x",
            "before:lunch",
            "after:2026-02-30",
            &long,
        ] {
            assert!(Question::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn places_are_those_of_the_terms() {
        let places = |question: &str, text: &str| -> Option<Vec<_>> {
            let places = read(question).places(text)?;
            Some(places.into_iter().map(|place| (place.start, place.end)).collect())
        };
        assert_eq!(places("creme", "Crème! 🎉 CREME"), Some(vec![(0, 5), (10, 15)]));
        assert_eq!(places("\"b c\" \"a b\"", "a b c b"), Some(vec![(0, 5)]));
        assert_eq!(places("\"b a\"", "a b"), None);
        assert_eq!(places("\"a b c\"", "a b"), None);
        assert_eq!(places("日本", "今日本日"), Some(vec![(1, 3)]));
        assert_eq!(places("本日", "日本"), None);
        assert_eq!(places("has:link", "anything"), Some(vec![]));
    }
}
