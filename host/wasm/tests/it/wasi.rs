//! The little WASI that bots have: it works, and it is bounded.

use std::time::Duration;

use mesh_wasm::{CallEnd, Called, InspectionBounds, Limits, LogSource, inspect};

use crate::guest::{EXIT, Guest, PRINT, RANDOM, STDOUT, TIMER, WAIT};
use crate::recorder::{Bench, Recorder, event};

async fn one_event(guest: &Guest, limits: Limits) -> Called<Recorder> {
    let component = guest.build_with_wasi();
    inspect(&component, &InspectionBounds::default()).expect("accepted");
    let started = Bench::new().start(&component, limits).await;
    assert!(matches!(started.end, CallEnd::Started), "{}", started.end);
    started.alive().expect("alive").on_event(&event("hello")).await
}

#[tokio::test]
async fn standard_output_is_the_bots_log() {
    let print = "(call $print (call $stdout) (i32.const 4096) (i32.const 11) (i32.const 2048))";
    let guest = Guest {
        items: r#"(data (i32.const 4096) "hello\nworld")"#.into(),
        ..Guest::on_event(print).importing(STDOUT).importing(PRINT)
    };
    let called = one_event(&guest, Limits::default()).await;
    let lines: Vec<_> = called
        .log
        .lines
        .iter()
        .map(|line| (line.source, line.text.as_str()))
        .collect();
    assert_eq!(lines, [(LogSource::Stdout, "hello"), (LogSource::Stdout, "world")]);
}

#[tokio::test]
async fn a_flood_of_output_is_cut_and_ends() {
    let flood = "(local.set $i (call $stdout)) (loop $again
        (call $print (local.get $i) (i32.const 4096) (i32.const 4096) (i32.const 2048)) (br $again))";
    let guest = Guest::on_event(flood).importing(STDOUT).importing(PRINT);
    let called = one_event(
        &guest,
        Limits {
            event_ms: 500,
            ..Limits::default()
        },
    )
    .await;
    assert!(
        matches!(called.end, CallEnd::OutOfFuel | CallEnd::Timeout),
        "{}",
        called.end
    );
    let kept: usize = called.log.lines.iter().map(|line| line.text.len()).sum();
    // The flood, and the server's own line about the end.
    assert!(
        kept <= (64 << 10) + 200 && called.log.dropped > 100,
        "{kept} {}",
        called.log.dropped
    );
}

#[tokio::test]
async fn a_sleeping_bot_is_woken_for_good() {
    let guest = Guest::on_event("(call $wait (call $timer (i64.const 3600000000000)))")
        .importing(TIMER)
        .importing(WAIT);
    let called = one_event(
        &guest,
        Limits {
            event_ms: 100,
            ..Limits::default()
        },
    )
    .await;
    assert!(matches!(called.end, CallEnd::Timeout), "{}", called.end);
    assert!(called.spent.wall < Duration::from_secs(3));
}

#[tokio::test]
async fn a_hoarder_of_handles_is_stopped() {
    let guest = Guest::on_event("(loop $again (drop (call $timer (i64.const 1))) (br $again))").importing(TIMER);
    let called = one_event(&guest, Limits::default()).await;
    assert!(matches!(called.end, CallEnd::HandleLimit), "{:?}", called.end);
}

#[tokio::test]
async fn exit_and_too_much_randomness_end_the_bot() {
    let called = one_event(
        &Guest::on_event("(call $exit (i32.const 1))").importing(EXIT),
        Limits::default(),
    )
    .await;
    assert!(matches!(called.end, CallEnd::Exit(1)), "{:?}", called.end);

    let greedy = Guest::on_event("(call $random (i64.const 100000000) (i32.const 2048))").importing(RANDOM);
    let called = one_event(&greedy, Limits::default()).await;
    assert!(matches!(called.end, CallEnd::Trap(_)), "{:?}", called.end);
    assert!(
        called
            .log
            .lines
            .last()
            .is_some_and(|line| line.source == LogSource::Server && !line.text.is_empty())
    );
}
