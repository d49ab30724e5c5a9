//! Moves what is in the write-ahead log into the database file, while the writer goes on.
//!
//! SQLite would do that inside some unlucky commit, which everybody then waits for. Here a thread of
//! its own moves the bulk; the writer only moves what came in the meantime, so that the log is empty
//! for a moment and starts again at its beginning.

use super::step;
use crate::Error;
use rusqlite::Connection;
use std::{
    cell::Cell,
    ffi::c_int,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
};

/// Pages in the log that make it worth a round: 16 MiB.
const PAGES: c_int = 4000;
/// Bytes that the log's file keeps when it starts again.
const KEEP: i64 = 64 << 20;

const MOVE: &str = "PRAGMA wal_checkpoint(PASSIVE)";

thread_local! {
    /// Pages in the log after this thread's last commit. SQLite's hook takes a plain function.
    static LENGTH: Cell<c_int> = const { Cell::new(0) };
}

/// The writer's side.
pub(super) struct Log {
    mover: mpsc::Sender<()>,
    moved: Arc<AtomicBool>,
    moving: bool,
    /// The length that makes the next round.
    next: c_int,
}

impl Log {
    /// Takes the log of the writer's connection over; `own` is the mover's connection.
    pub(super) fn new(writer: &Connection, mut own: Connection) -> Result<Self, Error> {
        writer.pragma_update(None, "journal_size_limit", KEEP)?;
        writer.wal_hook(Some(|_, pages| {
            LENGTH.set(pages);
            Ok(())
        }));
        let (mover, rounds) = mpsc::channel::<()>();
        let moved = Arc::new(AtomicBool::new(false));
        let done = moved.clone();
        std::thread::Builder::new()
            .name("mesh-checkpoint".into())
            .spawn(move || {
                while rounds.recv().is_ok() {
                    if let Err(error) = step(&mut own, MOVE) {
                        tracing::warn!(%error, "the write-ahead log could not be moved; trying again later");
                    }
                    done.store(true, Ordering::Release);
                }
            })
            .map_err(Error::other)?;
        Ok(Self {
            mover,
            moved,
            moving: false,
            next: PAGES,
        })
    }

    /// Call it on the writer's thread after a commit was told.
    pub(super) fn committed(&mut self, writer: &mut Connection) {
        let length = LENGTH.get();
        if self.moving && self.moved.swap(false, Ordering::Acquire) {
            self.moving = false;
            // A reader of old pages keeps the log from starting again; then it grows by a round more.
            self.next = length.saturating_add(PAGES);
            if let Err(error) = step(writer, MOVE) {
                tracing::warn!(%error, "the end of the write-ahead log could not be moved");
            }
        } else if !self.moving && length < PAGES {
            self.next = PAGES;
        } else if !self.moving && length >= self.next {
            self.moving = self.mover.send(()).is_ok();
        }
    }
}
