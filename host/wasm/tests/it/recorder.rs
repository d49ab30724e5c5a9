//! A host that records what a bot does and answers from nothing.

#[path = "samples.rs"]
pub(crate) mod samples;

use std::time::Duration;

use wasmtime::component::Resource;

use mesh_wasm::bindings::types::{Actor, Error, Id, Json, Member, Message, PageRequest, Room, RoomMember, Thread};
use mesh_wasm::bindings::{
    Event, Payload, approvals, auth, bots, calls, config, docs, events, files, http, kv, members, meshes, messages,
    rooms, secrets, timers,
};
use mesh_wasm::{
    Allowed, BotHost, Called, Engine, EngineConfig, FileReader, FileWriter, Instance, Limits, Linked, Linker, Sandbox,
};

use samples::Sample;

type Answer<T> = wasmtime::Result<Result<T, Error>>;

/// What a recorder answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    /// Posts are taken; nothing else is there.
    Little,
    /// One value of the right type for everything.
    Samples,
    /// The cases of the error, one after the other.
    Errors,
}

pub(crate) struct Recorder {
    pub(crate) sandbox: Sandbox,
    pub(crate) posts: Vec<(String, String)>,
    /// How long `kv.get` takes.
    pub(crate) delay: Duration,
    pub(crate) answers: Answers,
    answered: usize,
}

impl Recorder {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            sandbox: Sandbox::new(limits),
            posts: Vec::new(),
            delay: Duration::ZERO,
            answers: Answers::Little,
            answered: 0,
        }
    }

    fn answer<T: Sample>(&mut self) -> Answer<T> {
        self.answer_with(|_| Ok(T::sample()))
    }

    fn answer_with<T>(&mut self, sample: impl FnOnce(&mut Self) -> wasmtime::Result<T>) -> Answer<T> {
        self.sandbox.spend_host_call()?;
        self.answered += 1;
        Ok(match self.answers {
            Answers::Little => Err(Error::NotFound("not here".into())),
            Answers::Samples => Ok(sample(self)?),
            Answers::Errors => Err(samples::error(self.answered)),
        })
    }
}

impl BotHost for Recorder {
    fn sandbox(&mut self) -> &mut Sandbox {
        &mut self.sandbox
    }
}

impl messages::Host for Recorder {
    async fn post(&mut self, message: messages::NewMessage) -> Answer<Message> {
        if self.answers != Answers::Little {
            return self.answer();
        }
        self.sandbox.spend_host_call()?;
        self.sandbox.spend_message()?;
        self.posts.push((message.room.clone(), message.text.clone()));
        Ok(Ok(said(&message.text)))
    }
    async fn get(&mut self, _: Id) -> Answer<Message> {
        self.answer()
    }
    async fn list(&mut self, _: Id, _: PageRequest) -> Answer<messages::MessagePage> {
        self.answer()
    }
    async fn edit(&mut self, _: Id, _: messages::Change) -> Answer<Message> {
        self.answer()
    }
    async fn delete(&mut self, _: Id) -> Answer<()> {
        self.answer()
    }
    async fn thread_list(&mut self, _: Id, _: PageRequest) -> Answer<messages::ThreadPage> {
        self.answer()
    }
    async fn thread_get(&mut self, _: Id) -> Answer<Thread> {
        self.answer()
    }
    async fn thread_replies(&mut self, _: Id, _: PageRequest) -> Answer<messages::MessagePage> {
        self.answer()
    }
    async fn reaction_add(&mut self, _: Id, _: String) -> Answer<()> {
        self.answer()
    }
    async fn reaction_remove(&mut self, _: Id, _: String) -> Answer<()> {
        self.answer()
    }
    async fn append(&mut self, _: Id, _: u64, _: String, _: bool) -> Answer<u64> {
        self.answer()
    }
    async fn act(&mut self, _: Id, _: String, _: Option<Json>) -> Answer<()> {
        self.answer()
    }
}

