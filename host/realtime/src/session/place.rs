//! Where a connection stands in each of its streams.

use crate::told::Told;
use foldhash::fast::RandomState;
use mesh_service::{Head, Stream};
use std::collections::HashMap;

#[derive(Debug, Clone, Copy)]
struct Place {
    /// The last event that was sent.
    seq: i64,
    /// The last one known to exist.
    last: i64,
    /// The log has events that were not sent, or it is not known.
    behind: bool,
    /// Taken off it until its rights were looked at.
    suspended: bool,
}

/// What a resumed stream does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Resume {
    AtHead,
    Replaying,
    Expired,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Places {
    places: HashMap<Stream, Place, RandomState>,
}

impl Places {
    pub(crate) fn streams(&self) -> impl Iterator<Item = Stream> {
        self.places.keys().copied()
    }

    pub(crate) fn has(&self, stream: Stream) -> bool {
        self.places.get(&stream).is_some_and(|place| !place.suspended)
    }

    /// Those that are not in a list.
    pub(crate) fn not_in(&self, open: &[Head]) -> Vec<Stream> {
        let shut = |stream: &Stream| !open.iter().any(|head| head.stream == *stream);
        self.streams().filter(shut).collect()
    }

    /// The stream is open. A new one starts behind `first`, or at its head; a suspended one goes on where it
    /// stopped. True when it has to be joined.
    pub(crate) fn open(&mut self, head: Head, first: Option<i64>) -> bool {
        let seq = first.unwrap_or(head.seq).min(head.seq);
        let mut joins = false;
        let place = self.places.entry(head.stream).or_insert_with(|| {
            joins = true;
            Place {
                seq,
                last: head.seq,
                behind: seq < head.seq,
                suspended: false,
            }
        });
        if place.suspended {
            (place.suspended, place.behind, joins) = (false, true, true);
            place.last = place.last.max(head.seq);
        }
        joins
    }

    pub(crate) fn close(&mut self, stream: Stream) {
        self.places.remove(&stream);
    }

    pub(crate) fn suspend(&mut self, stream: Stream) {
        if let Some(place) = self.places.get_mut(&stream) {
            place.suspended = true;
        }
    }

    pub(crate) fn suspend_all(&mut self) {
        self.places.values_mut().for_each(|place| place.suspended = true);
    }

    /// The client says where it is. None when the stream is not open to it.
    pub(crate) fn resume(&mut self, stream: Stream, seq: i64) -> Option<Resume> {
        let place = self.places.get_mut(&stream)?;
        if seq > place.last.max(place.seq) || seq < 0 {
            return Some(Resume::Expired);
        }
        if seq == place.last && !place.behind {
            return Some(Resume::AtHead);
        }
        (place.seq, place.behind) = (seq, true);
        Some(Resume::Replaying)
    }

    /// Whether an event is the next one for the client; then it counts as sent.
    pub(crate) fn admit(&mut self, told: &Told) -> bool {
        let Some(place) = self.places.get_mut(&told.stream) else {
            return false;
        };
        let Some(seq) = told.seq else { return !place.suspended };
        place.last = place.last.max(seq);
        if place.behind || place.suspended || seq <= place.seq {
            return false;
        }
        if seq > place.seq + 1 {
            place.behind = true;
            return false;
        }
        place.seq = seq;
        true
    }

    /// Logged events up to `seq` were not kept for the connection.
    pub(crate) fn miss(&mut self, stream: Stream, seq: i64) {
        if let Some(place) = self.places.get_mut(&stream) {
            place.last = place.last.max(seq);
            place.behind |= seq > place.seq;
        }
    }

    /// There may be events in the log that nobody told.
    pub(crate) fn look(&mut self, stream: Stream) {
        if let Some(place) = self.places.get_mut(&stream) {
            place.behind = true;
        }
    }

    /// Whether all that is known to exist was sent.
    pub(crate) fn are_at_their_heads(&self) -> bool {
        !self.places.values().any(|place| place.behind || place.suspended)
    }

    /// A stream for which the log is to be read, and from where.
    pub(crate) fn behind(&self) -> Option<(Stream, i64)> {
        let mut behind = self.places.iter().filter(|(_, place)| place.behind && !place.suspended);
        behind.next().map(|(stream, place)| (*stream, place.seq))
    }

    /// An event was taken from the log.
    pub(crate) fn advance(&mut self, stream: Stream, seq: i64) {
        if let Some(place) = self.places.get_mut(&stream) {
            place.seq = place.seq.max(seq);
        }
    }

    /// The log was read up to its end, or there is more.
    pub(crate) fn read(&mut self, stream: Stream, more: bool) {
        if let Some(place) = self.places.get_mut(&stream) {
            place.behind = more || place.seq < place.last;
        }
    }
}
