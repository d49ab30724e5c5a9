//! Files are for those who are in their room.

use super::uploaded;
use mesh_tests::{on_both_engines, send};
use reqwest::Method;
use serde_json::json;

on_both_engines! {
    async fn others_see_nothing(server) {
        let mesh = server.mesh("home").await;
        let bob = server.person("bob").await;
        let member = mesh.join(&bob, "member").await;
        let room = mesh.private_room("secret").await;
        let id = room["id"].as_str().unwrap();
        let file = uploaded(&mesh.creator, &room, "plan.txt", "the plan").await;
        let file = format!("/files/{}", file["id"].as_str().unwrap());
        let content = format!("{file}/content");
        for path in [&file, &content, &format!("/rooms/{id}/files")] {
            bob.get(path).await.refused(404, "not_found");
        }
        bob.delete(&file).await.refused(404, "not_found");
        // Refused before a byte of it is read.
        let endless = futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>();
        let request = bob.request(Method::POST, &format!("/rooms/{id}/files"));
        send(request.body(reqwest::Body::wrap_stream(endless))).await.refused(404, "not_found");
        let seats = format!("/rooms/{id}/members");
        mesh.creator.post(&seats, json!({ "member_id": member })).await.expect(201);
        assert_eq!(bob.get(&content).await.bytes, b"the plan");
        // Reading is one thing, deleting what another uploaded is another.
        bob.delete(&file).await.refused(403, "forbidden");
        let own = uploaded(&bob, &room, "own.txt", "mine").await;
        let own = format!("/files/{}", own["id"].as_str().unwrap());
        // Nor can anybody show what another uploaded.
        let path = format!("/rooms/{id}/messages");
        let stolen = mesh.creator.post(&path, json!({ "text": "x", "file_ids": [own.trim_start_matches("/files/")] })).await;
        stolen.refused(422, "validation_failed");
        bob.delete(&own).await.expect(204);
        mesh.creator.delete(&format!("{seats}/{member}")).await.expect(204);
        bob.get(&content).await.refused(404, "not_found");
    }

    /// Names are found by their letters, and only where one may read.
    async fn only_readable_files_are_found(server) {
        let mesh = server.mesh("home").await;
        let bob = server.person("bob").await;
        mesh.join(&bob, "member").await;
        let (open, secret) = (mesh.room("open").await, mesh.private_room("secret").await);
        for n in 0..3 {
            uploaded(&mesh.creator, &open, &format!("Plan {n}%.txt"), "x").await;
            uploaded(&mesh.creator, &secret, &format!("secret plan {n}%.txt"), "x").await;
        }
        let search = |who: mesh_tests::Person, query: String| {
            let path = format!("/meshes/{}/search/files?q={query}", mesh.id);
            async move { who.get(&path).await.expect(200) }
        };
        let names = |page: &serde_json::Value| {
            let items = page["items"].as_array().unwrap().iter();
            items.map(|file| file["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let found = search(bob.clone(), "PLAN".into()).await;
        assert_eq!(names(&found), ["Plan 2%.txt", "Plan 1%.txt", "Plan 0%.txt"]);
        assert_eq!(names(&search(mesh.creator.clone(), "plan".into()).await).len(), 6);
        // These letters stand for themselves.
        assert_eq!(names(&search(bob.clone(), "1%25.t".into()).await), ["Plan 1%.txt"]);
        assert_eq!(names(&search(bob.clone(), "n_1".into()).await), Vec::<String>::new());
        let first = search(bob.clone(), "plan&limit=2".into()).await;
        assert_eq!(names(&first), ["Plan 2%.txt", "Plan 1%.txt"]);
        let cursor = first["next_cursor"].as_str().unwrap();
        let next = search(bob.clone(), format!("plan&limit=2&cursor={cursor}")).await;
        assert_eq!((names(&next), &next["next_cursor"]), (vec!["Plan 0%.txt".to_owned()], &json!(null)));
    }
}
