use crate::{Bot, Call, Command, Error, Event, Mesh, Outcome, Payload, Press, Reaction, Result};
use std::time::Duration;

/// Makes a type that implements [`Bot`](crate::Bot) the bot of this component, and embeds its manifest
/// as the custom section `mesh:bot`.
///
/// The path of the manifest is relative to the `Cargo.toml` of the crate. Natively nothing is exported,
/// so that the same crate can be tested.
///
/// ```
/// # #[derive(Default)]
/// # struct Echo;
/// # impl mesh_bot::Bot for Echo {}
/// mesh_bot::export!(Echo, manifest = "template/bot.toml");
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! export {
    ($bot:ty, manifest = $path:literal) => {
        impl $crate::Packaged for $bot {
            const MANIFEST: &'static str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $path));
        }

        #[cfg(target_arch = "wasm32")]
        const _: () = {
            const BYTES: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $path));

            #[used]
            #[unsafe(link_section = "mesh:bot")]
            static MANIFEST: [u8; BYTES.len()] = *include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $path));

            thread_local! {
                static RUNNER: ::std::cell::RefCell<$crate::Runner<$bot>> = ::std::cell::RefCell::default();
            }

            struct Exported;

            impl $crate::raw::exports::mesh::bot::handler::Guest for Exported {
                fn start() -> ::std::result::Result<(), ::std::string::String> {
                    RUNNER.with_borrow_mut(|runner| runner.start())
                }

                fn on_event(event: $crate::Event) -> ::std::result::Result<$crate::Outcome, ::std::string::String> {
                    RUNNER.with_borrow_mut(|runner| runner.on_event(&event))
                }
            }

    $crate::raw::export_raw!(Exported with_types_in $crate::raw);
        };

        // Natively nothing else uses the type outside of tests.
        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() -> $bot = ::std::default::Default::default;
    };
}

/// A bot together with the mesh it talks to: what an instance consists of.
#[doc(hidden)]
pub struct Runner<B> {
    pub(crate) bot: B,
    pub(crate) mesh: Mesh,
}

#[cfg(target_arch = "wasm32")]
impl<B: Bot> Default for Runner<B> {
    fn default() -> Self {
        Self {
            bot: B::default(),
            mesh: Mesh::new(crate::backend::Backend),
        }
    }
}

impl<B: Bot> Runner<B> {
    pub fn start(&mut self) -> Result<(), String> {
        self.bot.start(&self.mesh).map_err(|error| error.to_string())
    }

    pub fn on_event(&mut self, event: &Event) -> Result<Outcome, String> {
        outcome(self.dispatch(event))
    }

    fn dispatch(&mut self, event: &Event) -> Result {
        let Self { bot, mesh } = self;
        match &event.payload {
            // Deleted before the bot saw it: there is nothing left to answer.
            Payload::MessageCreated(message) | Payload::MessageCompleted(message) | Payload::MessageEdited(message)
                if message.redacted =>
            {
                Ok(())
            }
            Payload::MessageCreated(message) | Payload::MessageCompleted(message) if message.mentions_me => {
                bot.on_mention(message, mesh)
            }
            Payload::MessageCreated(message) | Payload::MessageCompleted(message) => bot.on_message(message, mesh),
            Payload::MessageActed(press) => bot.on_action(&Press::read(&event.actor, press)?, mesh),
            Payload::MessageEdited(message) => bot.on_edit(message, mesh),
            Payload::ReactionAdded(reaction) => bot.on_reaction(&reaction_of(event, reaction, false), mesh),
            Payload::ReactionRemoved(reaction) => bot.on_reaction(&reaction_of(event, reaction, true), mesh),
            Payload::CommandInvoked(invoked) => bot.on_command(&Command::read(&event.actor, invoked)?, mesh),
            Payload::BotCalled(question) => answer(bot, mesh, &Call::read(&event.actor, question)?),
            Payload::TimerFired(timer) => bot.on_timer(timer, mesh),
            Payload::ApprovalDecided(decision) => bot.on_decision(decision, mesh),
            Payload::BotConfigChanged => bot.on_config_changed(mesh),
            _ => bot.on_event(event, mesh),
        }
    }
}

/// Has the bot answer. Whoever asked hears of every failure, so the event is done with that.
fn answer<B: Bot>(bot: &mut B, mesh: &Mesh, call: &Call) -> Result {
    let answer = bot.on_call(call, mesh).map_err(|error| error.to_string());
    let answer = answer.map(|value| value.to_string());
    match mesh
        .backend
        .call_answer(&call.id, answer.as_deref().map_err(String::as_str))
    {
        // Nobody waits any more.
        Err(error) if Error::from(error.clone()).is_conflict() => Ok(()),
        answered => Ok(answered?),
    }
}

fn reaction_of(event: &Event, raw: &crate::raw::exports::mesh::bot::handler::Reaction, removed: bool) -> Reaction {
    Reaction {
        room_id: raw.room_id.clone(),
        message_id: raw.message_id.clone(),
        emoji: raw.emoji.clone(),
        by: event.actor.clone(),
        removed,
    }
}

fn outcome(result: Result) -> Result<Outcome, String> {
    match result {
        Ok(()) | Err(Error::Pending(_)) => Ok(Outcome::Ack),
        Err(Error::RateLimited(wait) | Error::Retry(wait)) => Ok(Outcome::RetryAfter(milliseconds(wait))),
        Err(Error::Reject(why)) => Ok(Outcome::Reject(why)),
        Err(error) => Err(error.to_string()),
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
