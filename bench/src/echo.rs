//! From the commit of a mention to the commit of the reply, inside one process.

use crate::{
    process::{cpu_ms, percentile},
    report::Report,
};
use mesh_authz::{Caller, Credential, Who};
use mesh_service::{
    Door, Envelope, Host, News, call,
    inbox::InboxStream,
    message::{PostMessage, PostMessageIn},
    rate::{Rate, Rates},
};
use mesh_tests::{Engine, Mesh, Options, TestServer, component, deploy};
use mesh_types::{ActorId, BotId, PersonId, RequestId, RoomId};
use mesh_wasm::{EngineConfig, Limits, Supervisor, SupervisorConfig, compile::CompilerConfig};
use serde_json::json;
use std::{
    io::Write as _,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::broadcast::Receiver;

const ROUNDS: u32 = 2000;
const WARM: u32 = 200;
/// Reads in one event of the bot that reads.
const READS: u32 = 5000;

/// The bot host over a test's server; a bot without events stays in memory for this long.
pub(crate) async fn supervise(host: &Arc<Host>, data: &std::path::Path, idle: Duration) {
    let config = SupervisorConfig {
        engine: EngineConfig {
            instances: 300,
            ..EngineConfig::default()
        },
        compiler: CompilerConfig::new(data.join("compiled"), [9; 32].into()).expect("this program has a path"),
        limits: Limits::default(),
        idle,
    };
    let supervisor = Supervisor::start(host.clone(), config)
        .await
        .expect("the bot host starts");
    assert!(host.runtime.set(supervisor).is_ok(), "the bot host is set once");
}

/// A person in a room with bots.
pub(crate) struct Scene {
    pub(crate) server: TestServer,
    pub(crate) mesh: Mesh,
    pub(crate) bots: Vec<BotId>,
    person: PersonId,
    pub(crate) room: RoomId,
    live: Receiver<Arc<[News]>>,
}

/// What some rounds cost.
struct Cost {
    /// Milliseconds from the mention's commit to the reply's, sorted; none without a reply.
    times: Vec<f64>,
    /// Milliseconds of processor time a round.
    cpu: f64,
}

impl Scene {
    /// With these bots in the room, by name.
    pub(crate) async fn new(components: &[(&str, Vec<u8>)], idle: Duration) -> Self {
        let lots = Rate {
            per_second: 1_000_000,
            burst: 1_000_000,
        };
        let rates = Rates {
            actor: lots,
            address: lots,
            sign_in_per_minute: 1000,
        };
        Self::limited(components, idle, rates).await
    }

    /// The same with these rate limits.
    pub(crate) async fn limited(components: &[(&str, Vec<u8>)], idle: Duration, rates: Rates) -> Self {
        let server = TestServer::start_with(
            Engine::Sqlite,
            Options {
                rates,
                ..Options::default()
            },
        )
        .await;
        supervise(&server.host, &server.data, idle).await;
        let mesh = server.mesh("bench").await;
        let room = mesh.room("r").await;
        let room = room["id"].as_str().expect("an id");
        let mut bots = Vec::new();
        for (name, component) in components {
            let bot = deploy(&mesh.creator, &mesh.id, name, component.clone()).await;
            let limits = json!({ "host_calls": 10_000 });
            mesh.creator
                .put(&format!("/bots/{bot}/limits"), json!({ "limits": limits }))
                .await
                .expect(200);
            mesh.creator
                .post(&format!("/rooms/{room}/bots"), json!({ "bot_id": bot }))
                .await
                .expect(201);
            bots.push(bot.parse().expect("an id"));
        }
        Self {
            bots,
            person: mesh.creator.id.parse().expect("an id"),
            room: room.parse().expect("an id"),
            live: server.host.live.subscribe(),
            mesh,
            server,
        }
    }

    /// Posts this text again and again, each time when the one before was answered.
    async fn rounds(&mut self, text: &str, rounds: u32, replies: bool) -> Cost {
        let (mut times, mut cpu) = (Vec::new(), 0.0);
        for round in 0..rounds + WARM {
            if round == WARM {
                cpu = cpu_ms(std::process::id());
            }
            let took = self.round(text, replies).await;
            if round >= WARM {
                times.extend(took);
            }
        }
        let cpu = (cpu_ms(std::process::id()) - cpu) / f64::from(rounds);
        times.sort_by(f64::total_cmp);
        Cost { times, cpu }
    }

    /// Posts this text; gives the milliseconds from its commit to that of a bot's reply.
    pub(crate) async fn round(&mut self, text: &str, replies: bool) -> Option<f64> {
        let room = self.room;
        let posting = post(&self.server.host, Door::Rest, self.person, room, text);
        let live = &mut self.live;
        let (mut mentioned, mut replied) = (None, None);
        let waiting = async {
            while mentioned.is_none() || (replies && replied.is_none()) {
                let commit = live.recv().await.expect("the log goes on");
                for entry in commit
                    .iter()
                    .flat_map(|news| &*news.entries)
                    .filter(|entry| entry.op == "message.post" && entry.lead)
                    .filter(|entry| entry.event.is_some_and(|(stream, _)| stream == InboxStream::Room(room)))
                {
                    match entry.actor {
                        Some(ActorId::Person(_)) => mentioned = Some(Instant::now()),
                        _ => replied = Some(Instant::now()),
                    }
                }
            }
        };
        let ((), ()) = futures_util::join!(posting, waiting);
        Some((replied? - mentioned?).as_secs_f64() * 1000.0)
    }

    /// Forgets what was heard and not looked at: a listener that falls behind misses something.
    pub(crate) fn listen(&mut self) {
        self.live = self.server.host.live.subscribe();
    }

    /// Posts in any room, without a limit.
    pub(crate) async fn post(&self, room: RoomId, text: &str) {
        post(&self.server.host, Door::Cli, self.person, room, text).await;
    }
}

pub(crate) async fn post(host: &Arc<Host>, door: Door, id: PersonId, room_id: RoomId, text: &str) {
    let who = Who::Person { id, operator: false };
    let credential = session();
    let envelope = Envelope::new(Caller { who, credential }, door, RequestId::new(host.ids.next()));
    let input = PostMessageIn {
        file_ids: Vec::new(),
        room_id,
        text: text.into(),
        thread_id: None,
        reply_to: None,
        streaming: false,
        actions: Vec::new(),
    };
    call::<PostMessage>(host, envelope, input).await.expect("posted");
}

pub(crate) async fn measure(report: &mut Report, bare_call_us: f64) {
    let bots = ["echo", "lab"].map(|name| (name, component(name)));
    let mut scene = Scene::new(&bots, Duration::from_secs(30)).await;
    let alone = scene.rounds("hello", ROUNDS, false).await;
    let echo = scene.rounds("@echo hello", ROUNDS, true).await;
    let (p50, p99) = (percentile(&echo.times, 0.5), percentile(&echo.times, 0.99));
    let sync = fdatasync_ms(&scene.server.data, Duration::ZERO);
    report.add("fdatasync of a page, p50", format!("{sync:.2} ms"), "", true);
    report.add(
        "Echo bot: commit of the mention to commit of the reply, p50",
        format!("{p50:.2} ms"),
        &format!("at most {:.2} ms (fdatasync + 0.5 ms)", sync + 0.5),
        p50 <= sync + 0.5,
    );
    report.add("The same, p99", format!("{p99:.2} ms"), "under 4 ms", p99 < 4.0);
    let cpu = echo.cpu - alone.cpu;
    report.add(
        "Processor time of such a round, above that of a message to nobody",
        format!("{cpu:.2} ms"),
        "at most 0.3 ms",
        cpu <= 0.3,
    );
    report.add(
        "Processor time of that message: one client, one commit a message",
        format!("{:.2} ms", alone.cpu),
        "",
        true,
    );

    let many = scene.rounds(&format!("@lab reads {READS}"), 100, true).await;
    let none = scene.rounds("@lab reads 0", 100, true).await;
    let each = (percentile(&many.times, 0.5) - percentile(&none.times, 0.5)) * 1000.0 / f64::from(READS);
    report.add("Host call that does nothing", format!("{bare_call_us:.2} µs"), "", true);
    report.add(
        "A read through a host call (`kv.get`)",
        format!("{each:.2} µs"),
        "at most 10 µs above it",
        each <= bare_call_us + 10.0,
    );
}

/// The credential of a session that was opened elsewhere; the pipeline only asks whether it is fresh.
fn session() -> Credential {
    let id = mesh_types::SessionId::new("01890a5d-ac96-774b-bcce-b302099a8057".parse().expect("a UUID"));
    Credential::Session {
        id,
        fresh_until: mesh_types::Timestamp(0),
    }
}

/// What one forced write of a page costs on this disk, when there is one each `pace`: a machine that sleeps
/// in between takes longer.
pub(crate) fn fdatasync_ms(folder: &std::path::Path, pace: Duration) -> f64 {
    let mut file = std::fs::File::create(folder.join("sync")).expect("a file");
    let mut times: Vec<f64> = (0..if pace.is_zero() { 300 } else { 60 })
        .map(|_| {
            std::thread::sleep(pace);
            file.write_all(&[1; 4096]).expect("written");
            let begun = Instant::now();
            file.sync_data().expect("synced");
            begun.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    percentile(&times, 0.5)
}
