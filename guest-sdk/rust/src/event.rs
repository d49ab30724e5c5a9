pub use crate::raw::exports::mesh::bot::handler::{Decision, Event, Firing as TimerFired, Outcome, Payload};
use crate::{
    Result,
    raw::{
        exports::mesh::bot::handler::{Invocation, Question},
        mesh::bot::types::{Actor, Id, Message},
    },
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// An emoji put on a message or taken off it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reaction {
    /// The room of the message.
    pub room_id: Id,
    /// The message.
    pub message_id: Id,
    /// The emoji, as text.
    pub emoji: String,
    /// Who reacted.
    pub by: Actor,
    /// Taken off rather than put on.
    pub removed: bool,
}

/// A slash command of this bot that somebody called in a room.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// What the manifest calls it.
    pub name: String,
    /// What stood behind it, as it was typed.
    pub text: String,
    /// Its arguments by name; they fit the command's schema. None when it was only typed.
    pub arguments: Option<Map<String, Value>>,
    /// The room to answer in.
    pub room_id: Id,
    /// Who called it.
    pub by: Actor,
    /// Names the call; whoever called was told the same one.
    pub reply_handle: Id,
}

impl Command {
    pub(crate) fn read(by: &Actor, raw: &Invocation) -> Result<Self> {
        Ok(Self {
            name: raw.command.clone(),
            text: raw.text.clone(),
            arguments: raw.arguments.as_deref().map(serde_json::from_str).transpose()?,
            room_id: raw.room_id.clone(),
            by: by.clone(),
            reply_handle: raw.reply_handle.clone(),
        })
    }
}

/// What somebody asks this bot for and waits for, 30 s at most.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Names it.
    pub id: Id,
    /// What is asked for, in this bot's own words.
    pub method: String,
    /// With what.
    pub input: Value,
    /// Who asks: a person or a bot.
    pub by: Actor,
}

impl Call {
    pub(crate) fn read(by: &Actor, raw: &Question) -> Result<Self> {
        Ok(Self {
            id: raw.call_id.clone(),
            method: raw.method.clone(),
            input: serde_json::from_str(&raw.input)?,
            by: by.clone(),
        })
    }

    /// What is asked with, as a type of this bot's own.
    pub fn input<T: DeserializeOwned>(&self) -> Result<T> {
        Ok(T::deserialize(&self.input)?)
    }
}

impl TimerFired {
    /// What the timer carries.
    ///
    /// ```
    /// # use mesh_bot::{Result, TimerFired};
    /// fn name(timer: &TimerFired) -> Result<String> {
    ///     timer.data()
    /// }
    /// ```
    pub fn data<T: DeserializeOwned>(&self) -> Result<T> {
        Ok(serde_json::from_str(&self.data)?)
    }
}

impl Message {
    /// The text without the handle it begins with, and without the colon or comma after it.
    ///
    /// A handle is `@` and then `a` to `z`, `0` to `9`, `_`, `.` or `-`. Only one at the very beginning
    /// is taken off, whosever it is; a text that begins otherwise comes back as it is, trimmed.
    ///
    /// ```
    /// # use mesh_bot::testing::message;
    /// assert_eq!(message("@echo hello @ada").text_without_mention(), "hello @ada");
    /// assert_eq!(message("@echo: hello").text_without_mention(), "hello");
    /// assert_eq!(message("hello @echo").text_without_mention(), "hello @echo");
    /// ```
    pub fn text_without_mention(&self) -> &str {
        without_mention(self.text.trim())
    }
}

fn without_mention(text: &str) -> &str {
    let Some(after_sign) = text.strip_prefix('@') else {
        return text;
    };
    let rest = after_sign.trim_start_matches(in_handle);
    if rest.len() == after_sign.len() || rest.starts_with(char::is_alphanumeric) {
        return text;
    }
    rest.strip_prefix([':', ',']).unwrap_or(rest).trim_start()
}

fn in_handle(letter: char) -> bool {
    matches!(letter, 'a'..='z' | '0'..='9' | '_' | '.' | '-')
}

#[cfg(test)]
mod tests {
    use super::without_mention;

    #[test]
    fn only_a_leading_handle_is_taken_off() {
        for (text, without) in [
            ("@echo hello", "hello"),
            ("@echo", ""),
            ("@echo\nhello", "hello"),
            ("@my_bot-2.0, hello", "hello"),
            ("@echo @echo hello", "@echo hello"),
            ("hello @echo", "hello @echo"),
            ("@ echo", "@ echo"),
            ("@echoÉ hello", "@echoÉ hello"),
            ("a@echo hello", "a@echo hello"),
            ("", ""),
        ] {
            assert_eq!(without_mention(text), without, "{text:?}");
        }
    }
}
