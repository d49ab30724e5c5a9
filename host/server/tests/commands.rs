//! The program as people and scripts use it: a server, and commands against it.

use serde_json::Value;
use std::{
    io::{BufRead as _, BufReader, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

/// A server that ends with the test.
struct Server {
    process: Child,
    url: String,
    code: String,
}

impl Server {
    fn start(folder: &Path) -> Self {
        let mut process = mesh(folder)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("MESH_DATA", folder.join("data"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let (mut url, mut code) = (String::new(), String::new());
        for line in lines {
            let word = |start: &str| {
                line.split_whitespace()
                    .find(|word| word.starts_with(start))
                    .map(str::to_owned)
            };
            if let (true, Some(found)) = (url.is_empty(), word("http://")) {
                url = found;
            }
            if let Some(found) = word("mic_") {
                code = found;
                break;
            }
        }
        assert!(!url.is_empty() && !code.is_empty());
        Self { process, url, code }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn mesh(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mesh"));
    command
        .current_dir(folder)
        .env("XDG_CONFIG_HOME", folder.join("config"));
    for name in [
        "MESH_TOKEN",
        "MESH_URL",
        "MESH_DATA",
        "MESH_CONFIG",
        "MESH_LISTEN",
        "MESH_DATABASE_URL",
    ] {
        command.env_remove(name);
    }
    command
}

fn run(folder: &Path, words: &[&str], input: &str) -> Output {
    let mut process = mesh(folder)
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    process.wait_with_output().unwrap()
}

/// Standard output of a command that must work.
#[track_caller]
fn done(folder: &Path, words: &[&str], input: &str) -> String {
    let output = run(folder, words, input);
    assert!(
        output.status.success(),
        "{words:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Exit code and standard error of a command that must not work.
#[track_caller]
fn failed(folder: &Path, words: &[&str]) -> (i32, String) {
    let output = run(folder, words, "");
    assert!(!output.status.success(), "{words:?}");
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn from_nothing_to_a_conversation() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = Server::start(folder);
    let (url, code) = (server.url.as_str(), server.code.as_str());
    let init = [
        "init",
        "--url",
        url,
        "--code",
        code,
        "--email",
        "you@example.org",
        "--name",
        "You",
        "--mesh",
        "home",
    ];
    done(folder, &[&init[..], &["--password-stdin"]].concat(), "correct horse\n");
    done(folder, &["say", "general", "hello"], "");
    assert!(done(folder, &["read", "general", "--wait-s", "0"], "").contains("You: hello"));

    // The code works once, and the account it made operates the server.
    let again = [
        "init",
        "--url",
        url,
        "--code",
        code,
        "--email",
        "e@example.org",
        "--name",
        "E",
    ];
    let (exit, why) = failed(folder, &again);
    assert!(exit == 1 && why.contains("forbidden"), "{exit} {why}");
    let me: Value = serde_json::from_str(&done(folder, &["--json", "call", "auth.whoami"], "")).unwrap();
    assert_eq!(me["operator"], true, "{me}");

    // Names stand for ids, and a session can be had again.
    let rooms = done(folder, &["call", "room.list", "--mesh-id", "home", "--limit", "1"], "");
    assert!(rooms.contains("\"slug\": \"general\""), "{rooms}");
    done(
        folder,
        &["call", "message.post", "--room-id", "general", "--text", "again"],
        "",
    );
    done(
        folder,
        &["login", "--url", url, "--email", "you@example.org"],
        "correct horse\n",
    );
    assert!(done(folder, &["read", "general", "--wait-s", "0"], "").ends_with("You: again\n"));

    // Words of others cannot steer the terminal.
    done(folder, &["say", "general", "a\u{1b}[2Jb"], "");
    assert!(!done(folder, &["read", "general", "--wait-s", "0"], "").contains('\u{1b}'));

    // What is stored is for its owner alone.
    for path in ["config/mesh/account.json", "data/keys"] {
        assert_eq!(
            std::fs::metadata(folder.join(path)).unwrap().permissions().mode() & 0o777,
            0o600,
            "{path}"
        );
    }
    assert_eq!(
        std::fs::metadata(folder.join("data")).unwrap().permissions().mode() & 0o777,
        0o700
    );
}

#[test]
fn exit_codes_say_what_kind_of_failure_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let nobody = [
        "init",
        "--url",
        "http://127.0.0.1:9",
        "--email",
        "e@example.org",
        "--name",
        "E",
    ];
    for (words, code, part) in [
        (&["no-such-command"][..], 2, "no-such-command"),
        (&["call", "no.such"], 2, "no.such"),
        (&["say", "general", "hello"], 2, "mesh init"),
        (&nobody, 3, "127.0.0.1:9"),
    ] {
        let (exit, why) = failed(folder, words);
        assert!(exit == code && why.contains(part), "{words:?}: {exit} {why}");
    }
    std::fs::write(folder.join("mesh.toml"), "[server]\nlisten_on = 1\n").unwrap();
    let (exit, why) = failed(folder, &["config", "show"]);
    assert!(exit == 1 && why.contains("listen_on"), "{why}");
}

#[test]
fn whoever_reads_may_stop_reading() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = mesh(folder.path())
        .arg("call")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(process.stdout.take());
    let output = process.wait_with_output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success());
}

/// A server with an account and a room `general`.
fn settled(folder: &Path) -> Server {
    let server = Server::start(folder);
    let (url, code) = (server.url.as_str(), server.code.as_str());
    let words = ["init", "--url", url, "--code", code, "--email", "you@example.org"];
    let more = ["--name", "You", "--mesh", "home", "--password-stdin"];
    done(folder, &[&words[..], &more].concat(), "correct horse\n");
    server
}

#[test]
fn a_chat_ends_when_its_posts_were_seen() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let _server = settled(folder);
    let said = done(folder, &["chat", "home/general"], "one\n\ntwo\na\u{1b}[2Jb\n");
    assert_eq!(said, "You: one\nYou: two\nYou: a\u{FFFD}[2Jb\n");
    let said = done(folder, &["--json", "chat", "general"], "three\n");
    let event: Value = serde_json::from_str(said.trim()).unwrap();
    assert_eq!(event["data"]["text"], "three");
    // A room that was renamed is found by its old name.
    done(
        folder,
        &["call", "room.update", "--room-id", "general", "--slug", "kitchen"],
        "",
    );
    assert_eq!(done(folder, &["chat", "general"], "four\n"), "You: four\n");
    let (exit, why) = failed(folder, &["chat", "nowhere"]);
    assert!(exit == 2 && why.contains("kitchen"), "{exit} {why}");
}

#[test]
fn events_are_followed_until_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let _server = settled(folder);
    done(folder, &["say", "general", "first\nword"], "");
    let follow = |words: &[&str]| {
        let mut process = mesh(folder).args(words).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        (process, lines.map_while(Result::ok))
    };
    let (mut plain, mut lines) = follow(&["events", "--room", "general", "--from-start"]);
    let shown = lines.find(|line| line.contains("message.created")).unwrap();
    assert!(shown.ends_with(" message.created You: first word"), "{shown}");
    let (mut program, mut events) = follow(&["--json", "events", "--from-start"]);
    let mut event = || serde_json::from_str::<Value>(&events.next().unwrap()).unwrap();
    while event()["data"]["text"] != "first\nword" {}
    done(folder, &["say", "general", "second"], "");
    while event()["data"]["text"] != "second" {}
    assert!(lines.next().unwrap().ends_with("You: second"));
    for process in [&mut plain, &mut program] {
        let interrupted = Command::new("kill").args(["-INT", &process.id().to_string()]).status();
        assert!(interrupted.unwrap().success() && process.wait().unwrap().success());
    }
}

#[test]
fn a_token_that_another_command_renewed_is_renewed_here_too() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let _server = settled(folder);
    let file = folder.join("config/mesh/account.json");
    let mut account: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    account["access_token"] = "mst_ended".into();
    std::fs::write(&file, account.to_string()).unwrap();
    assert_eq!(done(folder, &["chat", "general"], "here\n"), "You: here\n");
    let renewed: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert!(renewed["access_token"] != "mst_ended" && renewed["refresh_token"] != account["refresh_token"]);
}
