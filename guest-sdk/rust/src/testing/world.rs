use crate::{
    Actor, Denial, Entry, Error, Identity, Member, Message, Room, RoomMember,
    backend::Calls,
    raw::mesh::bot::{
        approvals::NewRequest,
        files::{File, FilePage},
        http::{Request, Response},
        kv::{EntryPage, Value},
        members::MemberPage,
        meshes::{Mesh as MeshInfo, PermissionQuestion},
        messages::{Change, MessagePage, NewMessage},
        rooms::{NewRoom, RoomMemberPage, RoomPage},
        timers::NewTimer,
        types::{self, Attachment, PageRequest},
    },
};
use std::{
    cell::{RefCell, RefMut},
    collections::{BTreeMap, BTreeSet},
};

type Answer<T> = Result<T, types::Error>;

/// The state of a test mesh, and its answers to what a bot asks.
pub(super) struct World(RefCell<State>);

/// A timer that the bot has set.
#[derive(Clone)]
pub(super) struct Timer {
    pub(super) id: String,
    pub(super) room: Option<String>,
    pub(super) due_at: u64,
    pub(super) data: String,
    again: bool,
}

/// A question that the bot has asked.
pub(super) struct Question {
    pub(super) id: String,
    pub(super) room: Option<String>,
    pub(super) operation: Option<String>,
    question: String,
}

/// The other bots of a test mesh.
pub(super) type OtherBots = Box<dyn Fn(&str, &str, &serde_json::Value) -> Option<Result<serde_json::Value, String>>>;

/// The other side of HTTP.
pub(super) type Answers = Box<dyn Fn(&crate::Request) -> Option<Response>>;

struct State {
    me: Actor,
    /// `None` allows everything.
    granted: Option<BTreeSet<String>>,
    failing: BTreeMap<String, Error>,
    config: String,
    secrets: BTreeMap<String, String>,
    rooms: Vec<Room>,
    members: Vec<Member>,
    messages: Vec<Message>,
    reactions: Vec<(String, String)>,
    kv: BTreeMap<String, Value>,
    files: Vec<(File, Vec<u8>)>,
    timers: Vec<Timer>,
    questions: Vec<Question>,
    http: Option<Answers>,
    bots: Option<OtherBots>,
    answer: Option<Result<String, String>>,
    count: u64,
}

impl World {
    pub(super) fn new() -> Self {
        let world = Self(RefCell::new(State {
            me: Actor {
                id: "bot_1".into(),
                kind: "bot".into(),
                name: "bot".into(),
            },
            granted: None,
            failing: BTreeMap::new(),
            config: "{}".into(),
            secrets: BTreeMap::new(),
            rooms: Vec::new(),
            members: Vec::new(),
            messages: Vec::new(),
            reactions: Vec::new(),
            kv: BTreeMap::new(),
            files: Vec::new(),
            timers: Vec::new(),
            questions: Vec::new(),
            http: None,
            bots: None,
            answer: None,
            count: 0,
        }));
        let me = world.0.borrow().me.clone();
        world.0.borrow_mut().members.push(member(me, "bot"));
        world.actor("Ada");
        world.room("general");
        world
    }

    pub(super) fn grant_only(&self, permissions: impl Iterator<Item = String>) {
        self.0.borrow_mut().granted = Some(permissions.collect());
    }

    pub(super) fn allow(&self, permission: &str) {
        let mut state = self.0.borrow_mut();
        state.failing.remove(permission);
        if let Some(granted) = &mut state.granted {
            granted.insert(permission.into());
        }
    }

    pub(super) fn fail(&self, permission: &str, error: Error) {
        self.0.borrow_mut().failing.insert(permission.into(), error);
    }

    pub(super) fn tell_secret(&self, name: &str, value: &str) {
        self.0.borrow_mut().secrets.insert(name.into(), value.into());
    }

    /// Takes the timers, but for those that come again, in the order in which they are due.
    pub(super) fn take_timers(&self) -> Vec<Timer> {
        let mut state = self.0.borrow_mut();
        let mut due = state.timers.clone();
        due.sort_by_key(|timer| timer.due_at);
        state.timers.retain(|timer| timer.again);
        due
    }

    pub(super) fn take_question(&self) -> Option<Question> {
        let mut state = self.0.borrow_mut();
        (!state.questions.is_empty()).then(|| state.questions.remove(0))
    }

