//! A client that comes back after a while, and what the others notice of it.

use super::{EACH, Load, Room, Scene, client::Speaks, median};
use crate::{load, process::percentile, report::Report};
use mesh_tests::Program;
use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// How far the client is behind.
const EVENTS: i64 = 10_000;
/// Between two messages that the others wait for.
const PACE: Duration = Duration::from_millis(20);

pub(super) async fn measure(report: &mut Report, program: &Program, mesh: &Arc<Scene>) {
    let (path, token) = (mesh.path.clone(), mesh.token.clone());
    load::post(mesh.address, path, token, 32, Duration::from_secs(3)).await;
    let stream = mesh.path.split('/').nth(4).expect("a room");
    let events = program
        .client(Some(&mesh.token))
        .get(&format!("/rooms/{stream}/events?limit=1"))
        .await
        .expect(200);
    let head = events["head_seq"].as_i64().expect("a number");
    assert!(head > EVENTS, "the log is long enough");
    let listeners = Room::open(mesh.clone(), Speaks::Plain, 10).await;
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    let took = Arc::new(Mutex::new(Vec::new()));
    for _ in 0..5 {
        alone.push(listeners.load(75, 1, (Some(PACE), false)).await);
        let task = tokio::spawn(come_back(mesh.clone(), format!("room:{stream}"), head, took.clone()));
        beside.push(listeners.load(75, 1, (Some(PACE), false)).await);
        task.abort();
    }
    let mut took = std::mem::take(&mut *took.lock().expect("unpoisoned"));
    took.sort_by(f64::total_cmp);
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    let rate = EVENTS as f64 / percentile(&took, 0.5);
    report.add(
        "A client 10,000 events behind, events a second",
        format!("{rate:.0}"),
        "at least 20000",
        rate >= 20_000.0,
    );
    let of = |loads: &[Load]| median(loads, |load| load.p50);
    let (alone, beside) = (of(&alone), of(&beside));
    let ratio = beside / alone;
    report.add(
        "Durable post to its event at others, p50, beside such a client ÷ without",
        format!("{beside:.2} ms ({ratio:.2}×)"),
        "at most 1.1×",
        ratio <= 1.1,
    );
}

/// Comes back again and again, from the same place.
async fn come_back(mesh: Arc<Scene>, stream: String, head: i64, took: Arc<Mutex<Vec<f64>>>) {
    let mut socket = mesh.open(Speaks::Plain, 24 * EACH).await;
    let find = memchr::memmem::Finder::new(br#""seq":"#);
    loop {
        let begun = Instant::now();
        let from = head - EVENTS;
        socket
            .send(&format!(r#"{{"frame":"resume","streams":{{"{stream}":{from}}}}}"#))
            .await;
        let mut next = from + 1;
        while next <= head {
            socket
                .next(|text| {
                    let seq = find.find(text).map(|at| &text[at + 6..]);
                    let seq = seq.and_then(|text| std::str::from_utf8(text.split(|byte| *byte == b',').next()?).ok());
                    if seq.and_then(|seq| seq.parse().ok()) == Some(next) {
                        next += 1;
                    }
                })
                .await;
        }
        took.lock().expect("unpoisoned").push(begun.elapsed().as_secs_f64());
    }
}
