//! Attack 45: a bot decides its own request, or another bot's, by whatever door; and what else is for people. That
//! no such operation has a door for models at all is tested beside the table of operations.

use super::read;
use crate::approvals::{Stage, id};
use mesh_tests::{Client, TestServer, on_both_engines, send};
use reqwest::Method;
use serde_json::{Value, json};

/// What a bot would like to do about this question and itself: operation and input.
fn wishes(stage: &Stage, approval: &str) -> Vec<(&'static str, Value)> {
    let (mesh, bot, person) = (&stage.mesh.id, &stage.bot, &stage.mesh.creator.id);
    let terms = json!({ "about": "*", "deadline_s": 60 });
    vec![
        ("approval.approve", json!({ "approval_id": approval })),
        ("approval.reject", json!({ "approval_id": approval })),
        (
            "approval.delegate",
            json!({ "approval_id": approval, "person_id": person }),
        ),
        (
            "approval_rule.put",
            json!({ "mesh_id": mesh, "rule": "mine", "terms": terms }),
        ),
        ("approval_rule.delete", json!({ "mesh_id": mesh, "rule": "careful" })),
        ("autonomy.set", json!({ "bot_id": bot, "level": "act" })),
        (
            "bot_grant.put",
            json!({ "bot_id": bot, "permission": "message.post", "effect": "allow" }),
        ),
    ]
}

/// A tool call over MCP.
async fn tool(who: &Client, name: &str, arguments: &Value) -> Value {
    let params = json!({ "name": name, "arguments": arguments });
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    let request = who.request(Method::POST, "//mcp");
    let request = request
        .header("accept", "application/json, text/event-stream")
        .json(&message);
    send(request).await.json
}

/// Another bot in the same mesh, with whatever a bot may be granted.
async fn accomplice(server: &TestServer, stage: &Stage) -> Client {
    let creator = &stage.mesh.creator;
    let body = json!({ "name": "Accomplice", "runtime": "external" });
    let bot = id(&creator
        .post(&format!("/meshes/{}/bots", stage.mesh.id), body)
        .await
        .expect(201));
    let member = creator.get(&format!("/bots/{bot}")).await.expect(200)["member_id"].clone();
    let path = format!("/members/{}/role", member.as_str().unwrap());
    creator.put(&path, json!({ "role": "moderator" })).await.expect(200);
    let path = format!("/bots/{bot}/grants/approval.request");
    creator.put(&path, json!({ "effect": "allow" })).await.expect(200);
    let token = creator
        .post(&format!("/bots/{bot}/token/rotate"), json!({}))
        .await
        .expect(201);
    server.with_token(token["token"].as_str().unwrap())
}

on_both_engines! {
    /// Neither the bot that asks nor another one gets anywhere, by any door, also not by asking to.
    async fn no_bot_decides(server) {
        let stage = Stage::new(server).await;
        stage.rule("careful", json!({ "about": "message.post" })).await.expect(200);
        let approval = stage.held("May I?").await;
        let another = accomplice(server, &stage).await;
        for bot in [&stage.client, &another] {
            for (op, input) in wishes(&stage, &approval) {
                let told = bot.call(op, input.clone()).await.refused(403, "forbidden");
                assert_eq!(told["reason"], "human_only", "{op}");
                let asked = json!({ "question": "", "operation": op, "input": input });
                let told = stage.ask(bot, asked).await.refused(403, "forbidden");
                assert_eq!(told["reason"], "human_only", "asking for {op}");
                let told = tool(bot, &op.replace('.', "_"), &input).await;
                assert!(told["error"].is_object() || told["result"]["isError"] == true, "{op}: {told}");
            }
        }
        let asked = read(&stage.mesh.creator, &approval).await;
        assert_eq!((&asked["state"], &asked["votes"]), (&json!("pending"), &json!([])));
    }

    /// An agent with the token of a person who decides has no tool for it, and the token has to name the right.
    async fn no_agent_decides(server) {
        let stage = Stage::new(server).await;
        stage.rule("careful", json!({ "about": "message.post" })).await.expect(200);
        let approval = stage.held("May I?").await;
        let end = server.host.clock.now().plus_seconds(3600);
        let wish = json!({ "name": "agent", "permissions": ["approval.read", "approval.request"], "expires_at": end });
        let made = stage.mesh.creator.post("/me/tokens", wish).await.expect(201);
        let agent = server.with_token(made["token"].as_str().unwrap());
        for (op, input) in wishes(&stage, &approval) {
            let told = agent.call(op, input.clone()).await.refused(403, "forbidden");
            assert_eq!(told["reason"], "scope", "{op}");
            let asked = json!({ "question": "", "operation": op, "input": input });
            stage.ask(&agent, asked).await.refused(403, "forbidden");
            // Not even with the whole session is there a tool.
            for who in [&agent, &*stage.mesh.creator] {
                let told = tool(who, &op.replace('.', "_"), &input).await;
                assert!(told["error"].is_object() || told["result"]["isError"] == true, "{op}: {told}");
            }
        }
        assert_eq!(read(&stage.mesh.creator, &approval).await["state"], "pending");
    }
}
