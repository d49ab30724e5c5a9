use super::{Handled, TestMesh, message};
use crate::{Bot, Message, Payload};

/// Somebody about to say something; see [`TestMesh::by`].
#[must_use = "nothing is said before `mention` or `message`"]
pub struct Says<'a, B> {
    test: &'a mut TestMesh<B>,
    name: String,
    room: String,
    thread: Option<String>,
    trust: String,
}

impl<'a, B: Bot> Says<'a, B> {
    pub(super) fn new(test: &'a mut TestMesh<B>, name: &str) -> Self {
        Self {
            test,
            name: name.into(),
            room: "general".into(),
            thread: None,
            trust: "local".into(),
        }
    }

    /// In the room of this name, which is made if it is not there.
    pub fn in_room(mut self, name: &str) -> Self {
        self.room = name.into();
        self
    }

    /// In a thread with this id.
    pub fn in_thread(mut self, id: &str) -> Self {
        self.thread = Some(id.into());
        self
    }

    /// With this trust: `owner`, `local`, `federated` or `untrusted`.
    pub fn trusted_as(mut self, trust: &str) -> Self {
        self.trust = trust.into();
        self
    }

    /// Mentions the bot, with this text after its handle.
    pub fn mention(self, text: &str) -> Handled {
        let text = format!("@bot {text}");
        self.deliver(&text, true)
    }

    /// Says it without mentioning the bot.
    pub fn message(self, text: &str) -> Handled {
        self.deliver(text, false)
    }

    fn deliver(self, text: &str, mentions_me: bool) -> Handled {
        let author = self.test.world.actor(&self.name);
        let message = self.test.world.keep(Message {
            room_id: self.test.world.room(&self.room).id,
            thread_id: self.thread,
            author: author.clone(),
            trust: self.trust,
            mentions_me,
            ..message(text)
        });
        self.test.event_by(author, Payload::MessageCreated(message))
    }
}
