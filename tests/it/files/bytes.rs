//! What was uploaded comes back, whole and in parts, and as nothing that it is not.

use super::{upload, uploaded};
use mesh_service::housekeeping::sweep_blobs;
use mesh_tests::{PICTURE, TestServer, content_digest, on_both_engines, send};
use reqwest::{Body, Method};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

on_both_engines! {
    async fn a_file_comes_back(server) {
        let mesh = server.mesh("home").await;
        let room = mesh.room("general").await;
        let file = uploaded(&mesh.creator, &room, "notes.txt", "some notes").await;
        assert_eq!((&file["name"], &file["media_type"], &file["size"]), (&json!("notes.txt"), &json!("text/plain"), &json!(10)));
        let content = format!("/files/{}/content", file["id"].as_str().unwrap());
        let whole = mesh.creator.get(&content).await;
        assert_eq!((whole.status, &whole.bytes[..]), (200, &b"some notes"[..]));
        let hex = file["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap();
        assert_eq!(whole.header("etag"), format!("\"{hex}\""));
        assert_eq!(whole.header("content-disposition"), "attachment; filename*=UTF-8''notes.txt");
        assert_eq!(whole.header("content-security-policy"), "sandbox; default-src 'none'");
        assert_eq!(whole.header("x-content-type-options"), "nosniff");
        assert_eq!(whole.header("accept-ranges"), "bytes");
        assert_eq!(mesh.creator.get(&format!("/files/{}", file["id"].as_str().unwrap())).await.expect(200), file);
    }

    /// A message shows its files, and shows them no more when they are deleted.
    async fn a_message_shows_files(server) {
        let mesh = server.mesh("home").await;
        let room = mesh.room("general").await;
        let mut ids = Vec::new();
        for name in ["a.txt", "b.txt"] {
            ids.push(uploaded(&mesh.creator, &room, name, name).await["id"].clone());
        }
        let path = format!("/rooms/{}/messages", room["id"].as_str().unwrap());
        let message = mesh.creator.post(&path, json!({ "text": "", "file_ids": ids })).await.expect(201);
        let names = |message: &Value| message["files"].as_array().map(|files| files.iter().map(|file| file["name"].clone()).collect::<Vec<_>>());
        assert_eq!(names(&message), Some(vec!["a.txt".into(), "b.txt".into()]));
        let read = format!("/messages/{}", message["id"].as_str().unwrap());
        assert_eq!(mesh.creator.get(&read).await.expect(200), message);
        // Each once: neither again in another message nor twice in one.
        let again = mesh.creator.post(&path, json!({ "text": "x", "file_ids": [ids[0]] })).await;
        assert_eq!(again.refused(422, "validation_failed")["errors"][0]["pointer"], "/file_ids/0");
        mesh.creator.post(&path, json!({ "text": "" })).await.refused(422, "validation_failed");
        let file = format!("/files/{}", ids[0].as_str().unwrap());
        assert_eq!(mesh.creator.get(&file).await.expect(200)["message_id"], message["id"]);
        mesh.creator.delete(&file).await.expect(204);
        mesh.creator.get(&file).await.refused(404, "not_found");
        mesh.creator.get(&format!("{file}/content")).await.refused(404, "not_found");
        assert_eq!(names(&mesh.creator.get(&read).await.expect(200)), Some(vec!["b.txt".into()]));
        // A message takes its files along.
        mesh.creator.delete(&read).await.expect(204);
        mesh.creator.get(&format!("/files/{}", ids[1].as_str().unwrap())).await.refused(404, "not_found");
        let list = mesh.creator.get(&format!("/rooms/{}/files", room["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(list["items"], json!([]));
        let events = mesh.creator.get(&format!("/rooms/{}/events", room["id"].as_str().unwrap())).await.expect(200);
        let kinds: Vec<_> = events["items"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["message.deleted", "file.deleted", "message.created", "file.added", "file.added", "room_member.joined"]);
    }

    async fn a_list_is_by_kind_and_by_who_uploaded(server) {
        let mesh = server.mesh("home").await;
        let bob = server.person("bob").await;
        mesh.join(&bob, "member").await;
        let room = mesh.room("general").await;
        let join = format!("/rooms/{}/join", room["id"].as_str().unwrap());
        bob.post(&join, json!({})).await.expect(200);
        uploaded(&mesh.creator, &room, "a.txt", "a").await;
        let picture = upload(&bob, &room, "p.png", PICTURE).await.expect(201);
        let list = format!("/rooms/{}/files", room["id"].as_str().unwrap());
        let page = mesh.creator.get(&format!("{list}?kind=image")).await.expect(200);
        assert_eq!(page["items"], json!([picture]));
        let by = &bob.id;
        assert_eq!(mesh.creator.get(&format!("{list}?uploaded_by={by}")).await.expect(200)["items"], json!([picture]));
        let first = mesh.creator.get(&format!("{list}?limit=1")).await.expect(200);
        assert_eq!(first["items"], json!([picture]));
        let cursor = first["next_cursor"].as_str().unwrap();
        let next = mesh.creator.get(&format!("{list}?limit=1&cursor={cursor}")).await.expect(200);
        assert_eq!(next["items"][0]["name"], "a.txt");
        mesh.creator.get(&format!("{list}?kind=%25")).await.refused(422, "validation_failed");
    }
}

#[tokio::test]
async fn parts_are_given() {
    let server = TestServer::start(mesh_tests::Engine::Sqlite).await;
    let mesh = server.mesh("home").await;
    let room = mesh.room("general").await;
    let file = uploaded(&mesh.creator, &room, "digits", "0123456789").await;
    let content = format!("/files/{}/content", file["id"].as_str().unwrap());
    let part =
        |name: &'static str, value: String| send(mesh.creator.request(Method::GET, &content).header(name, value));
    let found = part("range", "bytes=2-4".into()).await;
    assert_eq!((found.status, &found.bytes[..]), (206, &b"234"[..]));
    assert_eq!(
        (found.header("content-range"), found.header("content-length")),
        ("bytes 2-4/10", "3")
    );
    let beyond = part("range", "bytes=10-".into()).await;
    assert_eq!((beyond.status, beyond.header("content-range")), (416, "bytes */10"));
    let tag = found.header("etag").to_owned();
    assert_eq!(part("if-none-match", tag.clone()).await.status, 304);
    for (tag, status) in [(tag.as_str(), 206), ("\"another\"", 200)] {
        let request = mesh
            .creator
            .request(Method::GET, &content)
            .header("range", "bytes=0-0")
            .header("if-range", tag);
        assert_eq!(send(request).await.status, status, "{tag}");
    }
    let head = send(mesh.creator.request(Method::HEAD, &content)).await;
    assert_eq!(
        (head.status, head.header("content-length"), head.bytes.len()),
        (200, "10", 0)
    );
    let nothing = uploaded(&mesh.creator, &room, "nothing", "").await;
    let nothing = mesh
        .creator
        .get(&format!("/files/{}/content", nothing["id"].as_str().unwrap()))
        .await;
    assert_eq!((nothing.status, nothing.bytes.len()), (200, 0));
}

/// Attacks 28 and 30.
#[tokio::test]
async fn nothing_runs_and_no_name_leads_elsewhere() {
    let server = TestServer::start(mesh_tests::Engine::Sqlite).await;
    let mesh = server.mesh("home").await;
    let room = mesh.room("general").await;
    let svg = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    let html = "<!DOCTYPE html><script>alert(1)</script>";
    for (name, kind, bytes) in [
        ("a.svg", "image/svg+xml", svg),
        ("a.png", "image/png", html),
        ("a.html", "text/html", html),
    ] {
        let request = mesh.creator.request(
            Method::POST,
            &format!("/rooms/{}/files?name={name}", room["id"].as_str().unwrap()),
        );
        let file = send(request.header("content-type", kind).body(bytes)).await.expect(201);
        let shown = mesh
            .creator
            .get(&format!("/files/{}/content", file["id"].as_str().unwrap()))
            .await;
        assert!(shown.header("content-disposition").starts_with("attachment;"), "{name}");
        assert_eq!(shown.header("content-security-policy"), "sandbox; default-src 'none'");
        assert_ne!(file["media_type"], "image/png");
        assert_ne!(file["media_type"], "image/svg+xml");
    }
    let picture = upload(&mesh.creator, &room, "p.html", PICTURE).await.expect(201);
    assert_eq!(picture["media_type"], "image/png");
    let shown = mesh
        .creator
        .get(&format!("/files/{}/content", picture["id"].as_str().unwrap()))
        .await;
    assert!(shown.header("content-disposition").starts_with("inline;"));
    for (sent, kept) in [
        ("attachment; filename=\"../../etc/passwd\"", "passwd"),
        ("attachment; filename*=UTF-8''a%00b%E2%80%AEgpj.exe", "abgpj.exe"),
        ("attachment", "file"),
    ] {
        let request = mesh
            .creator
            .request(Method::POST, &format!("/rooms/{}/files", room["id"].as_str().unwrap()));
        let file = send(request.header("content-disposition", sent).body("x"))
            .await
            .expect(201);
        assert_eq!(file["name"], kept, "{sent}");
    }
}

/// Hundred megabytes pass through; what is the same is kept once, and what breaks off leaves nothing.
#[tokio::test]
async fn large_files_are_streamed() {
    let server = TestServer::start(mesh_tests::Engine::Sqlite).await;
    let mesh = server.mesh("home").await;
    let room = mesh.room("general").await;
    let path = format!("/rooms/{}/files?name=large", room["id"].as_str().unwrap());
    let stream = |parts: usize, breaks: bool| {
        let parts = (0..parts).map(|n| Ok(vec![u8::try_from(n % 251).unwrap(); 1 << 20]));
        let end = breaks.then(|| Err(std::io::Error::other("the client is gone")));
        Body::wrap_stream(futures_util::stream::iter(parts.chain(end)))
    };
    let send_large = |body| send(mesh.creator.request(Method::POST, &path).body(body));
    let first = send_large(stream(100, false)).await.expect(201);
    let second = send_large(stream(100, false)).await.expect(201);
    assert_eq!(
        (&first["size"], &first["digest"]),
        (&json!(100 << 20), &second["digest"])
    );
    send_large(stream(101, false)).await.refused(413, "too_large");
    let wrong = mesh
        .creator
        .request(Method::POST, &path)
        .header("content-digest", content_digest(b"other"))
        .body("this");
    send(wrong).await.refused(400, "digest_mismatch");
    let broken = mesh
        .creator
        .request(Method::POST, &path)
        .body(stream(3, true))
        .send()
        .await;
    assert!(broken.is_err());
    let blobs = server.data.join("blobs");
    let kept: Vec<_> = walk(&blobs.join("sha256"));
    assert_eq!(kept.len(), 1, "{kept:?}");
    let left = || walk(&blobs.join("incoming"));
    tokio::time::timeout(std::time::Duration::from_secs(10), async {
        while !left().is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("nothing is left of what broke off");
    let content = format!("/files/{}/content", first["id"].as_str().unwrap());
    let request = mesh
        .creator
        .request(Method::GET, &content)
        .header("range", "bytes=104857000-");
    let end = send(request).await;
    assert_eq!((end.status, end.bytes.len()), (206, 600));
    let whole = mesh.creator.get(&content).await;
    assert_eq!(whole.bytes.len(), 100 << 20);
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] })
        .collect()
}

on_both_engines! {
    /// What nothing names any more goes after a day, and nothing else.
    async fn unnamed_bytes_are_swept(server) {
        let mesh = server.mesh("home").await;
        let room = mesh.room("general").await;
        let file = uploaded(&mesh.creator, &room, "kept.txt", "kept").await;
        let deleted = uploaded(&mesh.creator, &room, "deleted.txt", "kept for thirty days").await;
        mesh.creator.delete(&format!("/files/{}", deleted["id"].as_str().unwrap())).await.expect(204);
        let bob = server.person("bob").await;
        let member = mesh.join(&bob, "member").await;
        let avatar = bob.op("avatar.put", &json!({ "member_id": member }));
        send(avatar).await.expect(200);
        let blobs = &server.host.settings.blobs;
        for bytes in ["nobody's", "nobody's either"] {
            blobs.keep(bytes.into()).await.unwrap();
        }
        assert_eq!(sweep_blobs(&server.host).await.unwrap(), 0);
        let now = u64::try_from(server.host.clock.now().0).unwrap();
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_millis(now) - Duration::from_hours(48);
        let all = walk(&server.data.join("blobs/sha256"));
        assert_eq!(all.len(), 6);
        for path in all {
            std::fs::File::options().write(true).open(path).unwrap().set_modified(long_ago).unwrap();
        }
        blobs.keep("nobody's either".into()).await.unwrap();
        assert_eq!(sweep_blobs(&server.host).await.unwrap(), 1);
        assert_eq!(walk(&server.data.join("blobs/sha256")).len(), 5);
        let content = format!("/files/{}/content", file["id"].as_str().unwrap());
        assert_eq!(mesh.creator.get(&content).await.bytes, b"kept");
    }
}
