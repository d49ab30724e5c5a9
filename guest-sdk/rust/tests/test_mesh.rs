//! The test mesh and the handle of a bot, through what a bot's author sees.

use mesh_bot::{
    Action, Bot, Change, Draft, Error, Event, Mesh, Message, NewRoom, Outcome, Payload, Press, Reaction, Result,
    log::Level,
    testing::{TestMesh, message},
};
use serde::{Deserialize, Serialize};
use std::{fmt::Write as _, time::Duration};

/// Writes down what it is given, and fails as it is told.
#[derive(Default)]
struct Diary {
    seen: Vec<String>,
}

impl Bot for Diary {
    fn start(&mut self, _: &Mesh) -> Result {
        self.seen.push("start".into());
        Ok(())
    }

    fn on_mention(&mut self, mention: &Message, _: &Mesh) -> Result {
        self.seen.push(format!("mention {}", mention.text_without_mention()));
        match mention.text_without_mention() {
            "retry" => Err(Error::retry(Duration::from_secs(2))),
            "reject" => Err(Error::reject("not mine")),
            "limited" => Err(Error::RateLimited(Duration::from_millis(70))),
            "pending" => Err(Error::Pending("approval_1".into())),
            "fail" => Err("it broke".into()),
            _ => Ok(()),
        }
    }

    fn on_message(&mut self, message: &Message, _: &Mesh) -> Result {
        self.seen.push(format!("message {}", message.text));
        Ok(())
    }

    fn on_reaction(&mut self, reaction: &Reaction, _: &Mesh) -> Result {
        self.seen.push(format!(
            "{} by {}, removed: {}",
            reaction.emoji, reaction.by.name, reaction.removed
        ));
        Ok(())
    }

    fn on_action(&mut self, press: &Press, _: &Mesh) -> Result {
        let Press { action, value, by, .. } = press;
        self.seen.push(format!("{} pressed {action} with {value:?}", by.name));
        Ok(())
    }

    fn on_config_changed(&mut self, _: &Mesh) -> Result {
        self.seen.push("config".into());
        Ok(())
    }

    fn on_event(&mut self, event: &Event, _: &Mesh) -> Result {
        self.seen.push(format!("other at {}", event.stream));
        Ok(())
    }
}

fn test() -> TestMesh<Diary> {
    TestMesh::permissive(Diary::default())
}

#[test]
fn each_event_has_its_method() {
    let mut test = test();
    assert_eq!(test.mention("hi"), Ok(Outcome::Ack));
    assert_eq!(test.message("ho"), Ok(Outcome::Ack));
    let reaction = mesh_bot::raw::exports::mesh::bot::handler::Reaction {
        room_id: "room_1".into(),
        message_id: "message_1".into(),
        emoji: "tada".into(),
    };
    assert_eq!(test.event(Payload::ReactionRemoved(reaction)), Ok(Outcome::Ack));
    assert_eq!(test.event(Payload::BotConfigChanged), Ok(Outcome::Ack));
    assert_eq!(test.event(Payload::BotGrantsChanged), Ok(Outcome::Ack));
    let gone = Message {
        redacted: true,
        mentions_me: true,
        ..mesh_bot::testing::message("")
    };
    assert_eq!(test.event(Payload::MessageCreated(gone)), Ok(Outcome::Ack));
    let written = Message {
        mentions_me: true,
        ..message("@bot at last")
    };
    assert_eq!(test.event(Payload::MessageCompleted(written)), Ok(Outcome::Ack));
    assert_eq!(
        test.bot().seen,
        [
            "start",
            "mention hi",
            "message ho",
            "tada by Ada, removed: true",
            "config",
            "other at test",
            "mention at last"
        ]
    );
}

#[test]
fn each_error_has_its_outcome() {
    let mut test = test();
    assert_eq!(test.mention("retry"), Ok(Outcome::RetryAfter(2_000)));
    assert_eq!(test.mention("limited"), Ok(Outcome::RetryAfter(70)));
    assert_eq!(test.mention("reject"), Ok(Outcome::Reject("not mine".into())));
    assert_eq!(test.mention("pending"), Ok(Outcome::Ack));
    assert_eq!(test.mention("fail"), Err("it broke".into()));
}

