//! What a worker has read and not finished, and which of it may be handled next.
//!
//! Events of one lane (a room, or everything that is about none) are handled in order; lanes are handled side
//! by side. A stream's cursor stands before the first of its events that is not finished.

use crate::run::{
    handle::News,
    lanes::{Lanes, WAITING},
};
use mesh_service::inbox::{InboxStream, Parked};
use mesh_types::{Timestamp, view};
use std::collections::{BTreeSet, HashSet, VecDeque};

/// Events of one stream that are read ahead.
pub(super) const AHEAD: usize = 50;

/// An event that was read and is to be handled.
#[derive(Debug)]
pub(super) struct Fresh {
    pub(super) place: Parked,
    pub(super) event: Box<view::Event>,
    /// The rights that it was read with.
    pub(super) generation: u64,
}

/// What to do next.
#[derive(Debug)]
pub(super) enum Next {
    /// Handle it; without an event, it is to be read again first.
    Handle(Parked, Option<Box<view::Event>>),
    /// Something of its lane waits, so it must wait too.
    Wait(Parked),
}

/// One followed stream.
#[derive(Debug)]
struct Track {
    stream: InboxStream,
    /// How far it was read.
    read: i64,
    /// What was read and is not finished.
    open: BTreeSet<i64>,
    /// There may be more to read.
    unread: bool,
}

#[derive(Debug, Default)]
pub(super) struct Agenda {
    tracks: Vec<Track>,
    fresh: VecDeque<Fresh>,
    /// Lanes with an event in hand.
    busy: HashSet<String>,
    waiting: Lanes,
}

impl Agenda {
    /// These streams are followed, stored up to there. What is known here is ahead of what is stored.
    pub(super) fn follow(&mut self, streams: Vec<(InboxStream, i64)>) {
        let mut before = std::mem::take(&mut self.tracks);
        self.tracks = streams
            .into_iter()
            .map(|(stream, stored)| {
                let known = before.iter().position(|track| track.stream == stream);
                let (read, open) = known.map_or_else(Default::default, |at| {
                    let track = before.swap_remove(at);
                    (track.read, track.open)
                });
                Track {
                    stream,
                    read: read.max(stored),
                    open,
                    unread: true,
                }
            })
            .collect();
    }

    /// There may be more to read.
    pub(super) fn heard(&mut self, news: &mut News) {
        let anywhere = std::mem::take(&mut news.anywhere);
        for track in &mut self.tracks {
            track.unread |= anywhere || news.streams.contains(&track.stream);
        }
        news.streams.clear();
    }

    /// These events wait, and no others do.
    pub(super) fn wait(&mut self, waiting: Vec<Parked>) {
        self.waiting = Lanes::new(waiting);
    }

    /// Whether the event waits, perhaps in somebody's hands.
    pub(super) fn waits(&self, place: &Parked) -> bool {
        self.waiting.has(place.stream, place.seq)
    }

    /// How an event waits behind others of its lane: by itself, or, when too many wait, as part of a gap.
    pub(super) fn behind(&self, place: Parked, now: Timestamp) -> Parked {
        let seq = place.seq;
        match self.waiting.gap(place.stream, &place.lane) {
            Some(gap) => Parked {
                gap_to: gap.gap_to.max(Some(seq)),
                ..gap
            },
            None => Parked {
                due_at: now,
                gap_to: (self.waiting.len() >= WAITING).then_some(seq),
                ..place
            },
        }
    }

    /// Nothing waits for another try.
    pub(super) fn is_untroubled(&self) -> bool {
        self.waiting.is_empty()
    }

