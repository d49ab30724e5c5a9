//! From the commit of a mention to the commit of the reply, inside one process.

use crate::{
    process::{cpu_ms, percentile},
    report::Report,
};
use mesh_authz::{Caller, Credential, Who};
use mesh_service::{
    Door, Envelope, Host, call,
    message::{PostMessage, PostMessageIn},
    rate::{Rate, Rates},
};
use mesh_tests::{Engine, Options, TestServer, component, deploy};
use mesh_types::{ActorId, PersonId, RequestId, RoomId};
use mesh_wasm::{EngineConfig, Limits, Supervisor, SupervisorConfig, compile::CompilerConfig};
use serde_json::json;
use std::{
    io::Write as _,
    sync::Arc,
    time::{Duration, Instant},
};

const ROUNDS: u32 = 2000;

/// The bot host over a test's server.
pub(crate) async fn supervise(host: &Arc<Host>, data: &std::path::Path) {
    let config = SupervisorConfig {
        engine: EngineConfig {
            instances: 100,
            ..EngineConfig::default()
        },
        compiler: CompilerConfig::new(data.join("compiled"), [9; 32].into()).expect("this program has a path"),
        limits: Limits::default(),
        idle: Duration::from_secs(30),
    };
    let supervisor = Supervisor::start(host.clone(), config)
        .await
        .expect("the bot host starts");
    assert!(host.runtime.set(supervisor).is_ok(), "the bot host is set once");
}

pub(crate) async fn measure(report: &mut Report) {
    let lots = Rate {
        per_second: 1_000_000,
        burst: 1_000_000,
    };
    let rates = Rates {
        actor: lots,
        address: lots,
        sign_in_per_minute: 1000,
    };
    let server = TestServer::start_with(
        Engine::Sqlite,
        Options {
            rates,
            ..Options::default()
        },
    )
    .await;
    supervise(&server.host, &server.data).await;
    let mesh = server.mesh("bench").await;
    let room = mesh.room("r").await;
    let room = room["id"].as_str().expect("an id");
    let bot = deploy(&mesh.creator, &mesh.id, "echo", component("echo")).await;
    mesh.creator
        .post(&format!("/rooms/{room}/bots"), json!({ "bot_id": bot }))
        .await
        .expect(201);
    let person: PersonId = mesh.creator.id.parse().expect("an id");
    let room: RoomId = room.parse().expect("an id");

    let mut live = server.host.live.subscribe();
    let (mut times, mut cpu) = (Vec::new(), 0.0);
    for round in 0..ROUNDS + 200 {
        if round == 200 {
            cpu = cpu_ms(std::process::id());
        }
        let caller = Caller {
            who: Who::Person {
                id: person,
                operator: false,
            },
            credential: session(),
        };
        let envelope = Envelope::new(caller, Door::Rest, RequestId::new(server.host.ids.next()));
        let input = PostMessageIn {
            room_id: room,
            text: "@echo hello".into(),
            thread_id: None,
            reply_to: None,
        };
        let posting = call::<PostMessage>(&server.host, envelope, input);
        let (mut mentioned, mut replied) = (None, None);
        let waiting = async {
            while replied.is_none() {
                let entries = live.recv().await.expect("the log goes on");
                for entry in entries.iter().filter(|entry| entry.op == "message.post" && entry.lead) {
                    match entry.actor {
                        Some(ActorId::Person(_)) => mentioned = Some(Instant::now()),
                        _ => replied = Some(Instant::now()),
                    }
                }
            }
        };
        let (posted, ()) = futures_util::join!(posting, waiting);
        posted.expect("posted");
        if round >= 200 {
            let took = replied.expect("a reply") - mentioned.expect("a mention");
            times.push(took.as_secs_f64() * 1000.0);
        }
    }
    let cpu = (cpu_ms(std::process::id()) - cpu) / f64::from(ROUNDS);
    times.sort_by(f64::total_cmp);
    let (p50, p99, sync) = (
        percentile(&times, 0.5),
        percentile(&times, 0.99),
        fdatasync_ms(&server.data),
    );
    report.add("fdatasync of a page, p50", format!("{sync:.2} ms"), "", true);
    let limit = format!("at most {:.2} ms (fdatasync + 0.5 ms)", sync + 0.5);
    report.add(
        "Echo bot: commit of the mention to commit of the reply, p50",
        format!("{p50:.2} ms"),
        &limit,
        p50 <= sync + 0.5,
    );
    report.add("The same, p99", format!("{p99:.2} ms"), "under 4 ms", p99 < 4.0);
    report.add(
        "Processor time a round, the mention's own post included",
        format!("{cpu:.2} ms"),
        "at most 0.3 ms",
        cpu <= 0.3,
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

/// What one forced write of a page costs on this disk.
fn fdatasync_ms(folder: &std::path::Path) -> f64 {
    let mut file = std::fs::File::create(folder.join("sync")).expect("a file");
    let mut times: Vec<f64> = (0..300)
        .map(|_| {
            file.write_all(&[1; 4096]).expect("written");
            let begun = Instant::now();
            file.sync_data().expect("synced");
            begun.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    percentile(&times, 0.5)
}