    pub(super) fn questions(&self) -> Vec<String> {
        let state = self.0.borrow();
        state.questions.iter().map(|asked| asked.question.clone()).collect()
    }

    pub(super) fn answer_calls(&self, bots: OtherBots) {
        self.0.borrow_mut().bots = Some(bots);
    }

    /// What the bot answered last.
    pub(super) fn take_answer(&self) -> Option<Result<String, String>> {
        self.0.borrow_mut().answer.take()
    }

    pub(super) fn answer_http(&self, answers: Answers) {
        self.0.borrow_mut().http = Some(answers);
    }

    pub(super) fn file(&self, name: &str) -> Option<Vec<u8>> {
        let state = self.0.borrow();
        let found = state.files.iter().find(|(file, _)| file.name == name);
        found.map(|(_, bytes)| bytes.clone())
    }

    pub(super) fn configure(&self, json: String) {
        self.0.borrow_mut().config = json;
    }

    pub(super) fn next(&self) -> u64 {
        self.0.borrow_mut().next()
    }

    /// A clock that only moves when something happens.
    pub(super) fn now(&self) -> u64 {
        self.0.borrow().now()
    }

    pub(super) fn actor(&self, name: &str) -> Actor {
        let mut state = self.0.borrow_mut();
        if let Some(known) = state.members.iter().find(|member| member.actor.name == name) {
            return known.actor.clone();
        }
        let actor = Actor {
            id: state.id("person"),
            kind: "person".into(),
            name: name.into(),
        };
        state.members.push(member(actor.clone(), "member"));
        actor
    }

    pub(super) fn room(&self, name: &str) -> Room {
        let mut state = self.0.borrow_mut();
        if let Some(known) = state.rooms.iter().find(|room| room.name == name) {
            return known.clone();
        }
        state.new_room(name, name, "", "public", "participant")
    }

    /// Keeps a message somebody said, with an id and a position of its own.
    pub(super) fn keep(&self, message: Message) -> Message {
        self.0.borrow_mut().keep(message)
    }

    pub(super) fn posts(&self) -> Vec<Message> {
        let state = self.0.borrow();
        state
            .messages
            .iter()
            .filter(|message| message.author == state.me)
            .cloned()
            .collect()
    }

    pub(super) fn reactions(&self) -> Vec<(String, String)> {
        self.0.borrow().reactions.clone()
    }

    pub(super) fn stored(&self, key: &str) -> Option<Vec<u8>> {
        self.0.borrow().kv.get(key).map(|value| value.bytes.clone())
    }

    pub(super) fn store(&self, key: &str, bytes: Vec<u8>) {
        let version = self.0.borrow_mut().next();
        self.0.borrow_mut().kv.insert(key.into(), Value { bytes, version });
    }

    /// The state, if the bot has the permission.
    fn with(&self, permission: &str) -> Answer<RefMut<'_, State>> {
        let state = self.0.borrow_mut();
        state.permit(permission)?;
        Ok(state)
    }
}

impl State {
    fn permit(&self, permission: &str) -> Answer<()> {
        if let Some(error) = self.failing.get(permission) {
            return Err(raw(error.clone()));
        }
        match &self.granted {
            Some(granted) if !granted.contains(permission) => Err(types::Error::Denied(Denial {
                reason: "grant".into(),
                detail: format!("the manifest does not ask for `{permission}`"),
            })),
            _ => Ok(()),
        }
    }

    fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    fn now(&self) -> u64 {
        1_700_000_000_000 + self.count
    }

    fn id(&mut self, kind: &str) -> String {
        format!("{kind}_{}", self.next())
    }

    fn new_room(&mut self, name: &str, slug: &str, purpose: &str, join_rule: &str, my_role: &str) -> Room {
        let room = Room {
            id: self.id("room"),
            mesh_id: "mesh_1".into(),
            name: name.into(),
            slug: slug.into(),
            purpose: purpose.into(),
            kind: "chat".into(),
            join_rule: join_rule.into(),
            archived: false,
            my_role: Some(my_role.into()),
            member_count: 2,
        };
        self.rooms.push(room.clone());
        room
    }

