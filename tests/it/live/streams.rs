//! Every event once and in order, however slowly somebody reads.

use mesh_tests::{Live, on_both_engines};
use serde_json::{Value, json};

/// The `seq`s of a room's events up to this one, in the order of their arrival.
async fn seqs(live: &mut Live, stream: &str, last: i64) -> Vec<i64> {
    let mut seqs = Vec::new();
    while seqs.last() != Some(&last) {
        let event = live.until("event").await;
        if event["stream"] == stream {
            seqs.push(event["seq"].as_i64().unwrap());
        }
    }
    seqs
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

on_both_engines! {
    /// What was posted over one door comes through the other, with the request's id.
    async fn doors_agree(server) {
        let mesh = server.mesh("home").await;
        let room = mesh.room("general").await;
        let mut live = Live::follow(server, &mesh.creator).await;
        let path = format!("/rooms/{}/messages", id(&room));
        let posted = mesh.creator.post(&path, json!({ "text": "over REST" })).await.expect(201);
        assert_eq!(live.event("message.created").await["data"], posted);
        let answer = live.op("message.post", json!({ "room_id": room["id"], "text": "over a socket" })).await;
        assert_eq!((&answer["frame"], &answer["status"]), (&json!("result"), &json!(201)));
        let read = mesh.creator.get(&format!("/messages/{}", id(&answer["data"]))).await.expect(200);
        assert_eq!(read, answer["data"]);
    }

    /// From any position to the head, over the seam between the log and what is told live.
    async fn resuming_misses_nothing_and_repeats_nothing(server) {
        let mesh = server.mesh("home").await;
        let room = mesh.room("general").await;
        let (stream, path) = (format!("room:{}", id(&room)), format!("/rooms/{}/messages", id(&room)));
        for n in 0..250 {
            mesh.creator.post(&path, json!({ "text": format!("{n}") })).await.expect(201);
        }
        let mut live = Live::open(server, &mesh.creator).await;
        assert_eq!(live.hello["heads"][&stream], 251);
        let resumed = live.resume(json!({ &stream: 3 })).await;
        assert_eq!(resumed["replaying"], json!([stream]));
        let posting = async {
            for n in 0..50 {
                mesh.creator.post(&path, json!({ "text": format!("more {n}") })).await.expect(201);
            }
        };
        let (found, ()) = tokio::join!(seqs(&mut live, &stream, 301), posting);
        assert_eq!(found, (4..=301).collect::<Vec<_>>());
        // Back again on the same connection, and to where nothing is.
        live.resume(json!({ &stream: 299 })).await;
        assert_eq!(seqs(&mut live, &stream, 301).await, [300, 301]);
        let resumed = live.resume(json!({ &stream: 9000, "room:room_01h455vb4pex5vsknk084sn02q": 1, "x": 1 })).await;
        assert_eq!(resumed["expired"], json!([stream]));
        assert_eq!(resumed["forbidden"], json!(["room:room_01h455vb4pex5vsknk084sn02q", "x"]));
    }

    /// Somebody who does not read is not waited for, and gets everything from the log in the end.
    async fn a_slow_reader_loses_nothing(server) {
        let mesh = server.mesh("home").await;
        let room = mesh.room("general").await;
        let (stream, path) = (format!("room:{}", id(&room)), format!("/rooms/{}/messages", id(&room)));
        let mut slow = Live::follow(server, &mesh.creator).await;
        let mut quick = Live::follow(server, &mesh.creator).await;
        let text = "x".repeat(16 << 10);
        // More than the sockets' buffers and the queue of the connection hold.
        for _ in 0..1500 {
            mesh.creator.post(&path, json!({ "text": text })).await.expect(201);
            quick.event("message.created").await;
        }
        assert_eq!(seqs(&mut slow, &stream, 1501).await, (2..=1501).collect::<Vec<_>>());
    }

    /// Whoever comes into a room hears it from the event that says so.
    async fn a_new_room_is_heard_from_its_first_event(server) {
        let mesh = server.mesh("home").await;
        let bob = server.person("bob").await;
        let member = mesh.join(&bob, "member").await;
        let room = mesh.private_room("secret").await;
        let mut live = Live::follow(server, &bob).await;
        let seat = json!({ "member_id": member });
        mesh.creator.post(&format!("/rooms/{}/members", id(&room)), seat).await.expect(201);
        let joined = live.event("room_member.joined").await;
        assert_eq!((&joined["seq"], &joined["data"]["member"]["id"]), (&json!(2), &json!(member)));
        mesh.creator.post(&format!("/rooms/{}/messages", id(&room)), json!({ "text": "hi" })).await.expect(201);
        assert_eq!(live.event("message.created").await["seq"], 3);
    }

    /// A public room is heard while it is looked at.
    async fn rooms_are_looked_at_from_outside(server) {
        let mesh = server.mesh("home").await;
        let bob = server.person("bob").await;
        mesh.join(&bob, "member").await;
        let (open, shut) = (mesh.room("open").await, mesh.private_room("shut").await);
        let mut live = Live::follow(server, &bob).await;
        live.send(json!({ "frame": "subscribe", "room_id": shut["id"] })).await;
        assert_eq!(live.until("error").await["problem"]["code"], "not_found");
        live.send(json!({ "frame": "subscribe", "room_id": open["id"] })).await;
        live.until("resume").await;
        let path = format!("/rooms/{}/messages", id(&open));
        mesh.creator.post(&path, json!({ "text": "one" })).await.expect(201);
        assert_eq!(live.event("message.created").await["data"]["text"], "one");
        live.send(json!({ "frame": "unsubscribe", "room_id": open["id"] })).await;
        live.until("resume").await;
        mesh.creator.post(&path, json!({ "text": "two" })).await.expect(201);
        mesh.creator.post(&format!("/meshes/{}/rooms", mesh.id), json!({ "name": "last" })).await.expect(201);
        let next = loop {
            let next = live.until("event").await;
            // That Bob is there is told a moment after he came.
            if next["type"] != "presence.changed" {
                break next;
            }
        };
        assert_eq!(next["type"], "room.created", "{next}");
    }
}
