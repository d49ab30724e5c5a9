//! What came over a connection and was not taken yet.

use super::{Frame, frames::Positions};
use crate::{Answer, Error, Result};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Notify, OwnedSemaphorePermit, oneshot};

/// Most frames that wait.
const FRAMES: usize = 1_000;
/// Most bytes that wait.
const BYTES: usize = 4 << 20;

/// An operation that waits for its answer.
pub(super) struct Waiting {
    pub(super) reply: oneshot::Sender<Result<Answer>>,
    /// It is in flight until it is answered, whether or not somebody still wants the answer.
    pub(super) _permit: OwnedSemaphorePermit,
}

#[derive(Default)]
struct State {
    frames: VecDeque<(Frame, usize)>,
    bytes: usize,
    /// Streams of which logged events did not fit, with the first `seq` that is missing.
    lost: Positions,
    waiting: HashMap<u64, Waiting>,
    ended: Option<Error>,
}

/// Between the task that reads and whoever takes. It is always read on, so that answers and pings are
/// seen however slowly events are taken; the log has what does not fit.
#[derive(Default)]
pub(super) struct Mailbox {
    state: Mutex<State>,
    filled: Notify,
}

impl Mailbox {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A frame of so many bytes arrived.
    pub(super) fn put(&self, frame: Frame, size: usize) {
        let mut state = self.state();
        let (frames, bytes) = (state.frames.len() + 1, state.bytes + size);
        let fits = frames <= FRAMES && bytes <= BYTES;
        match &frame {
            Frame::Event(event) if !fits || state.lost.contains_key(&event.stream) => {
                state.lost.entry(event.stream.clone()).or_insert(event.seq);
            }
            Frame::Passing(_) if frames > FRAMES / 2 || bytes > BYTES / 2 => return,
            _ => {
                state.bytes = bytes;
                state.frames.push_back((frame, size));
            }
        }
        drop(state);
        self.filled.notify_one();
    }

    /// The next frame; an error when there will be none.
    pub(super) async fn take(&self) -> Result<Frame> {
        loop {
            if let Some(taken) = self.try_take() {
                return taken;
            }
            self.filled.notified().await;
        }
    }

    fn try_take(&self) -> Option<Result<Frame>> {
        let mut state = self.state();
        if let Some((frame, size)) = state.frames.pop_front() {
            state.bytes -= size;
            return Some(Ok(frame));
        }
        if !state.lost.is_empty() {
            return Some(Ok(Frame::Lost(std::mem::take(&mut state.lost))));
        }
        state.ended.clone().map(Err)
    }

    /// An operation is sent. An error when the connection is over.
    pub(super) fn wait_for(&self, id: u64, waiting: Waiting) -> Result<()> {
        let mut state = self.state();
        if let Some(error) = &state.ended {
            return Err(error.clone());
        }
        state.waiting.insert(id, waiting);
        Ok(())
    }

    /// An operation was answered.
    pub(super) fn answer(&self, id: u64, answer: Result<Answer>) {
        let waiting = self.state().waiting.remove(&id);
        if let Some(waiting) = waiting {
            // Whoever asked may have stopped waiting.
            let _ = waiting.reply.send(answer);
        }
    }

    /// The connection is over.
    pub(super) fn end(&self, error: &Error) {
        let mut state = self.state();
        state.ended.get_or_insert_with(|| error.clone());
        for (_, waiting) in state.waiting.drain() {
            let _ = waiting.reply.send(Err(error.clone()));
        }
        drop(state);
        self.filled.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mesh_types::{Timestamp, view::Event};

    fn event(stream: &str, seq: i64) -> Frame {
        Frame::Event(Box::new(Event {
            stream: stream.into(),
            seq,
            kind: "pin.added".into(),
            at: Timestamp(0),
            actor: None,
            op: String::new(),
            request_id: String::new(),
            data: serde_json::Value::Null,
        }))
    }

    #[test]
    fn what_does_not_fit_is_named_after_what_did() {
        let mailbox = Mailbox::default();
        for seq in 1..=1_000 {
            mailbox.put(event("a", seq), 1);
        }
        mailbox.put(event("b", 5), 1);
        // There is room again, but an event behind a missing one is no use.
        assert!(matches!(mailbox.try_take(), Some(Ok(Frame::Event(_)))));
        mailbox.put(event("b", 6), 1);
        mailbox.put(event("a", 1_001), 1);
        for _ in 0..1_000 {
            assert!(matches!(mailbox.try_take(), Some(Ok(Frame::Event(event))) if event.stream == "a"));
        }
        assert!(
            matches!(mailbox.try_take(), Some(Ok(Frame::Lost(lost))) if lost == Positions::from([("b".into(), 5)]))
        );
        mailbox.end(&Error::broken("over"));
        assert!(matches!(mailbox.try_take(), Some(Err(Error::Unreachable { .. }))));
    }
}
