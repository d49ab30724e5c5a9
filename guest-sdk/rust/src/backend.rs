//! The one seam between this crate and a mesh. In a component it is the imports of `mesh:bot`, called
//! directly so that a bot imports only what it uses; natively it is whatever a test puts there.

#[cfg(not(target_arch = "wasm32"))]
use crate::raw::mesh::bot::types::Error;
use crate::raw::mesh::bot::{
    auth, kv, members, meshes, messages, rooms, secrets,
    types::{self, Member, Message, PageRequest, Room, RoomMember, Thread},
};
#[cfg(target_arch = "wasm32")]
use crate::raw::mesh::bot::{bots, config, docs, events};

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
    message_edit(message: &str, text: &str) -> Message = messages::edit;
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

    secret_read(name: &str) -> String = secrets::read;

    docs_ops() -> String = docs::ops;
}
