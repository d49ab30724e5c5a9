//! Slash commands: those of the server and those of the bots in a room.

mod built_in;
mod invoke;
mod list;
mod offers;

pub use invoke::{CommandAnswer, CommandAnswerKind, InvokeCommand, InvokeCommandIn};
pub use list::{Command, Commands, ListCommands};

/// Longest text behind a command, in characters.
const TEXT: usize = 4000;

/// Whether a bot may call a command this: 1 to 32 of `a-z`, `0-9`, `-` and `_`, a letter first.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    name.len() <= 32 && name.starts_with(|first: char| first.is_ascii_lowercase()) && name.bytes().all(plain)
}
