//! What a bot can do to the server: nothing.

use std::time::{Duration, Instant};

use mesh_wasm::bindings::Outcome;
use mesh_wasm::{After, Allowed, CallEnd, Called, Instance, Limits, TrapKind};

use crate::guest::{Guest, KV_GET, LOG, POST};
use crate::recorder::{Bench, Recorder, event};

/// Starts the guest and hands it one event.
async fn one_event(bench: &Bench, guest: &Guest, limits: Limits) -> Called<Recorder> {
    let started = bench.start(&guest.build(), limits).await;
    assert!(matches!(started.end, CallEnd::Started), "{}", started.end);
    started.alive().expect("alive").on_event(&event("hello")).await
}

/// Starts the guest, hands it one event, and expects it dead of it.
async fn killed_by(guest: &Guest, limits: Limits) -> (CallEnd, Called<Recorder>) {
    let called = one_event(&Bench::new(), guest, limits).await;
    assert!(
        matches!(called.after, After::Dead(_)),
        "still alive after: {}",
        called.end
    );
    (called.end.clone(), called)
}

#[tokio::test]
async fn an_echo_answers_each_message_and_stays() {
    let bench = Bench::new();
    let mut instance = bench
        .start(&Guest::echo().build(), Limits::default())
        .await
        .alive()
        .expect("alive");
    for (n, text) in ["one", "zwei", "三"].into_iter().enumerate() {
        let called = instance.on_event(&event(text)).await;
        assert!(matches!(called.end, CallEnd::Done(Outcome::Ack)), "{}", called.end);
        assert_eq!((called.spent.host_calls, called.spent.messages), (1, 1));
        assert!(called.spent.fuel > 0 && called.spent.memory == 2 << 16);
        instance = called.alive().expect("alive");
        assert_eq!(instance.host().posts[n], ("room_1".to_owned(), text.to_owned()));
    }
    assert_eq!(instance.stop().posts.len(), 3);
}

#[tokio::test]
async fn what_is_not_granted_answers_denied_and_the_bot_goes_on() {
    // The bot says in its rejection which case of the error it got: 0 is `denied`.
    let guest = Guest::on_event(
        "(call $kv_get (i32.const 0) (i32.const 1) (i32.const 2048))
           (if (i32.ne (i32.load8_u (i32.const 2048)) (i32.const 1)) (then unreachable))
           (if (i32.ne (i32.load8_u offset=8 (i32.const 2048)) (i32.const 0)) (then unreachable))
           ;; reject(detail): the denial's second text is at 8 + 8 + 8.
           (i64.store (i32.const 0) (i64.const 0))
           (i32.store8 offset=8 (i32.const 0) (i32.const 2))
           (i64.store offset=16 (i32.const 0) (i64.load offset=24 (i32.const 2048)))",
    )
    .importing(KV_GET);
    let bench = Bench::new();
    let linked = bench.link(
        &guest.build(),
        &Allowed::from_iter([("messages", "post"), ("kv", "put")]),
    );
    let mut instance = Instance::start(&linked, Recorder::new(Limits::default()))
        .await
        .alive()
        .expect("alive");
    for _ in 0..3 {
        let called = instance.on_event(&event("hello")).await;
        let CallEnd::Done(Outcome::Reject(why)) = &called.end else {
            panic!("{}", called.end)
        };
        assert!(why.contains("no grant for kv.get"), "{why}");
        assert_eq!(called.spent.host_calls, 0, "a refusal spends nothing");
        instance = called.alive().expect("alive");
    }
}

#[tokio::test]
async fn a_loop_of_refused_calls_ends_by_fuel() {
    let guest =
        Guest::on_event("(loop $again (call $kv_get (i32.const 0) (i32.const 1) (i32.const 2048)) (br $again))")
            .importing(KV_GET);
    // The answer takes memory at each call, so this guest begins its memory anew.
    let guest = Guest {
        on_event: guest
            .on_event
            .replace("(br $again)", "(global.set $free (i32.const 8192)) (br $again)"),
        ..guest
    };
    let bench = Bench::new();
    let linked = bench.link(&guest.build(), &Allowed::nothing());
    let instance = Instance::start(&linked, Recorder::new(Limits::default()))
        .await
        .alive()
        .expect("alive");
    let called = instance.on_event(&event("hello")).await;
    assert!(matches!(called.end, CallEnd::OutOfFuel), "{}", called.end);
    assert!(called.spent.wall < Duration::from_secs(5), "{:?}", called.spent);
}

