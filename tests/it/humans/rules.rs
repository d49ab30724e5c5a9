//! Which calls a rule is about, and what it makes of them.

use super::{approve, read};
use crate::approvals::{Stage, id};
use mesh_tests::on_both_engines;
use serde_json::json;

on_both_engines! {
    /// A rule makes a bot ask about what it was granted, until the rule is gone.
    async fn a_rule_makes_bots_ask(server) {
        let stage = Stage::new(server).await;
        stage.grant("message.post", "allow", "*").await;
        let (posts, body) = (format!("/rooms/{}/messages", stage.room), json!({ "text": "hi" }));
        stage.client.post(&posts, body.clone()).await.expect(201);
        stage.rule("careful", json!({ "about": "message.*", "asks": true })).await.expect(200);
        let approval = stage.held("May I?").await;
        assert_eq!(read(&stage.client, &approval).await["rule"], "careful");
        // What only looks does not wait, and the rule is about bots.
        stage.client.post("/me/sync", json!({})).await.expect(200);
        stage.mesh.creator.post(&posts, body.clone()).await.expect(201);
        // Nobody answers a rule by granting something.
        let path = format!("/approvals/{approval}/approve");
        for scope in ["room", "always"] {
            let told = stage.mesh.creator.post(&path, json!({ "scope": scope })).await;
            assert_eq!(told.refused(422, "validation_failed")["errors"][0]["pointer"], "/scope");
        }
        approve(&stage.mesh.creator, &approval).await.expect(200);
        assert_eq!(stage.words(3).await, ["hi", "hi", "May I?"]);
        let why = json!({ "op": "message.post", "resource": stage.room });
        let why = stage.mesh.creator.post(&format!("/bots/{}/explain", stage.bot), why).await.expect(200);
        assert_eq!((&why["verdict"], &why["decided_by"]), (&json!("ask"), &json!("approval")), "{why}");

        let rules = format!("/meshes/{}/approval-rules", stage.mesh.id);
        let listed = stage.client.get(&rules).await.expect(200);
        assert_eq!((&listed["items"][0]["rule"], &listed["items"][0]["terms"]["votes"]), (&json!("careful"), &json!(1)));
        stage.mesh.creator.delete(&format!("{rules}/careful")).await.expect(204);
        stage.mesh.creator.delete(&format!("{rules}/careful")).await.refused(404, "not_found");
        stage.client.post(&posts, body).await.expect(201);
    }

    /// A rule may be about one room, one bot and one operation.
    async fn a_rule_has_a_reach(server) {
        let stage = Stage::new(server).await;
        stage.grant("message.post", "allow", "*").await;
        let other = id(&stage.mesh.room("other").await);
        let body = json!({ "bot_id": stage.bot });
        stage.mesh.creator.post(&format!("/rooms/{other}/bots"), body).await.expect(201);
        let body = json!({ "name": "Else", "runtime": "external" });
        let bot = id(&stage.mesh.creator.post(&format!("/meshes/{}/bots", stage.mesh.id), body).await.expect(201));
        let posts = |room: &str| format!("/rooms/{room}/messages");
        for (terms, here, there) in [
            (json!({ "about": "message.post", "room_id": stage.room }), 202, 201),
            (json!({ "about": "message.post", "room_id": other }), 201, 202),
            (json!({ "about": "op:message.post", "bot_id": stage.bot }), 202, 202),
            (json!({ "about": "op:message.post", "bot_id": bot }), 201, 201),
            (json!({ "about": "op:message.edit" }), 201, 201),
            (json!({ "about": "member.*" }), 201, 201),
            (json!({ "about": "*" }), 202, 202),
        ] {
            let mut asks = terms.clone();
            asks["asks"] = json!(true);
            stage.rule("reach", asks).await.expect(200);
            for (room, status) in [(&stage.room, here), (&other, there)] {
                let told = stage.client.post(&posts(room), json!({ "text": "hi" })).await;
                assert_eq!(told.status, status, "{terms} in {room}");
            }
        }
    }

    /// Of several rules the narrowest says who decides, and a question keeps the one it was asked under.
    async fn the_narrowest_rule_decides(server) {
        let stage = Stage::new(server).await;
        for (name, terms) in [
            ("all", json!({ "about": "*", "votes": 5 })),
            ("family", json!({ "about": "message.*", "votes": 4 })),
            ("permission", json!({ "about": "message.post", "votes": 3 })),
            ("operation", json!({ "about": "op:message.post", "votes": 2 })),
            ("here", json!({ "about": "message.*", "room_id": stage.room, "votes": 2, "deadline_s": 60 })),
            ("bot", json!({ "about": "*", "room_id": stage.room, "bot_id": stage.bot })),
        ] {
            stage.rule(name, terms.clone()).await.expect(200);
            let approval = stage.held(name).await;
            let asked = read(&stage.client, &approval).await;
            assert_eq!(asked["rule"], name, "{terms}");
            assert_eq!(asked["votes_needed"], terms["votes"].as_u64().unwrap_or(1), "{terms}");
        }
        let approval = stage.held("kept").await;
        stage.rule("bot", json!({ "about": "*", "room_id": stage.room, "bot_id": stage.bot, "votes": 2 })).await.expect(200);
        assert_eq!(approve(&stage.mesh.creator, &approval).await.expect(200)["state"], "approved");
    }

    /// Wrong rules say where they are wrong.
    async fn wrong_rules(server) {
        let stage = Stage::new(server).await;
        let elsewhere = server.mesh("elsewhere").await;
        let other = id(&elsewhere.room("other").await);
        let guest = stage.person(server, "guest").await;
        for (terms, at) in [
            (json!({ "about": "message" }), "/terms/about"),
            (json!({ "about": "sofa.*" }), "/terms/about"),
            (json!({ "about": "op:no.such" }), "/terms/about"),
            (json!({ "about": "op:auth.login" }), "/terms/about"),
            (json!({ "about": "op:message.list", "asks": true }), "/terms/asks"),
            (json!({ "about": "op:outbound.fetch", "asks": true }), "/terms/asks"),
            (json!({ "about": "message.read", "asks": true }), "/terms/asks"),
            (json!({ "about": "*", "room_id": other }), "/terms/room_id"),
            (json!({ "about": "*", "cards_room_id": other }), "/terms/cards_room_id"),
            (json!({ "about": "*", "bot_id": stage.bot.replace("bot_0", "bot_1") }), "/terms/bot_id"),
            (json!({ "about": "*", "approver_role": "guest" }), "/terms/approver_role"),
            (json!({ "about": "*", "approver_ids": [guest.id] }), "/terms/approver_ids"),
            (json!({ "about": "*", "approver_ids": [elsewhere.creator.id] }), "/terms/approver_ids"),
            (json!({ "about": "*", "approver_ids": [stage.mesh.creator.id, stage.mesh.creator.id], "votes": 2 }), "/terms/votes"),
            (json!({ "about": "*", "votes": 0 }), "/terms/votes"),
            (json!({ "about": "*", "votes": 6 }), "/terms/votes"),
            (json!({ "about": "*", "deadline_s": 59 }), "/terms/deadline_s"),
            (json!({ "about": "message.*", "on_deadline": "allow" }), "/terms/on_deadline"),
            (json!({ "about": "message.post", "on_deadline": "allow", "votes": 2 }), "/terms/on_deadline"),
            (json!({ "about": "*", "sofa": 1 }), "/terms/sofa"),
        ] {
            let told = stage.rule("wrong", terms.clone()).await.refused(422, "validation_failed");
            assert_eq!(told["errors"][0]["pointer"], at, "{terms}: {told}");
        }
        stage.rule("Not-a-name", json!({ "about": "*" })).await.refused(422, "validation_failed");
        let member = stage.person(server, "member").await;
        let path = format!("/meshes/{}/approval-rules/mine", stage.mesh.id);
        member.put(&path, json!({ "terms": { "about": "*" } })).await.refused(403, "forbidden");
    }

    /// What nobody decides in time is a no, unless the rule says that silence is a yes.
    async fn deadlines(server) {
        let stage = Stage::new(server).await;
        let settle = async |seconds| {
            let then = server.host.clock.now().plus_seconds(seconds);
            mesh_service::approval::settle(&server.host, then).await.unwrap();
        };
        stage.rule("quick", json!({ "about": "message.post", "deadline_s": 60 })).await.expect(200);
        let approval = stage.held("no answer").await;
        settle(61).await;
        assert_eq!(read(&stage.client, &approval).await["state"], "expired");
        stage.rule("quick", json!({ "about": "message.post", "deadline_s": 60, "on_deadline": "allow" })).await.expect(200);
        let approval = stage.held("no objection").await;
        // Whoever asks on purpose does not shorten the time in which people can object.
        let call = json!({ "room_id": stage.room, "text": "hurry" });
        let wish = json!({ "question": "", "operation": "message.post", "input": call, "expires_in_s": 60 });
        stage.rule("quick", json!({ "about": "message.post", "deadline_s": 600, "on_deadline": "allow" })).await.expect(200);
        let hurry = id(&stage.ask(&stage.client, wish).await.expect(201));
        settle(61).await;
        assert_eq!(stage.words(1).await, ["no objection"]);
        let asked = read(&stage.client, &approval).await;
        assert_eq!((&asked["state"], &asked["decided_by"]), (&json!("approved"), &json!(null)));
        assert_eq!(read(&stage.client, &hurry).await["state"], "pending");
        settle(601).await;
        assert_eq!(stage.words(2).await, ["no objection", "hurry"]);
    }
}
