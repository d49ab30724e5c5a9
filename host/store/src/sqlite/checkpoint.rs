//! Moves what is in the write-ahead log into the database file, while the writer goes on.
//!
//! SQLite would do that inside some unlucky commit, which everybody then waits for. Here a thread of
//! its own moves the bulk; the writer only moves what came in the meantime, so that the log is empty
//! for a moment and starts again at its beginning.

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
                    if let Err(error) = move_pages(&mut own) {
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
            if let Err(error) = move_pages(writer) {
                tracing::warn!(%error, "the end of the write-ahead log could not be moved");
            }
        } else if !self.moving && length < PAGES {
            self.next = PAGES;
        } else if !self.moving && length >= self.next {
            self.moving = self.mover.send(()).is_ok();
        }
    }
}

/// Moves what can be moved without waiting for anybody. The statement answers with a row.
fn move_pages(connection: &mut Connection) -> Result<(), Error> {
    connection.prepare_cached(MOVE)?.query_row([], |_| Ok(()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::move_pages;
    use rusqlite::Connection;

    #[test]
    fn what_is_moved_is_in_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("db");
        let mut connection = Connection::open(&file).expect("a database");
        connection.pragma_update(None, "journal_mode", "WAL").expect("WAL");
        connection
            .pragma_update(None, "wal_autocheckpoint", 0)
            .expect("none by itself");
        let before = std::fs::metadata(&file).expect("a file").len();
        let rows = "CREATE TABLE t (a TEXT); INSERT INTO t VALUES (hex(zeroblob(100000)));";
        connection.execute_batch(rows).expect("rows");
        assert_eq!(std::fs::metadata(&file).expect("a file").len(), before);
        move_pages(&mut connection).expect("moved");
        assert!(std::fs::metadata(&file).expect("a file").len() > 200_000);
    }
}
