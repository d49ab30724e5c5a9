//! The golden bot of mesh:bot@0.1.0, written against the contract itself and no SDK.
//!
//! It logs every event it gets, whole. What a message says decides what else it does: `ask` calls every function
//! there is, `levels` logs at every level, and `retry`, `reject` and `fail` end in these ways. Anything else is
//! said again in its room. Once 0.1.0 is released this is not changed any more: it stands for the bots of that time.

mod ask;

#[allow(warnings, reason = "generated")]
mod contract {
    wit_bindgen::generate!({ path: "../../../wit/0.1.0", world: "bot", pub_export_macro: true });
}

use contract::exports::mesh::bot::handler::{Event, Guest, Outcome, Payload};
use contract::mesh::bot::log::{Level, write};

const BYTES: &[u8] = include_bytes!("../bot.toml");

#[used]
#[unsafe(link_section = "mesh:bot")]
static MANIFEST: [u8; BYTES.len()] = *include_bytes!("../bot.toml");

struct Golden;

impl Guest for Golden {
    fn start() -> Result<(), String> {
        say("started");
        Ok(())
    }

    fn on_event(event: Event) -> Result<Outcome, String> {
        say(&format!("{event:?}"));
        let Payload::MessageCreated(message) = &event.payload else {
            return Ok(Outcome::Ack);
        };
        match message.text.as_str() {
            "ask" => ask::everything(),
            "levels" => [Level::Trace, Level::Debug, Level::Info, Level::Warn, Level::Error]
                .into_iter()
                .for_each(|level| write(level, "a line")),
            "retry" => return Ok(Outcome::RetryAfter(250)),
            "reject" => return Ok(Outcome::Reject("not mine".into())),
            "fail" => return Err("it went wrong".into()),
            words => ask::say_again(&message.room_id, words),
        }
        Ok(Outcome::Ack)
    }
}

fn say(text: &str) {
    write(Level::Info, text);
}

contract::export!(Golden with_types_in contract);
