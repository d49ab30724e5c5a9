//! The `mesh` program itself, as users run it: another process that can be killed.

use crate::{Client, Person, content_digest};
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// A running `mesh serve`.
pub struct Program {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// The code for the first account, if nobody has one yet.
    pub code: Option<String>,
    /// Where it keeps what it knows.
    pub data: PathBuf,
}

/// The program that was built beside this test.
fn binary() -> PathBuf {
    let own = std::env::current_exe().expect("this program has a path");
    // Tests are in target/PROFILE/deps, the bench beside the program.
    let places = own.ancestors().skip(1).take(2).map(|folder| folder.join("mesh"));
    let found = places.into_iter().find(|place| place.is_file());
    found.expect("`mesh` is not built; `make test` and `make bench` build it")
}

/// A machine with a `mesh` of its own, and what that remembers.
pub struct Machine {
    /// Where its commands run.
    pub folder: tempfile::TempDir,
}

impl Machine {
    /// One where nobody signed in.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { folder }
    }

    /// A command of `mesh` on it, whose input, output and errors are read and written by the test.
    pub fn command(&self, words: &[&str]) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(binary());
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
            .args(words)
            .current_dir(self.folder.path())
            .env("XDG_CONFIG_HOME", self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs a command with this on its standard input; gives its exit code, output and errors.
    pub async fn run(&self, words: &[&str], input: &str) -> (i32, String, String) {
        let mut child = self.command(words).spawn().expect("mesh starts");
        let mut stdin = child.stdin.take().expect("its input");
        // A command that does not read may be over by now.
        let _ = tokio::io::AsyncWriteExt::write_all(&mut stdin, input.as_bytes()).await;
        drop(stdin);
        let output = child.wait_with_output().await.expect("it ends");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (
            output.status.code().unwrap_or(-1),
            text(output.stdout),
            text(output.stderr),
        )
    }
}

impl Default for Machine {
    fn default() -> Self {
        Self::new()
    }
}

