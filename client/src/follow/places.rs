//! Where a follower stands in each stream, and what that makes of an event.

use crate::socket::Positions;
use std::collections::{BTreeMap, BTreeSet};

/// All of its places.
#[derive(Debug, Default)]
pub(super) struct Places {
    positions: Positions,
    /// Streams whose log is asked for again: what comes until the answer is from before.
    resuming: BTreeSet<String>,
    /// Streams that had a hole, and behind which position.
    holes: BTreeMap<String, i64>,
}

/// What to do with an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is the next one.
    Take,
    /// It was there before, or comes again.
    Drop,
    /// Events before it are missing: read the log from behind this position.
    Resume(i64),
    /// Events before it are missing, and the log does not have them either.
    Gap,
}

impl Places {
    pub(super) fn from(positions: Positions) -> Self {
        Self {
            positions,
            ..Self::default()
        }
    }

    pub(super) fn positions(&self) -> &Positions {
        &self.positions
    }

    pub(super) fn knows(&self, stream: &str) -> bool {
        self.positions.contains_key(stream)
    }

    /// Events up to this one are seen.
    pub(super) fn set(&mut self, stream: &str, seq: i64) {
        self.positions.insert(stream.to_owned(), seq);
    }

    /// The stream is no longer followed.
    pub(super) fn remove(&mut self, stream: &str) {
        self.positions.remove(stream);
        self.resuming.remove(stream);
        self.holes.remove(stream);
    }

    /// A new connection knows nothing of what the one before was asked.
    pub(super) fn reconnected(&mut self) {
        self.resuming.clear();
        self.holes.clear();
    }

    /// The log of a stream is asked for. False when it was before.
    pub(super) fn resuming(&mut self, stream: &str) -> bool {
        self.resuming.insert(stream.to_owned())
    }

    /// That was answered.
    pub(super) fn resumed(&mut self, stream: &str) {
        self.resuming.remove(stream);
    }

    /// The rule of the log: what is not behind the last one is dropped, and a missing number is asked for.
    pub(super) fn judge(&mut self, stream: &str, seq: i64) -> Verdict {
        let last = self.positions.get(stream).copied().unwrap_or(seq - 1);
        if seq <= last {
            return Verdict::Drop;
        }
        if seq == last + 1 {
            self.holes.remove(stream);
            self.set(stream, seq);
            return Verdict::Take;
        }
        if self.resuming.contains(stream) {
            return Verdict::Drop;
        }
        if self.holes.insert(stream.to_owned(), last) == Some(last) {
            self.holes.remove(stream);
            return Verdict::Gap;
        }
        Verdict::Resume(last)
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict::{Drop, Take};
    use super::*;

    fn at(seq: i64) -> Places {
        Places::from(Positions::from([("s".into(), seq)]))
    }

    #[test]
    fn the_next_one_is_taken_and_older_ones_are_dropped() {
        let mut places = at(3);
        let verdicts: Vec<_> = [3, 4, 4, 5, 1].iter().map(|seq| places.judge("s", *seq)).collect();
        assert_eq!(verdicts, [Drop, Take, Drop, Take, Drop]);
        assert_eq!(places.positions()["s"], 5);
        assert_eq!(places.judge("new", 9), Take);
        assert_eq!(places.judge("new", 9), Drop);
    }

    #[test]
    fn a_hole_is_asked_for_once_and_what_comes_meanwhile_is_dropped() {
        let mut places = at(3);
        assert_eq!(places.judge("s", 6), Verdict::Resume(3));
        assert!(places.resuming("s"));
        assert_eq!(places.judge("s", 7), Verdict::Drop);
        places.resumed("s");
        assert_eq!(places.judge("s", 4), Verdict::Take);
        assert_eq!(places.judge("s", 6), Verdict::Resume(4));
    }

    #[test]
    fn a_hole_that_stays_is_a_gap() {
        let mut places = at(3);
        assert_eq!(places.judge("s", 6), Verdict::Resume(3));
        places.resuming("s");
        places.resumed("s");
        assert_eq!(places.judge("s", 6), Verdict::Gap);
    }

    #[test]
    fn a_new_connection_is_not_waited_for_in_vain() {
        let mut places = at(3);
        places.judge("s", 6);
        places.resuming("s");
        places.reconnected();
        assert_eq!(places.judge("s", 6), Verdict::Resume(3));
    }
}