    fn keep(&mut self, message: Message) -> Message {
        let message = Message {
            id: self.id("message"),
            seq: self.next(),
            created_at: self.now(),
            ..message
        };
        self.messages.push(message.clone());
        message
    }

    /// A file as a message shows it.
    fn attachment(&self, id: &str) -> Option<Attachment> {
        let (file, _) = self.files.iter().find(|(file, _)| file.id == id)?;
        Some(Attachment {
            id: file.id.clone(),
            name: file.name.clone(),
            media_type: file.media_type.clone(),
            size: file.size,
        })
    }

    fn find_room(&mut self, id: &str) -> Answer<&mut Room> {
        self.rooms
            .iter_mut()
            .find(|room| room.id == id)
            .ok_or_else(|| types::Error::NotFound(id.into()))
    }

    fn find_message(&mut self, id: &str) -> Answer<&mut Message> {
        self.messages
            .iter_mut()
            .find(|message| message.id == id)
            .ok_or_else(|| types::Error::NotFound(id.into()))
    }
}

impl Calls for World {
    fn config_get(&self) -> Answer<String> {
        Ok(self.0.borrow().config.clone())
    }

    fn secret_read(&self, name: &str) -> Answer<String> {
        let secret = self.with("bot.state")?.secrets.get(name).cloned();
        secret.ok_or_else(|| types::Error::NotFound(name.into()))
    }

    fn file_list(&self, room: &str, page: &PageRequest) -> Answer<FilePage> {
        let mut state = self.with("file.read")?;
        let room = state.find_room(room)?.id.clone();
        let of_room = state.files.iter().rev().filter(|(file, _)| file.room_id == room);
        let of_room: Vec<File> = of_room.map(|(file, _)| file.clone()).collect();
        let (files, next_cursor) = paged(&of_room, page)?;
        Ok(FilePage { files, next_cursor })
    }

    fn file_get(&self, file: &str) -> Answer<File> {
        let state = self.with("file.read")?;
        let found = state.files.iter().find(|(known, _)| known.id == file);
        found
            .map(|(file, _)| file.clone())
            .ok_or_else(|| types::Error::NotFound(file.into()))
    }

    fn file_delete(&self, file: &str) -> Answer<()> {
        let mut state = self.with("file.manage")?;
        let count = state.files.len();
        state.files.retain(|(known, _)| known.id != file);
        if state.files.len() == count {
            return Err(types::Error::NotFound(file.into()));
        }
        Ok(())
    }

    fn file_bytes(&self, file: &str) -> Answer<Vec<u8>> {
        let state = self.with("file.read")?;
        let found = state.files.iter().find(|(known, _)| known.id == file);
        found
            .map(|(_, bytes)| bytes.clone())
            .ok_or_else(|| types::Error::NotFound(file.into()))
    }

    fn may_upload(&self, room: &str) -> Answer<()> {
        self.with("file.upload")?.find_room(room).map(drop)
    }

    fn file_add(&self, room: &str, name: &str, bytes: &[u8]) -> Answer<File> {
        let mut state = self.with("file.upload")?;
        let file = File {
            id: state.id("file"),
            room_id: state.find_room(room)?.id.clone(),
            name: name.into(),
            media_type: "application/octet-stream".into(),
            size: bytes.len() as u64,
            created_at: state.now(),
        };
        state.files.push((file.clone(), bytes.to_vec()));
        Ok(file)
    }

    fn timer_list(&self, page: &PageRequest) -> Answer<String> {
        let state = self.with("bot.state")?;
        let (timers, next_cursor) = paged(&state.timers, page)?;
        let items: Vec<_> = timers
            .iter()
            .map(|timer| serde_json::json!({ "id": timer.id, "room_id": timer.room }))
            .collect();
        Ok(serde_json::json!({ "items": items, "next_cursor": next_cursor }).to_string())
    }

    fn timer_create(&self, timer: &NewTimer) -> Answer<String> {
        let mut state = self.with("bot.state")?;
        if timer.at.is_some() == timer.cron.is_some() {
            return Err(types::Error::Invalid("has either `at` or `cron`".into()));
        }
        let id = state.id("timer");
        let new = Timer {
            id: id.clone(),
            room: timer.room.clone(),
            due_at: timer.at.unwrap_or_else(|| state.now()),
            data: timer.data.clone(),
            again: timer.cron.is_some(),
        };
        state.timers.push(new);
        Ok(serde_json::json!({ "id": id }).to_string())
    }