#[test]
fn a_restart_forgets_fields_and_keeps_the_store() {
    let mut test = test();
    assert_eq!(test.mention("hi"), Ok(Outcome::Ack));
    test.mesh().kv().put("key", "value").unwrap();
    test.restart().unwrap();
    assert_eq!(test.bot().seen, ["start"]);
    assert_eq!(test.stored::<String>("key").as_deref(), Some("value"));
}

#[test]
fn the_store_compares_and_sets() {
    let test = test();
    let kv = test.mesh().kv();
    assert_eq!(kv.get::<u32>("n").unwrap(), None);
    assert_eq!(kv.update("n", |n: u32| n + 1).unwrap(), 1);
    assert!(kv.put_if_absent("n", &9).unwrap_err().is_conflict());
    let read = kv.get_versioned::<u32>("n").unwrap().unwrap();
    kv.put("n", &5).unwrap();
    assert!(kv.put_if_unchanged("n", &6, read.version).unwrap_err().is_conflict());
    assert!(matches!(kv.get::<String>("n"), Err(Error::Malformed(_))));
    assert!(matches!(
        kv.put_bytes("big", &vec![0; 300 * 1024]),
        Err(Error::Invalid(_))
    ));
    assert!(kv.delete("n").unwrap() && !kv.delete("n").unwrap());
}

#[test]
fn an_update_begins_again_when_another_was_faster() {
    let test = test();
    let kv = test.mesh().kv();
    let mut rivals = 3;
    let sum = kv.update("n", |n: u32| {
        if rivals > 0 {
            rivals -= 1;
            kv.put("n", &(n + 10)).unwrap();
        }
        n + 1
    });
    assert_eq!(sum.unwrap(), 31);
    let never = kv.update("n", |n: u32| {
        kv.put("n", &n).unwrap();
        n
    });
    assert!(never.unwrap_err().is_conflict());
}

#[test]
fn lists_are_walked_page_by_page() {
    let test = test();
    let kv = test.mesh().kv();
    for n in 0..7 {
        kv.put(&format!("a/{n}"), &n).unwrap();
    }
    kv.put("b", &0).unwrap();
    let keys: Vec<_> = kv.list("a/").limit(3).map(|entry| entry.unwrap().key).collect();
    assert_eq!(keys, ["a/0", "a/1", "a/2", "a/3", "a/4", "a/5", "a/6"]);
    assert!(kv.list("").limit(0).next().unwrap().is_err());
}

#[test]
fn rights_can_be_taken_and_given_back() {
    let mut test = test();
    test.deny("message.post", "the room is read only");
    let room = test.room("general").id;
    let error = test.mesh().messages().post(&room, "hi").unwrap_err();
    assert_eq!(error.to_string(), "denied by grant: the room is read only");
    assert!(!test.mesh().may("message.post", &room).unwrap());
    test.allow("message.post");
    assert!(test.mesh().may("message.post", &room).unwrap());
    test.mesh().messages().post(&room, "hi").unwrap();
    test.fail("message.post", Error::Unavailable("maintenance".into()));
    assert!(matches!(
        test.mesh().messages().post(&room, "hi"),
        Err(Error::Unavailable(_))
    ));
    assert_eq!(test.replies(), ["hi"]);
}

#[test]
fn rooms_and_messages_are_there_afterwards() {
    let test = test();
    let mesh = test.mesh();
    let wanted = NewRoom {
        name: "Tea".into(),
        slug: None,
        purpose: None,
        join_rule: "public".into(),
    };
    let room = mesh.rooms().create(&wanted).unwrap();
    let posted = mesh
        .messages()
        .send(Draft::new(&room.id, "first").in_thread("thread_1"))
        .unwrap();
    assert_eq!(mesh.messages().edit(&posted.id, "second").unwrap().revision, 2);
    mesh.react(&posted, "tea").unwrap();
    assert_eq!(test.reactions(), [(posted.id.clone(), "tea".into())]);
    let replies: Vec<_> = mesh
        .threads()
        .replies("thread_1")
        .map(|reply| reply.unwrap().text)
        .collect();
    assert_eq!(replies, ["second"]);
    mesh.messages().delete(&posted.id).unwrap();
    assert!(mesh.messages().get(&posted.id).unwrap_err().is_not_found());
    mesh.rooms().leave(&room.id).unwrap();
    assert!(mesh.messages().post(&room.id, "outside").unwrap_err().is_not_found());
}

