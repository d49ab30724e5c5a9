//! What a commit promises, on both engines.

mod common;

use common::{Databases, append, entry, stream, submit};
use futures_util::future::join_all;
use mesh_store::{
    Error, Rollback, Store,
    log::{advance, after, head, verify},
};
use std::{collections::BTreeSet, sync::mpsc};

async fn committed_rows(store: &Store, n: u128) -> Vec<i64> {
    let rows = after(&mut store.view().await.unwrap().tx(), stream(n), 0, 10_000)
        .await
        .unwrap();
    rows.into_iter().map(|entry| entry.event.unwrap().1).collect()
}

async fn chain(store: &Store) -> Result<i64, i64> {
    verify(&mut store.view().await.unwrap().tx()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_writers_leave_streams_without_gaps_and_a_whole_chain() {
    let databases = Databases::new().await;
    for store in databases.both() {
        let told = join_all((0..300).map(|n| append(store, stream(n % 3)))).await;
        assert!(told.into_iter().all(|told| told.unwrap().is_ok()));
        for n in 0..3 {
            assert_eq!(
                committed_rows(store, n).await,
                (1..=100).collect::<Vec<_>>(),
                "{}",
                store.engine()
            );
        }
        assert_eq!(chain(store).await, Ok(300), "{}", store.engine());
    }
}

#[tokio::test]
async fn a_failing_job_rolls_back_alone() {
    let databases = Databases::new().await;
    for store in databases.both() {
        let before = append(store, stream(1));
        let refused = submit(store, |tx| {
            Box::pin(async move {
                advance(tx, stream(1)).await?;
                Err(Rollback::Refused)
            })
        });
        let panicked = submit(store, |tx| {
            Box::pin(async move {
                advance(tx, stream(1)).await?;
                panic!("on purpose")
            })
        });
        let behind = append(store, stream(1));
        assert!(before.await.unwrap().is_ok());
        assert!(matches!(refused.await.unwrap(), Err(Rollback::Refused)));
        assert!(matches!(panicked.await.unwrap(), Err(Rollback::Panicked(text)) if text == "on purpose"));
        assert!(behind.await.unwrap().is_ok());
        assert_eq!(committed_rows(store, 1).await, [1, 2], "{}", store.engine());
        assert_eq!(chain(store).await, Ok(2));
    }
}

/// Whatever shares a commit with a job that fails half-way is written once and in order.
#[tokio::test]
async fn jobs_around_a_failing_one_are_whole() {
    let databases = Databases::new().await;
    let store = &databases.sqlite;
    let (release, wait) = mpsc::channel::<()>();
    // It runs again with the others, and then nobody holds it.
    let held = submit(store, move |_| {
        let _ = wait.recv();
        Box::pin(async { Ok(Vec::new()) })
    });
    let mut told = Vec::new();
    for n in 0..40 {
        told.push(append(store, stream(1)));
        if n % 10 == 3 {
            told.push(submit(store, |tx| {
                Box::pin(async move {
                    advance(tx, stream(1)).await?;
                    Err(Rollback::Refused)
                })
            }));
        }
    }
    drop(release);
    held.await.unwrap().unwrap();
    let told = join_all(told).await;
    let refused = told.iter().filter(|told| told.as_ref().unwrap().is_err()).count();
    let positions: Vec<i64> = told
        .iter()
        .filter_map(|told| Some(told.as_ref().unwrap().as_ref().ok()?[0].pos))
        .collect();
    assert_eq!(refused, 4);
    assert_eq!(
        positions,
        (1..=40).collect::<Vec<_>>(),
        "each was told the place it has"
    );
    assert_eq!(committed_rows(store, 1).await, (1..=40).collect::<Vec<_>>());
    assert_eq!(chain(store).await, Ok(40));
}

/// The write-ahead log starts again at its beginning although the writer never rests.
#[tokio::test]
async fn the_write_ahead_log_does_not_grow_with_what_is_written() {
    const ROWS: u64 = 1200;
    const BYTES: u64 = 64 << 10;
    let databases = Databases::new().await;
    let log = databases.sqlite_file.with_extension("db-wal");
    let mut longest = 0;
    for _ in 0..ROWS {
        let written = submit(&databases.sqlite, |tx| {
            Box::pin(async move {
                let seq = advance(tx, stream(1)).await?;
                let data = format!("\"{}\"", "x".repeat(64 << 10));
                Ok(vec![mesh_store::log::Entry {
                    data,
                    ..entry(stream(1), seq)
                }])
            })
        });
        written.await.unwrap().unwrap();
        longest = longest.max(std::fs::metadata(&log).unwrap().len());
    }
    assert!(longest < ROWS * BYTES * 2 / 3, "{longest} bytes");
}

#[tokio::test]
async fn a_write_that_waits_is_refused() {
    let databases = Databases::new().await;
    let waited = submit(&databases.sqlite, |tx| {
        Box::pin(async move {
            advance(tx, stream(1)).await?;
            tokio::task::yield_now().await;
            Ok(Vec::new())
        })
    });
    assert!(matches!(waited.await.unwrap(), Err(Rollback::Waited)));
    assert_eq!(
        head(&mut databases.sqlite.view().await.unwrap().tx(), stream(1))
            .await
            .unwrap(),
        0
    );
}

/// One link is written per commit, so the links count the commits.
#[tokio::test]
async fn writers_that_wait_share_a_commit() {
    let databases = Databases::new().await;
    let store = &databases.sqlite;
    let (release, wait) = mpsc::channel::<()>();
    let (entered, inside) = mpsc::channel::<()>();
    let first = submit(store, move |_| {
        entered.send(()).unwrap();
        wait.recv().unwrap();
        Box::pin(async { Ok(Vec::new()) })
    });
    inside.recv().unwrap();
    let waiting: Vec<_> = (0..128).map(|_| append(store, stream(1))).collect();
    release.send(()).unwrap();
    first.await.unwrap().unwrap();
    join_all(waiting).await;
    let commits = rusqlite::Connection::open(&databases.sqlite_file)
        .unwrap()
        .query_row("SELECT COUNT(*) FROM log_links", [], |row| row.get::<_, i64>(0))
        .unwrap();
    // Each group ends after 64 jobs or 2 ms; even on a slow disk 128 jobs share far fewer commits.
    assert!(commits <= 32, "{commits} commits for 128 writes");
    assert_eq!(committed_rows(store, 1).await.len(), 128);
}

/// A job is told after its commit: whoever is told can read what it wrote.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_told_before_it_can_be_read() {
    let databases = Databases::new().await;
    for store in databases.both() {
        for n in 1..=50 {
            let entries = append(store, stream(1)).await.unwrap().unwrap();
            assert_eq!(entries[0].event, Some((stream(1), n)));
            assert!(committed_rows(store, 1).await.contains(&n));
        }
    }
}

#[tokio::test]
async fn positions_count_every_row_without_a_gap() {
    let databases = Databases::new().await;
    for store in databases.both() {
        let mut seen = BTreeSet::new();
        for told in join_all((0..50).map(|n| append(store, stream(n % 7)))).await {
            seen.extend(told.unwrap().unwrap().iter().map(|entry| entry.pos));
        }
        assert_eq!(seen, (1..=50).collect(), "{}", store.engine());
    }
}

#[tokio::test]
async fn a_changed_row_breaks_the_chain_at_its_link() {
    let databases = Databases::new().await;
    for n in 0..5 {
        append(&databases.sqlite, stream(n)).await.unwrap().unwrap();
    }
    assert_eq!(chain(&databases.sqlite).await, Ok(5));
    let file = rusqlite::Connection::open(&databases.sqlite_file).unwrap();
    for tampering in [
        "UPDATE log SET outcome = 'x' WHERE pos = 3",
        "UPDATE log SET outcome = 'done', actor_id = 'person_01h455vb4pex5vsknk084sn02q' WHERE pos = 3",
    ] {
        file.execute(tampering, []).unwrap();
        assert_eq!(chain(&databases.sqlite).await, Err(3), "{tampering}");
    }
    file.execute("UPDATE log SET actor_id = NULL WHERE pos = 3", [])
        .unwrap();
    assert_eq!(chain(&databases.sqlite).await, Ok(5));
    file.execute("DELETE FROM log WHERE pos = 5", []).unwrap();
    assert_eq!(chain(&databases.sqlite).await, Err(5), "a row cut off the end");
    file.execute("DELETE FROM log_links WHERE n = 5", []).unwrap();
    assert_eq!(
        chain(&databases.sqlite).await,
        Ok(4),
        "the chain cannot tell a clean cut; copies elsewhere can"
    );
}

#[tokio::test]
async fn a_row_that_breaks_a_constraint_says_which_kind() {
    let databases = Databases::new().await;
    for store in databases.both() {
        let twice = submit(store, |_| {
            Box::pin(async { Ok(vec![entry(stream(1), 1), entry(stream(1), 1)]) })
        });
        let error = twice.await.unwrap().unwrap_err();
        assert!(
            matches!(error, Rollback::Database(Error::Unique(_))),
            "{}: {error:?}",
            store.engine()
        );
        append(store, stream(2)).await.unwrap().unwrap();
        assert_eq!(
            chain(store).await,
            Ok(1),
            "the chain goes on after a rolled back append"
        );
    }
}
