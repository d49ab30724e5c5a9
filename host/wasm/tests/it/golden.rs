//! The contract's promise to bots that exist: every version there is has a golden bot, `tests/golden/VERSION`, made for
//! that version and never changed once it is out. It calls every function and takes every event, and what it sees of
//! the answers stays the same.
//!
//! `scripts/golden` builds them.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use mesh_wasm::bindings::exports::mesh::bot::handler;
use mesh_wasm::bindings::{Event, Outcome, Payload};
use mesh_wasm::{After, Allowed, CallEnd, InspectionBounds, Instance, Limits, inspect};
use wit_parser::{Resolve, TypeDefKind};

use crate::recorder::samples::Sample;
use crate::recorder::{Answers, Bench, Recorder, event};

/// The versions of the contract: the folders of `wit`.
fn versions() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit");
    let entries = fs::read_dir(folder)
        .expect("wit")
        .map(|entry| entry.expect("entry").path());
    let folders = entries.filter(|path| path.is_dir());
    let mut names: Vec<_> = folders
        .map(|path| path.file_name().expect("name").to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn golden(version: &str) -> Vec<u8> {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let source = root.join("tests/golden").join(version);
    assert!(source.is_dir(), "version {version} of the contract has no golden bot");
    let built = source.join("target/wasm32-wasip2/release/golden.wasm");
    fs::read(&built).unwrap_or_else(|_| panic!("the golden bot of {version} is not built; scripts/golden builds it"))
}

/// What a version's text says that there is: the functions to import, and the cases of an event.
fn written(version: &str) -> (BTreeSet<(String, String)>, BTreeSet<String>) {
    let mut resolve = Resolve::default();
    let folder = format!("{}/../../wit/{version}", env!("CARGO_MANIFEST_DIR"));
    resolve.push_dir(folder).expect("the contract parses");
    let (mut functions, mut cases) = (BTreeSet::new(), BTreeSet::new());
    for (_, interface) in &resolve.interfaces {
        let name = interface.name.clone().expect("a name");
        if name == "handler" {
            let TypeDefKind::Variant(payload) = &resolve.types[interface.types["payload"]].kind else {
                panic!("the payload is a variant")
            };
            cases.extend(payload.cases.iter().map(|case| case.name.clone()));
        } else {
            functions.extend(
                interface
                    .functions
                    .keys()
                    .map(|function| (name.clone(), function.clone())),
            );
        }
    }
    (functions, cases)
}

#[test]
fn golden_bots_call_every_function() {
    for version in versions() {
        let seen = inspect(&golden(&version), &InspectionBounds::default()).expect("accepted");
        assert!(seen.manifest.is_some(), "{version}");
        let called: BTreeSet<_> = seen
            .imports
            .into_iter()
            .filter_map(|import| Some((import.interface.strip_prefix("mesh:bot/")?.to_owned(), import.function)))
            .collect();
        assert_eq!(called, written(&version).0, "{version}");
    }
}

#[tokio::test]
async fn golden_bots_of_every_version_are_served() {
    let bench = Bench::new();
    for version in versions() {
        let linked = bench.link(&golden(&version), &Allowed::everything());
        let mut seen = String::new();
        for (answers, words) in [
            (Answers::Samples, &["ask", "levels", "retry", "reject", "fail"][..]),
            (Answers::Errors, &["ask"]),
        ] {
            let mut recorder = Recorder::new(Limits::default());
            recorder.answers = answers;
            let started = Instance::start(&linked, recorder).await;
            assert!(matches!(started.end, CallEnd::Started), "{version}: {}", started.end);
            let mut instance = started.alive().expect("alive");
            for mail in words.iter().map(|words| event(words)).chain(every_event()) {
                let called = instance.on_event(&mail).await;
                let log = called
                    .log
                    .lines
                    .iter()
                    .map(|line| format!("  {:?} {}\n", line.source, line.text));
                seen.extend(std::iter::once(format!("{:?}\n", called.end)).chain(log));
                assert!(matches!(called.after, After::Alive(_)), "{version}: {}", called.end);
                instance = called.alive().expect("alive");
            }
        }
        insta::assert_snapshot!(format!("golden_{version}"), seen);
    }
}

#[tokio::test]
async fn golden_bots_of_every_version_answer_their_outcomes() {
    let bench = Bench::new();
    for version in versions() {
        let linked = bench.link(&golden(&version), &Allowed::everything());
        let mut instance = Instance::start(&linked, Recorder::new(Limits::default()))
            .await
            .alive()
            .expect("alive");
        for words in ["hello", "retry", "reject", "fail"] {
            let called = instance.on_event(&event(words)).await;
            match (words, &called.end) {
                ("hello", CallEnd::Done(Outcome::Ack))
                | ("retry", CallEnd::Done(Outcome::RetryAfter(250)))
                | ("reject", CallEnd::Done(Outcome::Reject(_)))
                | ("fail", CallEnd::HandlerError(_)) => {}
                (_, end) => panic!("{version}: {words} ended with {end}"),
            }
            instance = called.alive().expect("alive");
        }
        assert_eq!(instance.stop().posts, [("room_1".to_owned(), "hello".to_owned())]);
    }
}

/// The newest version has the cases that this test sends, and no others.
#[test]
fn every_case_of_an_event_is_sent() {
    let newest = versions().pop().expect("a version");
    let sent: BTreeSet<_> = every_event().map(|event| case(&event.payload).to_owned()).collect();
    assert_eq!(sent, written(&newest).1);
}

/// One event of every case.
fn every_event() -> impl Iterator<Item = Event> {
    let room_id = || "room_1".to_owned();
    let reaction = || handler::Reaction {
        room_id: room_id(),
        message_id: "message_1".into(),
        emoji: "👍".into(),
    };
    let payloads = [
        Payload::MessageCreated(Sample::sample()),
        Payload::MessageEdited(Sample::sample()),
        Payload::MessageDeleted(handler::Deletion {
            room_id: room_id(),
            message_ids: vec!["message_1".into(), "message_2".into()],
        }),
        Payload::ReactionAdded(reaction()),
        Payload::ReactionRemoved(reaction()),
        Payload::ThreadChanged(Sample::sample()),
        Payload::RoomMemberJoined(Sample::sample()),
        Payload::RoomMemberLeft(handler::Departure {
            room_id: room_id(),
            member_id: "member_1".into(),
            reason: "left".into(),
        }),
        Payload::RoomOpened(Sample::sample()),
        Payload::RoomClosed(handler::Closing {
            room_id: room_id(),
            reason: "archived".into(),
        }),
        Payload::CommandInvoked(handler::Invocation {
            command: "measure".into(),
            text: "twice".into(),
            arguments: Some("{}".into()),
            room_id: room_id(),
            reply_handle: "command_1".into(),
            hops: 1,
        }),
        Payload::ApprovalDecided(handler::Decision {
            approval_id: "approval_1".into(),
            room_id: Some(room_id()),
            operation: Some("message.post".into()),
            state: "approved".into(),
            choice: Some("yes".into()),
            status: Some(201),
        }),
        Payload::TimerFired(handler::Firing {
            timer_id: "timer_1".into(),
            room_id: Some(room_id()),
            due_at: 8,
            data: "{}".into(),
        }),
        Payload::BotCalled(handler::Question {
            call_id: "call_1".into(),
            method: "measure".into(),
            input: "{}".into(),
            hops: 1,
            deadline: 9,
        }),
        Payload::MessageCompleted(Sample::sample()),
        Payload::MessageActed(handler::Press {
            message: Sample::sample(),
            action_id: "yes".into(),
            value: Some("1".into()),
            values: Some("{}".into()),
            hops: 1,
        }),
        Payload::BotConfigChanged,
        Payload::BotGrantsChanged,
        Payload::Gap(handler::Gap {
            stream: room_id(),
            from_seq: 1,
            to_seq: 9,
        }),
        Payload::Other(handler::Unknown {
            name: "something.new".into(),
            data: "{}".into(),
        }),
    ];
    payloads.into_iter().map(|payload| Event { payload, ..event("") })
}

fn case(payload: &Payload) -> &'static str {
    match payload {
        Payload::MessageCreated(_) => "message-created",
        Payload::MessageEdited(_) => "message-edited",
        Payload::MessageDeleted(_) => "message-deleted",
        Payload::ReactionAdded(_) => "reaction-added",
        Payload::ReactionRemoved(_) => "reaction-removed",
        Payload::ThreadChanged(_) => "thread-changed",
        Payload::RoomMemberJoined(_) => "room-member-joined",
        Payload::RoomMemberLeft(_) => "room-member-left",
        Payload::RoomOpened(_) => "room-opened",
        Payload::RoomClosed(_) => "room-closed",
        Payload::CommandInvoked(_) => "command-invoked",
        Payload::ApprovalDecided(_) => "approval-decided",
        Payload::TimerFired(_) => "timer-fired",
        Payload::BotCalled(_) => "bot-called",
        Payload::MessageCompleted(_) => "message-completed",
        Payload::MessageActed(_) => "message-acted",
        Payload::BotConfigChanged => "bot-config-changed",
        Payload::BotGrantsChanged => "bot-grants-changed",
        Payload::Gap(_) => "gap",
        Payload::Other(_) => "other",
    }
}
