//! Messages, threads and reactions.

mod act;
mod append;
mod change;
mod idle;
mod look;
mod mention;
mod pin;
mod post;
mod react;
mod tell;
mod thread;

pub use act::{ActOnMessage, ActOnMessageIn};
pub use append::{AppendToMessage, AppendToMessageIn, Appended};
pub use change::{DeleteMessage, EditMessage, EditMessageIn};
pub use idle::{close_idle, follow};
pub use look::{GetMessage, ListMessages, ListMessagesIn, MessageIn};
pub use mention::mentions;
pub use pin::{AddPin, ListPins, RemovePin};
pub use post::{PostMessage, PostMessageIn};
pub(crate) use react::check_emoji;
pub use react::{AddReaction, ReactionIn, RemoveReaction};
pub use thread::{FollowThread, GetThread, ListThreads, ListThreadsIn, ThreadIn, ThreadReplies, ThreadRepliesIn};

pub(crate) use post::{MessageRef, refuse_archived};

use crate::{Answer, Cx, Result, room::viewer};
use mesh_store::reactions;
use mesh_types::view::{Message, Thread};

impl Answer for Message {
    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }

    /// Reactions come and go, and authors change their names, without the message.
    fn is_all_versioned(&self) -> bool {
        false
    }

    fn location(&self) -> Option<String> {
        Some(format!("/messages/{}", self.id))
    }
}

impl Answer for Thread {}

/// Adds the reactions, as the caller sees them.
pub(crate) async fn with_reactions(cx: &mut Cx<'_>, mut message: Message) -> Result<Message> {
    let viewer = viewer(cx);
    message.reactions = reactions::counts(cx.tx(), message.id, &viewer).await?;
    Ok(message)
}