    /// When the next try is due.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.waiting.next_due(&self.busy)
    }

    /// A stream to read, and after which event. Asked again, it gives another one.
    pub(super) fn next_stream(&mut self) -> Option<(InboxStream, i64)> {
        let ready = |track: &&mut Track| track.unread && track.open.len() < AHEAD;
        let track = self.tracks.iter_mut().find(ready)?;
        track.unread = false;
        Some((track.stream, track.read))
    }

    /// A stream was read up to here; perhaps there is more.
    pub(super) fn was_read(&mut self, stream: InboxStream, seq: i64, more: bool) {
        if let Some(track) = self.track(stream) {
            track.read = track.read.max(seq);
            track.unread |= more;
        }
    }

    /// An event is to be handled, unless it waits already.
    pub(super) fn add(&mut self, fresh: Fresh) {
        let (stream, seq) = (fresh.place.stream, fresh.place.seq);
        if self.waiting.has(stream, seq) {
            return;
        }
        if let Some(track) = self.track(stream) {
            track.open.insert(seq);
        }
        self.fresh.push_back(fresh);
    }

    /// What to do next, with the rights of this generation. Its lane is taken until the event is
    /// [finished](Self::finish).
    pub(super) fn next(&mut self, now: Timestamp, generation: u64) -> Option<Next> {
        if let Some(due) = self.waiting.due(now, &self.busy) {
            self.busy.insert(due.lane.clone());
            return Some(Next::Handle(due, None));
        }
        let free = |fresh: &Fresh| !self.busy.contains(&fresh.place.lane);
        let fresh = self.fresh.remove(self.fresh.iter().position(free)?)?;
        self.busy.insert(fresh.place.lane.clone());
        if self.waiting.holds(&fresh.place.lane) {
            return Some(Next::Wait(fresh.place));
        }
        // What was read with other rights is looked at once more.
        let event = (fresh.generation == generation).then_some(fresh.event);
        Some(Next::Handle(fresh.place, event))
    }

    /// The event needs nothing more, or, when it is to wait, nothing now.
    pub(super) fn finish(&mut self, place: &Parked, waits: Option<Parked>) {
        self.busy.remove(&place.lane);
        if let Some(track) = self.track(place.stream) {
            track.open.remove(&place.seq);
        }
        match waits {
            Some(waits) => self.waiting.park(waits),
            None => self.waiting.remove(place.stream, place.seq),
        }
    }

    /// Up to where everything of a stream is finished.
    pub(super) fn cursor(&self, stream: InboxStream) -> Option<i64> {
        let track = self.tracks.iter().find(|track| track.stream == stream)?;
        Some(track.open.first().map_or(track.read, |first| first - 1))
    }

    fn track(&mut self, stream: InboxStream) -> Option<&mut Track> {
        self.tracks.iter_mut().find(|track| track.stream == stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOT: &str = "bot:bot_01h455vb4pex5vsknk084sn02q";

    fn place(seq: i64, lane: &str) -> Parked {
        Parked {
            stream: BOT.parse().unwrap(),
            seq,
            lane: lane.into(),
            attempts: 0,
            due_at: Timestamp(0),
            gap_to: None,
        }
    }

    fn fresh(seq: i64, lane: &str) -> Fresh {
        let event = view::Event {
            stream: BOT.into(),
            seq,
            kind: "message.created".into(),
            at: Timestamp(0),
            actor: None,
            op: "message.post".into(),
            request_id: String::new(),
            data: serde_json::Value::Null,
        };
        Fresh {
            place: place(seq, lane),
            event: Box::new(event),
            generation: 0,
        }
    }

    /// An agenda with these events read.
    fn read(events: &[(i64, &str)]) -> Agenda {
        let mut agenda = Agenda::default();
        let stream = BOT.parse().unwrap();
        agenda.follow(vec![(stream, 0)]);
        assert_eq!(agenda.next_stream(), Some((stream, 0)));
        for (seq, lane) in events {
            agenda.add(fresh(*seq, lane));
            agenda.was_read(stream, *seq, false);
        }
        agenda
    }

    fn next(agenda: &mut Agenda, now: i64) -> Option<(&'static str, i64)> {
        agenda.next(Timestamp(now), 0).map(|next| match next {
            Next::Handle(place, None) => ("retry", place.seq),
            Next::Handle(place, Some(_)) => ("handle", place.seq),
            Next::Wait(place) => ("wait", place.seq),
        })
    }

    fn cursor(agenda: &Agenda) -> i64 {
        agenda.cursor(BOT.parse().unwrap()).unwrap()
    }

    #[test]
    fn lanes_go_on_side_by_side_and_the_cursor_stands_before_what_is_open() {
        let mut agenda = read(&[(1, "a"), (2, "a"), (3, "b"), (5, "c")]);
        assert_eq!(next(&mut agenda, 0), Some(("handle", 1)));
        assert_eq!(next(&mut agenda, 0), Some(("handle", 3)), "2 is behind 1");
        agenda.finish(&place(3, "b"), None);
        assert_eq!(cursor(&agenda), 0);
        agenda.finish(&place(1, "a"), None);
        assert_eq!(cursor(&agenda), 1);
        assert_eq!(next(&mut agenda, 0), Some(("handle", 2)));
        assert_eq!(next(&mut agenda, 0), Some(("handle", 5)));
        assert_eq!(next(&mut agenda, 0), None);
        agenda.finish(&place(5, "c"), None);
        agenda.finish(&place(2, "a"), None);
        assert_eq!(cursor(&agenda), 5);
    }

    #[test]
    fn what_failed_holds_up_its_lane_alone() {
        let mut agenda = read(&[(1, "a"), (2, "a"), (3, "b")]);
        assert_eq!(next(&mut agenda, 0), Some(("handle", 1)));
        let later = Parked {
            due_at: Timestamp(10),
            ..place(1, "a")
        };
        agenda.finish(&place(1, "a"), Some(later));
        assert_eq!(next(&mut agenda, 0), Some(("wait", 2)));
        agenda.finish(&place(2, "a"), Some(place(2, "a")));
        assert_eq!(next(&mut agenda, 0), Some(("handle", 3)));
        assert_eq!((next(&mut agenda, 9), cursor(&agenda)), (None, 2));
        assert_eq!(next(&mut agenda, 10), Some(("retry", 1)));
        assert_eq!(next(&mut agenda, 10), None, "2 is due, and behind 1");
        agenda.finish(&place(1, "a"), None);
        assert_eq!(next(&mut agenda, 10), Some(("retry", 2)));
    }

    #[test]
    fn what_waits_is_not_taken_from_its_stream_again() {
        let mut agenda = Agenda::default();
        agenda.wait(vec![place(2, "a")]);
        agenda.follow(vec![(BOT.parse().unwrap(), 1)]);
        agenda.add(fresh(2, "a"));
        agenda.was_read(BOT.parse().unwrap(), 2, false);
        assert_eq!((next(&mut agenda, 0), next(&mut agenda, 0)), (Some(("retry", 2)), None));
        assert_eq!(cursor(&agenda), 2);
    }

    #[test]
    fn what_was_read_with_other_rights_is_read_again() {
        let mut agenda = read(&[(1, "a")]);
        let next = agenda.next(Timestamp(0), 1);
        assert!(matches!(next, Some(Next::Handle(_, None))), "{next:?}");
    }

    #[test]
    fn a_stream_is_read_ahead_within_bounds_and_followed_from_where_it_was() {
        let stream: InboxStream = BOT.parse().unwrap();
        let many: Vec<_> = (1..=50).map(|seq| (seq, "a")).collect();
        let mut agenda = read(&many);
        agenda.was_read(stream, 50, true);
        assert_eq!(agenda.next_stream(), None, "50 are open");
        assert_eq!(next(&mut agenda, 0), Some(("handle", 1)));
        agenda.finish(&place(1, "a"), None);
        assert_eq!(agenda.next_stream(), Some((stream, 50)));
        assert_eq!(agenda.next_stream(), None, "it was read");
        agenda.follow(vec![(stream, 0)]);
        assert_eq!((cursor(&agenda), agenda.next_stream()), (1, Some((stream, 50))));
    }
}
