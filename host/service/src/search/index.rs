//! Follows the log, so that messages are found by the words that they have now.
//!
//! Posting does not wait for this. What was read of the log is kept with what it changed, in one
//! transaction, so nothing is left out or taken in twice, whatever ends the server. A search first has
//! everything taken in that was written before it began.

use super::words::{has_link, keys, words};
use crate::{Error, Host, Result, error::Code};
use futures_util::future::BoxFuture;
use mesh_store::{
    Job, Rollback, Store, Tx,
    log::{self, Entry},
    search::{self, Change},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Mutex, broadcast::error::RecvError, oneshot},
    time::{sleep, timeout},
};

/// How long new messages gather, unless somebody searches.
const GATHER: Duration = Duration::from_secs(1);
/// Longest wait of a search for what was written before it.
const PATIENCE: Duration = Duration::from_secs(10);
/// Rows of the log that are looked at in one go.
const ROWS: i64 = 1024;
/// Words that one transaction takes in, so that no other write waits long behind it.
const WORDS: usize = 4000;

/// How far the log has been taken in.
#[derive(Default)]
pub struct Index {
    turn: Mutex<()>,
    reached: AtomicI64,
}

impl Index {
    /// Has everything taken in that the log holds now.
    pub(super) async fn catch_up(&self, store: &Store) -> Result<()> {
        let head = log::last_pos(&mut store.view().await?.tx()).await?;
        let all = async {
            if self.reached.load(Ordering::Acquire) >= head {
                return Ok(());
            }
            let _turn = self.turn.lock().await;
            while self.reached.load(Ordering::Acquire) < head {
                self.step(store).await?;
            }
            Ok(())
        };
        let late = |_| Error::later(Code::Overloaded, "Search has not read all messages yet.", 5000);
        timeout(PATIENCE, all).await.map_err(late)?
    }

    /// Takes in the next rows.
    async fn step(&self, store: &Store) -> Result<()> {
        let mut view = store.view().await?;
        let from = search::reached(&mut view.tx()).await?;
        let mut to = log::last_pos(&mut view.tx()).await?.min(from + ROWS);
        let news = search::news(&mut view.tx(), from, to).await?;
        drop(view);
        let (mut changes, mut count) = (Vec::with_capacity(news.len()), 0);
        for one in &news {
            if count >= WORDS {
                to = one.pos - 1;
                break;
            }
            let text = one.text.as_deref().unwrap_or_default();
            let words = words(text);
            let keys = keys(words.iter().map(|word| &*word.text));
            count += keys.len() + 1;
            changes.push(Change::new(one, keys, has_link(text)));
            // A long text takes a while.
            tokio::task::yield_now().await;
        }
        if to > from {
            let (reply, done) = oneshot::channel();
            let job = Reach {
                span: (from, to),
                changes,
                reply,
            };
            if store.submit(Box::new(job)).is_err() {
                return Err(Error::later(Code::Overloaded, "Too many writes are waiting.", 250));
            }
            match done.await.map_err(|_| Error::internal("the writer is gone"))? {
                Ok(()) => {}
                // Another process on this database was faster; the next step begins where it stopped.
                Err(Rollback::Refused) => return Ok(()),
                Err(rollback) => return Err(rollback.into()),
            }
        }
        self.reached.fetch_max(to, Ordering::AcqRel);
        Ok(())
    }
}

struct Reach {
    span: (i64, i64),
    changes: Vec<Change>,
    reply: oneshot::Sender<Result<(), Rollback>>,
}

impl Job for Reach {
    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Vec<Entry>, Rollback>> {
        Box::pin(async move {
            if search::reach(tx, self.span, &self.changes).await? {
                Ok(Vec::new())
            } else {
                Err(Rollback::Refused)
            }
        })
    }

    fn done(self: Box<Self>, committed: Result<Vec<Entry>, Rollback>) {
        // A search may have lost its patience; what was taken in stays.
        let _ = self.reply.send(committed.map(drop));
    }
}

/// Takes new messages in as they are written, until the server ends.
pub async fn follow(host: Arc<Host>) {
    let mut live = host.live.subscribe();
    loop {
        if let Err(error) = host.index.catch_up(&host.store).await {
            tracing::warn!(%error, "search could not read the log");
        }
        if let Err(RecvError::Closed) = live.recv().await {
            return;
        }
        sleep(GATHER).await;
        live = live.resubscribe();
    }
}
