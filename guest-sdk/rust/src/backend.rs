//! The one seam between this crate and a mesh. In a component it is the imports of `mesh:bot`, called
//! directly so that a bot imports only what it uses; natively it is whatever a test puts there.

#[cfg(not(target_arch = "wasm32"))]
use crate::raw::mesh::bot::types::Error;
use crate::raw::mesh::bot::{
    approvals, auth, files, http, kv, members, meshes, messages, rooms, timers,
    types::{self, Member, Message, PageRequest, Room, RoomMember, Thread},
};
#[cfg(target_arch = "wasm32")]
use crate::raw::mesh::bot::{bots, calls, config, docs, events, secrets};

/// The mesh that runs this component.
#[cfg(target_arch = "wasm32")]
#[derive(Clone, Copy)]
pub(crate) struct Backend;

/// A mesh made for tests.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone)]
pub(crate) struct Backend(pub(crate) std::rc::Rc<dyn Calls>);

type Answer<T> = Result<T, types::Error>;

macro_rules! calls {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty = $interface:ident::$function:ident;)*) => {
        #[cfg(target_arch = "wasm32")]
        impl Backend {
            $(pub(crate) fn $name(&self, $($argument: $type),*) -> Answer<$answer> {
                $interface::$function($($argument),*)
            })*
        }

        #[cfg(not(target_arch = "wasm32"))]
        impl Backend {
            $(pub(crate) fn $name(&self, $($argument: $type),*) -> Answer<$answer> {
                self.0.$name($($argument),*)
            })*
        }

        /// What a mesh made for tests answers.
        #[cfg(not(target_arch = "wasm32"))]
        pub(crate) trait Calls {
            /// The bytes of a file.
            fn file_bytes(&self, file: &str) -> Answer<Vec<u8>>;
            /// Whether a file may be made in a room.
            fn may_upload(&self, room: &str) -> Answer<()>;
            /// Makes a file.
            fn file_add(&self, room: &str, name: &str, bytes: &[u8]) -> Answer<files::File>;
            $(fn $name(&self, $(_: $type),*) -> Answer<$answer> {
                let function = concat!(stringify!($interface), ".", stringify!($function));
                Err(Error::Unavailable(format!("the test mesh has no `{function}`")))
            })*
        }
    };
}

