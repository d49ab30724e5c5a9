//! The golden bot of every version of the contract, on a running server.

use mesh_tests::{Program, deploy, golden_bots, messages_until};
use serde_json::json;

#[tokio::test]
async fn bots_of_every_version_of_the_contract_answer() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let program = Program::start(&data);
    let person = program.first_person().await;
    let mesh = person.post("/meshes", json!({ "name": "home" })).await.expect(201);
    let mesh = mesh["id"].as_str().unwrap();
    for (version, component) in golden_bots() {
        let room = person
            .post(&format!("/meshes/{mesh}/rooms"), json!({ "name": version }))
            .await
            .expect(201);
        let room = room["id"].as_str().unwrap();
        let bot = deploy(&person, mesh, &version, component).await;
        person
            .post(&format!("/rooms/{room}/bots"), json!({ "bot_id": bot, "hears": "all" }))
            .await
            .expect(201);
        let body = json!({ "text": "are you there?" });
        person.post(&format!("/rooms/{room}/messages"), body).await.expect(201);
        messages_until(&person, room, |all| {
            all.iter()
                .any(|message| message["author"]["kind"] == "bot" && message["text"] == "are you there?")
        })
        .await;
    }
}
