use super::{Handled, TestMesh, message};
use crate::{Bot, Message, Payload, raw::exports::mesh::bot::handler};

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

    /// Presses a button of the bot's newest message that has it. Panics if there is none.
    pub fn press(self, action: &str) -> Handled {
        let posts = self.test.world.posts();
        let pressed = posts.into_iter().rev().find_map(|message| {
            let button = message.actions.iter().find(|button| button.id == action)?;
            Some((button.value.clone(), message))
        });
        let (value, message) = pressed.unwrap_or_else(|| panic!("no message of the bot has the button `{action}`"));
        let by = self.test.world.actor(&self.name);
        let press = handler::Press {
            message,
            action_id: action.into(),
            value,
            values: None,
            hops: 0,
        };
        self.test.event_by(by, Payload::MessageActed(press))
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
