//! Buttons under messages.

use mesh_tests::{Client, Live, Mesh, Person, TestServer, on_both_engines};
use serde_json::{Value, json};

/// Bob, in a room of Ann's with a bot in it that runs elsewhere.
struct Scene {
    mesh: Mesh,
    bob: Person,
    room: String,
    bot: Client,
    bot_id: String,
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn buttons() -> Value {
    json!([
        { "id": "yes", "label": "Yes, please", "style": "primary", "value": "7" },
        { "id": "no", "label": "No", "style": "plain" },
    ])
}

async fn scene(server: &TestServer) -> Scene {
    let mesh = server.mesh("home").await;
    let bob = server.person("bob").await;
    mesh.join(&bob, "member").await;
    let room = text(&mesh.room("general").await["id"]);
    bob.post(&format!("/rooms/{room}/join"), json!({})).await;
    let bots = format!("/meshes/{}/bots", mesh.id);
    let bot = json!({ "name": "Asker", "runtime": "external" });
    let bot_id = text(&mesh.creator.post(&bots, bot).await.expect(201)["id"]);
    for permission in ["message.post", "message.edit"] {
        let path = format!("/bots/{bot_id}/grants/{permission}");
        let grant = json!({ "effect": "allow", "on": "*" });
        mesh.creator.put(&path, grant).await.expect(200);
    }
    let rotate = format!("/bots/{bot_id}/token/rotate");
    let token = mesh.creator.post(&rotate, json!({})).await.expect(201);
    let bot = server.with_token(token["token"].as_str().unwrap());
    let seat = json!({ "bot_id": bot_id, "hears": "mentions" });
    mesh.creator
        .post(&format!("/rooms/{room}/bots"), seat)
        .await
        .expect(201);
    Scene {
        mesh,
        bob,
        room,
        bot,
        bot_id,
    }
}

impl Scene {
    async fn ask(&self, who: &Client) -> String {
        let body = json!({ "text": "Shall I?", "actions": buttons() });
        let path = format!("/rooms/{}/messages", self.room);
        let posted = who.post(&path, body).await.expect(201);
        assert_eq!(posted["actions"], buttons());
        text(&posted["id"])
    }
}

on_both_engines! {
    /// The author alone is told: which button, what it carried, what came along, and who pressed it.
    async fn a_press_reaches_the_author(server) {
        let scene = scene(server).await;
        let message = scene.ask(&scene.bot).await;
        let read = scene.bob.get(&format!("/messages/{message}")).await.expect(200);
        assert_eq!(read["actions"], buttons());
        let (mut bot, mut ann) = (Live::follow(server, &scene.bot).await, Live::follow(server, &scene.mesh.creator).await);
        let path = format!("/messages/{message}/actions/yes");
        let values = json!({ "values": { "why": "because" } });
        for _ in 0..2 {
            scene.bob.post_keyed(&path, "once", values.clone()).await.expect(204);
        }
        scene.bob.post(&format!("/messages/{message}/actions/no"), json!({})).await.expect(204);
        let acted = bot.event("message.acted").await;
        assert_eq!(acted["stream"], format!("bot:{}", scene.bot_id));
        let data = &acted["data"];
        assert_eq!((&data["message"]["id"], &data["action_id"], &data["value"]), (&json!(message), &json!("yes"), &json!("7")));
        assert_eq!((&data["values"], &data["who"]["id"]), (&json!({ "why": "because" }), &json!(scene.bob.id)));
        let acted = bot.event("message.acted").await;
        assert_eq!((&acted["data"]["action_id"], &acted["data"]["value"], &acted["data"]["values"]), (&json!("no"), &Value::Null, &Value::Null));

        // The bot takes its buttons away, and everybody else only hears of that.
        let change = json!({ "text": "I shall.", "actions": [] });
        let changed = scene.bot.patch(&format!("/messages/{message}"), change).await.expect(200);
        assert_eq!((&changed["text"], &changed["actions"]), (&json!("I shall."), &Value::Null));
        loop {
            let event = ann.until("event").await;
            assert_ne!(event["type"], "message.acted");
            if event["type"] == "message.edited" {
                break;
            }
        }
        let gone = scene.bob.post(&path, json!({})).await.refused(409, "wrong_state");
        assert_eq!(gone["state"], "gone");
        let same = scene.bob.post_keyed(&path, "once", values).await;
        same.expect(204);
    }

    /// People's messages have buttons too, and an edit of one thing leaves the other.
    async fn people_have_buttons(server) {
        let scene = scene(server).await;
        let message = scene.ask(&scene.mesh.creator).await;
        let path = format!("/messages/{message}");
        let mut live = Live::follow(server, &scene.mesh.creator).await;
        scene.bob.post(&format!("{path}/actions/no"), json!({})).await.expect(204);
        assert_eq!(live.event("message.acted").await["stream"], format!("person:{}", scene.mesh.creator.id));
        let edited = scene.mesh.creator.patch(&path, json!({ "text": "May I?" })).await.expect(200);
        assert_eq!(edited["actions"], buttons());
        let one = json!([{ "id": "yes", "label": "Do", "style": "danger" }]);
        let edited = scene.mesh.creator.patch(&path, json!({ "actions": one })).await.expect(200);
        assert_eq!((&edited["text"], &edited["actions"]), (&json!("May I?"), &one));
        scene.mesh.creator.patch(&path, json!({})).await.refused(422, "validation_failed");
        scene.bob.patch(&path, json!({ "actions": [] })).await.refused(403, "forbidden");
        scene.mesh.creator.delete(&path).await.expect(204);
        let gone = scene.bob.post(&format!("{path}/actions/yes"), json!({})).await.refused(409, "wrong_state");
        assert_eq!(gone["state"], "deleted");
    }

    /// Who may react may press, and nobody else.
    async fn who_may_react_may_press(server) {
        let scene = scene(server).await;
        let message = scene.ask(&scene.bot).await;
        let press = format!("/messages/{message}/actions/yes");
        server.person("eve").await.post(&press, json!({})).await.refused(404, "not_found");
        server.anonymous().post(&press, json!({})).await.refused(401, "unauthenticated");
        let dora = server.person("dora").await;
        scene.mesh.join(&dora, "guest").await;
        dora.post(&press, json!({})).await.refused(404, "not_found");
        let large = json!({ "values": { "x": "x".repeat(16 << 10) } });
        scene.bob.post(&press, large).await.refused(422, "validation_failed");
        scene.bob.post(&press, json!({ "values": ["x"] })).await.refused(422, "validation_failed");
        scene.bob.post(&format!("/messages/{message}/actions/maybe"), json!({})).await.refused(409, "wrong_state");
        scene.mesh.creator.post(&format!("/rooms/{}/archive", scene.room), json!({})).await;
        let late = scene.bob.post(&press, json!({})).await.refused(409, "wrong_state");
        assert_eq!(late["state"], "archived");
    }

    /// Buttons are few, plain and short.
    async fn wrong_buttons_are_refused(server) {
        let scene = scene(server).await;
        let path = format!("/rooms/{}/messages", scene.room);
        let many: Vec<_> = (0..11).map(|n| json!({ "id": format!("b{n}"), "label": "B" })).collect();
        for (actions, pointer) in [
            (json!(many), "/actions"),
            (json!([{ "id": "A", "label": "A" }]), "/actions/0/id"),
            (json!([{ "id": "", "label": "A" }]), "/actions/0/id"),
            (json!([{ "id": "a", "label": "A" }, { "id": "a", "label": "B" }]), "/actions/1/id"),
            (json!([{ "id": "a", "label": " " }]), "/actions/0/label"),
            (json!([{ "id": "a", "label": "x".repeat(81) }]), "/actions/0/label"),
            (json!([{ "id": "a", "label": "A\nB" }]), "/actions/0/label"),
            (json!([{ "id": "a", "label": "A", "value": "x".repeat(2001) }]), "/actions/0/value"),
            (json!([{ "id": "a", "label": "A", "style": "loud" }]), "/actions/0/style"),
            (json!([{ "id": "a", "label": "A", "href": "x" }]), "/actions/0/href"),
        ] {
            let body = json!({ "text": "x", "actions": actions });
            let refused = scene.bob.post(&path, body).await.refused(422, "validation_failed");
            assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
        }
    }
}
