//! The conformance bot in Rust: what `tests/conformance/README.md` says, in its order.

mod say;

use mesh_bot::{
    Action, Bot, Change, Command, Decision, Draft, Error, Mesh, Message, NewRoom, Press, Question, Reaction, Request,
    Result, Timer, TimerFired,
};
use say::{by_name, or_word, word};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};

#[derive(Default)]
struct Conform {
    heard: u64,
    retried: bool,
    started_by: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct Reminder {
    text: String,
}

#[derive(Default, Deserialize)]
struct Settings {
    greeting: Option<String>,
}

impl Bot for Conform {
    fn on_message(&mut self, _: &Message, _: &Mesh) -> Result {
        self.heard += 1;
        Ok(())
    }

    fn on_mention(&mut self, mention: &Message, mesh: &Mesh) -> Result {
        let text = mention.text_without_mention();
        let (command, rest) = text.split_once(' ').unwrap_or((text, ""));
        let answer = self.alone(command, rest, mention)?;
        let answer = match answer {
            Some(answer) => Some(answer),
            None => in_room(command, rest, mention, mesh)?,
        };
        let answer = match answer {
            Some(answer) => Some(answer),
            None => kept(command, rest, mesh)?,
        };
        if let Some(answer) = answer {
            mesh.reply(mention, answer)?;
        }
        Ok(())
    }

    fn on_edit(&mut self, message: &Message, mesh: &Mesh) -> Result {
        if let Some(rest) = message.text.strip_prefix("watch ") {
            mesh.messages().post(&message.room_id, format!("edited: {rest}"))?;
        }
        Ok(())
    }

    fn on_reaction(&mut self, reaction: &Reaction, mesh: &Mesh) -> Result {
        if !reaction.removed {
            let text = format!("{} by {}", reaction.emoji, reaction.by.name);
            mesh.messages().post(&reaction.room_id, text)?;
        }
        Ok(())
    }

    fn on_action(&mut self, press: &Press, mesh: &Mesh) -> Result {
        let value = press.value.as_deref().unwrap_or("nothing");
        let values = press.values.clone().map_or(Value::Null, Value::Object);
        let text = format!("{} pressed {} with {value} and {values}", press.by.name, press.action);
        let change = Change::new().text(text).actions([]);
        mesh.messages().change(&press.message.id, change)?;
        Ok(())
    }

    fn on_command(&mut self, command: &Command, mesh: &Mesh) -> Result {
        let arguments = command.arguments.clone().map_or(Value::Null, Value::Object);
        let text = format!(
            "{} called {} with {} and {arguments}",
            command.by.name, command.name, command.text
        );
        mesh.messages().post(&command.room_id, text)?;
        Ok(())
    }

    fn on_timer(&mut self, timer: &TimerFired, mesh: &Mesh) -> Result {
        let Some(room) = &timer.room_id else { return Ok(()) };
        let reminder: Reminder = timer.data()?;
        mesh.messages().post(room, format!("reminder: {}", reminder.text))?;
        Ok(())
    }

