//! Many bots in many rooms, each mentioned several times a second for a minute, inside one process.

use crate::{
    bare_wasm,
    echo::{post, supervise},
    process::{cpu_ms, percentile},
    report::Report,
};
use mesh_service::{
    Door,
    inbox::InboxStream,
    rate::{Rate, Rates},
};
use mesh_tests::{Engine, Options, TestServer, component, deploy};
use mesh_types::{ActorId, PersonId, RoomId};
use serde_json::json;
use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};
use tokio::{sync::broadcast::error::RecvError, task::JoinHandle, time::sleep_until};

const BOTS: usize = 200;
/// Between two mentions, of different bots: each is mentioned five times a second.
const PACE: Duration = Duration::from_millis(1);
const MINUTE: u32 = 60_000;
const QUIET: u32 = 15_000;

struct Crowd {
    server: TestServer,
    person: PersonId,
    rooms: Vec<RoomId>,
}

/// What a stretch of messages came to.
struct Stretch {
    /// Milliseconds of processor time a message.
    cpu: f64,
    /// Milliseconds from the commit of a mention to that of its reply, in the order of the replies.
    times: Vec<f64>,
}

pub(crate) async fn measure(report: &mut Report) {
    let raw_ms = bare_wasm::event_us().await / 1000.0;
    let crowd = Crowd::new().await;
    crowd.talk(2_000, true).await;
    let quiet = crowd.talk(QUIET, false).await;
    let busy = crowd.talk(MINUTE, true).await;
    let tenth = busy.times.len() / 10;
    let p50 = |times: &[f64]| {
        let mut times = times.to_vec();
        times.sort_by(f64::total_cmp);
        percentile(&times, 0.5)
    };
    let (first, last) = (p50(&busy.times[..tenth]), p50(&busy.times[9 * tenth..]));
    report.add(
        "200 bots in 200 rooms, 5 mentions a second each, for a minute: p50 in its last tenth ÷ in its first",
        format!("{:.2}× ({last:.2} ms)", last / first),
        "at most 1.5× (no lag grows)",
        last <= 1.5 * first,
    );
    let mut times = busy.times;
    times.sort_by(f64::total_cmp);
    let p99 = percentile(&times, 0.99);
    report.add("The same, p99", format!("{p99:.1} ms"), "under 50 ms", p99 < 50.0);
    report.add(
        "One event of the echo bot on bare wasmtime",
        format!("{:.1} µs", raw_ms * 1000.0),
        "",
        true,
    );
    report.add(
        "A durable post at that pace, processor time",
        format!("{:.3} ms", quiet.cpu),
        "",
        true,
    );
    let (event, least) = (busy.cpu - quiet.cpu, raw_ms + quiet.cpu);
    report.add(
        "Processor time of a handled event ÷ (bare wasmtime + a durable post)",
        format!("{:.2}× ({event:.3} ms)", event / least),
        "at most 2×",
        event <= 2.0 * least,
    );
}

impl Crowd {
    async fn new() -> Self {
        let lots = Rate {
            per_second: 1_000_000,
            burst: 1_000_000,
        };
        let rates = Rates {
            actor: lots,
            address: lots,
            sign_in_per_minute: 1000,
        };
        let options = Options {
            rates,
            ..Options::default()
        };
        let server = TestServer::start_with(Engine::Sqlite, options).await;
        supervise(&server.host, &server.data, Duration::from_secs(30)).await;
        let mesh = server.mesh("bench").await;
        let echo = component("echo");
        let mut rooms = Vec::new();
        for n in 0..BOTS {
            let room = mesh.room(&format!("r{n}")).await;
            let room = room["id"].as_str().expect("an id");
            let bot = deploy(&mesh.creator, &mesh.id, &format!("b{n}"), echo.clone()).await;
            let body = json!({ "bot_id": bot });
            mesh.creator
                .post(&format!("/rooms/{room}/bots"), body)
                .await
                .expect(201);
            rooms.push(room.parse().expect("an id"));
        }
        Self {
            person: mesh.creator.id.parse().expect("an id"),
            rooms,
            server,
        }
    }

    /// Posts so many messages, one after the other's time, to one room after the other; mentions are waited for.
    async fn talk(&self, messages: u32, mentions: bool) -> Stretch {
        let replies = self.listen(if mentions { messages } else { 0 });
        let cpu = cpu_ms(std::process::id());
        let (begun, mut posts) = (tokio::time::Instant::now(), Vec::new());
        for n in 0..messages {
            sleep_until(begun + PACE * n).await;
            let at = n as usize % BOTS;
            let text = if mentions {
                format!("@b{at} hello")
            } else {
                "hello".into()
            };
            posts.push(self.post(self.rooms[at], text));
        }
        for post in posts {
            post.await.expect("posted");
        }
        let times = replies.await.expect("the replies come");
        let cpu = (cpu_ms(std::process::id()) - cpu) / f64::from(messages);
        Stretch { cpu, times }
    }

    fn post(&self, room: RoomId, text: String) -> JoinHandle<()> {
        let (host, person) = (self.server.host.clone(), self.person);
        tokio::spawn(async move { post(&host, Door::Rest, person, room, &text).await })
    }

    /// Hears of mentions and of their replies until so many came. In a room they come in order.
    fn listen(&self, replies: u32) -> JoinHandle<Vec<f64>> {
        let mut live = self.server.host.live.subscribe();
        tokio::spawn(async move {
            let (mut open, mut times) = (HashMap::<RoomId, VecDeque<Instant>>::new(), Vec::new());
            while times.len() < replies as usize {
                let commit = match live.recv().await {
                    Ok(commit) => commit,
                    Err(RecvError::Lagged(_)) => panic!("the bench hears too slowly"),
                    Err(RecvError::Closed) => break,
                };
                for entry in commit.iter().flat_map(|news| &*news.entries) {
                    let Some((InboxStream::Room(room), _)) = entry.event else {
                        continue;
                    };
                    if entry.op != "message.post" {
                        continue;
                    }
                    let room = open.entry(room).or_default();
                    match entry.actor {
                        Some(ActorId::Person(_)) => room.push_back(Instant::now()),
                        _ => times.extend(room.pop_front().map(|then| then.elapsed().as_secs_f64() * 1000.0)),
                    }
                }
            }
            times
        })
    }
}
