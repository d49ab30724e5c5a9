//! What an echo bot's answers take while eight hostile bots do their worst beside it.

use crate::{echo::Scene, process::percentile, report::Report};
use mesh_service::rate::Rates;
use mesh_tests::{component, deploy};
use mesh_types::RoomId;
use serde_json::json;
use std::time::Duration;

const ROUNDS: u32 = 1000;
/// Between two mentions; less, and the person who asks would reach the limit of one person.
const PACE: Duration = Duration::from_millis(10);
/// What the hostile bots do with each event. The first four die of it, and are started again and again.
const HARMS: [&str; 8] = [
    "loop",
    "hog",
    "recurse",
    "logforever",
    "cpu 80",
    "memory 40",
    "log 1000",
    "post 20",
];
const DEADLY: usize = 4;
/// Events that wait for each of them, so that none is ever without one.
const BACKLOG: usize = 400;
/// How long the dead ones stay so.
const PAUSE: Duration = Duration::from_millis(500);

pub(crate) async fn measure(report: &mut Report) {
    let echo = [("echo", component("echo"))];
    let mut scene = Scene::limited(&echo, Duration::from_secs(30), Rates::default()).await;
    let alone = rounds(&mut scene).await;
    let bots = hostile(&scene).await;
    let keeper = scene.mesh.creator.clone();
    let again = tokio::spawn(async move {
        loop {
            for bot in &bots[..DEADLY] {
                keeper.post(&format!("/bots/{bot}/restart"), json!({})).await;
            }
            tokio::time::sleep(PAUSE).await;
        }
    });
    let beside = rounds(&mut scene).await;
    again.abort();
    let ratio = percentile(&beside, 0.99) / percentile(&alone, 0.99);
    let both = |times: &[f64]| format!("{:.2} ms, {:.2} ms", percentile(times, 0.5), percentile(times, 0.99));
    report.add("Echo bot, 100 mentions a second: p50, p99", both(&alone), "", true);
    report.add("The same beside 8 hostile bots", both(&beside), "", true);
    report.add(
        "p99 beside 8 hostile bots ÷ alone",
        format!("{ratio:.2}×"),
        "at most 3×",
        ratio <= 3.0,
    );
}

/// Milliseconds from each mention's commit to the reply's, sorted.
async fn rounds(scene: &mut Scene) -> Vec<f64> {
    let mut times = Vec::new();
    let mut pace = tokio::time::interval(PACE);
    pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for round in 0..ROUNDS + 100 {
        pace.tick().await;
        scene.listen();
        let took = scene.round("@echo hello", true).await.expect("a reply");
        if round >= 100 {
            times.push(took);
        }
    }
    times.sort_by(f64::total_cmp);
    times
}

/// The hostile bots, each in a room of its own with more to do than it gets done.
async fn hostile(scene: &Scene) -> Vec<String> {
    let (creator, mesh) = (&scene.mesh.creator, &scene.mesh.id);
    let mut bots = Vec::new();
    for (n, harm) in HARMS.into_iter().enumerate() {
        let bot = deploy(creator, mesh, &format!("lab{n}"), component("lab")).await;
        let room = scene.mesh.room(&format!("lab{n}")).await;
        let room: RoomId = room["id"].as_str().expect("an id").parse().expect("an id");
        creator
            .post(&format!("/rooms/{room}/bots"), json!({ "bot_id": bot, "hears": "all" }))
            .await
            .expect(201);
        for _ in 0..BACKLOG {
            scene.post(room, harm).await;
        }
        bots.push(bot);
    }
    bots
}