    fn on_decision(&mut self, decision: &Decision, mesh: &Mesh) -> Result {
        if let (Some(room), None) = (&decision.room_id, &decision.operation) {
            mesh.messages().post(room, format!("it is {}", decision.state))?;
        }
        Ok(())
    }
}

impl Conform {
    /// What needs nothing of the mesh.
    fn alone(&mut self, command: &str, rest: &str, mention: &Message) -> Result<Option<String>> {
        Ok(Some(match command {
            "echo" => rest.to_owned(),
            "heard" => self.heard.to_string(),
            "random" => {
                let first = *self.started_by.get_or_insert_with(mesh_bot_random);
                (first.wrapping_add(mention.seq) % (1 << 53)).to_string()
            }
            "log" => {
                mesh_bot::warn!("{rest}");
                "logged".into()
            }
            "fail" => return Err(Error::failed(rest)),
            "retry" if !self.retried => {
                self.retried = true;
                return Err(Error::retry(std::time::Duration::from_millis(100)));
            }
            "retry" => "again".into(),
            "reject" => return Err(Error::reject(rest)),
            "panic" => panic!("as ordered"),
            _ => return Ok(None),
        }))
    }
}

/// The standard library's hash maps are seeded from the host's randomness, which is all that is needed here.
fn mesh_bot_random() -> u64 {
    use std::hash::{BuildHasher as _, RandomState};
    RandomState::new().hash_one(0)
}

/// What is about the room and those in it.
fn in_room(command: &str, rest: &str, mention: &Message, mesh: &Mesh) -> Result<Option<String>> {
    let (messages, room) = (mesh.messages(), &mention.room_id);
    Ok(Some(match command {
        "thread" => {
            let thread = mention.id.replace("msg_", "thread_");
            messages.send(Draft::new(room, rest).in_thread(thread))?;
            return Ok(None);
        }
        "react" => {
            mesh.react(mention, rest)?;
            return Ok(None);
        }
        "edit" => {
            let first = mesh.reply(mention, "first")?;
            messages.edit(&first.id, "second")?;
            return Ok(None);
        }
        "stream" => {
            let mut answer = mesh.reply_streaming(mention)?;
            for (at, word) in rest.split(' ').enumerate() {
                if at > 0 {
                    answer.push(" ")?;
                }
                answer.push(word)?;
                answer.flush()?;
            }
            answer.finish()?;
            return Ok(None);
        }
        "buttons" => {
            let draft = Draft::answering(mention, "choose")
                .with_action(Action::new("yes", "Yes").primary().carrying("1"))
                .with_action(Action::new("no", "No"));
            messages.send(draft)?;
            return Ok(None);
        }
        "press" => {
            let values = json!({ "by": "me" });
            or_word(messages.press(rest, "yes", values.as_object()).map(|()| "pressed".to_owned()))
        }
        "delete" => {
            let gone = mesh.reply(mention, "gone")?;
            messages.delete(&gone.id)?;
            return Ok(None);
        }
        "whoami" => mesh.whoami()?.actor.name,
        "may" => mesh.may(rest, room)?.to_string(),
        "members" => {
            let members: Vec<_> = mesh.members().list().collect::<Result<_>>()?;
            by_name(members.into_iter().map(|member| member.actor.name))
        }
        "history" => {
            let number = rest.parse().map_err(Error::failed)?;
            let before = messages
                .list(room)
                .skip_while(|one| one.as_ref().is_ok_and(|one| one.seq >= mention.seq));
            let mut texts = Vec::new();
            for message in before.take(number) {
                texts.insert(0, message?.text);
            }
            texts.join(" / ")
        }
        "get" => or_word(messages.get(rest).map(|message| message.text)),
        "post" => match messages.post(room, rest) {
            Ok(_) => return Ok(None),
            Err(error) => word(&error),
        },
        "room" => or_word(mesh.rooms().create(&new_room(rest)).map(|room| room.name)),
        "file" => {
            let (name, text) = rest.split_once(' ').unwrap_or((rest, ""));
            let mut file = mesh.files().upload(room, name)?;
            file.write_all(text.as_bytes()).map_err(Error::from_io)?;
            let file = file.finish()?;
            messages.send(Draft::new(room, "here").in_reply_to(&mention.id).with_file(&file.id))?;
            return Ok(None);
        }
        "shown" => {
            let shown = messages.get(rest)?.files.into_iter().map(|file| file.name);
            let names = shown.collect::<Vec<_>>().join(", ");
            if names.is_empty() { "none".into() } else { names }
        }
        "timers" => {
            let page: Value = mesh.timers().list(None)?;
            page["items"].as_array().map_or(0, Vec::len).to_string()
        }
        "size" => or_word(size(rest, mesh).map(|size| size.to_string())),
        "remind" => {
            let (seconds, text) = rest.split_once(' ').unwrap_or((rest, ""));
            let timer = Timer::after(mention.created_at, seconds.parse().map_err(Error::failed)?);
            mesh.timers()
                .set(&timer.in_room(room).carrying(&Reminder { text: text.into() })?)?;
            return Ok(None);
        }
        "ask" => {
            mesh.approvals().ask(&Question::new(rest).in_room(room))?;
            return Ok(None);
        }
        _ => return Ok(None),
    }))
}

/// What is about the bot itself, and about others outside.
fn kept(command: &str, rest: &str, mesh: &Mesh) -> Result<Option<String>> {
    let kv = mesh.kv();
    Ok(Some(match command {
        "count" => kv.update("count", |count: u64| count + 1)?.to_string(),
        "remember" => {
            let (key, value) = rest.split_once(' ').unwrap_or((rest, ""));
            kv.put(key, value)?;
            "ok".into()
        }
        "recall" => kv.get::<String>(rest)?.unwrap_or_else(|| "nothing".into()),
        "forget" => kv.delete(rest)?.to_string(),
        "keys" => {
            let keys: Vec<_> = kv
                .list(rest)
                .map(|entry| entry.map(|entry| entry.key))
                .collect::<Result<_>>()?;
            keys.join(", ")
        }
        "bytes" => {
            let number: usize = rest.parse().map_err(Error::failed)?;
            let bytes: Vec<u8> = (0..number).map(|i| (i % 256) as u8).collect();
            kv.put_bytes("bytes", &bytes)?;
            let found = kv.get_bytes("bytes")?.map(|found| found.value).unwrap_or_default();
            let right = found.iter().zip(&bytes).filter(|(a, b)| a == b).count();
            format!("{right} of {number}")
        }
        "claim" => or_word(kv.put_if_absent(rest, &true).map(|_| "mine".to_owned())),
        "greeting" => {
            let settings: Settings = mesh.config()?;
            settings.greeting.unwrap_or_else(|| "none".into())
        }
        "secret" => {
            let secret = mesh.secret(rest);
            if let Ok(secret) = &secret {
                mesh_bot::info!("{secret}");
            }
            or_word(secret.map(|secret| format!("{} characters", secret.chars().count())))
        }
        "fetch" => or_word(answer_of(&Request::get(rest), mesh)),
        "sendsecret" => {
            let (url, name) = rest.split_once(' ').unwrap_or((rest, ""));
            let request = Request::get(url).secret("authorization", "Bearer ", name);
            or_word(answer_of(&request, mesh))
        }
        _ => return Ok(None),
    }))
}

fn answer_of(request: &Request, mesh: &Mesh) -> Result<String> {
    let response = mesh.fetch(request)?;
    Ok(format!("{}: {}", response.status, response.text()))
}

fn new_room(name: &str) -> NewRoom {
    NewRoom {
        name: name.into(),
        slug: None,
        purpose: None,
        join_rule: "public".into(),
    }
}

fn size(file: &str, mesh: &Mesh) -> Result<usize> {
    let (mut reader, mut piece, mut size) = (mesh.files().download(file)?, [0; 1000], 0);
    loop {
        match reader.read(&mut piece).map_err(Error::from_io)? {
            0 => return Ok(size),
            read => size += read,
        }
    }
}

mesh_bot::export!(Conform, manifest = "bot.toml");
