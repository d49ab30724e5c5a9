//! What the conformance bot says of answers.

use mesh_bot::{Error, Result};

/// The names in order.
pub(crate) fn by_name(names: impl Iterator<Item = String>) -> String {
    let mut names: Vec<_> = names.collect();
    names.sort();
    names.join(", ")
}

/// The answer, or the word for the error.
pub(crate) fn or_word(answer: Result<String>) -> String {
    answer.unwrap_or_else(|error| word(&error))
}

/// The word for an error.
pub(crate) fn word(error: &Error) -> String {
    match error {
        Error::Denied(_) => "denied".into(),
        Error::NotFound(_) => "not found".into(),
        Error::Invalid(_) => "invalid".into(),
        Error::Conflict(_) => "conflict".into(),
        Error::RateLimited(_) => "rate limited".into(),
        Error::Pending(_) => "pending".into(),
        Error::Unavailable(_) => "unavailable".into(),
        other => other.to_string(),
    }
}
