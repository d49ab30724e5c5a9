//! The newest events and messages in memory, so that whoever is at the head of the log reads no database.

use mesh_store::log::{Entry, Stream};
use mesh_types::{MessageId, view::Message};
use quick_cache::{Weighter, sync::Cache};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

/// Events of one stream.
const EVENTS: usize = 64;
/// Streams.
const STREAMS: usize = 10_000;
/// Bytes of messages.
const MESSAGES: u64 = 32 << 20;

/// What is kept.
pub(crate) struct Recent {
    streams: Cache<Stream, Arc<Mutex<Tail>>>,
    messages: Cache<MessageId, Arc<Message>, Size>,
}

#[derive(Clone)]
struct Size;

impl Weighter<MessageId, Arc<Message>> for Size {
    fn weight(&self, _: &MessageId, message: &Arc<Message>) -> u64 {
        message.text.len() as u64 + 512 * (1 + message.files.len() as u64)
    }
}

/// The last events of a stream, without a gap: each stands in what one commit wrote.
#[derive(Default)]
struct Tail(VecDeque<(i64, Arc<[Entry]>)>);

impl Tail {
    /// An event that is told late, after one behind it, is not kept: whoever needs it reads the log.
    fn add(&mut self, seq: i64, entries: &Arc<[Entry]>) {
        match self.0.back() {
            Some((last, _)) if seq <= *last => return,
            Some((last, _)) if seq > last + 1 => self.0.clear(),
            _ => {}
        }
        if self.0.len() == EVENTS {
            self.0.pop_front();
        }
        self.0.push_back((seq, entries.clone()));
    }
}

impl Default for Recent {
    fn default() -> Self {
        Self {
            streams: Cache::new(STREAMS),
            messages: Cache::with_weighter(10_000, MESSAGES, Size),
        }
    }
}

impl Recent {
    /// What a commit brought. Call it in the order of the commits.
    pub(crate) fn add(&self, entries: &Arc<[Entry]>, posted: Option<Message>) {
        for entry in &**entries {
            let Some((stream, seq)) = entry.event else { continue };
            self.forget_changed(entry);
            let tail = self
                .streams
                .get_or_insert_with(&stream, || Ok::<_, std::convert::Infallible>(Arc::default()));
            let Ok(tail) = tail;
            tail.lock().unwrap_or_else(PoisonError::into_inner).add(seq, entries);
        }
        if let Some(message) = posted {
            self.messages.insert(message.id, Arc::new(message));
        }
    }

    /// Messages are shown as they are now, with the names that people have now.
    fn forget_changed(&self, entry: &Entry) {
        match &*entry.kind {
            "message.created" => {}
            "member.changed" | "message.deleted" | "file.deleted" => self.messages.clear(),
            kind if kind.starts_with("message.") || kind.starts_with("reaction.") => {
                if let Some(Ok(message)) = entry.target.as_deref().map(str::parse::<MessageId>) {
                    self.messages.remove(&message);
                }
            }
            _ => {}
        }
    }

    /// The events of a stream after a position, oldest first; none when they are not all here.
    pub(crate) fn after(&self, stream: Stream, seq: i64, limit: usize) -> Option<Vec<Entry>> {
        let tail = self.streams.get(&stream)?;
        let tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
        let (first, _) = tail.0.front()?;
        if *first > seq + 1 {
            return None;
        }
        let behind = tail.0.iter().filter(|(at, _)| *at > seq).take(limit);
        let found = behind.filter_map(|(at, entries)| {
            let mine = |entry: &&Entry| entry.event == Some((stream, *at));
            entries.iter().find(mine).cloned()
        });
        Some(found.collect())
    }

    /// A message that was not changed since it was posted.
    pub(crate) fn message(&self, id: MessageId) -> Option<Arc<Message>> {
        self.messages.get(&id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seq: i64) -> Arc<[Entry]> {
        Arc::from([Entry {
            pos: seq,
            event: Some((stream(), seq)),
            kind: "message.created".into(),
            op: "message.post".into(),
            lead: true,
            mesh: None,
            actor: None,
            actor_kind: "person".into(),
            door: "rest".into(),
            layer: "role".into(),
            outcome: "done".into(),
            target: None,
            request: String::new(),
            at: mesh_types::Timestamp(0),
            data: "{}".into(),
        }])
    }

    fn stream() -> Stream {
        "room:room_01h455vb4pex5vsknk084sn02q".parse().unwrap()
    }

    fn after(recent: &Recent, seq: i64) -> Option<Vec<i64>> {
        let found = recent.after(stream(), seq, 100)?;
        Some(found.iter().map(|entry| entry.pos).collect())
    }

    #[test]
    fn only_a_whole_tail_is_given() {
        let recent = Recent::default();
        assert_eq!(after(&recent, 0), None);
        (5..=7).for_each(|seq| recent.add(&entry(seq), None));
        assert_eq!(after(&recent, 4), Some(vec![5, 6, 7]));
        assert_eq!(after(&recent, 6), Some(vec![7]));
        assert_eq!(after(&recent, 7), Some(vec![]));
        assert_eq!(after(&recent, 3), None, "4 is not here");
    }

    #[test]
    fn a_gap_empties_the_tail_and_a_late_event_is_not_kept() {
        let recent = Recent::default();
        for seq in [5, 7, 6] {
            recent.add(&entry(seq), None);
        }
        assert_eq!(after(&recent, 5), None, "6 came late, so it is read from the log");
        assert_eq!(after(&recent, 6), Some(vec![7]));
    }

    #[test]
    fn a_tail_has_a_length() {
        let recent = Recent::default();
        (1..=100).for_each(|seq| recent.add(&entry(seq), None));
        assert_eq!(after(&recent, 30), None);
        assert_eq!(after(&recent, 36).map(|found| found.len()), Some(EVENTS));
    }
}
