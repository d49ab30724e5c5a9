//! A mesh in memory, to test a bot on natively with `cargo test`.

mod extra;
mod manifest;
mod says;
mod world;

use crate::{
    Actor, Bot, Error, Event, Mesh, Message, Outcome, Packaged, Payload, Room,
    backend::Backend,
    export::Runner,
    log::Level,
    raw::{exports::mesh::bot::handler::Invocation, mesh::bot::types},
};
use serde::{Serialize, de::DeserializeOwned};
use std::{cell::RefCell, rc::Rc};

pub use manifest::Manifest;
pub use says::Says;
use world::World;

/// What a bot answers for an event; an error is what the mesh would count as a failure.
pub type Handled = Result<Outcome, String>;

thread_local! {
    static LOG: RefCell<Vec<(Level, String)>> = const { RefCell::new(Vec::new()) };
}

pub(crate) fn write_log(level: Level, line: &str) {
    LOG.with_borrow_mut(|lines| lines.push((level, line.to_owned())));
}

/// A bot in a small mesh that exists only in memory.
///
/// The mesh has one room, `general`, with the bot and a person called Ada in it; more people and rooms
/// appear when they are named. The bot starts before its first event. It may do what its manifest asks
/// for and nothing else, so a capability that was forgotten shows in the tests.
///
/// ```
/// # use mesh_bot::{Bot, Mesh, Message, Result, Outcome, testing::TestMesh};
/// # #[derive(Default)]
/// # struct Greeter;
/// # impl Bot for Greeter {
/// #     fn on_mention(&mut self, mention: &Message, mesh: &Mesh) -> Result {
/// #         let count = mesh.kv().update("count", |count: u32| count + 1);
/// #         mesh.reply(mention, format!("hello, {}", mention.author.name)).map(|_| ())
/// #     }
/// # }
/// # mesh_bot::export!(Greeter, manifest = "template/bot.toml");
/// # fn main() {
/// let mut test = TestMesh::new(Greeter);
/// assert_eq!(test.by("Bob").in_room("kitchen").mention("hi"), Ok(Outcome::Ack));
/// assert_eq!(test.replies(), ["hello, Bob"]);
///
/// test.deny("message.post", "the room is read only");
/// assert!(test.mention("hi").is_err());
/// # }
/// ```
///
/// What it leaves out answers [`Error::Unavailable`]. It does not know the resource patterns of a
/// manifest: a capability counts for everything.
pub struct TestMesh<B> {
    runner: Runner<B>,
    world: Rc<World>,
    started: bool,
}

impl<B: Packaged> TestMesh<B> {
    /// A mesh that grants everything the manifest of the bot asks for. Panics if the manifest is wrong.
    pub fn new(bot: B) -> Self {
        let manifest = Manifest::parse(B::MANIFEST).unwrap_or_else(|error| panic!("bot.toml: {error}"));
        let test = Self::permissive(bot);
        test.world.grant_only(
            manifest
                .capabilities
                .into_iter()
                .map(|capability| capability.permission),
        );
        test
    }
}

impl<B: Bot> TestMesh<B> {
    /// A mesh that allows everything, whatever the manifest says.
    pub fn permissive(bot: B) -> Self {
        LOG.with_borrow_mut(Vec::clear);
        let world = Rc::new(World::new());
        let mesh = Mesh::new(Backend(world.clone()));
        Self {
            runner: Runner { bot, mesh },
            world,
            started: false,
        }
    }

    /// Refuses a permission from now on; `detail` is the sentence the bot gets to see.
    pub fn deny(&mut self, permission: &str, detail: &str) -> &mut Self {
        let denial = types::Denial {
            reason: "grant".into(),
            detail: detail.into(),
        };
        self.fail(permission, Error::Denied(denial))
    }

    /// Answers every call that needs a permission with an error from now on.
    pub fn fail(&mut self, permission: &str, error: Error) -> &mut Self {
        self.world.fail(permission, error);
        self
    }

    /// Allows a permission from now on, whether the manifest asks for it or not.
    pub fn allow(&mut self, permission: &str) -> &mut Self {
        self.world.allow(permission);
        self
    }

    /// Gives the bot settings, and tells it so if it has started.
    pub fn configure<T: Serialize>(&mut self, settings: &T) -> Handled {
        self.world
            .configure(serde_json::to_string(settings).expect("settings that can be written as JSON"));
        if self.started {
            self.event(Payload::BotConfigChanged)
        } else {
            Ok(Outcome::Ack)
        }
    }