#[test]
fn a_message_is_seen_while_it_is_written() {
    let mut test = test();
    let hello = Message {
        room_id: test.room("general").id,
        ..message("hi")
    };
    let mesh = test.mesh();
    let mut answer = mesh.reply_streaming(&hello).unwrap();
    answer.push("one").unwrap();
    assert_eq!(test.replies(), [""], "a little waits for more");
    answer.flush().unwrap();
    assert_eq!((test.replies(), test.posts()[0].streaming), (vec!["one".into()], true));
    write!(answer, ", {}", "é".repeat(64)).unwrap();
    assert_eq!(test.replies()[0].len(), 3 + 2 + 128, "much goes at once");
    answer.push(", three").unwrap();
    answer.finish().unwrap();
    let written = &test.posts()[0];
    assert!(written.text.ends_with("é, three") && !written.streaming, "{written:?}");
}

#[test]
fn what_is_written_last_stays() {
    let mut test = test();
    let room = test.room("general").id;
    let mesh = test.mesh();
    let mut answer = mesh.messages().stream(Draft::new(&room, "one")).unwrap();
    mesh.messages().edit(&answer.message().id, "something else").unwrap();
    answer.push(" two").unwrap();
    answer.flush().unwrap();
    assert_eq!(test.replies(), ["something else"]);
    answer.finish().unwrap();
    assert_eq!(test.replies(), ["one two"]);
}

#[test]
fn buttons_are_pressed_and_taken_away() {
    let mut test = test();
    let draft = Draft::new(test.room("general").id, "Well?")
        .with_action(Action::new("yes", "Yes").primary().carrying("7"))
        .with_action(Action::new("no", "No").danger());
    let asked = test.mesh().messages().send(draft).unwrap();
    assert_eq!(asked.actions[1].style, "danger");
    assert_eq!(test.by("Bob").press("yes"), Ok(Outcome::Ack));
    assert_eq!(test.press("no"), Ok(Outcome::Ack));
    let messages = test.mesh().messages();
    messages.press(&asked.id, "yes", None).unwrap();
    assert!(messages.press(&asked.id, "maybe", None).unwrap_err().is_conflict());
    let done = messages
        .change(&asked.id, Change::new().text("Done.").actions([]))
        .unwrap();
    assert_eq!((done.text.as_str(), done.actions.len()), ("Done.", 0));
    assert!(messages.press(&asked.id, "yes", None).unwrap_err().is_conflict());
    assert_eq!(
        test.bot().seen,
        ["start", "Bob pressed yes with Some(\"7\")", "Ada pressed no with None"]
    );
}

#[test]
fn settings_have_a_type() {
    #[derive(Serialize, Deserialize)]
    struct Settings {
        greeting: String,
    }
    let mut test = test();
    assert!(matches!(test.mesh().config::<Settings>(), Err(Error::Malformed(_))));
    test.configure(&Settings { greeting: "hi".into() }).unwrap();
    assert_eq!(test.mesh().config::<Settings>().unwrap().greeting, "hi");
    test.start().unwrap();
    test.configure(&Settings { greeting: "ho".into() }).unwrap();
    assert_eq!(test.bot().seen, ["start", "config"]);
}

#[test]
fn log_lines_have_fields() {
    let test = test();
    mesh_bot::warn!(room = "room_1", name = "Ada L", nothing = ""; "{} tries", 3);
    mesh_bot::debug!("plain");
    let expected = [
        (Level::Warn, r#"3 tries room=room_1 name="Ada L" nothing="""#.to_owned()),
        (Level::Debug, "plain".to_owned()),
    ];
    assert_eq!(test.log(), expected);
}