impl kv::Host for Recorder {
    async fn get(&mut self, _: String) -> Answer<Option<kv::Value>> {
        if self.answers != Answers::Little {
            return self.answer();
        }
        self.sandbox.spend_host_call()?;
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        Ok(Ok(None))
    }
    async fn put(&mut self, _: String, _: Vec<u8>, _: Option<u64>) -> Answer<u64> {
        self.answer()
    }
    async fn delete(&mut self, _: String) -> Answer<bool> {
        self.answer()
    }
    async fn list(&mut self, _: String, _: PageRequest) -> Answer<kv::EntryPage> {
        self.answer()
    }
}

impl approvals::Host for Recorder {
    async fn list(&mut self, _: Option<String>, _: PageRequest) -> Answer<Json> {
        self.answer()
    }
    async fn request(&mut self, _: approvals::NewRequest) -> Answer<Json> {
        self.answer()
    }
    async fn get(&mut self, _: Id) -> Answer<Json> {
        self.answer()
    }
    async fn cancel(&mut self, _: Id) -> Answer<Json> {
        self.answer()
    }
    async fn approval_rule_list(&mut self) -> Answer<Json> {
        self.answer()
    }
}

impl calls::Host for Recorder {
    async fn call(&mut self, _: Id, _: String, _: Json, _: Option<u32>) -> Answer<Result<Json, String>> {
        self.answer()
    }
    async fn answer(&mut self, _: Id, _: Result<Json, String>) -> Answer<()> {
        self.answer()
    }
}

impl secrets::Host for Recorder {
    async fn read(&mut self, _: String) -> Answer<String> {
        self.answer()
    }
}

impl files::Host for Recorder {
    async fn list(&mut self, _: Id, _: PageRequest) -> Answer<files::FilePage> {
        self.answer()
    }
    async fn get(&mut self, _: Id) -> Answer<files::File> {
        self.answer()
    }
    async fn download(&mut self, _: Id) -> Answer<Resource<FileReader>> {
        self.answer_with(|recorder| Ok(recorder.sandbox.table().push(samples::reader())?))
    }
    async fn upload(&mut self, _: Id, _: String) -> Answer<Resource<FileWriter>> {
        let writer = samples::writer().await?;
        self.answer_with(|recorder| Ok(recorder.sandbox.table().push(writer)?))
    }
    async fn delete(&mut self, _: Id) -> Answer<()> {
        self.answer()
    }
}

impl files::HostReader for Recorder {
    async fn read(&mut self, _: Resource<FileReader>, _: u32) -> Answer<Vec<u8>> {
        self.answer()
    }
    async fn drop(&mut self, reader: Resource<FileReader>) -> wasmtime::Result<()> {
        self.sandbox.table().delete(reader)?;
        Ok(())
    }
}

impl files::HostWriter for Recorder {
    async fn write(&mut self, _: Resource<FileWriter>, _: Vec<u8>) -> Answer<()> {
        self.answer()
    }
    async fn finish(&mut self, _: Resource<FileWriter>) -> Answer<files::File> {
        self.answer()
    }
    async fn drop(&mut self, writer: Resource<FileWriter>) -> wasmtime::Result<()> {
        self.sandbox.table().delete(writer)?;
        Ok(())
    }
}

impl timers::Host for Recorder {
    async fn list(&mut self, _: PageRequest) -> Answer<Json> {
        self.answer()
    }
    async fn create(&mut self, _: timers::NewTimer) -> Answer<Json> {
        self.answer()
    }
    async fn cancel(&mut self, _: Id) -> Answer<()> {
        self.answer()
    }
}

impl http::Host for Recorder {
    async fn fetch(&mut self, _: http::Request) -> Answer<http::Response> {
        self.answer()
    }
}

impl auth::Host for Recorder {
    async fn whoami(&mut self) -> Answer<auth::Identity> {
        self.answer()
    }
}

impl bots::Host for Recorder {
    async fn list(&mut self, _: PageRequest) -> Answer<Json> {
        self.answer()
    }
    async fn get(&mut self, _: Id) -> Answer<Json> {
        self.answer()
    }
    async fn status(&mut self) -> Answer<Json> {
        self.answer()
    }
    async fn explain(&mut self, _: String, _: Id) -> Answer<Json> {
        self.answer()
    }
    async fn bot_grant_list(&mut self) -> Answer<Json> {
        self.answer()
    }
    async fn bot_limit_get(&mut self) -> Answer<Json> {
        self.answer()
    }
    async fn bot_subscription_get(&mut self) -> Answer<Json> {
        self.answer()
    }
    async fn bot_subscription_put(&mut self, _: Option<Vec<String>>, _: Option<Vec<Id>>) -> Answer<Json> {
        self.answer()
    }
}