    /// Enters a secret, as a person would.
    pub fn tell_secret(&mut self, name: &str, value: &str) -> &mut Self {
        self.world.tell_secret(name, value);
        self
    }

    /// Starts the bot if it has not started; events do this by themselves.
    pub fn start(&mut self) -> Result<(), String> {
        if !self.started {
            self.runner.start()?;
            self.started = true;
        }
        Ok(())
    }

    /// Ends the instance and takes a fresh one: fields are forgotten, what is in the store stays.
    pub fn restart(&mut self) -> Result<(), String> {
        self.runner.bot = B::default();
        self.started = false;
        self.start()
    }

    /// Ada mentions the bot in `general`, with this text after the handle.
    pub fn mention(&mut self, text: &str) -> Handled {
        self.by("Ada").mention(text)
    }

    /// Ada says something in `general` without mentioning the bot.
    pub fn message(&mut self, text: &str) -> Handled {
        self.by("Ada").message(text)
    }

    /// Ada presses a button of the bot's newest message that has it. Panics if there is none.
    pub fn press(&mut self, action: &str) -> Handled {
        self.by("Ada").press(action)
    }

    /// Ada calls one of the bot's slash commands in `general`, with this text behind it.
    pub fn command(&mut self, name: &str, text: &str) -> Handled {
        let room = self.world.room("general").id;
        self.event(Payload::CommandInvoked(Invocation {
            command: name.into(),
            text: text.into(),
            arguments: None,
            room_id: room,
            reply_handle: "cmdcall_1".into(),
            hops: 0,
        }))
    }

    /// Somebody of that name is about to say something; they join the mesh if they are new.
    pub fn by(&mut self, name: &str) -> Says<'_, B> {
        Says::new(self, name)
    }

    /// Hands the bot any event, caused by Ada.
    pub fn event(&mut self, payload: Payload) -> Handled {
        let actor = self.world.actor("Ada");
        self.event_by(actor, payload)
    }

    fn event_by(&mut self, actor: Actor, payload: Payload) -> Handled {
        self.start()?;
        let event = Event {
            stream: "test".into(),
            seq: self.world.next(),
            at: self.world.now(),
            actor,
            payload,
        };
        self.runner.on_event(&event)
    }

    /// The messages the bot has posted and not deleted, oldest first.
    pub fn posts(&self) -> Vec<Message> {
        self.world.posts()
    }

    /// The texts of [`TestMesh::posts`].
    pub fn replies(&self) -> Vec<String> {
        self.posts().into_iter().map(|message| message.text).collect()
    }

    /// The reactions the bot has made: message and emoji.
    pub fn reactions(&self) -> Vec<(String, String)> {
        self.world.reactions()
    }

    /// A value in the bot's store. Panics if it is of another shape.
    pub fn stored<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let bytes = self.world.stored(key)?;
        Some(serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("the value stored at `{key}`: {error}")))
    }

    /// Puts a value into the bot's store, as an earlier instance would have.
    pub fn store<T: Serialize>(&mut self, key: &str, value: &T) {
        self.world.store(
            key,
            serde_json::to_vec(value).expect("a value that can be written as JSON"),
        );
    }

    /// The lines in the bot's log.
    pub fn log(&self) -> Vec<(Level, String)> {
        LOG.with_borrow(Clone::clone)
    }

    /// A room by its name; it is made if it is not there, with the bot in it.
    pub fn room(&mut self, name: &str) -> Room {
        self.world.room(name)
    }

    /// The bot itself, to look at its fields.
    pub fn bot(&self) -> &B {
        &self.runner.bot
    }

    /// The handle the bot gets, to call parts of the bot directly.
    pub fn mesh(&self) -> &Mesh {
        &self.runner.mesh
    }
}

/// A message by Ada in the room `room_1`, for functions that need no mesh.
pub fn message(text: &str) -> Message {
    Message {
        id: "message_1".into(),
        room_id: "room_1".into(),
        thread_id: None,
        reply_to: None,
        author: Actor {
            id: "person_1".into(),
            kind: "person".into(),
            name: "Ada".into(),
        },
        text: text.into(),
        created_at: 0,
        edited_at: None,
        revision: 1,
        seq: 1,
        trust: "local".into(),
        hops: 0,
        mentions_me: false,
        redacted: false,
        files: Vec::new(),
        reactions: Vec::new(),
        streaming: false,
        actions: Vec::new(),
    }
}
