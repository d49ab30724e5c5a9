use crate::{Change, Error, Mesh, Message, Result};
use std::fmt;

/// The least that is sent at once, in bytes, unless the bot says so.
const LEAST: usize = 64;

/// A message that people see while it is being written; see [`Mesh::reply_streaming`] and
/// [`crate::Messages::stream`]. It needs `message.edit` besides `message.post`.
///
/// What is written is sent in pieces that grow with the text, so that a long message takes no more than about
/// fifty calls. Call [`MessageWriter::finish`] at the end: other bots hear of the message then, and people whom
/// it mentions are notified. A message that gets nothing more for a minute is closed by the mesh.
///
/// ```
/// # use mesh_bot::{Mesh, Message, Result};
/// # use std::fmt::Write as _;
/// fn count(mention: &Message, mesh: &Mesh) -> Result {
///     let mut answer = mesh.reply_streaming(mention)?;
///     for number in 1..=1000 {
///         answer.push(&number.to_string())?;
///         answer.push(" ")?;
///     }
///     answer.finish()
/// }
/// ```
///
/// When the event comes again after a crash, the same text goes on where the first try stopped. Where the second
/// try writes something else, the message ends with that.
#[must_use = "a message is complete when it is finished"]
pub struct MessageWriter<'a> {
    mesh: &'a Mesh,
    message: Message,
    text: String,
    sent: usize,
    /// What is there is not what this writes.
    apart: bool,
    failed: Option<Error>,
}

impl<'a> MessageWriter<'a> {
    pub(crate) fn new(mesh: &'a Mesh, message: Message, text: String) -> Self {
        let sent = text.len();
        Self {
            mesh,
            message,
            text,
            sent,
            apart: false,
            failed: None,
        }
    }

    /// The message as it was posted.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// Adds text.
    pub fn push(&mut self, text: &str) -> Result {
        self.text.push_str(text);
        if self.text.len() - self.sent >= LEAST.max(self.sent / 8) {
            self.flush()?;
        }
        Ok(())
    }

    /// Shows what was written up to now.
    pub fn flush(&mut self) -> Result {
        if self.sent < self.text.len() {
            self.send(false)?;
        }
        Ok(())
    }

    /// The message is complete.
    pub fn finish(mut self) -> Result {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        self.send(true)?;
        if self.apart {
            let change = Change::new().text(&self.text);
            self.mesh.messages().change(&self.message.id, change)?;
        }
        Ok(())
    }

    fn send(&mut self, last: bool) -> Result {
        if self.apart {
            return Ok(());
        }
        let (offset, new) = (self.sent as u64, &self.text[self.sent..]);
        let sent = self.mesh.backend.message_append(&self.message.id, offset, new, last);
        match sent.map_err(Error::from) {
            Ok(_) => self.sent = self.text.len(),
            Err(error) if error.is_conflict() => self.apart = true,
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// For `write!`. What went wrong is what [`MessageWriter::finish`] gives.
impl fmt::Write for MessageWriter<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text).map_err(|error| {
            self.failed = Some(error);
            fmt::Error
        })
    }
}
