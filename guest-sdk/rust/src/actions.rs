use crate::{
    Result,
    raw::{
        exports::mesh::bot::handler,
        mesh::bot::types::{Action, Actor, Message},
    },
};
use serde_json::{Map, Value};

impl Action {
    /// A button with this name in its message, and these words on it.
    ///
    /// ```
    /// # use mesh_bot::{Action, Draft};
    /// let draft = Draft::new("room_1", "Deploy now?")
    ///     .with_action(Action::new("yes", "Deploy").primary().carrying("build 7"))
    ///     .with_action(Action::new("no", "Not now"));
    /// ```
    pub fn new(id: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            label: label.into(),
            style: "plain".into(),
            value: None,
        }
    }

    /// It looks like the one to press.
    #[must_use]
    pub fn primary(mut self) -> Self {
        self.style = "primary".into();
        self
    }

    /// It looks like doing harm.
    #[must_use]
    pub fn danger(mut self) -> Self {
        self.style = "danger".into();
        self
    }

    /// The bot is told this when it is pressed; at most 2,000 bytes.
    #[must_use]
    pub fn carrying(mut self, value: impl Into<String>) -> Self {
        self.value = Some(value.into());
        self
    }
}

/// Somebody pressed a button under a message of this bot.
#[derive(Debug, Clone, PartialEq)]
pub struct Press {
    /// The message, as it is now.
    pub message: Message,
    /// The button.
    pub action: String,
    /// What the button carried when it was pressed.
    pub value: Option<String>,
    /// What came along.
    pub values: Option<Map<String, Value>>,
    /// Who pressed it.
    pub by: Actor,
}

impl Press {
    pub(crate) fn read(by: &Actor, raw: &handler::Press) -> Result<Self> {
        Ok(Self {
            message: raw.message.clone(),
            action: raw.action_id.clone(),
            value: raw.value.clone(),
            values: raw.values.as_deref().map(serde_json::from_str).transpose()?,
            by: by.clone(),
        })
    }
}
