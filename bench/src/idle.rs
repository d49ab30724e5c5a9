//! What ten thousand installed bots cost a server that nobody talks to.

use crate::{posts::RATES, process::resident_kib, report::Report};
use futures_util::{StreamExt as _, stream};
use mesh_tests::{Program, component, deploy};
use serde_json::json;
use std::time::Instant;

const BOTS: usize = 10_000;

pub(crate) async fn measure(report: &mut Report) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("mesh.toml"), RATES).expect("a file");
    let data = folder.path().join("data");
    std::fs::create_dir(&data).expect("a folder");
    let program = Program::start(&data);
    let person = program.first_person().await;
    let mesh = person.post("/meshes", json!({ "name": "bench" })).await.expect(201);
    let mesh = mesh["id"].as_str().expect("an id").to_owned();
    let (program, none_s, none_kib) = restarted(program);
    let client = program.client(person.token());
    let echo = component("echo");
    stream::iter(0..BOTS)
        .for_each_concurrent(8, |n| {
            let (client, mesh, echo) = (client.clone(), mesh.clone(), echo.clone());
            async move { drop(deploy(&client, &mesh, &format!("bot {n}"), echo).await) }
        })
        .await;
    let (_program, many_s, many_kib) = restarted(program);
    let (memory, time) = ((many_kib - none_kib) / 1024.0, many_s - none_s);
    report.add(
        "10,000 installed idle bots: memory more than none",
        format!("{memory:.1} MiB"),
        "under 200 MiB",
        memory < 200.0,
    );
    report.add(
        "10,000 installed idle bots: start longer than none",
        format!("{time:.2} s"),
        "under 5 s",
        time < 5.0,
    );
}

/// Started again on the same data: seconds until it listens, and its memory then.
fn restarted(program: Program) -> (Program, f64, f64) {
    let begun = Instant::now();
    let program = program.kill_and_restart();
    let took = begun.elapsed().as_secs_f64();
    let memory = resident_kib(program.pid());
    (program, took, memory)
}
