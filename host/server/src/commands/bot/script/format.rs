//! What stands in a script: TOML, one `[[step]]` after the other. `docs/bots/scripts.md` is the guide.

use crate::client::{Failure, Result};
use anyhow::anyhow;
use mesh_authz::Permission;
use mesh_types::{LogLevel, Role};
use serde::Deserialize;
use std::{collections::BTreeMap, path::Path, time::Duration};
use toml::Spanned;

/// A script.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Script {
    /// What the bot is not granted of what it asks for.
    pub(super) deny: Vec<Permission>,
    /// Its settings.
    pub(super) config: Option<toml::Table>,
    /// Its secrets.
    pub(super) secrets: BTreeMap<String, String>,
    /// Who has another role than `member`; Ada, who begins, is the Creator.
    pub(super) people: BTreeMap<String, Role>,
    /// What happens.
    #[serde(rename = "step")]
    pub(super) steps: Vec<Spanned<Step>>,
}

/// Something that happens, and what the bot is expected to do about it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Step {
    /// Somebody says this.
    pub(super) say: Option<String>,
    /// Somebody calls this slash command, such as `/tea green`.
    pub(super) command: Option<String>,
    /// The command's arguments, by name.
    pub(super) arguments: Option<toml::Table>,
    /// Somebody puts this emoji under the room's last message.
    pub(super) react: Option<String>,
    /// So much time passes, such as `90s` or `1h`; timers fire meanwhile.
    pub(super) wait: Option<String>,
    /// The bot's settings become these.
    pub(super) config: Option<toml::Table>,
    /// Who does it; Ada when absent.
    pub(super) by: Option<String>,
    /// Where; `general` when absent.
    pub(super) room: Option<String>,
    /// In the thread of the room's last message.
    pub(super) thread: bool,
    /// All messages that the bot posts, in order.
    pub(super) replies: Option<Spanned<Vec<Spanned<Text>>>>,
    /// All reactions that it adds, in order.
    pub(super) reactions: Option<Spanned<Vec<String>>>,
    /// Lines among those that it logs, in order.
    pub(super) logs: Option<Spanned<Vec<Spanned<Text>>>>,
    /// Values that it stores, by their keys.
    pub(super) kv: BTreeMap<String, Spanned<toml::Value>>,
    /// The operations that it is refused.
    pub(super) denied: Option<Spanned<Vec<String>>>,
    /// It posts nothing, reacts to nothing, changes nothing in its rooms and is refused nothing.
    pub(super) nothing: Option<Spanned<bool>>,
}

/// What happens in a step.
#[derive(Debug, PartialEq)]
pub(super) enum Act<'s> {
    Say(&'s str),
    Command { name: &'s str, text: &'s str },
    React(&'s str),
    Wait(Duration),
    Configure(&'s toml::Table),
}

/// An expected text.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Text {
    /// Exactly this.
    Exact(String),
    /// Like this, where `*` stands for anything; with a level, a line of the log.
    Like(Like),
}

/// See [`Text::Like`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Like {
    /// The text, with `*` for anything.
    pub(super) like: String,
    /// The level of the line.
    #[serde(default)]
    pub(super) level: Option<LogLevel>,
}

impl Text {
    /// Whether a text is as expected.
    pub(super) fn fits(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == text,
            Self::Like(like) => is_like(&like.like, text),
        }
    }

    /// Whether a line of the log is as expected.
    pub(super) fn fits_line(&self, level: LogLevel, text: &str) -> bool {
        let level_fits = match self {
            Self::Exact(_) => true,
            Self::Like(like) => like.level.is_none_or(|wanted| wanted == level),
        };
        level_fits && self.fits(text)
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact(text) => write!(f, "{text:?}"),
            Self::Like(Like { like, level: None }) => write!(f, "like {like:?}"),
            Self::Like(Like {
                like,
                level: Some(level),
            }) => write!(f, "{level} like {like:?}"),
        }
    }
}

fn is_like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}

