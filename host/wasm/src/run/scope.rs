//! What a bot is doing right now, which its calls are named after.

use mesh_service::inbox::InboxStream;
use mesh_types::BotCallId;
use std::collections::HashMap;

/// The event in hand. Each write made for it has its own key, so that handling it again has no
/// second effect: the key is the event and how many calls of the same operation came before.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    event: Option<(InboxStream, i64)>,
    hops: u32,
    within: Option<BotCallId>,
    writes: HashMap<&'static str, u32>,
}

impl Scope {
    /// Handling an event that is `hops` bots away from a person, perhaps a question to the bot.
    pub(crate) fn event(stream: InboxStream, seq: i64, hops: u32, within: Option<BotCallId>) -> Self {
        Self {
            event: Some((stream, seq)),
            hops,
            within,
            writes: HashMap::new(),
        }
    }

    /// How many bots stand between what the bot does now and a person.
    pub(crate) fn hops(&self) -> u32 {
        self.hops + 1
    }

    /// The question that the bot is answering.
    pub(crate) fn within(&self) -> Option<BotCallId> {
        self.within
    }

    /// The idempotency key of the next call of this operation; none outside of events.
    pub(crate) fn next_key(&mut self, op: &'static str) -> Option<String> {
        let (stream, seq) = self.event?;
        let count = self.writes.entry(op).or_default();
        *count += 1;
        Some(format!("{stream}/{seq}/{count}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_calls_meet_the_same_keys() {
        let stream: InboxStream = "room:room_01h455vb4pex5vsknk084sn02q".parse().unwrap();
        let keys = |scope: &mut Scope| ["a", "b", "a"].map(|op| scope.next_key(op).unwrap());
        let first = keys(&mut Scope::event(stream, 7, 0, None));
        assert_eq!(first, keys(&mut Scope::event(stream, 7, 0, None)));
        assert_ne!(first[0], first[2]);
        assert_ne!(first, keys(&mut Scope::event(stream, 8, 0, None)));
        assert_eq!(Scope::default().next_key("a"), None);
    }
}