    fn timer_cancel(&self, timer: &str) -> Answer<()> {
        let mut state = self.with("bot.state")?;
        let count = state.timers.len();
        state.timers.retain(|known| known.id != timer);
        if state.timers.len() == count {
            return Err(types::Error::NotFound(timer.into()));
        }
        Ok(())
    }

    fn fetch(&self, request: &Request) -> Answer<Response> {
        let state = self.with("bot.network")?;
        let answer = state
            .http
            .as_ref()
            .and_then(|answer| answer(&crate::Request(request.clone())));
        answer.ok_or_else(|| types::Error::Unavailable("The other side cannot be reached.".into()))
    }

    fn bot_call(&self, bot: &str, method: &str, input: &str, _: Option<u32>) -> Answer<Result<String, String>> {
        let state = self.with("command.invoke")?;
        let Ok(input) = serde_json::from_str(input) else {
            return Err(types::Error::Invalid("`input` is no JSON".into()));
        };
        let answer = state.bots.as_ref().and_then(|bots| bots(bot, method, &input));
        let answer = answer.ok_or_else(|| types::Error::NotFound(bot.into()))?;
        Ok(answer.map(|answer| answer.to_string()))
    }

    fn call_answer(&self, _: &str, answer: Result<&str, &str>) -> Answer<()> {
        let answer = answer.map(Into::into).map_err(Into::into);
        self.with("bot.state")?.answer = Some(answer);
        Ok(())
    }

    fn approval_request(&self, request: &NewRequest) -> Answer<String> {
        let mut state = self.with("approval.request")?;
        let id = state.id("approval");
        state.questions.push(Question {
            id: id.clone(),
            room: request.room.clone(),
            operation: request.operation.clone(),
            question: request.question.clone(),
        });
        Ok(serde_json::json!({ "id": id, "state": "pending" }).to_string())
    }

    fn approval_cancel(&self, approval: &str) -> Answer<String> {
        let mut state = self.with("approval.request")?;
        let count = state.questions.len();
        state.questions.retain(|known| known.id != approval);
        if state.questions.len() == count {
            return Err(types::Error::NotFound(approval.into()));
        }
        Ok(serde_json::json!({ "id": approval, "state": "cancelled" }).to_string())
    }

    fn whoami(&self) -> Answer<Identity> {
        let actor = self.0.borrow().me.clone();
        Ok(Identity {
            actor,
            member_id: "member_bot_1".into(),
            mesh_id: "mesh_1".into(),
            role: "bot".into(),
        })
    }

    fn mesh_get(&self) -> Answer<MeshInfo> {
        self.with("mesh.read")?;
        Ok(MeshInfo {
            id: "mesh_1".into(),
            name: "Test".into(),
            slug: "test".into(),
            description: String::new(),
        })
    }

    fn permission_check(&self, questions: &[PermissionQuestion]) -> Answer<Vec<bool>> {
        let state = self.with("mesh.read")?;
        Ok(questions
            .iter()
            .map(|question| state.permit(&question.permission).is_ok())
            .collect())
    }

    fn room_list(&self, page: &PageRequest) -> Answer<RoomPage> {
        let (rooms, next_cursor) = paged(&self.with("room.read")?.rooms, page)?;
        Ok(RoomPage { rooms, next_cursor })
    }

    fn room_get(&self, room: &str) -> Answer<Room> {
        self.with("room.read")?.find_room(room).cloned()
    }

    fn room_create(&self, room: &NewRoom) -> Answer<Room> {
        let slug = room.slug.as_deref().unwrap_or(&room.name);
        let purpose = room.purpose.as_deref().unwrap_or_default();
        Ok(self
            .with("room.create")?
            .new_room(&room.name, slug, purpose, &room.join_rule, "owner"))
    }

    fn room_join(&self, room: &str) -> Answer<()> {
        self.with("room.join")?.find_room(room)?.my_role = Some("participant".into());
        Ok(())
    }

    fn room_leave(&self, room: &str) -> Answer<()> {
        self.with("room.read")?.find_room(room)?.my_role = None;
        Ok(())
    }

