use crate::{Call, Command, Decision, Error, Event, Mesh, Message, Press, Reaction, Result, TimerFired};

/// What a bot does. Every method has a default, so a bot writes only those it needs.
///
/// The value lives as long as its instance, which the mesh may end whenever no event is being handled:
/// treat fields as a cache. See [`crate::Error`] for what the mesh does with each result.
pub trait Bot: Default + 'static {
    /// Runs once in each instance, before its first event. An error stops the bot.
    fn start(&mut self, mesh: &Mesh) -> Result {
        let _ = mesh;
        Ok(())
    }

    /// A message that mentions this bot. By default it is a message like any other. One that came bit by bit comes
    /// here once, when it is complete.
    fn on_mention(&mut self, mention: &Message, mesh: &Mesh) -> Result {
        self.on_message(mention, mesh)
    }

    /// A message that does not mention this bot. Only bots that hear everything get those.
    fn on_message(&mut self, message: &Message, mesh: &Mesh) -> Result {
        let _ = (message, mesh);
        Ok(())
    }

    /// A message whose text changed; `message` is the new revision.
    fn on_edit(&mut self, message: &Message, mesh: &Mesh) -> Result {
        let _ = (message, mesh);
        Ok(())
    }

    /// An emoji was put on a message or taken off it.
    fn on_reaction(&mut self, reaction: &Reaction, mesh: &Mesh) -> Result {
        let _ = (reaction, mesh);
        Ok(())
    }

    /// Somebody pressed a button under a message of this bot. Its buttons stay until the bot changes the message.
    fn on_action(&mut self, press: &Press, mesh: &Mesh) -> Result {
        let _ = (press, mesh);
        Ok(())
    }

    /// One of the bot's slash commands was called. Answer with a message in its room.
    fn on_command(&mut self, command: &Command, mesh: &Mesh) -> Result {
        let _ = (command, mesh);
        Ok(())
    }

    /// Somebody asks this bot for something and waits: the value is the answer, and an error is told to whoever asked.
    fn on_call(&mut self, call: &Call, mesh: &Mesh) -> Result<serde_json::Value> {
        let _ = mesh;
        Err(Error::failed(format_args!(
            "this bot does not answer `{}`",
            call.method
        )))
    }

    /// One of the bot's timers has fired.
    fn on_timer(&mut self, timer: &TimerFired, mesh: &Mesh) -> Result {
        let _ = (timer, mesh);
        Ok(())
    }

    /// A question that the bot asked, or a call that it had to ask about, was decided.
    fn on_decision(&mut self, decision: &Decision, mesh: &Mesh) -> Result {
        let _ = (decision, mesh);
        Ok(())
    }

    /// The bot's settings changed; read them again with [`Mesh::config`].
    fn on_config_changed(&mut self, mesh: &Mesh) -> Result {
        let _ = mesh;
        Ok(())
    }

    /// Everything else: deletions, threads, people and rooms that come and go, changed rights, gaps,
    /// and what later versions of the mesh may send. Look at [`Event::payload`].
    fn on_event(&mut self, event: &Event, mesh: &Mesh) -> Result {
        let _ = (event, mesh);
        Ok(())
    }
}

/// A bot that carries its manifest. [`crate::export!`] writes this for you.
pub trait Packaged: Bot {
    /// The text of `bot.toml`.
    const MANIFEST: &'static str;
}
