//! Every function of the contract, called once with everything that it takes and logged with what it answers.

use super::contract::mesh::bot::{
    approvals, auth, bots, calls, config, docs, events, files, http, kv, members, meshes, messages, rooms, secrets,
    timers,
    types::{Action, PageRequest},
};
use super::say;

/// Calls functions, and logs what each answers under its name.
macro_rules! ask {
    ($($interface:ident.$function:ident($($input:expr),*);)*) => {$(
        let answer = $interface::$function($($input),*);
        say(&format!("{}.{}: {answer:?}", stringify!($interface), stringify!($function)));
    )*};
}

pub(crate) fn say_again(room: &str, words: &str) {
    let message = messages::NewMessage {
        room: room.into(),
        text: words.into(),
        thread: None,
        reply_to: None,
        files: Vec::new(),
        streaming: false,
        actions: Vec::new(),
    };
    ask! { messages.post(&message); }
}

pub(crate) fn everything() {
    let page = &PageRequest {
        cursor: Some("cursor".into()),
        limit: Some(10),
    };
    about_the_bot(page);
    about_people(page);
    about_messages(page);
    about_things(page);
    about_files(page);
    about_rules();
}

fn about_the_bot(page: &PageRequest) {
    let (names, ids) = (["message-created".to_owned()], ["room_1".to_owned()]);
    ask! {
        config.get();
        auth.whoami();
        bots.list(page);
        bots.get("bot_1");
        bots.status();
        bots.explain("message.post", "room_1");
        bots.bot_grant_list();
        bots.bot_limit_get();
        bots.bot_subscription_get();
        bots.bot_subscription_put(Some(&names), Some(&ids));
        docs.ops();
        events.sync(Some("cursor"));
        events.room_event_list("room_1", 7, 10);
    }
}

fn about_people(page: &PageRequest) {
    let questions = [meshes::PermissionQuestion {
        permission: "message.post".into(),
        resource: "room_1".into(),
    }];
    let room = rooms::NewRoom {
        name: "A room".into(),
        slug: Some("a-room".into()),
        purpose: Some("talk".into()),
        join_rule: "private".into(),
    };
    ask! {
        meshes.get();
        meshes.role_list();
        meshes.permission_check(&questions);
        members.list(page);
        members.get("member_1");
        rooms.list(page);
        rooms.get("room_1");
        rooms.create(&room);
        rooms.join("room_1");
        rooms.leave("room_1");
        rooms.room_member_list("room_1", page);
        rooms.room_member_add("room_1", "member_1");
        rooms.room_member_remove("room_1", "member_1");
    }
}

fn yes() -> Action {
    Action {
        id: "yes".into(),
        label: "Yes".into(),
        style: "primary".into(),
        value: Some("1".into()),
    }
}

fn about_messages(page: &PageRequest) {
    let message = messages::NewMessage {
        room: "room_1".into(),
        text: "words".into(),
        thread: Some("thread_1".into()),
        reply_to: Some("message_1".into()),
        files: vec!["file_1".into()],
        streaming: true,
        actions: vec![yes()],
    };
    let change = messages::Change {
        text: Some("other words".into()),
        actions: Some(vec![yes()]),
    };
    ask! {
        messages.post(&message);
        messages.get("message_1");
        messages.list("room_1", page);
        messages.edit("message_1", &change);
        messages.append("message_1", 5, " more", true);
        messages.act("message_1", "yes", Some("{}"));
        messages.delete("message_1");
        messages.thread_list("room_1", page);
        messages.thread_get("thread_1");
        messages.thread_replies("thread_1", page);
        messages.reaction_add("message_1", "👍");
        messages.reaction_remove("message_1", "👍");
    }
}

fn about_things(page: &PageRequest) {
    let request = http::Request {
        method: "POST".into(),
        url: "https://example.org/".into(),
        headers: vec![("accept".into(), "text/plain".into())],
        secrets: vec![http::SecretHeader {
            name: "authorization".into(),
            prefix: "Bearer ".into(),
            secret: "TOKEN".into(),
        }],
        body: b"body".to_vec(),
        timeout_ms: Some(1_000),
    };
    let timer = timers::NewTimer {
        at: Some(1),
        cron: Some("0 9 * * *".into()),
        zone: Some("Europe/Berlin".into()),
        room: Some("room_1".into()),
        data: "{}".into(),
    };
    let question = approvals::NewRequest {
        question: "May I?".into(),
        choices: vec!["yes".into(), "no".into()],
        room: Some("room_1".into()),
        operation: Some("message.post".into()),
        input: Some("{}".into()),
        expires_in_s: Some(60),
    };
    ask! {
        kv.get("key");
        kv.put("key", b"value", Some(1));
        kv.delete("key");
        kv.list("prefix", page);
        timers.list(page);
        timers.create(&timer);
        timers.cancel("timer_1");
        http.fetch(&request);
        approvals.list(Some("pending"), page);
        approvals.request(&question);
        approvals.get("approval_1");
        approvals.cancel("approval_1");
        secrets.read("TOKEN");
        calls.call("bot_2", "measure", "{}", Some(1_000));
        calls.answer("call_1", Ok("{}"));
        calls.answer("call_1", Err("no"));
    }
}

fn about_files(page: &PageRequest) {
    ask! {
        files.list("room_1", page);
        files.get("file_1");
        files.delete("file_1");
    }
    match files::download("file_1") {
        Ok(reader) => say(&format!("files.download: {:?}", reader.read(10))),
        Err(error) => say(&format!("files.download: {error:?}")),
    }
    match files::upload("room_1", "name.txt") {
        Ok(writer) => say(&format!(
            "files.upload: {:?} {:?}",
            writer.write(b"bytes"),
            writer.finish()
        )),
        Err(error) => say(&format!("files.upload: {error:?}")),
    }
}

fn about_rules() {
    ask! { approvals.approval_rule_list(); }
}
