//! Who decides under a rule, and how many have to agree.

use super::{approve, read, reject};
use crate::approvals::{Stage, id};
use mesh_tests::on_both_engines;
use serde_json::json;

on_both_engines! {
    /// Two people agree, each once, and only then it is done.
    async fn several_people_agree(server) {
        let stage = Stage::new(server).await;
        let terms = json!({ "about": "message.post", "approver_role": "moderator", "votes": 2 });
        stage.rule("two", terms).await.expect(200);
        let moderator = stage.person(server, "moderator").await;
        let member = stage.person(server, "member").await;
        let approval = stage.held("May I?").await;
        approve(&member, &approval).await.refused(403, "forbidden");
        let first = approve(&moderator, &approval).await.expect(200);
        assert_eq!((&first["state"], &first["votes_needed"]), (&json!("pending"), &json!(2)));
        approve(&moderator, &approval).await.refused(409, "conflict");
        let path = format!("/approvals/{approval}/approve");
        let lasting = stage.mesh.creator.post(&path, json!({ "scope": "always" })).await;
        lasting.refused(422, "validation_failed");
        assert_eq!(stage.words(0).await, Vec::<String>::new());
        let second = approve(&stage.mesh.creator, &approval).await.expect(200);
        assert_eq!(second["state"], "approved");
        let voters: Vec<_> = second["votes"].as_array().unwrap().iter().map(|vote| &vote["by"]["id"]).collect();
        assert_eq!(voters, [&json!(moderator.id), &json!(stage.mesh.creator.id)]);
        assert_eq!(stage.words(1).await, ["May I?"]);
        // What was decided stays decided.
        approve(&moderator, &approval).await.refused(409, "wrong_state");
        reject(&moderator, &approval).await.refused(409, "wrong_state");
    }

    /// Two who agree at the same moment are two.
    async fn votes_at_once_all_count(server) {
        let stage = Stage::new(server).await;
        stage.rule("two", json!({ "about": "message.post", "votes": 2 })).await.expect(200);
        let admin = stage.person(server, "admin").await;
        for n in 0..10 {
            let approval = stage.held(&format!("{n}")).await;
            let (one, two) = tokio::join!(approve(&admin, &approval), approve(&stage.mesh.creator, &approval));
            one.expect(200);
            two.expect(200);
            assert_eq!(read(&admin, &approval).await["state"], "approved");
        }
        assert_eq!(stage.words(10).await.len(), 10);
    }

    /// One no ends it, whoever agreed before.
    async fn one_no_ends_it(server) {
        let stage = Stage::new(server).await;
        stage.rule("two", json!({ "about": "message.post", "votes": 2 })).await.expect(200);
        let admin = stage.person(server, "admin").await;
        let approval = stage.held("May I?").await;
        approve(&admin, &approval).await.expect(200);
        assert_eq!(reject(&stage.mesh.creator, &approval).await.expect(200)["state"], "rejected");
        approve(&stage.mesh.creator, &approval).await.refused(409, "wrong_state");
        assert_eq!(stage.words(0).await, Vec::<String>::new());
    }

    /// Who left the mesh does not count any more.
    async fn who_left_does_not_count(server) {
        let stage = Stage::new(server).await;
        stage.rule("two", json!({ "about": "message.post", "votes": 2 })).await.expect(200);
        let admin = server.person("admin").await;
        let seat = stage.mesh.join(&admin, "admin").await;
        let approval = stage.held("May I?").await;
        approve(&admin, &approval).await.expect(200);
        stage.mesh.creator.delete(&format!("/members/{seat}")).await.expect(204);
        assert_eq!(approve(&stage.mesh.creator, &approval).await.expect(200)["state"], "pending");
    }

    /// Those whom a rule names decide, and nobody above them.
    async fn those_who_are_named_decide(server) {
        let stage = Stage::new(server).await;
        let member = stage.person(server, "member").await;
        let terms = json!({ "about": "message.post", "approver_ids": [member.id] });
        stage.rule("named", terms).await.expect(200);
        let approval = stage.held("May I?").await;
        let told = approve(&stage.mesh.creator, &approval).await.refused(403, "forbidden");
        assert_eq!(told["reason"], "policy");
        reject(&stage.mesh.creator, &approval).await.refused(403, "forbidden");
        let list = format!("/meshes/{}/approvals", stage.mesh.id);
        let ids = |list: serde_json::Value| list["items"].as_array().unwrap().iter().map(id).collect::<Vec<_>>();
        let mine = member.get(&format!("{list}?to_decide=true&state=pending")).await.expect(200);
        assert_eq!(ids(mine), std::slice::from_ref(&approval));
        let others = stage.mesh.creator.get(&format!("{list}?to_decide=true")).await.expect(200);
        assert!(ids(others).is_empty());
        member.get(&list).await.refused(403, "forbidden");
        assert_eq!(read(&member, &approval).await["held"]["input"]["text"], "May I?");
        assert_eq!(approve(&member, &approval).await.expect(200)["decided_by"]["id"], json!(member.id));
        // A rule that names somebody gives no rights but this one.
        let free = stage.ask(&stage.client, json!({ "question": "Now?" })).await.expect(201);
        approve(&member, &id(&free)).await.refused(403, "forbidden");
    }

    /// Not even a rule lets somebody answer what they asked.
    async fn nobody_answers_oneself(server) {
        let stage = Stage::new(server).await;
        let creator = &stage.mesh.creator;
        let terms = json!({ "about": "message.post", "approver_ids": [creator.id], "approver_role": "creator" });
        stage.rule("own", terms).await.expect(200);
        let call = json!({ "room_id": stage.room, "text": "mine" });
        let asked = stage.ask(creator, json!({ "question": "", "operation": "message.post", "input": call })).await;
        let approval = id(&asked.expect(201));
        approve(creator, &approval).await.refused(403, "forbidden");
        reject(creator, &approval).await.refused(403, "forbidden");
        let list = format!("/meshes/{}/approvals?to_decide=true", stage.mesh.id);
        assert_eq!(creator.get(&list).await.expect(200)["items"], json!([]));
    }

    /// People who choose differently do not agree.
    async fn a_choice_needs_its_own_votes(server) {
        let stage = Stage::new(server).await;
        stage.rule("two", json!({ "about": "*", "votes": 2 })).await.expect(200);
        let (admin, third) = (stage.person(server, "admin").await, server.person("third").await);
        stage.mesh.join(&third, "admin").await;
        let body = json!({ "question": "Which colour?", "choices": ["red", "green"] });
        let path = format!("/approvals/{}/approve", id(&stage.ask(&stage.client, body).await.expect(201)));
        for (who, choice, state) in [(&admin, "red", "pending"), (&stage.mesh.creator, "green", "pending"), (&third, "green", "approved")] {
            let told = who.post(&path, json!({ "choice": choice })).await.expect(200);
            assert_eq!(told["state"], state, "{choice}");
        }
    }
}
