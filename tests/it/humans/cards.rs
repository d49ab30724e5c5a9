//! Cards show in a room what waits for people.

use super::{approve, reject};
use crate::approvals::{Stage, id};
use mesh_tests::{messages_until, on_both_engines, send};
use serde_json::{Value, json};

impl Stage {
    /// The card of a question in a room, once its text has this in it.
    async fn card(&self, room: &str, approval: &str, says: &str) -> Value {
        let is_it =
            |message: &Value| message["approval_id"] == approval && message["text"].as_str().unwrap().contains(says);
        let all = messages_until(&self.mesh.creator, room, |all| all.iter().any(is_it)).await;
        all.iter().find(|message| is_it(message)).unwrap().clone()
    }
}

on_both_engines! {
    /// A card appears where the bot would act, without what it would say, and changes with the question.
    async fn a_card_shows_the_question(server) {
        let stage = Stage::new(server).await;
        let approval = stage.held("unspoken words").await;
        let card = stage.card(&stage.room, &approval, "asks to call `message.post`").await;
        assert_eq!(card["author"]["id"], json!(stage.bot));
        assert!(!card.to_string().contains("unspoken"), "{card}");
        let asked = stage.client.get(&format!("/approvals/{approval}")).await.expect(200);
        assert_eq!(asked["card_id"], card["id"]);

        // The server writes what it says, and it stays while it matters.
        let path = format!("/messages/{}", card["id"].as_str().unwrap());
        stage.grant("message.edit", "allow", "*").await;
        stage.grant("message.delete", "allow", "*").await;
        stage.client.patch(&path, json!({ "text": "approved!" })).await.refused(403, "forbidden");
        stage.client.delete(&path).await.refused(409, "wrong_state");
        stage.mesh.creator.delete(&path).await.refused(409, "wrong_state");

        approve(&stage.mesh.creator, &approval).await.expect(200);
        let card = stage.card(&stage.room, &approval, "It was done (201)").await;
        assert!(card["text"].as_str().unwrap().contains("creator\\-of\\-home agreed."), "{card}");
        assert!(!card.to_string().contains("unspoken"), "{card}");
        stage.mesh.creator.delete(&path).await.expect(204);
    }

    /// Each way in which a question ends is on its card.
    async fn a_card_says_how_it_ended(server) {
        let stage = Stage::new(server).await;
        stage.rule("two", json!({ "about": "message.post", "votes": 2 })).await.expect(200);
        let admin = stage.person(server, "admin").await;
        let approval = stage.held("one").await;
        approve(&admin, &approval).await.expect(200);
        stage.card(&stage.room, &approval, "admin agreed; it waits for 2 people until").await;
        reject(&stage.mesh.creator, &approval).await.expect(200);
        let card = stage.card(&stage.room, &approval, "said no").await;
        assert!(card["revision"].as_i64() > Some(2), "{card}");
        let approval = stage.held("two").await;
        stage.client.post(&format!("/approvals/{approval}/cancel"), json!({})).await.expect(200);
        stage.card(&stage.room, &approval, "Rob took it back").await;
        let approval = stage.held("three").await;
        let then = server.host.clock.now().plus_seconds(24 * 3600 + 1);
        mesh_service::approval::settle(&server.host, then).await.unwrap();
        stage.card(&stage.room, &approval, "Nobody decided in time").await;
    }

    /// A rule may send cards elsewhere, where only those are who decide.
    async fn a_rule_names_the_room(server) {
        let stage = Stage::new(server).await;
        let desk = id(&stage.mesh.private_room("desk").await);
        stage.rule("desk", json!({ "about": "*", "cards_room_id": desk })).await.expect(200);
        let approval = stage.held("May I?").await;
        stage.card(&desk, &approval, "asks to call `message.post`").await;
        let asked = stage.ask(&stage.client, json!({ "question": "unspoken words" })).await.expect(201);
        let card = stage.card(&desk, &id(&asked), "asks a question").await;
        assert!(!card.to_string().contains("unspoken"), "{card}");
        let here = stage.mesh.creator.get(&format!("/rooms/{}/messages", stage.room)).await.expect(200);
        assert_eq!(here["items"], json!([]));
        reject(&stage.mesh.creator, &approval).await.expect(200);
        stage.card(&desk, &approval, "said no").await;
    }

    /// Asking is no way to write where one may not.
    async fn no_card_where_the_asker_does_not_write(server) {
        let stage = Stage::new(server).await;
        let creator = &stage.mesh.creator;
        let other = id(&stage.mesh.room("other").await);
        let member = stage.person(server, "member").await;
        let settings = json!({ "room_id": stage.room, "who_may_post": "leads" });
        send(creator.op("room_settings.update", &settings).header("if-match", "*")).await.expect(200);
        for (who, room) in [(&*member, &other), (&stage.client, &stage.room)] {
            let asked = stage.ask(who, json!({ "question": "Look here!", "room_id": room })).await.expect(201);
            assert_eq!(asked["card_id"], Value::Null, "{asked}");
            let all = creator.get(&format!("/rooms/{room}/messages")).await.expect(200);
            assert_eq!(all["items"], json!([]));
        }
    }
}