    /// Everybody is in every room.
    fn room_member_list(&self, room: &str, page: &PageRequest) -> Answer<RoomMemberPage> {
        let mut state = self.with("room.read")?;
        let room_id = state.find_room(room)?.id.clone();
        let (members, next_cursor) = paged(&state.members, page)?;
        let members = members
            .into_iter()
            .map(|member| RoomMember {
                room_id: room_id.clone(),
                member,
                room_role: "participant".into(),
            })
            .collect();
        Ok(RoomMemberPage { members, next_cursor })
    }

    fn message_post(&self, new: &NewMessage) -> Answer<Message> {
        let mut state = self.with("message.post")?;
        let room = state.find_room(&new.room)?;
        if room.my_role.is_none() {
            return Err(types::Error::NotFound(new.room.clone()));
        }
        let author = state.me.clone();
        let files = new.files.iter().filter_map(|file| state.attachment(file)).collect();
        Ok(state.keep(Message {
            room_id: new.room.clone(),
            thread_id: new.thread.clone(),
            reply_to: new.reply_to.clone(),
            author,
            hops: 1,
            files,
            streaming: new.streaming,
            actions: new.actions.clone(),
            ..super::message(&new.text)
        }))
    }

    fn message_get(&self, message: &str) -> Answer<Message> {
        self.with("message.read")?.find_message(message).cloned()
    }

    fn message_list(&self, room: &str, page: &PageRequest) -> Answer<MessagePage> {
        let state = self.with("message.read")?;
        let in_room: Vec<_> = state
            .messages
            .iter()
            .rev()
            .filter(|message| message.room_id == room)
            .cloned()
            .collect();
        let (messages, next_cursor) = paged(&in_room, page)?;
        Ok(MessagePage { messages, next_cursor })
    }

    fn message_edit(&self, message: &str, change: &Change) -> Answer<Message> {
        let mut state = self.with("message.edit")?;
        let (me, now) = (state.me.clone(), state.now());
        let message = state.find_message(message)?;
        own(message, &me)?;
        if change.text.is_none() && message.streaming {
            return Err(types::Error::Conflict("more of the text is to come".into()));
        }
        if let Some(text) = &change.text {
            message.text.clone_from(text);
            message.streaming = false;
        }
        if let Some(actions) = &change.actions {
            message.actions.clone_from(actions);
        }
        message.revision += 1;
        message.edited_at = Some(now);
        Ok(message.clone())
    }

    fn message_append(&self, message: &str, offset: u64, text: &str, last: bool) -> Answer<u64> {
        let mut state = self.with("message.edit")?;
        let me = state.me.clone();
        let message = state.find_message(message)?;
        own(message, &me)?;
        if !message.streaming || offset != message.text.len() as u64 {
            let detail = format!("the text has {} bytes", message.text.len());
            return Err(types::Error::Conflict(detail));
        }
        if message.text.len() + text.len() > 64 * 1024 {
            return Err(types::Error::Invalid("a message has at most 65536 bytes".into()));
        }
        message.text.push_str(text);
        message.streaming = !last;
        Ok(message.text.len() as u64)
    }

    fn message_act(&self, message: &str, action: &str, _: Option<&str>) -> Answer<()> {
        let mut state = self.with("message.react")?;
        let message = state.find_message(message)?;
        if message.actions.iter().any(|button| button.id == action) {
            return Ok(());
        }
        Err(types::Error::Conflict("this message has no such button".into()))
    }

    fn message_delete(&self, message: &str) -> Answer<()> {
        let mut state = self.with("message.delete")?;
        state.find_message(message)?;
        state.messages.retain(|kept| kept.id != message);
        Ok(())
    }

    fn thread_replies(&self, thread: &str, page: &PageRequest) -> Answer<MessagePage> {
        let state = self.with("message.read")?;
        let in_thread = |message: &&Message| message.thread_id.as_deref() == Some(thread);
        let replies: Vec<_> = state.messages.iter().filter(in_thread).cloned().collect();
        let (messages, next_cursor) = paged(&replies, page)?;
        Ok(MessagePage { messages, next_cursor })
    }

    fn reaction_add(&self, message: &str, emoji: &str) -> Answer<()> {
        let mut state = self.with("message.react")?;
        state.find_message(message)?;
        let reaction = (message.to_owned(), emoji.to_owned());
        if !state.reactions.contains(&reaction) {
            state.reactions.push(reaction);
        }
        Ok(())
    }

