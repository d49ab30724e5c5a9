//! Misbehaves on command. The text of a message, without the mention, is a command and its arguments;
//! `N` is a number. Whatever comes to an end is answered with `done: ...` in the room.
//!
//! | Command | What it does |
//! |---|---|
//! | `loop` `hog` `recurse` `panic` `exit N` | runs, allocates or calls itself without end; panics; ends the process |
//! | `sleep N` `cpu N` `memory N` | waits N ms; counts to N million; allocates and touches N MiB |
//! | `err TEXT` `bigerr N` `retry N` `reject TEXT` | gives an error of its own, one of N bytes, or another outcome |
//! | `post N` `bigpost N` `postto ROOM` | posts N messages; one of N bytes; one to a room given by its id |
//! | `postpanic` `posterr` `postloop` | posts `once`, then panics, fails or hangs: the event comes again |
//! | `put N` `fill N` `keys N` `add` `get KEY` | stores N bytes; N values of 200 KiB; N keys; adds one; reads a key |
//! | `await KEY` | looks again and again until the key is there, up to the limits |
//! | `log N` `logforever` `biglog N` | N lines; lines without end; one line of N bytes |
//! | `stdout TEXT` `stderr TEXT` `spam` | prints; prints without end |
//! | `handles N` `calls N` `reads N` | keeps N handles open; makes N calls that do nothing; reads a key N times |
//! | `read ROOM` `members` `bots` `config` `whoami` | asks, and says what the mesh answered |
//! | `secret NAME` `secretpanic NAME` | reads a secret, says how long it is, and logs it; or panics with it |
//! | `ask BOT METHOD` | asks another bot; asked itself, it answers `weigh`, `forward BOT`, `back` and, never, `hang` |
//! | `twice ONE OTHER` | writes ONE bit by bit and fails; when the event comes again, writes OTHER to its end |
//! | `subscribe EVENT ROOM` | from now on hears only this event, of this room |
//! | `askfor OP JSON` | asks people to let this call be made |
//! | `look` `clock` | tries files, environment and arguments; says how far its clock is from the server's |
//! | `/measure TEXT` | a slash command: says who called it, and with what |
//! | `count` | says how many events this instance has seen, and so whether it is a fresh one |

mod harm;
mod look;

use mesh_bot::{Bot, Call, Command, Error, Event, Mesh, Message, Payload, Question, Result};
use std::time::Duration;

#[derive(Default)]
struct Lab {
    events: u64,
    failed: bool,
}

impl Bot for Lab {
    fn start(&mut self, _: &Mesh) -> Result {
        mesh_bot::info!("lab is up");
        Ok(())
    }

    fn on_command(&mut self, command: &Command, mesh: &Mesh) -> Result {
        let Command { name, text, by, .. } = command;
        let answer = format!("{} called {name} with {text:?} and {:?}", by.name, command.arguments);
        mesh.messages().post(&command.room_id, answer)?;
        Ok(())
    }

    fn on_call(&mut self, call: &Call, mesh: &Mesh) -> Result<serde_json::Value> {
        match call.method.split_once(' ').unwrap_or((&call.method, "")) {
            ("weigh", _) => Ok(serde_json::json!({ "by": call.by.name, "weight": call.input.to_string().len() })),
            ("forward", bot) => mesh.call(bot, "weigh", &call.input),
            ("back", _) => mesh.call(&call.by.id, "weigh", &call.input),
            ("hang", _) => harm::spin(),
            (other, _) => Err(Error::failed(format_args!("what is `{other}`?"))),
        }
    }

    fn on_event(&mut self, event: &Event, mesh: &Mesh) -> Result {
        if let (Payload::Gap(gap), Some((_, room))) = (&event.payload, event.stream.split_once(':')) {
            mesh.messages().post(room, format!("missed {} to {}", gap.from_seq, gap.to_seq))?;
        }
        Ok(())
    }

    fn on_message(&mut self, message: &Message, mesh: &Mesh) -> Result {
        self.events += 1;
        let text = message.text_without_mention();
        let (command, argument) = text.split_once(' ').unwrap_or((text, ""));
        let number = argument.parse().unwrap_or(1);
        if command == "twice" {
            return self.twice(argument, message, mesh);
        }
        if let Some(answer) = self.answer(command, argument, number, message, mesh)? {
            mesh.reply(message, format!("done: {answer}"))?;
        }
        Ok(())
    }
}

impl Lab {
    fn twice(&mut self, argument: &str, message: &Message, mesh: &Mesh) -> Result {
        let (one, other) = argument.split_once(' ').unwrap_or((argument, ""));
        let mut answer = mesh.reply_streaming(message)?;
        let again = std::mem::take(&mut self.failed);
        answer.push(if again { other } else { one })?;
        answer.flush()?;
        if again {
            return answer.finish();
        }
        self.failed = true;
        Err(Error::failed("after writing"))
    }