impl Step {
    /// What happens; exactly one thing does.
    pub(super) fn act(&self) -> Result<Act<'_>, String> {
        let mut acts = Vec::new();
        if let Some(text) = &self.say {
            acts.push(Act::Say(text));
        }
        if let Some(line) = &self.command {
            let line = line.strip_prefix('/');
            let line = line.ok_or("a command begins with `/`")?;
            let (name, text) = line.split_once(' ').unwrap_or((line, ""));
            acts.push(Act::Command { name, text });
        }
        if let Some(emoji) = &self.react {
            acts.push(Act::React(emoji));
        }
        if let Some(time) = &self.wait {
            acts.push(Act::Wait(duration(time)?));
        }
        if let Some(config) = &self.config {
            acts.push(Act::Configure(config));
        }
        match (acts.pop(), acts.is_empty()) {
            (Some(act), true) => Ok(act),
            _ => Err("a step has exactly one of `say`, `command`, `react`, `wait` and `config`".into()),
        }
    }

    /// Who does it.
    pub(super) fn by(&self) -> &str {
        self.by.as_deref().unwrap_or(super::CREATOR)
    }

    /// Where.
    pub(super) fn room(&self) -> &str {
        self.room.as_deref().unwrap_or("general")
    }
}

/// A whole number of seconds, minutes, hours or days.
fn duration(text: &str) -> Result<Duration, String> {
    let unit = text.chars().last().unwrap_or_default();
    let number = text.strip_suffix(unit).and_then(|number| number.parse::<u32>().ok());
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 24 * 3600,
        _ => 0,
    };
    match number {
        Some(number) if seconds > 0 => Ok(Duration::from_secs(u64::from(number) * seconds)),
        _ => Err(format!("{text:?} is no time: a number with `s`, `m`, `h` or `d`")),
    }
}

/// A script with its text, which tells the lines.
pub(super) struct Source {
    /// As the user knows it.
    pub(super) file: String,
    text: String,
    pub(super) script: Script,
}

impl Source {
    /// Reads a script.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| Failure::failed(anyhow!("{file}: {error}")))?;
        let script: Script = toml::from_str(&text).map_err(|error| Failure::failed(anyhow!("{file}: {error}")))?;
        let source = Self { file, text, script };
        for step in &source.script.steps {
            if let Err(wrong) = step.get_ref().act() {
                let line = source.line(step);
                return Err(Failure::failed(anyhow!("{}:{line}: {wrong}", source.file)));
            }
        }
        Ok(source)
    }

    /// The line on which something stands.
    pub(super) fn line<T>(&self, at: &Spanned<T>) -> usize {
        let before = self.text.get(..at.span().start).unwrap_or(&self.text);
        1 + before.matches('\n').count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, text, fits) in [
            ("", "", true),
            ("*", "", true),
            ("Hello *", "Hello Ada", true),
            ("Hello *", "Hello", false),
            ("*(question 2)", "Hi (question 2)", true),
            ("a*b*c", "a--b--c", true),
            ("a*b*c", "a--c--b", false),
            ("a*a", "a", false),
            ("exact", "exactly", false),
        ] {
            assert_eq!(is_like(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn a_step_is_one_thing_and_knows_its_line() {
        let text =
            "deny = [\"message.react\"]\n\n[[step]]\nsay = \"hi\"\nreplies = [\n  \"a\",\n  { like = \"b*\" },\n]\n";
        let script: Script = toml::from_str(text).unwrap();
        let source = Source {
            file: "x".into(),
            text: text.into(),
            script,
        };
        let step = source.script.steps[0].get_ref();
        assert_eq!(step.act(), Ok(Act::Say("hi")));
        let replies = step.replies.as_ref().unwrap().get_ref();
        assert_eq!([source.line(&replies[0]), source.line(&replies[1])], [6, 7]);
        for (wrong, why) in [
            ("", "exactly one"),
            ("say = \"a\"\nwait = \"1s\"", "exactly one"),
            ("command = \"tea\"", "begins with `/`"),
            ("wait = \"soon\"", "is no time"),
            ("wait = \"5\"", "is no time"),
        ] {
            let step: Step = toml::from_str(wrong).unwrap();
            assert!(step.act().unwrap_err().contains(why), "{wrong}");
        }
        let step: Step = toml::from_str("command = \"/tea green leaves\"").unwrap();
        let (name, text) = ("tea", "green leaves");
        assert_eq!(step.act(), Ok(Act::Command { name, text }));
        let step: Step = toml::from_str("wait = \"90m\"").unwrap();
        assert_eq!(step.act(), Ok(Act::Wait(Duration::from_mins(90))));
    }
}
