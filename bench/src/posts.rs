//! Durable posts over REST against a bare handler of the same shape.

use crate::{
    bare, load,
    process::{cpu_ms, percentile},
    report::Report,
};
use mesh_tests::Program;
use serde_json::json;
use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    time::Duration,
};

const CONNECTIONS: u64 = 32;
const TIME: Duration = Duration::from_secs(2);

/// Limits of a test server that must not slow the load down.
pub(crate) const RATES: &str = "[rates]\nactor_per_second = 1000000\nactor_burst = 1000000\naddress_per_second = 1000000\naddress_burst = 1000000\n";

pub(crate) async fn measure(report: &mut Report) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("mesh.toml"), RATES).expect("a file");
    let data = folder.path().join("data");
    std::fs::create_dir(&data).expect("a folder");
    let program = Program::start(&data);
    let person = program.first_person().await;
    let mesh = person.post("/meshes", json!({ "name": "bench" })).await.expect(201);
    let mesh = mesh["id"].as_str().expect("an id");
    let room = person
        .post(&format!("/meshes/{mesh}/rooms"), json!({ "name": "r" }))
        .await
        .expect(201);
    let path = format!("/api/v1/rooms/{}/messages", room["id"].as_str().expect("an id"));
    let token = person.token().expect("a token").to_owned();

    let mut child = Command::new(std::env::current_exe().expect("a path"))
        .arg(bare::ARGUMENT)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the bare server starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("output"))
        .read_line(&mut line)
        .expect("an address");
    let bare_address = line.trim().parse().expect("an address");

    // Once to warm up, then in turn, so that a drift of the machine meets both.
    let (mut bare_cpu, mut bare_rate, mut mesh_cpu, mut mesh_rate, mut latencies) =
        (vec![], vec![], vec![], vec![], vec![]);
    for round in 0..9 {
        let (cpu, rate, _) = run(bare_address, child.id(), &path, &token).await;
        let (own_cpu, own_rate, found) = run(program.address, program.pid(), &path, &token).await;
        if round > 0 {
            bare_cpu.push(cpu);
            bare_rate.push(rate);
            mesh_cpu.push(own_cpu);
            mesh_rate.push(own_rate);
            latencies.extend(found);
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    let median = |values: &mut Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    latencies.sort_by(f64::total_cmp);
    let (bare_cpu, mesh_cpu) = (median(&mut bare_cpu), median(&mut mesh_cpu));
    let (bare_rate, mesh_rate) = (median(&mut bare_rate), median(&mut mesh_rate));
    let (cpu, rate) = (mesh_cpu / bare_cpu, bare_rate / mesh_rate);
    let p99 = percentile(&latencies, 0.99);
    report.add(
        "Bare handler, processor time a request",
        format!("{:.1} µs", bare_cpu * 1000.0),
        "",
        true,
    );
    report.add(
        "Durable `message.post`, processor time a request",
        format!("{:.1} µs", mesh_cpu * 1000.0),
        "",
        true,
    );
    report.add(
        "Durable `message.post` ÷ bare handler, processor time",
        format!("{cpu:.2}×"),
        "at most 5×",
        cpu <= 5.0,
    );
    report.add("Bare handler, requests a second", format!("{bare_rate:.0}"), "", true);
    report.add(
        "Durable `message.post`, requests a second",
        format!("{mesh_rate:.0}"),
        "",
        true,
    );
    report.add(
        "Bare handler ÷ durable `message.post`, requests a second",
        format!("{rate:.2}×"),
        "at most 5×",
        rate <= 5.0,
    );
    report.add(
        "Durable `message.post`, p99 at 32 connections",
        format!("{p99:.2} ms"),
        "under 6 ms",
        p99 < 6.0,
    );
}

async fn run(address: std::net::SocketAddr, pid: u32, path: &str, token: &str) -> (f64, f64, Vec<f64>) {
    let before = cpu_ms(pid);
    let found = load::post(address, path.to_owned(), token.to_owned(), CONNECTIONS, TIME).await;
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    let each = (cpu_ms(pid) - before) / found.requests as f64;
    (each, found.per_second, found.latencies)
}