impl config::Host for Recorder {
    async fn get(&mut self) -> Answer<Json> {
        self.answer()
    }
}

impl docs::Host for Recorder {
    async fn ops(&mut self) -> Answer<Json> {
        self.answer()
    }
}

impl events::Host for Recorder {
    async fn sync(&mut self, _: Option<String>) -> Answer<Json> {
        self.answer()
    }
    async fn room_event_list(&mut self, _: Id, _: u64, _: u32) -> Answer<Json> {
        self.answer()
    }
}

impl members::Host for Recorder {
    async fn list(&mut self, _: PageRequest) -> Answer<members::MemberPage> {
        self.answer()
    }
    async fn get(&mut self, _: Id) -> Answer<Member> {
        self.answer()
    }
}

impl meshes::Host for Recorder {
    async fn get(&mut self) -> Answer<meshes::Mesh> {
        self.answer()
    }
    async fn role_list(&mut self) -> Answer<Json> {
        self.answer()
    }
    async fn permission_check(&mut self, _: Vec<meshes::PermissionQuestion>) -> Answer<Vec<bool>> {
        self.answer()
    }
}

impl rooms::Host for Recorder {
    async fn list(&mut self, _: PageRequest) -> Answer<rooms::RoomPage> {
        self.answer()
    }
    async fn get(&mut self, _: Id) -> Answer<Room> {
        self.answer()
    }
    async fn create(&mut self, _: rooms::NewRoom) -> Answer<Room> {
        self.answer()
    }
    async fn join(&mut self, _: Id) -> Answer<()> {
        self.answer()
    }
    async fn leave(&mut self, _: Id) -> Answer<()> {
        self.answer()
    }
    async fn room_member_list(&mut self, _: Id, _: PageRequest) -> Answer<rooms::RoomMemberPage> {
        self.answer()
    }
    async fn room_member_add(&mut self, _: Id, _: Id) -> Answer<RoomMember> {
        self.answer()
    }
    async fn room_member_remove(&mut self, _: Id, _: Id) -> Answer<()> {
        self.answer()
    }
}

/// A message of Ann in room r1.
pub(crate) fn said(text: &str) -> Message {
    Message {
        id: "message_1".into(),
        room_id: "room_1".into(),
        thread_id: None,
        reply_to: None,
        author: Actor {
            id: "person_1".into(),
            kind: "person".into(),
            name: "Ann".into(),
        },
        text: text.into(),
        created_at: 1_700_000_000_000,
        edited_at: None,
        revision: 1,
        seq: 7,
        trust: "local".into(),
        hops: 0,
        mentions_me: true,
        redacted: false,
        reactions: Vec::new(),
        files: Vec::new(),
        streaming: false,
        actions: Vec::new(),
    }
}

/// The event that Ann said this.
pub(crate) fn event(text: &str) -> Event {
    let message = said(text);
    Event {
        stream: "room_1".into(),
        seq: 7,
        at: message.created_at,
        actor: message.author.clone(),
        payload: Payload::MessageCreated(message),
    }
}

/// An engine for a few bots and a linker of recorders.
pub(crate) struct Bench {
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<Recorder>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with_room_for(8)
    }

    pub(crate) fn with_room_for(instances: u32) -> Self {
        let engine = Engine::new(&EngineConfig {
            instances,
            ..EngineConfig::default()
        })
        .expect("engine");
        let linker = Linker::new(&engine).expect("linker");
        Self { engine, linker }
    }

    pub(crate) fn link(&self, component: &[u8], allowed: &Allowed) -> Linked<Recorder> {
        let component = self.engine.compile_here(component).expect("compiles");
        self.linker.link(&component, allowed).expect("links")
    }

    /// Starts a bot that may do everything.
    pub(crate) async fn start(&self, component: &[u8], limits: Limits) -> Called<Recorder> {
        let linked = self.link(component, &Allowed::everything());
        Instance::start(&linked, Recorder::new(limits)).await
    }
}
