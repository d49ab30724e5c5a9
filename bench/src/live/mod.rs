//! Live events: what a delivery, a connection and a resumption cost.

pub(crate) mod bare;
mod behind;
mod client;

use crate::{
    echo::fdatasync_ms,
    load::Poster,
    posts::RATES,
    process::{cpu_ms, percentile, resident_kib},
    report::Report,
};
use client::{Socket, Speaks};
use futures_util::{StreamExt as _, stream};
use mesh_tests::Program;
use serde_json::json;
use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinHandle;

/// Between two events at a human pace.
const PACE: Duration = Duration::from_millis(50);
/// Connections of one bot.
const EACH: usize = 200;

/// A server and everything that connects to it.
struct Scene {
    address: SocketAddr,
    pid: u32,
    /// Where a message is posted, and by whom.
    path: String,
    /// Where something passes that is not stored.
    passing: String,
    token: String,
    /// Of everyone who listens.
    tokens: Vec<String>,
}

impl Scene {
    async fn mesh(program: &Program, bots: usize) -> Self {
        let person = program.first_person().await;
        let mesh = person.post("/meshes", json!({ "name": "bench" })).await.expect(201);
        let mesh = mesh["id"].as_str().expect("an id");
        let room = person
            .post(&format!("/meshes/{mesh}/rooms"), json!({ "name": "r" }))
            .await
            .expect(201);
        let room = room["id"].as_str().expect("an id");
        let mut tokens = Vec::new();
        for n in 0..bots {
            let bot = person
                .post(
                    &format!("/meshes/{mesh}/bots"),
                    json!({ "name": format!("bot {n}"), "runtime": "external" }),
                )
                .await
                .expect(201);
            let bot = bot["id"].as_str().expect("an id");
            let hears = json!({ "bot_id": bot, "hears": "all" });
            person.post(&format!("/rooms/{room}/bots"), hears).await.expect(201);
            let token = person
                .post(&format!("/bots/{bot}/token/rotate"), json!({}))
                .await
                .expect(201);
            tokens.push(token["token"].as_str().expect("a token").to_owned());
        }
        Self {
            address: program.address,
            pid: program.pid(),
            path: format!("/api/v1/rooms/{room}/messages"),
            passing: format!("/api/v1/rooms/{room}/typing"),
            token: person.token().expect("a token").to_owned(),
            tokens,
        }
    }

    fn bare(child: &mut Child) -> Self {
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("output"))
            .read_line(&mut line)
            .expect("an address");
        Self {
            address: line.trim().parse().expect("an address"),
            pid: child.id(),
            path: "/post".into(),
            passing: "/post".into(),
            token: String::new(),
            tokens: Vec::new(),
        }
    }

    async fn open(&self, speaks: Speaks, n: usize) -> Socket {
        let token = self.tokens.get(n / EACH).map(String::as_str);
        Socket::open(self.address, speaks, token).await
    }

    /// Posts messages, or passes on what is kept nowhere.
    async fn poster(&self, passes: bool) -> Poster {
        let path = if passes { &self.passing } else { &self.path };
        Poster::connect(self.address, path, &self.token).await
    }
}

/// What listeners saw.
#[derive(Default)]
struct Seen {
    deliveries: AtomicU64,
    /// Of some listeners, in milliseconds.
    latencies: Mutex<Vec<f64>>,
    /// When the last event was sent that does not say so itself, in microseconds.
    sent: AtomicU64,
}

/// Listens until it is aborted. Every message says when it was sent.
fn listen(mut socket: Socket, seen: Arc<Seen>, begun: Instant, sample: bool) -> JoinHandle<()> {
    tokio::spawn(async move {
        let find = memchr::memmem::Finder::new(b"sent=");
        let find_event = memchr::memmem::Finder::new(b"typing.started");
        loop {
            let (mut sent, mut event) = (None, false);
            socket
                .next(|text| {
                    event = find_event.find(text).is_some();
                    let digits = find.find(text).and_then(|at| text.get(at + 5..at + 17));
                    sent = digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<u64>().ok());
                })
                .await;
            let sent = sent.or_else(|| event.then(|| seen.sent.load(Ordering::Acquire)));
            if let Some(sent) = sent {
                if sample {
                    let late = begun.elapsed().saturating_sub(Duration::from_micros(sent));
                    seen.latencies
                        .lock()
                        .expect("unpoisoned")
                        .push(late.as_secs_f64() * 1000.0);
                }
                seen.deliveries.fetch_add(1, Ordering::Relaxed);
            }
        }
    })
}

fn micros(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_micros()).expect("a short run")
}