calls! {
    config_get() -> String = config::get;
    whoami() -> auth::Identity = auth::whoami;

    mesh_get() -> meshes::Mesh = meshes::get;
    role_list() -> String = meshes::role_list;
    permission_check(questions: &[meshes::PermissionQuestion]) -> Vec<bool> = meshes::permission_check;

    room_list(page: &PageRequest) -> rooms::RoomPage = rooms::list;
    room_get(room: &str) -> Room = rooms::get;
    room_create(room: &rooms::NewRoom) -> Room = rooms::create;
    room_join(room: &str) -> () = rooms::join;
    room_leave(room: &str) -> () = rooms::leave;
    room_member_list(room: &str, page: &PageRequest) -> rooms::RoomMemberPage = rooms::room_member_list;
    room_member_add(room: &str, member: &str) -> RoomMember = rooms::room_member_add;
    room_member_remove(room: &str, member: &str) -> () = rooms::room_member_remove;

    message_post(message: &messages::NewMessage) -> Message = messages::post;
    message_get(message: &str) -> Message = messages::get;
    message_list(room: &str, page: &PageRequest) -> messages::MessagePage = messages::list;
    message_edit(message: &str, change: &messages::Change) -> Message = messages::edit;
    message_append(message: &str, offset: u64, text: &str, last: bool) -> u64 = messages::append;
    message_act(message: &str, action: &str, values: Option<&str>) -> () = messages::act;
    message_delete(message: &str) -> () = messages::delete;
    thread_list(room: &str, page: &PageRequest) -> messages::ThreadPage = messages::thread_list;
    thread_get(thread: &str) -> Thread = messages::thread_get;
    thread_replies(thread: &str, page: &PageRequest) -> messages::MessagePage = messages::thread_replies;
    reaction_add(message: &str, emoji: &str) -> () = messages::reaction_add;
    reaction_remove(message: &str, emoji: &str) -> () = messages::reaction_remove;

    member_list(page: &PageRequest) -> members::MemberPage = members::list;
    member_get(member: &str) -> Member = members::get;

    bot_list(page: &PageRequest) -> String = bots::list;
    bot_get(bot: &str) -> String = bots::get;
    bot_status() -> String = bots::status;
    bot_explain(operation: &str, resource: &str) -> String = bots::explain;
    bot_grant_list() -> String = bots::bot_grant_list;
    bot_limit_get() -> String = bots::bot_limit_get;
    bot_subscription_get() -> String = bots::bot_subscription_get;
    bot_subscription_put(events: Option<&[String]>, rooms: Option<&[String]>) -> String = bots::bot_subscription_put;

    event_sync(cursor: Option<&str>) -> String = events::sync;
    room_event_list(room: &str, after: u64, limit: u32) -> String = events::room_event_list;

    kv_get(key: &str) -> Option<kv::Value> = kv::get;
    kv_put(key: &str, bytes: &[u8], expected: Option<u64>) -> u64 = kv::put;
    kv_delete(key: &str) -> bool = kv::delete;
    kv_list(prefix: &str, page: &PageRequest) -> kv::EntryPage = kv::list;

    file_list(room: &str, page: &PageRequest) -> files::FilePage = files::list;
    file_get(file: &str) -> files::File = files::get;
    file_delete(file: &str) -> () = files::delete;

    timer_list(page: &PageRequest) -> String = timers::list;
    timer_create(timer: &timers::NewTimer) -> String = timers::create;
    timer_cancel(timer: &str) -> () = timers::cancel;

    fetch(request: &http::Request) -> http::Response = http::fetch;

    approval_list(state: Option<&str>, page: &PageRequest) -> String = approvals::list;
    approval_request(request: &approvals::NewRequest) -> String = approvals::request;
    approval_get(approval: &str) -> String = approvals::get;
    approval_cancel(approval: &str) -> String = approvals::cancel;

    bot_call(bot: &str, method: &str, input: &str, timeout: Option<u32>) -> Result<String, String> = calls::call;
    call_answer(call: &str, answer: Result<&str, &str>) -> () = calls::answer;

    secret_read(name: &str) -> String = secrets::read;

    docs_ops() -> String = docs::ops;
}

#[cfg(target_arch = "wasm32")]
pub(crate) use files::{Reader, Writer};

#[cfg(target_arch = "wasm32")]
impl Backend {
    pub(crate) fn file_download(&self, file: &str) -> Answer<Reader> {
        files::download(file)
    }

    pub(crate) fn file_upload(&self, room: &str, name: &str) -> Answer<Writer> {
        files::upload(room, name)
    }
}

/// The bytes of a file of a test mesh.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) struct Reader(std::cell::RefCell<std::vec::IntoIter<u8>>);

#[cfg(not(target_arch = "wasm32"))]
impl Reader {
    pub(crate) fn read(&self, most: u32) -> Answer<Vec<u8>> {
        Ok(self.0.borrow_mut().by_ref().take(most as usize).collect())
    }
}

/// A file of a test mesh that is being made.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) struct Writer {
    mesh: std::rc::Rc<dyn Calls>,
    room: String,
    name: String,
    bytes: std::cell::RefCell<Vec<u8>>,
}

#[cfg(not(target_arch = "wasm32"))]
impl Writer {
    pub(crate) fn write(&self, bytes: &[u8]) -> Answer<()> {
        self.bytes.borrow_mut().extend_from_slice(bytes);
        Ok(())
    }

    pub(crate) fn finish(&self) -> Answer<files::File> {
        self.mesh.file_add(&self.room, &self.name, &self.bytes.borrow())
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl Backend {
    pub(crate) fn file_download(&self, file: &str) -> Answer<Reader> {
        Ok(Reader(std::cell::RefCell::new(self.0.file_bytes(file)?.into_iter())))
    }

    pub(crate) fn file_upload(&self, room: &str, name: &str) -> Answer<Writer> {
        self.0.may_upload(room)?;
        Ok(Writer {
            mesh: self.0.clone(),
            room: room.into(),
            name: name.into(),
            bytes: std::cell::RefCell::default(),
        })
    }
}