    /// What to say, if anything.
    fn answer(
        &self,
        command: &str,
        argument: &str,
        number: usize,
        message: &Message,
        mesh: &Mesh,
    ) -> Result<Option<String>> {
        let milliseconds = Duration::from_millis(number as u64);
        Ok(Some(match command {
            "loop" => harm::spin(),
            "hog" => harm::hog(),
            "recurse" => harm::recurse(u64::MAX).to_string(),
            "panic" => panic!("boom"),
            "exit" => std::process::exit(i32::try_from(number).unwrap_or(1)),
            "sleep" => {
                std::thread::sleep(milliseconds);
                format!("slept {number} ms")
            }
            "cpu" => harm::count(number * 1_000_000).to_string(),
            "memory" => format!("{} MiB", harm::touch(number)),
            "err" => return Err(Error::failed(argument)),
            "bigerr" => return Err(Error::failed("x".repeat(number))),
            "retry" => return Err(Error::retry(milliseconds)),
            "reject" => return Err(Error::reject(argument)),
            "post" => {
                let posted = (1..=number).try_for_each(|n| mesh.reply(message, format!("post {n}")).map(drop));
                mesh_bot::info!("posting ended with {posted:?}");
                return posted.map(|()| None);
            }
            "bigpost" => said(mesh.reply(message, "x".repeat(number)).map(|posted| posted.text.len())),
            "postto" => said(
                mesh.messages()
                    .post(argument, "hello from outside")
                    .map(|posted| posted.id),
            ),
            "postpanic" => {
                mesh.reply(message, "once")?;
                panic!("after posting");
            }
            "posterr" => {
                mesh.reply(message, "once")?;
                return Err(Error::failed("after posting"));
            }
            "postloop" => {
                mesh.reply(message, "once")?;
                harm::spin()
            }
            "put" => said(mesh.kv().put_bytes("big", &vec![b'x'; number])),
            "fill" => {
                let value = vec![b'x'; 200 * 1024];
                said((0..number).try_for_each(|n| mesh.kv().put_bytes(&format!("fill/{n}"), &value).map(drop)))
            }
            "keys" => said((0..number).try_for_each(|n| mesh.kv().put(&format!("key/{n}"), &n).map(drop))),
            "add" => said(mesh.kv().update("sum", |sum: u64| sum + 1)),
            "get" => said(
                mesh.kv()
                    .get_bytes(argument)
                    .map(|found| found.map(|found| found.value.len())),
            ),
            "await" => look::key(mesh, argument)?,
            "log" => harm::log(number),
            "logforever" => harm::log(usize::MAX),
            "biglog" => {
                mesh_bot::info!("{}", "x".repeat(number));
                format!("a line of {number} bytes")
            }
            "stdout" => harm::print(argument),
            "stderr" => harm::print_error(argument),
            "spam" => harm::spam(),
            "handles" => look::handles(number),
            "calls" => {
                (0..number).for_each(|_| drop(mesh.whoami()));
                format!("{number} calls")
            }
            "reads" => {
                (0..number).for_each(|_| drop(mesh.kv().get_bytes("sum")));
                format!("{number} reads")
            }
            "read" => said(
                mesh.messages()
                    .list(argument)
                    .limit(5)
                    .collect::<Result<Vec<_>>>()
                    .map(|list| list.len()),
            ),
            "members" => said(mesh.members().list().collect::<Result<Vec<_>>>().map(|list| list.len())),
            "bots" => said(
                mesh.own_bot()
                    .list::<serde_json::Value>(None)
                    .map(|list| list.to_string()),
            ),
            "config" => said(mesh.config::<serde_json::Value>().map(|config| config.to_string())),
            "secret" => {
                let secret = mesh.secret(argument);
                mesh_bot::info!("the secret is {secret:?}");
                said(secret.map(|secret| secret.len()))
            }
            "secretpanic" => panic!("the secret is {}", mesh.secret(argument)?),
            "ask" => {
                let (bot, method) = argument.split_once(' ').unwrap_or((argument, ""));
                said(mesh.call::<serde_json::Value>(bot, method, &message.text))
            }
            "askfor" => {
                let (operation, input) = argument.split_once(' ').unwrap_or((argument, "{}"));
                let input: serde_json::Value = serde_json::from_str(input).unwrap_or_default();
                let question = Question::new("").to_call(operation, &input)?;
                said(mesh.approvals().ask(&question))
            }
            "subscribe" => {
                let (event, room) = argument.split_once(' ').unwrap_or((argument, ""));
                said(mesh.own_bot().subscribe(Some(&[event.into()]), Some(&[room.into()])))
            }
            "whoami" => said(mesh.whoami().map(|me| me.actor.name)),
            "look" => look::around(),
            "clock" => look::clock(message.created_at),
            "count" => self.events.to_string(),
            _ => return Ok(None),
        }))
    }
}

/// What the mesh answered, as text: a refusal is an answer like any other here.
fn said<T: std::fmt::Debug>(answer: Result<T>) -> String {
    match answer {
        Ok(value) => format!("{value:?}"),
        Err(error) => error.to_string(),
    }
}

mesh_bot::export!(Lab, manifest = "bot.toml");

#[cfg(test)]
mod tests {
    use super::Lab;
    use mesh_bot::{Outcome, testing::TestMesh};

    #[test]
    fn what_ends_is_answered() {
        let mut test = TestMesh::new(Lab::default());
        for command in ["count", "members", "add", "add", "postto room_99", "nothing"] {
            assert_eq!(test.mention(command), Ok(Outcome::Ack), "{command}");
        }
        assert_eq!(
            test.replies(),
            [
                "done: 1",
                "done: denied by grant: the manifest does not ask for `member.read`",
                "done: 1",
                "done: 2",
                "done: not found: room_99"
            ]
        );
    }

    #[test]
    fn a_command_is_answered_in_its_room() {
        let mut test = TestMesh::new(Lab::default());
        assert_eq!(test.command("measure", "twice"), Ok(Outcome::Ack));
        assert_eq!(test.replies(), ["Ada called measure with \"twice\" and None"]);
    }

    #[test]
    fn outcomes_are_as_ordered() {
        let mut test = TestMesh::new(Lab::default());
        assert_eq!(test.mention("retry 250"), Ok(Outcome::RetryAfter(250)));
        assert_eq!(test.mention("reject not mine"), Ok(Outcome::Reject("not mine".into())));
        assert_eq!(test.mention("err no"), Err("no".into()));
        assert_eq!(test.mention("posterr"), Err("after posting".into()));
        assert_eq!(test.replies(), ["once"]);
    }
}
