//! Commands that stay and show what happens.

use super::clean;
use crate::{
    client::{Client, Failure, Result},
    print::line,
};
use clap::Args;
use mesh_client::{Call, Follow, Item, Passing, Positions};
use mesh_types::{RoomId, view::Event};
use serde_json::{Value, json};
use std::{
    collections::{HashMap, HashSet},
    io::{BufRead as _, IsTerminal as _},
    time::{Duration, Instant},
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// How long somebody who types is shown to.
const TYPING: Duration = Duration::from_secs(6);

/// Shows what happens, one line an event, until Ctrl-C.
#[derive(Args)]
pub(crate) struct Events {
    /// Only this room: its slug, name or id, or `MESH/SLUG`.
    #[arg(long)]
    room: Option<String>,
    /// The mesh; the one of `mesh init` when absent.
    #[arg(long, default_value = "")]
    mesh: String,
    /// Begin with the first event there is.
    #[arg(long)]
    from_start: bool,
}

impl Events {
    pub(crate) async fn run(self, as_json: bool) -> Result<()> {
        let client = Client::stored()?;
        let (mut follow, mut only) = (Follow::new(client.api()), None);
        if let Some(room) = &self.room {
            let room: RoomId = id(&client.room(&self.mesh, room).await?)?;
            let stream = format!("room:{room}");
            follow = follow.room(room);
            if self.from_start {
                follow = follow.after(Positions::from([(stream.clone(), 0)]));
            }
            only = Some(stream);
        } else if self.from_start {
            follow = follow.from_start();
        }
        let is_meant = |stream: &str| only.as_deref().is_none_or(|only| only == stream);
        loop {
            let item = tokio::select! {
                item = follow.next() => item.map_err(|error| client.failure(error))?,
                _ = tokio::signal::ctrl_c() => return Ok(()),
            };
            match item {
                Item::Event(event) if is_meant(&event.stream) => {
                    if as_json {
                        line!("{}", json!(event));
                    } else {
                        line!("{}", shown(&event));
                    }
                }
                Item::Passing(passing) if is_meant(&passing.stream) => {
                    if as_json {
                        line!("{}", json!(passing));
                    } else {
                        line!("{}", shown_passing(&passing));
                    }
                }
                Item::Closed { stream } if only.as_ref() == Some(&stream) => return Err(closed()),
                Item::Gap { stream, seq } if is_meant(&stream) => note_gap(&stream, seq),
                other => note(&other),
            }
        }
    }
}

fn id(text: &str) -> Result<RoomId> {
    text.parse().map_err(Failure::failed)
}

fn closed() -> Failure {
    Failure::failed(anyhow::anyhow!("This room is not open to you."))
}

/// What happened to the connection, for the terminal.
fn note(item: &Item) {
    if let Item::Disconnected { error, again_in } = item {
        eprintln!("mesh: {error}; trying again in {:.1} s", again_in.as_secs_f32());
    }
}

fn note_gap(stream: &str, seq: i64) {
    eprintln!("mesh: the events of {stream} up to {seq} are not shown: they were not followed, or are gone");
}

fn shown(event: &Event) -> String {
    let who = event.actor.as_ref().map_or("", |actor| actor.name.as_str());
    let head = format!("{} {} {} {}", event.at, event.stream, event.seq, event.kind);
    one_line(&head, who, &event.data)
}

fn shown_passing(passing: &Passing) -> String {
    let who = passing.actor.as_ref().map_or("", |actor| actor.name.as_str());
    let head = format!("{} {} - {}", passing.at, passing.stream, passing.kind);
    one_line(&head, who, &passing.data)
}

fn one_line(head: &str, who: &str, data: &Value) -> String {
    let what = data["text"].as_str().map_or_else(|| data.to_string(), str::to_owned);
    let mark = if who.is_empty() { "" } else { ": " };
    clean(&format!("{head} {who}{mark}{what}")).replace('\n', " ")
}

/// Shows what is said in a room, and posts each line of standard input. Ends with it, when its own posts
/// were seen, or with Ctrl-C.
#[derive(Args)]
pub(crate) struct Chat {
    /// The room: its slug, name or id, or `MESH/SLUG`.
    room: String,
    /// The mesh; the one of `mesh init` when absent.
    #[arg(long, default_value = "")]
    mesh: String,
}

impl Chat {
    pub(crate) async fn run(self, as_json: bool) -> Result<()> {
        let client = Client::stored()?;
        let room = client.room(&self.mesh, &self.room).await?;
        let follow = Follow::new(client.api()).room(id(&room)?);
        let chat = Talking {
            stream: format!("room:{room}"),
            as_json,
            me: String::new(),
            seen: HashSet::new(),
            posted: HashSet::new(),
            whole: HashSet::new(),
            typing: HashMap::new(),
        };
        tokio::select! {
            ended = chat.run(&client, follow, &room) => ended,
            _ = tokio::signal::ctrl_c() => Ok(()),
        }
    }
}

/// What a chat knows.
struct Talking {
    stream: String,
    as_json: bool,
    /// Who talks here.
    me: String,
    /// Own messages that came as events before they were answered.
    seen: HashSet<String>,
    /// Own messages that were answered and did not come as events yet.
    posted: HashSet<String>,
    /// Messages that changed before they were shown: when they are told to be complete, they were shown already.
    whole: HashSet<String>,
    /// Who was shown to type, and when.
    typing: HashMap<String, Instant>,
}

impl Talking {
    async fn run(mut self, client: &Client, mut follow: Follow, room: &str) -> Result<()> {
        let failure = |error| client.failure(error);
        // What is posted from here on will be seen.
        loop {
            match follow.next().await.map_err(failure)? {
                Item::Connected(hello) => {
                    self.me = hello.actor.id.to_string();
                    break;
                }
                other => note(&other),
            }
        }
        let mut answers = post_lines(client.api().clone(), room);
        let mut posting = true;
        while posting || !self.posted.is_empty() {
            tokio::select! {
                item = follow.next() => self.show(item.map_err(failure)?)?,
                answer = answers.recv(), if posting => match answer {
                    Some(Ok(message)) => self.answered(&message),
                    Some(Err(error)) if std::io::stdin().is_terminal() => eprintln!("mesh: {}", failure(error)),
                    Some(Err(error)) => return Err(failure(error)),
                    None => posting = false,
                },
            }
        }
        Ok(())
    }

    fn answered(&mut self, message: &Value) {
        let id = message["id"].as_str().unwrap_or_default().to_owned();
        if !self.seen.remove(&id) {
            self.posted.insert(id);
        }
    }

    fn show(&mut self, item: Item) -> Result<()> {
        match item {
            Item::Event(event) if event.stream == self.stream && event.kind == "message.created" => {
                self.created(&event);
            }
            Item::Event(event) if event.stream == self.stream && event.kind == "message.completed" => {
                if !self.whole.remove(event.data["id"].as_str().unwrap_or_default()) {
                    self.message(&event);
                }
            }
            Item::Event(event) if event.kind == "room.closed" && self.is_here(&event.data) => return Err(closed()),
            Item::Closed { stream } if stream == self.stream => return Err(closed()),
            Item::Passing(passing) if passing.stream == self.stream && passing.kind == "typing.started" => {
                self.typing(&passing);
            }
            Item::Gap { stream, seq } if stream == self.stream => note_gap(&stream, seq),
            other => note(&other),
        }
        Ok(())
    }

    fn is_here(&self, data: &Value) -> bool {
        data["room_id"].as_str().map(|room| format!("room:{room}")).as_ref() == Some(&self.stream)
    }

    /// What is still being written is shown when it is complete.
    fn created(&mut self, event: &Event) {
        if event.data["streaming"] == true {
            return;
        }
        if event.data["revision"].as_i64() > Some(1) {
            let id = event.data["id"].as_str().unwrap_or_default();
            self.whole.insert(id.to_owned());
        }
        self.message(event);
    }

    fn message(&mut self, event: &Event) {
        let message = &event.data;
        let id = message["id"].as_str().unwrap_or_default();
        if message["author"]["id"] == self.me.as_str() && !self.posted.remove(id) {
            self.seen.insert(id.to_owned());
        }
        self.typing.remove(message["author"]["id"].as_str().unwrap_or_default());
        if self.as_json {
            line!("{}", json!(event));
        } else {
            line!("{}", super::talk::said(message));
        }
    }

    fn typing(&mut self, passing: &Passing) {
        let Some(actor) = passing.actor.as_ref().filter(|actor| actor.id.to_string() != self.me) else {
            return;
        };
        let before = self.typing.insert(actor.id.to_string(), Instant::now());
        if before.is_none_or(|before| before.elapsed() >= TYPING) {
            eprintln!("{} types …", clean(&actor.name));
        }
    }
}

/// Posts each line of standard input, one after the other, and gives their answers.
fn post_lines(client: mesh_client::Client, room: &str) -> UnboundedReceiver<mesh_client::Result<Value>> {
    let (typed, mut lines) = unbounded_channel();
    // A thread that waits for a terminal cannot be ended; the program ends without it.
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(std::io::Result::ok) {
            if !line.trim().is_empty() && typed.send(line).is_err() {
                break;
            }
        }
    });
    let (answer, answers) = unbounded_channel();
    let path = format!("/rooms/{room}/messages");
    tokio::spawn(async move {
        while let Some(line) = lines.recv().await {
            let call = Call::post(&path).json(json!({ "text": line })).once();
            let posted = client.send(&call).await.map(|answer| answer.body);
            if answer.send(posted).is_err() {
                break;
            }
        }
    });
    answers
}