#[tokio::test]
async fn an_endless_loop_ends_by_fuel() {
    let (end, called) = killed_by(&Guest::on_event("(loop $again (br $again))"), Limits::default()).await;
    assert!(matches!(end, CallEnd::OutOfFuel), "{end}");
    assert_eq!(called.spent.fuel, Limits::default().fuel);
}

#[tokio::test]
async fn with_endless_fuel_the_clock_ends_it() {
    let limits = Limits {
        fuel: u64::MAX / 4,
        event_ms: 200,
        ..Limits::default()
    };
    let (end, called) = killed_by(&Guest::on_event("(loop $again (br $again))"), limits).await;
    assert!(matches!(end, CallEnd::Timeout), "{end}");
    assert!(called.spent.wall < Duration::from_secs(3), "{:?}", called.spent);
}

#[tokio::test]
async fn a_loop_in_start_is_contained_too() {
    let guest = Guest {
        start: "(loop $again (br $again))".into(),
        ..Guest::default()
    };
    // What computes for long goes behind everybody else, so on a busy machine the time would end first.
    let limits = Limits {
        start_ms: 60_000,
        ..Limits::default()
    };
    let called = Bench::new().start(&guest.build(), limits).await;
    assert!(matches!(called.end, CallEnd::OutOfFuel), "{}", called.end);
    assert!(called.alive().is_none());
}

#[tokio::test]
async fn waiting_for_the_host_counts() {
    let guest = Guest::on_event("(call $kv_get (i32.const 0) (i32.const 1) (i32.const 2048))").importing(KV_GET);
    let bench = Bench::new();
    let linked = bench.link(&guest.build(), &Allowed::everything());
    let mut host = Recorder::new(Limits {
        event_ms: 100,
        ..Limits::default()
    });
    host.delay = Duration::from_hours(1);
    let instance = Instance::start(&linked, host).await.alive().expect("alive");
    let began = Instant::now();
    let called = instance.on_event(&event("hello")).await;
    assert!(matches!(called.end, CallEnd::Timeout), "{}", called.end);
    assert!(began.elapsed() < Duration::from_secs(3));
    assert!(matches!(called.after, After::Dead(_)));
}

#[tokio::test]
async fn a_memory_hog_is_refused_and_named() {
    let hog = "(loop $again (br_if $again (i32.ge_s (memory.grow (i32.const 16)) (i32.const 0)))) unreachable";
    let (end, called) = killed_by(
        &Guest::on_event(hog),
        Limits {
            memory: 8 << 20,
            ..Limits::default()
        },
    )
    .await;
    assert!(matches!(end, CallEnd::MemoryLimit), "{end}");
    assert!(
        called.spent.memory <= 8 << 20 && called.spent.memory > 6 << 20,
        "{:?}",
        called.spent
    );
}

#[tokio::test]
async fn a_bot_that_copes_with_a_full_memory_lives() {
    let polite = "(drop (memory.grow (i32.const 60000)))";
    let called = one_event(&Bench::new(), &Guest::on_event(polite), Limits::default()).await;
    assert!(matches!(called.end, CallEnd::Done(_)), "{}", called.end);
}

#[tokio::test]
async fn failed_growth_does_not_lower_the_count() {
    // Growing past 4 GiB fails without the limiter being asked; the memory counted before must stay counted.
    let sly = "(loop $again
            (drop (memory.grow (i32.const 100)))
            (drop (memory.grow (i32.const 65535)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $i) (i32.const 50))))
        (if (i32.gt_u (memory.size) (i32.const 160)) (then unreachable))";
    let called = one_event(
        &Bench::new(),
        &Guest::on_event(sly),
        Limits {
            memory: 10 << 20,
            ..Limits::default()
        },
    )
    .await;
    assert!(matches!(called.end, CallEnd::Done(_)), "{}", called.end);
}