impl Program {
    /// Starts it on a free port with this data folder, and waits until it says where it listens.
    pub fn start(data: &Path) -> Self {
        let mut child = Command::new(binary())
            .arg("serve")
            .args(["--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .current_dir(data.parent().expect("the data folder has a parent"))
            .env("MESH_LOG_LEVEL", "warn")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("mesh starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut line = || lines.next().expect("mesh says where it listens").expect("text");
        let first = line();
        let address = first
            .rsplit("http://")
            .next()
            .expect("an address")
            .parse()
            .expect("an address");
        let documents = line();
        assert!(documents.contains("documents"), "{documents}");
        // The code stands in the announcement's last command, which comes at once or not at all.
        let code = if data.join("first").exists() {
            None
        } else {
            std::fs::write(data.join("first"), "").expect("a marker");
            let mut found = None;
            while found.is_none() {
                found = line()
                    .split_whitespace()
                    .find(|word| word.starts_with("mic_"))
                    .map(str::to_owned);
            }
            found
        };
        Self {
            child,
            address,
            code,
            data: data.to_owned(),
        }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    #[must_use = "the new program ends when it is dropped"]
    /// Kills it without a warning and starts it again on the same data.
    pub fn kill_and_restart(mut self) -> Self {
        self.child.kill().expect("SIGKILL");
        self.child.wait().expect("it ends");
        Self::start(&self.data.clone())
    }

    /// Somebody with this token; none for nobody.
    pub fn client(&self, token: Option<&str>) -> Client {
        Client::new(self.address, token.map(str::to_owned))
    }

    /// Makes the first account.
    pub async fn first_person(&self) -> Person {
        let body = json!({
            "email": "first@example.org",
            "password": crate::PASSWORD,
            "name": "First",
            "invite_code": self.code,
        });
        let session = self.client(None).post("/auth/register", body).await.expect(201);
        let token = session["access_token"].as_str().expect("a token");
        Person::new(
            self.client(Some(token)),
            session["person_id"].as_str().expect("an id"),
            "first@example.org",
        )
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The component of a guest, built by `make test`: from `dist/plugins` or the test guests.
pub fn component(name: &str) -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the project");
    let places = [
        root.join("dist/plugins").join(format!("{name}.wasm")),
        root.join("tests/guests/target/wasm32-wasip2/release")
            .join(format!("{name}.wasm")),
    ];
    let found = places.iter().find_map(|place| std::fs::read(place).ok());
    found.unwrap_or_else(|| panic!("{name}.wasm is not built; `make test` builds it"))
}

/// Brings a bot into a mesh: uploaded, granted what it asks for, started. Gives its id.
pub async fn deploy(person: &Client, mesh: &str, name: &str, component: Vec<u8>) -> String {
    let bot = person
        .post(&format!("/meshes/{mesh}/bots"), json!({ "name": name }))
        .await
        .expect(201);
    let id = bot["id"].as_str().expect("an id").to_owned();
    let version = upload(person, &id, component).await.expect(201);
    let version = version["id"].as_str().expect("an id").to_owned();
    let grants = person
        .get(&format!("/bots/{id}/grants?version_id={version}"))
        .await
        .expect(200);
    for asked in grants["asked"].as_array().expect("a list") {
        let path = format!("/bots/{id}/grants/{}", asked["permission"].as_str().expect("a name"));
        let body = json!({ "effect": "allow", "on": asked["on"], "version_id": version });
        person.put(&path, body).await.expect(200);
    }
    person
        .post(&format!("/bot-versions/{version}/activate"), json!({}))
        .await
        .expect(200);
    person.post(&format!("/bots/{id}/start"), json!({})).await.expect(200);
    id
}

/// Uploads a component as a version of a bot.
pub async fn upload(person: &Client, bot: &str, component: Vec<u8>) -> crate::Response {
    let request = person.request(reqwest::Method::POST, &format!("/bots/{bot}/versions/wasm"));
    let digest = content_digest(&component);
    crate::send(
        request
            .header("content-type", "application/wasm")
            .header("content-digest", digest)
            .body(component),
    )
    .await
}

/// The languages that the conformance bot is written in.
pub const LANGUAGES: [&str; 4] = ["rust", "go", "js", "python"];

/// The component of the conformance bot in a language.
pub fn conformance_bot(language: &str) -> Vec<u8> {
    let file = format!("{}/../dist/conformance/{language}.wasm", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&file).unwrap_or_else(|_| panic!("{file} is not there; `make conformance` builds it"))
}

/// The golden bots: each version of the contract, and the component that was made for it.
pub fn golden_bots() -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the project");
    let entries = std::fs::read_dir(root.join("wit")).expect("the contract");
    let folders = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir());
    folders
        .map(|folder| {
            let version = folder.file_name().expect("a name").to_string_lossy().into_owned();
            let built = format!("tests/golden/{version}/target/wasm32-wasip2/release/golden.wasm");
            let component = std::fs::read(root.join(&built));
            let component = component.unwrap_or_else(|_| panic!("{built} is not there; `scripts/golden` builds it"));
            (version, component)
        })
        .collect()
}

/// Waits, by long polls, until a room's newest messages satisfy the condition, and gives them. Oldest first.
///
/// Panics when nothing happened for half a minute: a busy room may take any number of polls.
pub async fn messages_until(person: &Client, room: &str, enough: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let mut silent = 0;
    while silent < 6 {
        let sync = person.post("/me/sync", json!({})).await.expect(200);
        let mut all = Vec::new();
        let mut path = format!("/rooms/{room}/messages?limit=200");
        loop {
            let page = person.get(&path).await.expect(200);
            all.extend(page["items"].as_array().expect("a list").clone());
            match page["next_cursor"].as_str() {
                Some(cursor) => path = format!("/rooms/{room}/messages?limit=200&cursor={cursor}"),
                None => break,
            }
        }
        all.reverse();
        if enough(&all) {
            return all;
        }
        let heard = person
            .post("/me/events/poll", json!({ "cursor": sync["cursor"], "wait_s": 5 }))
            .await
            .expect(200);
        let nothing = heard["events"].as_array().expect("a list").is_empty();
        silent = if nothing { silent + 1 } else { 0 };
    }
    panic!("the messages did not come");
}
