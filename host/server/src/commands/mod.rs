//! What the command line can do besides serving: each command is a client of the API.

pub(crate) mod bot;
pub(crate) mod call;
pub(crate) mod init;
pub(crate) mod live;
pub(crate) mod login;
pub(crate) mod settings;
pub(crate) mod talk;

use crate::print::line;
use serde_json::Value;

/// Prints an answer: as JSON for programs, or by `human`.
fn show(json: bool, answer: &Value, human: impl FnOnce(&Value)) {
    if json { line!("{answer}") } else { human(answer) }
}

/// A text field, or nothing, fit for the terminal.
fn text(value: &Value, field: &str) -> String {
    clean(value[field].as_str().unwrap_or_default())
}

/// A text of somebody else without the control characters that would steer the terminal.
fn clean(text: &str) -> String {
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
