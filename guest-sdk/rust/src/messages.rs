use crate::{Mesh, Message, Pages, Result, Thread, raw::mesh::bot::messages::NewMessage};

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
            },
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

    /// Points it at the message it answers.
    pub fn in_reply_to(mut self, message: impl Into<String>) -> Self {
        self.message.reply_to = Some(message.into());
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
        Ok(self.mesh.backend.message_edit(message, text)?)
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
