//! A question is handed on.

use super::{approve, read};
use crate::approvals::{Stage, told};
use mesh_tests::{Client, Live, Response, on_both_engines};
use serde_json::json;

async fn hand_on(who: &Client, approval: &str, to: &str) -> Response {
    who.post(&format!("/approvals/{approval}/delegate"), json!({ "person_id": to }))
        .await
}

on_both_engines! {
    /// The other one decides, and who handed it on does not.
    async fn another_person_decides(server) {
        let stage = Stage::new(server).await;
        let (admin, member) = (stage.person(server, "admin").await, stage.person(server, "member").await);
        let guest = stage.person(server, "guest").await;
        let mut members = Live::follow(server, &member).await;
        let approval = stage.held("May I?").await;
        hand_on(&member, &approval, &member.id).await.refused(403, "forbidden");
        for wrong in [&guest.id, &admin.id, &server.person("stranger").await.id] {
            hand_on(&admin, &approval, wrong).await.refused(422, "validation_failed");
        }
        let handed = hand_on(&admin, &approval, &member.id).await.expect(200);
        assert_eq!(handed["approver_ids"], json!([member.id]));
        assert_eq!(told(&mut members, "approval.requested", &approval).await["operation"], "message.post");
        approve(&admin, &approval).await.refused(403, "forbidden");
        // It may come back.
        hand_on(&member, &approval, &admin.id).await.expect(200);
        approve(&member, &approval).await.refused(403, "forbidden");
        hand_on(&admin, &approval, &member.id).await.expect(200);
        assert_eq!(approve(&member, &approval).await.expect(200)["decided_by"]["id"], json!(member.id));
        hand_on(&member, &approval, &admin.id).await.refused(409, "wrong_state");
        // Of this question only.
        let other = stage.held("And this?").await;
        approve(&member, &other).await.refused(403, "forbidden");
        approve(&admin, &other).await.expect(200);
    }

    /// Handing on makes no second vote, and nobody hands anything to whoever asks.
    async fn a_vote_is_not_handed_on(server) {
        let stage = Stage::new(server).await;
        stage.rule("two", json!({ "about": "message.post", "votes": 2 })).await.expect(200);
        let (admin, member) = (stage.person(server, "admin").await, stage.person(server, "member").await);
        let approval = stage.held("May I?").await;
        approve(&admin, &approval).await.expect(200);
        hand_on(&admin, &approval, &member.id).await.refused(409, "wrong_state");
        hand_on(&stage.mesh.creator, &approval, &member.id).await.expect(200);
        approve(&stage.mesh.creator, &approval).await.refused(403, "forbidden");
        assert_eq!(approve(&member, &approval).await.expect(200)["state"], "approved");
        assert_eq!(read(&member, &approval).await["votes"].as_array().unwrap().len(), 2);

        let call = json!({ "room_id": stage.room, "text": "mine" });
        member.post(&format!("/rooms/{}/join", stage.room), json!({})).await;
        let asked = stage.ask(&member, json!({ "question": "", "operation": "message.post", "input": call })).await;
        let approval = asked.expect(201)["id"].as_str().unwrap().to_owned();
        hand_on(&admin, &approval, &member.id).await.refused(422, "validation_failed");
    }
}
