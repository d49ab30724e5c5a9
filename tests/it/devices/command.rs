//! `mesh login`, with the program itself on two machines.

use mesh_tests::{Engine, Machine, PASSWORD, TestServer};
use serde_json::Value;
use std::{os::unix::fs::PermissionsExt as _, time::Duration};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout},
};

/// A `mesh login` that waits, and the code that it shows.
struct Waiting {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    code: String,
}

impl Waiting {
    async fn start(machine: &Machine, server: &TestServer, more: &[&str]) -> Self {
        let url = format!("http://{}", server.address);
        let words = [&["--json", "login", "--server", &url], more].concat();
        let mut child = machine.command(&words).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let shown: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
        assert_eq!(shown["verification_uri"], format!("{url}/device"));
        let code = shown["user_code"].as_str().unwrap().to_owned();
        Self { child, lines, code }
    }

    /// Its exit code, the rest of what it said, and its errors.
    async fn end(mut self) -> (i32, String, String) {
        let rest = self.lines.next_line().await.unwrap().unwrap_or_default();
        let mut why = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut why)
            .await
            .unwrap();
        (self.child.wait().await.unwrap().code().unwrap(), rest, why)
    }
}

/// A machine where Ann signed in with her password.
async fn desk(server: &TestServer) -> Machine {
    let ann = server.person("ann").await;
    let (desk, url) = (Machine::new(), format!("http://{}", server.address));
    let words = ["login", "--url", &url, "--email", &ann.email];
    let (exit, said, why) = desk.run(&words, &format!("{PASSWORD}\n")).await;
    assert!(exit == 0 && said.contains("You are signed in"), "{said} {why}");
    desk
}

#[tokio::test]
async fn a_machine_is_signed_in_from_another_one() {
    let server = TestServer::start(Engine::Sqlite).await;
    let (desk, laptop) = (desk(&server).await, Machine::new());
    let waiting = Waiting::start(&laptop, &server, &[]).await;
    // Whoever does not answer decides nothing.
    let approve = ["login", "--approve", &waiting.code.to_lowercase()];
    let (exit, said, why) = desk.run(&approve, "\n").await;
    assert!(exit == 2 && why.contains("Nothing was decided"), "{said} {why}");
    for part in ["mesh on ", &waiting.code, "127.0.0.1", "everything that you may do"] {
        assert!(said.contains(part), "no {part} in {said}");
    }
    let (exit, said, why) = desk.run(&approve, "yes\n").await;
    assert!(exit == 0 && said.ends_with("It is signed in as you.\n"), "{said} {why}");
    let (exit, said, why) = waiting.end().await;
    assert!(exit == 0 && said.contains("person_"), "{said} {why}");
    let (exit, said, _) = laptop.run(&["call", "auth.whoami"], "").await;
    assert!(exit == 0 && said.contains("\"name\": \"ann\""), "{said}");
    let account = laptop.folder.path().join("mesh/account.json");
    assert_eq!(std::fs::metadata(account).unwrap().permissions().mode() & 0o777, 0o600);
    // Being signed in this way is no recent sign-in.
    let (exit, _, why) = desk.run(&["login", "--approve", approve[2]], "yes\n").await;
    assert!(exit == 1 && why.contains("No device waits with this code"), "{why}");
    let other = Machine::new();
    let waiting = Waiting::start(&other, &server, &[]).await;
    let (exit, _, why) = laptop.run(&["login", "--approve", &waiting.code], "yes\n").await;
    assert!(exit == 1 && why.contains("mesh login --email"), "{why}");
}

#[tokio::test]
async fn a_machine_is_denied_or_gets_a_part() {
    let server = TestServer::start(Engine::Sqlite).await;
    let (desk, laptop) = (desk(&server).await, Machine::new());
    let waiting = Waiting::start(&laptop, &server, &[]).await;
    let (exit, said, why) = desk.run(&["login", "--approve", &waiting.code], "no\n").await;
    assert!(exit == 0 && said.ends_with("It is not signed in.\n"), "{said} {why}");
    let (exit, _, why) = waiting.end().await;
    assert!(exit == 1 && why.contains("access_denied"), "{why}");
    let (exit, _, why) = laptop.run(&["call", "auth.whoami"], "").await;
    assert!(exit == 2, "{why}");

    let waiting = Waiting::start(&laptop, &server, &["--only", "message.read,message.post"]).await;
    let only = [
        "--json",
        "login",
        "--approve",
        &waiting.code,
        "--only",
        "message.read",
        "--yes",
    ];
    let (exit, said, why) = desk.run(&only, "").await;
    assert!(exit == 0 && said.contains("\"approve\""), "{said} {why}");
    assert_eq!(waiting.end().await.0, 0);
    let (_, said, _) = laptop.run(&["--json", "call", "auth.whoami"], "").await;
    let me: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(me["scopes"], serde_json::json!(["message.read"]), "{said}");

    let waiting = Waiting::start(&laptop, &server, &[]).await;
    server.host.let_pass(Duration::from_mins(10));
    let (exit, _, why) = waiting.end().await;
    assert!(exit == 1 && why.contains("expired_token"), "{why}");
}
