//! Every write that is done leaves a row in the log.

use super::scene::{People, Scene};
use mesh_service::{
    Effect, OPS,
    event::{contract_name, is_heard},
};
use mesh_store::log;
use mesh_tests::{Engine, TestServer, send};

/// Writes that need more than the scene has. This list only shrinks.
const ELSEWHERE: &[&str] = &[
    // Need a component and a bot host.
    "bot_version.upload",
    "bot_version.activate",
    "bot.rollback",
    "bot.restart",
    "bot_version.delete",
    // Need a bot that answers.
    "bot.call",
    "bot_call.answer",
];

async fn position(server: &TestServer) -> i64 {
    let mut view = server.host.store.view().await.expect("a view");
    log::last_pos(&mut view.tx()).await.expect("a position")
}

/// What happens in a room, or to a bot, has a name that `bot.toml` can subscribe to.
async fn bots_can_name(server: &TestServer, scene: &Scene) {
    for stream in scene.streams() {
        let mut view = server.host.store.view().await.expect("a view");
        for entry in log::after(&mut view.tx(), stream, 0, 1000).await.expect("the log") {
            let name = contract_name(&entry.kind);
            assert!(is_heard(&name), "bots do not know `{name}`");
        }
    }
}

async fn every_write_leaves_a_row(engine: Engine) {
    let server = TestServer::start(engine).await;
    let mut people = People::new(&server).await;
    let mut n = 0;
    for op in OPS
        .iter()
        .filter(|op| op.spec.http.is_some() && op.spec.effect == Effect::Write)
    {
        if ELSEWHERE.contains(&op.spec.name) {
            continue;
        }
        n += 1;
        let scene = Scene::new(&server, &people, &format!("mesh{n}")).await;
        let before = position(&server).await;
        let who = match op.spec.name {
            // Only who is not in the mesh can come in by an invitation.
            "invite.accept" => &people.stranger,
            // The last owner of a room cannot leave it, nor the Creator the mesh; and Bob asked.
            "room.leave" | "member.leave" | "approval.cancel" => &people.bob,
            _ => &people.creator,
        };
        let mut request = who.op(op.spec.name, &scene.input(op.spec.name));
        if op.spec.if_match_required {
            request = request.header("if-match", "*");
        }
        let answer = send(request).await;
        let told = String::from_utf8_lossy(&answer.bytes).into_owned();
        assert_eq!(
            Some(answer.status),
            op.spec.http.map(|http| http.status),
            "{}: {told}",
            op.spec
        );
        assert!(position(&server).await > before, "{} left no row", op.spec);
        bots_can_name(&server, &scene).await;
        if op.spec.name == "auth.logout" {
            people.creator = server.sign_in(&people.creator).await;
        }
    }
}

#[tokio::test]
async fn every_write_leaves_a_row_on_sqlite() {
    every_write_leaves_a_row(Engine::Sqlite).await;
}

#[tokio::test]
async fn every_write_leaves_a_row_on_postgres() {
    every_write_leaves_a_row(Engine::Postgres).await;
}
