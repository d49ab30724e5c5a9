//! Events that wait, and what must wait behind them.

use mesh_service::inbox::{InboxStream, Parked};
use mesh_types::Timestamp;
use std::collections::HashSet;

/// When a failed event is tried again, in milliseconds after the failure; then it is dead.
const RETRIES: [i64; 5] = [1_000, 5_000, 25_000, 120_000, 600_000];
/// Events of one bot that wait. What comes behind them is handed over as a gap, and can be read from the log.
pub(crate) const WAITING: usize = 1000;

/// The events of one bot that wait. An event waits behind every earlier one of its lane.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    waiting: Vec<Parked>,
}

impl Lanes {
    pub(crate) fn new(waiting: Vec<Parked>) -> Self {
        Self { waiting }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether something of this lane waits.
    pub(crate) fn holds(&self, lane: &str) -> bool {
        self.waiting.iter().any(|parked| parked.lane == lane)
    }

    /// Puts an event at the end of its lane, or back to its place.
    pub(crate) fn park(&mut self, parked: Parked) {
        match self
            .waiting
            .iter_mut()
            .find(|one| one.stream == parked.stream && one.seq == parked.seq)
        {
            Some(place) => *place = parked,
            None => self.waiting.push(parked),
        }
    }

    /// How many events wait.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// The gap at the end of a lane, if the lane ends in one of this stream.
    pub(crate) fn gap(&self, stream: InboxStream, lane: &str) -> Option<Parked> {
        let last = self.waiting.iter().rfind(|parked| parked.lane == lane)?;
        (last.stream == stream && last.gap_to.is_some()).then(|| last.clone())
    }

    /// The event waits no more.
    pub(crate) fn remove(&mut self, stream: InboxStream, seq: i64) {
        self.waiting.retain(|one| one.stream != stream || one.seq != seq);
    }

    /// Whether this event waits.
    pub(crate) fn has(&self, stream: InboxStream, seq: i64) -> bool {
        self.waiting.iter().any(|one| one.stream == stream && one.seq == seq)
    }

    /// The first event of some lane, not one of these, whose time has come.
    pub(crate) fn due(&self, now: Timestamp, busy: &HashSet<String>) -> Option<Parked> {
        let ready = |parked: &&Parked| parked.due_at <= now && !busy.contains(&parked.lane);
        self.fronts().find(ready).cloned()
    }

    /// When the next one of a lane that is not among these is due.
    pub(crate) fn next_due(&self, busy: &HashSet<String>) -> Option<Timestamp> {
        let free = self.fronts().filter(|parked| !busy.contains(&parked.lane));
        free.map(|parked| parked.due_at).min()
    }

    fn fronts(&self) -> impl Iterator<Item = &Parked> {
        self.waiting
            .iter()
            .enumerate()
            .filter(|(at, parked)| !self.waiting[..*at].iter().any(|earlier| earlier.lane == parked.lane))
            .map(|(_, parked)| parked)
    }
}

/// When to try an event again that failed for the `attempts`th time; none when it is dead.
pub(crate) fn retry_at(now: Timestamp, attempts: u32) -> Option<Timestamp> {
    let wait = RETRIES.get(attempts.checked_sub(1)? as usize)?;
    Some(Timestamp(now.millis() + wait))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parked(seq: i64, lane: &str, due: i64) -> Parked {
        let stream = "bot:bot_01h455vb4pex5vsknk084sn02q".parse().unwrap();
        Parked {
            stream,
            seq,
            lane: lane.into(),
            attempts: 1,
            due_at: Timestamp(due),
            gap_to: None,
        }
    }

    #[test]
    fn a_lane_keeps_its_order_and_other_lanes_go_on() {
        let mut lanes = Lanes::new(vec![parked(1, "a", 50), parked(2, "a", 0), parked(3, "b", 20)]);
        let none = HashSet::new();
        assert!(lanes.holds("a") && !lanes.holds("c"));
        assert_eq!(lanes.next_due(&none), Some(Timestamp(20)));
        assert_eq!(lanes.due(Timestamp(10), &none), None, "2 is due but stands behind 1");
        assert_eq!(lanes.due(Timestamp(30), &none).unwrap().seq, 3);
        lanes.remove(parked(1, "a", 0).stream, 1);
        assert_eq!(lanes.due(Timestamp(0), &none).unwrap().seq, 2);
    }

    #[test]
    fn five_tries_then_dead() {
        let at = |attempts| retry_at(Timestamp(0), attempts).map(Timestamp::millis);
        assert_eq!([1, 2, 5].map(at), [Some(1_000), Some(5_000), Some(600_000)]);
        assert_eq!([0, 6].map(at), [None, None]);
    }
}