#[tokio::test]
async fn a_bot_larger_than_its_limit_does_not_start() {
    let guest = Guest {
        pages: 200,
        ..Guest::default()
    };
    let called = Bench::new()
        .start(
            &guest.build(),
            Limits {
                memory: 1 << 20,
                ..Limits::default()
            },
        )
        .await;
    assert!(matches!(called.end, CallEnd::MemoryLimit), "{}", called.end);
}

#[tokio::test]
async fn deep_recursion_is_a_trap() {
    let guest = Guest {
        items: "(func $deep (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0))))".into(),
        ..Guest::on_event("(drop (call $deep (i32.const 1)))")
    };
    let (end, _) = killed_by(&guest, Limits::default()).await;
    assert!(matches!(end, CallEnd::Trap(TrapKind::StackOverflow)), "{end}");
}

#[tokio::test]
async fn a_panic_and_a_bad_access_and_a_bad_value_are_told_apart() {
    let cases = [
        ("unreachable", TrapKind::Panic),
        ("(drop (i32.load (i32.const -8)))", TrapKind::BadAccess),
        ("(drop (i32.div_u (i32.const 1) (local.get $i)))", TrapKind::Arithmetic),
        ("(i32.store8 (i32.const 0) (i32.const 9))", TrapKind::BadValue),
        // reject(a text outside of memory)
        (
            "(i32.store8 offset=8 (i32.const 0) (i32.const 2)) (i64.store offset=16 (i32.const 0) (i64.const -1))",
            TrapKind::BadValue,
        ),
    ];
    for (code, expected) in cases {
        let code = if code.starts_with("(i32.store8") {
            format!("{code} (return (i32.const 0))")
        } else {
            code.into()
        };
        let (end, _) = killed_by(&Guest::on_event(&code), Limits::default()).await;
        assert!(
            matches!(end, CallEnd::Trap(kind) if kind == expected),
            "{code}: {end:?}"
        );
    }
}

#[tokio::test]
async fn a_giant_answer_stops_at_the_boundary() {
    let giant = "(i32.store8 offset=8 (i32.const 0) (i32.const 2))
        (i32.store offset=16 (i32.const 0) (i32.const 0)) (i32.store offset=20 (i32.const 0) (i32.const 20000000))";
    let guest = Guest {
        pages: 400,
        ..Guest::on_event(giant)
    };
    let (end, _) = killed_by(&guest, Limits::default()).await;
    assert!(matches!(end, CallEnd::BoundaryLimit), "{end:?}");
}

#[tokio::test]
async fn a_giant_message_stops_at_the_boundary() {
    let giant = "(call $post (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 20000000)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 2048))";
    let guest = Guest {
        pages: 400,
        ..Guest::on_event(giant).importing(POST)
    };
    let (end, _) = killed_by(&guest, Limits::default()).await;
    assert!(matches!(end, CallEnd::BoundaryLimit), "{end:?}");
}

#[tokio::test]
async fn a_long_rejection_is_cut() {
    let long = "(memory.fill (i32.const 8192) (i32.const 97) (i32.const 100000))
        (i32.store8 offset=8 (i32.const 0) (i32.const 2))
        (i32.store offset=16 (i32.const 0) (i32.const 8192)) (i32.store offset=20 (i32.const 0) (i32.const 100000))";
    let called = one_event(&Bench::new(), &Guest::on_event(long), Limits::default()).await;
    let CallEnd::Done(Outcome::Reject(why)) = called.end else {
        panic!("{}", called.end)
    };
    assert_eq!(why.len(), 4096);
}