    fn reaction_remove(&self, message: &str, emoji: &str) -> Answer<()> {
        let mut state = self.with("message.react")?;
        state.find_message(message)?;
        state
            .reactions
            .retain(|(on, made)| (on.as_str(), made.as_str()) != (message, emoji));
        Ok(())
    }

    fn member_list(&self, page: &PageRequest) -> Answer<MemberPage> {
        let (members, next_cursor) = paged(&self.with("member.read")?.members, page)?;
        Ok(MemberPage { members, next_cursor })
    }

    fn member_get(&self, id: &str) -> Answer<Member> {
        let state = self.with("member.read")?;
        let found = state.members.iter().find(|member| member.id == id);
        found.cloned().ok_or_else(|| types::Error::NotFound(id.into()))
    }

    fn kv_get(&self, key: &str) -> Answer<Option<Value>> {
        Ok(self.with("bot.state")?.kv.get(key).cloned())
    }

    fn kv_put(&self, key: &str, bytes: &[u8], expected: Option<u64>) -> Answer<u64> {
        let mut state = self.with("bot.state")?;
        if bytes.len() > 256 * 1024 {
            return Err(types::Error::Invalid("a value has at most 256 KiB".into()));
        }
        let stored = state.kv.get(key).map_or(0, |value| value.version);
        if expected.is_some_and(|expected| expected != stored) {
            return Err(types::Error::Conflict(format!("`{key}` is at version {stored}")));
        }
        let version = stored + 1;
        state.kv.insert(
            key.into(),
            Value {
                bytes: bytes.into(),
                version,
            },
        );
        Ok(version)
    }

    fn kv_delete(&self, key: &str) -> Answer<bool> {
        Ok(self.with("bot.state")?.kv.remove(key).is_some())
    }

    fn kv_list(&self, prefix: &str, page: &PageRequest) -> Answer<EntryPage> {
        let state = self.with("bot.state")?;
        let entries: Vec<_> = state
            .kv
            .iter()
            .filter(|(key, _)| key.starts_with(prefix))
            .map(|(key, value)| Entry {
                key: key.clone(),
                size: u32::try_from(value.bytes.len()).unwrap_or(u32::MAX),
                version: value.version,
            })
            .collect();
        let (entries, next_cursor) = paged(&entries, page)?;
        Ok(EntryPage { entries, next_cursor })
    }
}

/// Only its author changes a message.
fn own(message: &Message, me: &Actor) -> Answer<()> {
    if message.author == *me {
        return Ok(());
    }
    Err(types::Error::Denied(Denial {
        reason: "ownership".into(),
        detail: "only its author may change a message".into(),
    }))
}

fn member(actor: Actor, role: &str) -> Member {
    let handle = actor.name.to_lowercase().replace(' ', "-");
    Member {
        id: format!("member_{}", actor.id),
        actor,
        handle,
        role: role.into(),
        joined_at: 1_700_000_000_000,
    }
}

/// One page of a list; the cursor is the position to go on from.
fn paged<T: Clone>(all: &[T], page: &PageRequest) -> Answer<(Vec<T>, Option<String>)> {
    let wrong = |what: &str| types::Error::Invalid(what.into());
    let start: usize = page
        .cursor
        .as_deref()
        .unwrap_or("0")
        .parse()
        .map_err(|_| wrong("no such cursor"))?;
    let limit = page.limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return Err(wrong("a page has 1 to 200 entries"));
    }
    let end = all.len().min(start.saturating_add(limit as usize));
    let items = all.get(start..end).ok_or_else(|| wrong("no such cursor"))?;
    Ok((items.to_vec(), (end < all.len()).then(|| end.to_string())))
}

/// An error as it crosses into a component.
fn raw(error: Error) -> types::Error {
    match error {
        Error::Denied(denial) => types::Error::Denied(denial),
        Error::NotFound(what) => types::Error::NotFound(what),
        Error::Invalid(why) => types::Error::Invalid(why),
        Error::Conflict(why) => types::Error::Conflict(why),
        Error::RateLimited(wait) => types::Error::RateLimited(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
        Error::Pending(approval) => types::Error::Pending(approval),
        Error::Unavailable(why) => types::Error::Unavailable(why),
        other => panic!("a mesh never answers with `{other:?}`"),
    }
}
