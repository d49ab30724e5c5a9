//! What the command line can do besides serving: each command is a client of the API.

pub(crate) mod bot;
pub(crate) mod call;
pub(crate) mod init;
pub(crate) mod login;
pub(crate) mod settings;
pub(crate) mod talk;

use crate::print::line;
use serde_json::Value;

/// Prints an answer: as JSON for programs, or by `human`.
fn show(json: bool, answer: &Value, human: impl FnOnce(&Value)) {
    if json { line!("{answer}") } else { human(answer) }
}

/// A text field, or nothing. Control characters of others must not reach the terminal.
fn text(value: &Value, field: &str) -> String {
    let text = value[field].as_str().unwrap_or_default();
    text.chars()
        .map(|letter| {
            if letter.is_control() && letter != '\n' && letter != '\t' {
                '\u{FFFD}'
            } else {
                letter
            }
        })
        .collect()
}