#[tokio::test]
async fn log_spam_is_cut_and_ends() {
    let spam = "(loop $again (call $log (i32.const 2) (i32.const 4096) (i32.const 1000)) (br $again))";
    let (end, called) = killed_by(&Guest::on_event(spam).importing(LOG), Limits::default()).await;
    assert!(matches!(end, CallEnd::OutOfFuel), "{end}");
    let kept: usize = called.log.lines.iter().map(|line| line.text.len()).sum();
    assert!(kept > 50_000 && kept <= 64 << 10, "{kept}");
    assert!(called.log.dropped > 1000, "{}", called.log.dropped);
}

#[tokio::test]
async fn too_many_host_calls_and_messages_stop_the_bot() {
    let calls = "(loop $again (call $kv_get (i32.const 0) (i32.const 1) (i32.const 2048)) (br $again))";
    let (end, called) = killed_by(&Guest::on_event(calls).importing(KV_GET), Limits::default()).await;
    assert!(matches!(end, CallEnd::HostCallLimit), "{end}");
    assert_eq!(called.spent.host_calls, 200);

    let mut posts = Guest::echo();
    posts.on_event = format!(
        "(loop $again {} (global.set $free (i32.const 16384)) (br $again))",
        posts.on_event
    );
    let (end, called) = killed_by(&posts, Limits::default()).await;
    assert!(matches!(end, CallEnd::MessageLimit), "{end}");
    let After::Dead(host) = called.after else {
        panic!("alive")
    };
    assert_eq!(host.posts.len(), 20);
}

#[tokio::test]
async fn one_bot_that_dies_does_not_touch_another() {
    let bench = Bench::new();
    let good = bench
        .start(&Guest::echo().build(), Limits::default())
        .await
        .alive()
        .expect("alive");
    let bad = bench
        .start(&Guest::on_event("(loop $again (br $again))").build(), Limits::default())
        .await;
    let bad = bad.alive().expect("alive");
    let (mail, fire) = (event("hello"), event("burn"));
    let (good, bad) = tokio::join!(good.on_event(&mail), bad.on_event(&fire));
    assert!(matches!(bad.end, CallEnd::OutOfFuel), "{}", bad.end);
    drop(bad);
    let called = good.alive().expect("alive").on_event(&event("again")).await;
    assert_eq!(called.alive().expect("alive").host().posts.len(), 2);
}

#[tokio::test]
async fn a_full_pool_says_so_and_a_dead_bot_makes_room() {
    let bench = Bench::with_room_for(2);
    let echo = Guest::echo().build();
    let first = bench.start(&echo, Limits::default()).await.alive().expect("alive");
    let _second = bench.start(&echo, Limits::default()).await.alive().expect("alive");
    let third = bench.start(&echo, Limits::default()).await;
    assert!(matches!(third.end, CallEnd::PoolFull), "{}", third.end);
    assert!(third.end.is_hosts_fault());
    drop(first);
    assert!(matches!(
        bench.start(&echo, Limits::default()).await.end,
        CallEnd::Started
    ));
}

#[tokio::test]
async fn a_dropped_call_leaves_the_pool_whole() {
    let bench = Bench::with_room_for(1);
    let guest = Guest::on_event("(call $kv_get (i32.const 0) (i32.const 1) (i32.const 2048))")
        .importing(KV_GET)
        .build();
    let linked = bench.link(&guest, &Allowed::everything());
    for _ in 0..3 {
        let mut host = Recorder::new(Limits::default());
        host.delay = Duration::from_hours(1);
        let instance = Instance::start(&linked, host).await.alive().expect("room for it");
        let mail = event("hello");
        assert!(
            tokio::time::timeout(Duration::from_millis(50), instance.on_event(&mail))
                .await
                .is_err()
        );
    }
}

#[tokio::test]
async fn a_module_with_two_memories_does_not_fit() {
    let guest = Guest {
        items: "(memory 1)".into(),
        ..Guest::default()
    };
    let refused = Bench::new()
        .engine
        .compile_here(&guest.build())
        .map(|_| ())
        .expect_err("two memories");
    assert!(refused.to_string().contains("memor"), "{refused}");
}
