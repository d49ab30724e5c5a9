//! What bots in four languages cost in memory, and how long one takes that has left it.

use crate::{
    echo::Scene,
    posts::RATES,
    process::{percentile, resident_kib},
    report::Report,
};
use mesh_tests::{Client, LANGUAGES, Program, conformance_bot, deploy};
use serde_json::json;
use std::time::Duration;

/// How long bots stay in memory while it is measured how they come back.
const IDLE: Duration = Duration::from_millis(20);
const ROUNDS: u32 = 40;
/// Mentions in one message.
const AT_ONCE: usize = 20;

pub(crate) async fn measure(report: &mut Report) {
    coming_back(report).await;
    memory(report, "rust", 1000, 1024.0).await;
    memory(report, "js", 100, 2048.0).await;
}

/// From the commit of a mention to the commit of the reply, of a bot that is not in memory.
async fn coming_back(report: &mut Report) {
    let names = LANGUAGES.map(|language| format!("conform-{language}"));
    let bots: Vec<_> = LANGUAGES
        .iter()
        .zip(&names)
        .map(|(language, name)| (name.as_str(), conformance_bot(language)))
        .collect();
    let mut scene = Scene::new(&bots, IDLE).await;
    for (n, language) in LANGUAGES.into_iter().enumerate() {
        let (text, bot) = (format!("@conform-{language} echo hello"), scene.bots[n]);
        let mut times = Vec::new();
        for round in 0..=ROUNDS {
            while scene
                .server
                .host
                .runtime
                .get()
                .is_some_and(|runtime| runtime.status(bot).is_some())
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let took = scene.round(&text, true).await.expect("a reply");
            // The first round compiles.
            if round > 0 {
                times.push(took);
            }
        }
        times.sort_by(f64::total_cmp);
        let p50 = percentile(&times, 0.5);
        let most = if matches!(language, "rust" | "go") { 20.0 } else { 60.0 };
        report.add(
            &format!(
                "A bot in {} that has left memory: mention to reply, p50",
                name(language)
            ),
            format!("{p50:.2} ms"),
            &format!("under {most} ms"),
            p50 < most,
        );
    }
}

/// Many bots of a language in memory at once.
async fn memory(report: &mut Report, language: &str, count: usize, most_mib: f64) {
    let folder = tempfile::tempdir().expect("a folder");
    let room_for_all = format!("{RATES}[bots]\ninstances = {}\nidle_s = 3600\n", count + 10);
    std::fs::write(folder.path().join("mesh.toml"), room_for_all).expect("a file");
    let data = folder.path().join("data");
    std::fs::create_dir(&data).expect("a folder");
    let program = Program::start(&data);
    let person = program.first_person().await;
    let mesh = person.post("/meshes", json!({ "name": "bench" })).await.expect(201);
    let mesh = mesh["id"].as_str().expect("an id").to_owned();
    let room = person
        .post(&format!("/meshes/{mesh}/rooms"), json!({ "name": "r" }))
        .await
        .expect(201);
    let room = room["id"].as_str().expect("an id").to_owned();
    let component = conformance_bot(language);
    let mut bots = Vec::new();
    for n in 0..count {
        let bot = deploy(&person, &mesh, &format!("b{n}"), component.clone()).await;
        let body = json!({ "bot_id": bot });
        person.post(&format!("/rooms/{room}/bots"), body).await.expect(201);
        bots.push(bot);
    }
    // What deploying them took and gave back would be taken again by the instances, and not be seen.
    let program = program.kill_and_restart();
    let person = program.client(person.token());
    let before = resident_kib(program.pid());
    for batch in (0..count).collect::<Vec<_>>().chunks(AT_ONCE) {
        let mentions: Vec<_> = batch.iter().map(|n| format!("@b{n}")).collect();
        let body = json!({ "text": mentions.join(" ") });
        person.post(&format!("/rooms/{room}/messages"), body).await.expect(201);
    }
    for bot in &bots {
        live(&person, bot).await;
    }
    let mib = (resident_kib(program.pid()) - before) / 1024.0;
    report.add(
        &format!("{count} bots in {} in memory at once", name(language)),
        format!("{mib:.0} MiB"),
        &format!("under {most_mib} MiB"),
        mib < most_mib,
    );
}

/// Waits until a bot has an instance.
async fn live(person: &Client, bot: &str) {
    loop {
        let status = person.get(&format!("/bots/{bot}/status")).await.expect(200);
        if status["instance"].is_string() && status["state"] == "ready" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn name(language: &str) -> &'static str {
    match language {
        "go" => "Go",
        "js" => "JavaScript",
        "python" => "Python",
        _ => "Rust",
    }
}
