use crate::{
    Cx, Effect, Error, Method, Op, OpSpec, Page, Result,
    cursor::{self, page_size},
    op,
    room::viewer,
};
use mesh_authz::{Grant, Permission};
use mesh_store::{log::Stream, messages, reactions, threads};
use mesh_types::{
    RoomId, ThreadId,
    view::{Message, Thread},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// `thread.get`
pub struct GetThread;

/// A thread.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThreadIn {
    /// The thread.
    pub thread_id: ThreadId,
}

impl Op for GetThread {
    const SPEC: OpSpec = op("thread.get", Effect::Read)
        .needs(Permission::MessageRead)
        .about("Reads a thread: its root, its counts, its state.")
        .http(Method::Get, "/threads/{thread_id}", 200)
        .socket()
        .wasm("messages", "thread-get")
        .mcp();
    type In = ThreadIn;
    type Out = Thread;
    type On = ThreadId;

    fn on(input: &ThreadIn) -> ThreadId {
        input.thread_id
    }

    async fn run(cx: &mut Cx<'_>, thread: Grant<ThreadId>, _: ThreadIn) -> Result<Thread> {
        let viewer = viewer(cx);
        threads::get(cx.tx(), *thread, &viewer)
            .await?
            .ok_or_else(Error::not_found)
    }
}

/// `thread.list`
pub struct ListThreads;

/// Whose threads.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListThreadsIn {
    /// The room.
    pub room_id: RoomId,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

impl Op for ListThreads {
    const SPEC: OpSpec = op("thread.list", Effect::Read)
        .needs(Permission::MessageRead)
        .about("Lists a room's threads, newest first.")
        .http(Method::Get, "/rooms/{room_id}/threads", 200)
        .socket()
        .wasm("messages", "thread-list")
        .mcp()
        .cli();
    type In = ListThreadsIn;
    type Out = Page<Thread>;
    type On = RoomId;

    fn on(input: &ListThreadsIn) -> RoomId {
        input.room_id
    }

    async fn run(cx: &mut Cx<'_>, room: Grant<RoomId>, input: ListThreadsIn) -> Result<Page<Thread>> {
        let (size, scope, viewer) = (page_size(input.limit)?, input.room_id.to_string(), viewer(cx));
        let before = cursor::open(cx, &scope, input.cursor.as_deref())?.unwrap_or_default();
        let found = threads::list(cx.tx(), &room, &viewer, &before, size + 1).await?;
        Ok(cursor::page(cx, &scope, found, size, |thread| thread.id.to_string()))
    }
}

/// `thread.replies`
pub struct ThreadReplies;

/// Whose replies.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThreadRepliesIn {
    /// The thread.
    pub thread_id: ThreadId,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

impl Op for ThreadReplies {
    const SPEC: OpSpec = op("thread.replies", Effect::Read)
        .needs(Permission::MessageRead)
        .about("Lists a thread's replies, oldest first.")
        .http(Method::Get, "/threads/{thread_id}/messages", 200)
        .socket()
        .wasm("messages", "thread-replies")
        .mcp()
        .cli();
    type In = ThreadRepliesIn;
    type Out = Page<Message>;
    type On = ThreadId;

    fn on(input: &ThreadRepliesIn) -> ThreadId {
        input.thread_id
    }

    async fn run(cx: &mut Cx<'_>, thread: Grant<ThreadId>, input: ThreadRepliesIn) -> Result<Page<Message>> {
        let (size, scope) = (page_size(input.limit)?, input.thread_id.to_string());
        let after = cursor::open(cx, &scope, input.cursor.as_deref())?.unwrap_or_else(|| "0".into());
        let after = after.parse().map_err(Error::internal)?;
        let found = messages::replies(cx.tx(), &thread, after, size + 1).await?;
        let mut page = cursor::page(cx, &scope, found, size, |message| message.seq.to_string());
        let viewer = viewer(cx);
        reactions::add_counts(cx.tx(), &mut page.items, &viewer).await?;
        Ok(page)
    }
}

/// `thread.follow`
pub struct FollowThread;

/// Following or not.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowThreadIn {
    /// The thread.
    pub thread_id: ThreadId,
    /// Whether the caller wants to hear of replies.
    pub following: bool,
}

impl Op for FollowThread {
    const SPEC: OpSpec = op("thread.follow", Effect::Write)
        .needs(Permission::MessageRead)
        .about("Says whether the caller follows a thread.")
        .http(Method::Put, "/threads/{thread_id}/follow", 200)
        .socket();
    type In = FollowThreadIn;
    type Out = Thread;
    type On = ThreadId;

    fn on(input: &FollowThreadIn) -> ThreadId {
        input.thread_id
    }

    async fn run(cx: &mut Cx<'_>, thread: Grant<ThreadId>, input: FollowThreadIn) -> Result<Thread> {
        let actor = cx.actor()?;
        threads::follow(cx.tx(), &thread, actor, input.following).await?;
        let data = json!({ "what": "follows", "thread_id": *thread, "following": input.following });
        cx.emit(Stream::Actor(actor), "personal.changed", *thread, &data)
            .await?;
        threads::get(cx.tx(), *thread, &actor.to_string())
            .await?
            .ok_or_else(Error::not_found)
    }
}