fn message(begun: Instant) -> String {
    format!(
        r#"{{"text":"sent={:012} {}"}}"#,
        begun.elapsed().as_micros(),
        "x".repeat(80)
    )
}

/// One server with its listeners.
struct Room {
    scene: Arc<Scene>,
    seen: Arc<Seen>,
    begun: Instant,
    count: u64,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Room {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// What a load found.
#[derive(Clone, Copy, Default)]
struct Load {
    cpu_us: f64,
    per_second: f64,
    p50: f64,
    p99: f64,
}

impl Room {
    async fn open(scene: Arc<Scene>, speaks: Speaks, count: usize) -> Self {
        let (seen, begun) = (Arc::new(Seen::default()), Instant::now());
        let sockets: Vec<Socket> = stream::iter(0..count)
            .map(|n| scene.open(speaks, n))
            .buffered(32)
            .collect()
            .await;
        let tasks = sockets
            .into_iter()
            .enumerate()
            .map(|(n, socket)| listen(socket, seen.clone(), begun, n % 10 == 0))
            .collect();
        Self {
            scene,
            seen,
            begun,
            count: count as u64,
            tasks,
        }
    }

    async fn seen(&self, deliveries: u64) {
        while self.seen.deliveries.load(Ordering::Relaxed) < deliveries {
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
    }

    /// Posts so many messages, at most `window` of them on their way at once, or one each `pace`.
    async fn load(&self, messages: u64, window: u64, (pace, passes): (Option<Duration>, bool)) -> Load {
        let mut poster = self.scene.poster(passes).await;
        let start = self.seen.deliveries.load(Ordering::Relaxed);
        self.seen.latencies.lock().expect("unpoisoned").clear();
        let (cpu, begun) = (cpu_ms(self.scene.pid), Instant::now());
        for n in 0..messages {
            match pace {
                Some(pace) => tokio::time::sleep_until((begun + pace * u32::try_from(n).expect("few")).into()).await,
                None => self.seen(start + (n + 1).saturating_sub(window) * self.count).await,
            }
            self.seen.sent.store(micros(self.begun), Ordering::Release);
            let body = if passes && !self.scene.token.is_empty() {
                "{}".to_owned()
            } else {
                message(self.begun)
            };
            poster.post(&body).await;
        }
        self.seen(start + messages * self.count).await;
        #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
        let deliveries = (messages * self.count) as f64;
        let took = begun.elapsed().as_secs_f64();
        let cpu_us = (cpu_ms(self.scene.pid) - cpu) * 1000.0 / deliveries;
        let mut latencies = std::mem::take(&mut *self.seen.latencies.lock().expect("unpoisoned"));
        latencies.sort_by(f64::total_cmp);
        Load {
            cpu_us,
            per_second: deliveries / took,
            p50: percentile(&latencies, 0.5),
            p99: percentile(&latencies, 0.99),
        }
    }
}

fn median(loads: &[Load], of: impl Fn(&Load) -> f64) -> f64 {
    let mut values: Vec<f64> = loads.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

pub(crate) async fn measure(report: &mut Report) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("mesh.toml"), RATES).expect("a file");
    let data = folder.path().join("data");
    std::fs::create_dir(&data).expect("a folder");
    let program = Program::start(&data);
    let mesh = Arc::new(Scene::mesh(&program, 25).await);
    let mut child = Command::new(std::env::current_exe().expect("a path"))
        .arg(bare::ARGUMENT)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the bare server starts");
    let bare = Arc::new(Scene::bare(&mut child));
    connects(report, &mesh).await;
    fan_out(report, &mesh, &bare, &data).await;
    behind::measure(report, &program, &mesh).await;
    let _ = child.kill();
    let _ = child.wait();
}

/// Connections that come all at once, and what they cost when nothing happens.
async fn connects(report: &mut Report, mesh: &Arc<Scene>) {
    let (cpu, begun) = (cpu_ms(mesh.pid), Instant::now());
    let some: Vec<Socket> = stream::iter(0..500)
        .map(|n| mesh.open(Speaks::Plain, n))
        .buffer_unordered(500)
        .collect()
        .await;
    let (took, cpu) = (begun.elapsed().as_secs_f64(), (cpu_ms(mesh.pid) - cpu) / 1000.0);
    report.add(
        "500 clients connect, prove themselves and follow their rooms",
        format!("{took:.2} s"),
        "under 0.25 s",
        took < 0.25,
    );
    report.add(
        "The same, processor time",
        format!("{cpu:.2} s"),
        "under 0.15 s",
        cpu < 0.15,
    );
    drop(some);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let before = resident_kib(mesh.pid);
    let opened: Vec<(Socket, f64)> = stream::iter(0..5000)
        .map(|n| async move {
            let begun = Instant::now();
            let socket = mesh.open(Speaks::Plain, n).await;
            (socket, begun.elapsed().as_secs_f64())
        })
        .buffer_unordered(100)
        .collect()
        .await;
    let slowest = opened.iter().map(|(_, took)| *took).fold(0.0, f64::max);
    report.add(
        "5,000 clients connect, 100 at once: the slowest",
        format!("{slowest:.2} s"),
        "under 0.5 s",
        slowest < 0.5,
    );
    tokio::time::sleep(Duration::from_millis(500)).await;
    let each = (resident_kib(mesh.pid) - before) / 5000.0;
    report.add(
        "An idle connection, memory of the server",
        format!("{each:.1} KiB"),
        "at most 25 KiB",
        each <= 25.0,
    );
    drop(opened);
    tokio::time::sleep(Duration::from_millis(500)).await;
}

/// One room with many listeners, as fast as it goes and at a human pace.
async fn fan_out(report: &mut Report, mesh: &Arc<Scene>, bare: &Arc<Scene>, data: &std::path::Path) {
    const MESSAGES: u64 = 300;
    let mut found = [vec![], vec![], vec![]];
    let rooms = [
        (bare, Speaks::SocketIo),
        (mesh, Speaks::SocketIo),
        (mesh, Speaks::Plain),
    ];
    for round in 0..4 {
        for (n, (scene, speaks)) in rooms.iter().enumerate() {
            let room = Room::open((*scene).clone(), *speaks, 1000).await;
            let load = room.load(MESSAGES, 2, (None, false)).await;
            if round > 0 {
                found[n].push(load);
            }
            drop(room);
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }
    let names = ["bare socketioxide", "Socket.IO", "plain WebSocket"];
    let (bare_cpu, bare_p99) = (
        median(&found[0], |load| load.cpu_us),
        median(&found[0], |load| load.p99),
    );
    for (n, loads) in found.iter().enumerate() {
        let (cpu, rate, p99) = (
            median(loads, |load| load.cpu_us),
            median(loads, |load| load.per_second),
            median(loads, |load| load.p99),
        );
        let name = names[n];
        let ratio = cpu / bare_cpu;
        let limit = if n == 0 { "" } else { "at most 1.1× bare" };
        report.add(
            &format!("1,000 listeners, {name}: processor time a delivery"),
            format!("{cpu:.2} µs ({ratio:.2}×)"),
            limit,
            ratio <= 1.1,
        );
        report.add(
            &format!("1,000 listeners, {name}: deliveries a second"),
            format!("{rate:.0}"),
            "",
            true,
        );
        let ratio = p99 / bare_p99;
        report.add(
            &format!("1,000 listeners, {name}: p99"),
            format!("{p99:.1} ms ({ratio:.2}×)"),
            limit,
            ratio <= 1.1,
        );
    }
    // The bare server stores nothing, so what it relays stands beside what passes here unstored.
    let (mut found, mut durable) = ([vec![], vec![], vec![]], vec![]);
    let pace = Some(PACE);
    for round in 0..4 {
        for (n, (scene, speaks)) in rooms.iter().enumerate() {
            let room = Room::open((*scene).clone(), *speaks, 100).await;
            let load = room.load(60, 1, (pace, true)).await;
            if round > 0 {
                found[n].push(load);
            }
        }
        let one = Room::open(mesh.clone(), Speaks::Plain, 10).await;
        let load = one.load(60, 1, (pace, false)).await;
        if round > 0 {
            durable.push(load);
        }
    }
    let (bare_p50, bare_p99) = (median(&found[0], |load| load.p50), median(&found[0], |load| load.p99));
    for (n, loads) in found.iter().enumerate() {
        let (p50, p99, name) = (median(loads, |load| load.p50), median(loads, |load| load.p99), names[n]);
        let limit = if n == 0 { "" } else { "at most 1.2× bare" };
        let within = p50 <= 1.2 * bare_p50 && p99 <= 1.2 * bare_p99;
        report.add(
            &format!("20 events a second to 100 listeners, {name}: p50, p99"),
            format!("{p50:.2} ms, {p99:.2} ms"),
            limit,
            within,
        );
    }
    let (p50, sync) = (median(&durable, |load| load.p50), fdatasync_ms(data, PACE));
    report.add(
        "Durable post to its event at one of 10 listeners, 20 a second, p50",
        format!("{p50:.2} ms"),
        &format!("at most {:.2} ms (fdatasync at that pace + 1 ms)", sync + 1.0),
        p50 <= sync + 1.0,
    );
}
