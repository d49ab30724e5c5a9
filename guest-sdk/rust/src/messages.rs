use crate::{
    Action, Mesh, Message, MessageWriter, Pages, Result, Thread,
    raw::mesh::bot::messages::{Change as RawChange, NewMessage},
};
use serde_json::{Map, Value};

/// A message to be sent with [`Messages::send`].
///
/// ```
/// # use mesh_bot::Draft;
/// let draft = Draft::new("room_1", "*hello*").in_thread("thread_1").in_reply_to("message_1");
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a draft does nothing until it is sent"]
pub struct Draft {
    message: NewMessage,
}

impl Draft {
    /// A message to a room. `text` is Markdown (`CommonMark`), at most 64 KiB.
    pub fn new(room: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            message: NewMessage {
                room: room.into(),
                text: text.into(),
                thread: None,
                reply_to: None,
                files: Vec::new(),
                streaming: false,
                actions: Vec::new(),
            },
        }
    }

    /// An answer to a message where it stands: in its thread if it is in one, and as a reply to it.
    pub fn answering(to: &Message, text: impl Into<String>) -> Self {
        let draft = Self::new(&to.room_id, text).in_reply_to(&to.id);
        match &to.thread_id {
            Some(thread) => draft.in_thread(thread),
            None => draft,
        }
    }

    /// Sends it in a thread of the room.
    pub fn in_thread(mut self, thread: impl Into<String>) -> Self {
        self.message.thread = Some(thread.into());
        self
    }

    /// Shows a file with it: one that the bot uploaded to the room and that no message shows yet; at most 10.
    pub fn with_file(mut self, file: impl Into<String>) -> Self {
        self.message.files.push(file.into());
        self
    }

    /// Puts a button under it, at most 10; [`crate::Bot::on_action`] runs when somebody presses it.
    pub fn with_action(mut self, action: Action) -> Self {
        self.message.actions.push(action);
        self
    }

    /// Points it at the message it answers.
    pub fn in_reply_to(mut self, message: impl Into<String>) -> Self {
        self.message.reply_to = Some(message.into());
        self
    }
}

/// What becomes other of a message; see [`Messages::change`].
///
/// ```
/// # use mesh_bot::{Action, Change};
/// let done = Change::new().text("Deployed.").actions([]);
/// let other = Change::new().actions([Action::new("undo", "Undo")]);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a change does nothing until it is made"]
pub struct Change {
    change: RawChange,
}

impl Change {
    /// Nothing yet.
    #[expect(clippy::new_without_default, reason = "nothing is not what anybody wants to change")]
    pub fn new() -> Self {
        Self {
            change: RawChange {
                text: None,
                actions: None,
            },
        }
    }

    /// The whole text.
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.change.text = Some(text.into());
        self
    }

    /// Buttons in place of those that it has; none takes them away.
    pub fn actions(mut self, actions: impl IntoIterator<Item = Action>) -> Self {
        self.change.actions = Some(actions.into_iter().collect());
        self
    }
}

/// Messages; see [`Mesh::messages`].
#[derive(Clone, Copy)]
pub struct Messages<'a> {
    pub(crate) mesh: &'a Mesh,
}

impl<'a> Messages<'a> {
    /// Posts a text to a room. Needs `message.post`.
    pub fn post(self, room: &str, text: impl Into<String>) -> Result<Message> {
        self.send(Draft::new(room, text))
    }

    /// Posts a message with everything a [`Draft`] can say. Needs `message.post`.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a draft is sent once, and callers build it in place"
    )]
    pub fn send(self, draft: Draft) -> Result<Message> {
        Ok(self.mesh.backend.message_post(&draft.message)?)
    }

    /// Posts a message of which more is to come: people see it while it is written. Needs `message.post` and
    /// `message.edit`. The text of the draft is its beginning, and may be empty.
    pub fn stream(self, mut draft: Draft) -> Result<MessageWriter<'a>> {
        draft.message.streaming = true;
        let posted = self.mesh.backend.message_post(&draft.message)?;
        Ok(MessageWriter::new(self.mesh, posted, draft.message.text))
    }

    /// One message. Needs `message.read`.
    pub fn get(self, message: &str) -> Result<Message> {
        Ok(self.mesh.backend.message_get(message)?)
    }

    /// The messages of a room, newest first. Needs `message.read`.
    pub fn list(self, room: &str) -> Pages<'a, Message> {
        let (mesh, room) = (self.mesh, room.to_owned());
        Pages::new(move |request| {
            let page = mesh.backend.message_list(&room, request)?;
            Ok((page.messages, page.next_cursor))
        })
    }

    /// Changes the text of one of the bot's own messages. Needs `message.edit`.
    pub fn edit(self, message: &str, text: &str) -> Result<Message> {
        self.change(message, Change::new().text(text))
    }

    /// Changes the text of one of the bot's own messages, its buttons, or both. Needs `message.edit`.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a change is made once, and callers build it in place"
    )]
    pub fn change(self, message: &str, change: Change) -> Result<Message> {
        Ok(self.mesh.backend.message_edit(message, &change.change)?)
    }

    /// Presses a button under a message; its author is told, with these values. Needs `message.react`.
    pub fn press(self, message: &str, action: &str, values: Option<&Map<String, Value>>) -> Result {
        let values = values.map(serde_json::to_string).transpose()?;
        Ok(self.mesh.backend.message_act(message, action, values.as_deref())?)
    }

    /// Deletes a message. Needs `message.delete`.
    pub fn delete(self, message: &str) -> Result {
        Ok(self.mesh.backend.message_delete(message)?)
    }

    /// Puts an emoji on a message. Needs `message.react`.
    pub fn react(self, message: &str, emoji: &str) -> Result {
        Ok(self.mesh.backend.reaction_add(message, emoji)?)
    }

    /// Takes the bot's own emoji off a message. Needs `message.react`.
    pub fn unreact(self, message: &str, emoji: &str) -> Result {
        Ok(self.mesh.backend.reaction_remove(message, emoji)?)
    }
}

/// Threads; see [`Mesh::threads`]. All of it needs `message.read`.
#[derive(Clone, Copy)]
pub struct Threads<'a> {
    pub(crate) mesh: &'a Mesh,
}

impl<'a> Threads<'a> {
    /// One thread.
    pub fn get(self, thread: &str) -> Result<Thread> {
        Ok(self.mesh.backend.thread_get(thread)?)
    }

    /// The threads of a room.
    pub fn list(self, room: &str) -> Pages<'a, Thread> {
        let (mesh, room) = (self.mesh, room.to_owned());
        Pages::new(move |request| {
            let page = mesh.backend.thread_list(&room, request)?;
            Ok((page.threads, page.next_cursor))
        })
    }

    /// What was said in a thread, oldest first.
    pub fn replies(self, thread: &str) -> Pages<'a, Message> {
        let (mesh, thread) = (self.mesh, thread.to_owned());
        Pages::new(move |request| {
            let page = mesh.backend.thread_replies(&thread, request)?;
            Ok((page.messages, page.next_cursor))
        })
    }
}
