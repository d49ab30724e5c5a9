//! The Model Context Protocol, as far as rights go; `tests/clients` has the official client.

use mesh_tests::{Client, Response, on_both_engines, send};
use reqwest::Method;
use serde_json::{Value, json};

/// Sends one message.
async fn ask(who: &Client, method: &str, params: Value) -> Response {
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let accept = "application/json, text/event-stream";
    send(
        who.request(Method::POST, "//mcp")
            .header("accept", accept)
            .json(&message),
    )
    .await
}

async fn tools(who: &Client) -> Vec<String> {
    let told = ask(who, "tools/list", json!({})).await.expect(200);
    let tools = told["result"]["tools"].as_array().expect("tools").iter();
    tools.map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

async fn call(who: &Client, tool: &str, arguments: Value) -> Value {
    let told = ask(who, "tools/call", json!({ "name": tool, "arguments": arguments }))
        .await
        .expect(200);
    told["result"].clone()
}

async fn code(who: &Client, tool: &str, arguments: Value) -> String {
    let result = call(who, tool, arguments).await;
    assert_eq!(result["isError"], true, "{result}");
    result["structuredContent"]["code"].as_str().unwrap().to_owned()
}

on_both_engines! {
    /// Tools are listed by what the caller may do, and decided about by what it names.
    async fn an_agent_has_the_rights_of_its_account(server) {
        let mesh = server.mesh("home").await;
        let room = mesh.private_room("inner").await;
        let post = json!({ "room_id": room["id"], "text": "hi" });

        let alone = server.person("alone").await;
        let alone = tools(&alone).await;
        assert!(alone.contains(&"mesh_list".into()) && alone.contains(&"docs_ops".into()), "{alone:?}");
        assert!(!alone.contains(&"message_post".into()), "{alone:?}");

        let member = server.person("member").await;
        mesh.join(&member, "member").await;
        let usable = tools(&member).await;
        assert!(usable.contains(&"message_post".into()) && !usable.contains(&"audit_list".into()), "{usable:?}");
        // Listed, since there are rooms it may post in; this is none of them.
        assert_eq!(code(&member, "message_post", post.clone()).await, "not_found");
        // Not listed, and not to be had by naming it either.
        assert_eq!(code(&member, "audit_list", json!({ "mesh_id": mesh.id })).await, "forbidden");

        let posted = call(&mesh.creator, "message_post", post).await;
        let path = format!("/messages/{}", posted["structuredContent"]["id"].as_str().unwrap());
        assert_eq!(mesh.creator.get(&path).await.expect(200)["text"], "hi");
        let audit = call(&mesh.creator, "audit_list", json!({ "mesh_id": mesh.id })).await;
        assert!(audit["structuredContent"]["items"].is_array(), "{audit}");
    }

    /// A token that was made for reading lists what reads.
    async fn a_token_lists_what_it_was_made_for(server) {
        let mesh = server.mesh("home").await;
        let (one, two) = (mesh.room("one").await, mesh.room("two").await);
        let end = server.host.clock.now().plus_seconds(3600);
        let wish = json!({ "name": "t", "permissions": ["message.read"], "room_ids": [one["id"]], "expires_at": end });
        let made = mesh.creator.post("/me/tokens", wish).await.expect(201);
        let token = server.with_token(made["token"].as_str().unwrap());
        let usable = tools(&token).await;
        assert!(usable.contains(&"message_list".into()) && !usable.contains(&"message_post".into()), "{usable:?}");
        let page = call(&token, "message_list", json!({ "room_id": one["id"] })).await;
        assert!(page["structuredContent"]["items"].is_array(), "{page}");
        assert_eq!(code(&token, "message_list", json!({ "room_id": two["id"] })).await, "forbidden");
    }

    /// Rooms, messages and files have addresses.
    async fn resources_are_read_by_who_may(server) {
        let mesh = server.mesh("home").await;
        let room = mesh.private_room("inner").await;
        let path = format!("/rooms/{}/files", room["id"].as_str().unwrap());
        let mut files = Vec::new();
        for (name, bytes) in [("a.txt", b"plain".to_vec()), ("b.bin", vec![0, 159]), ("c.bin", vec![7; (1 << 20) + 1])] {
            let named = format!("attachment; filename=\"{name}\"");
            let request = mesh.creator.request(Method::POST, &path).header("content-disposition", named);
            let file = send(request.body(bytes)).await.expect(201);
            files.push(format!("mesh://files/{}", file["id"].as_str().unwrap()));
        }
        let room = format!("mesh://rooms/{}", room["id"].as_str().unwrap());
        let read = |who: &Client, uri: &str| {
            let (who, uri) = (who.clone(), uri.to_owned());
            async move { ask(&who, "resources/read", json!({ "uri": uri })).await.json }
        };
        let told = read(&mesh.creator, &room).await;
        let text = told["result"]["contents"][0]["text"].as_str().unwrap();
        assert_eq!(serde_json::from_str::<Value>(text).unwrap()["name"], "inner");
        let told = read(&mesh.creator, &files[0]).await;
        assert_eq!(told["result"]["contents"][0]["text"], "plain");
        let told = read(&mesh.creator, &files[1]).await;
        assert_eq!(told["result"]["contents"][0]["blob"], "AJ8=");
        let told = read(&mesh.creator, &files[2]).await;
        assert_eq!(told["error"]["data"]["code"], "too_large", "{told}");

        let other = server.person("other").await;
        mesh.join(&other, "member").await;
        let nothing = read(&other, "mesh://rooms/room_01h455vb4pex5vsknk084sn02q").await["error"]["code"].clone();
        for address in [room.as_str(), &files[0], "mesh://rooms/x", "mesh://planets/1", "file:///etc/passwd"] {
            assert_eq!(read(&other, address).await["error"]["code"], nothing, "{address}");
        }
    }
}

#[tokio::test]
async fn strangers_pages_and_nonsense_are_refused() {
    let server = mesh_tests::TestServer::start(mesh_tests::Engine::Sqlite).await;
    let refused = ask(&server.anonymous(), "tools/list", json!({})).await;
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").starts_with("Bearer"));

    let ann = server.person("ann").await;
    let post = || {
        ann.request(Method::POST, "//mcp")
            .header("accept", "application/json, text/event-stream")
    };
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    let own = format!("http://{}", server.address);
    for (origin, status) in [("https://evil.example", 403), ("null", 403), (own.as_str(), 200)] {
        assert_eq!(
            send(post().header("origin", origin).json(&message)).await.status,
            status,
            "{origin}"
        );
    }
    let asked = ann.request(Method::OPTIONS, "//mcp").header("origin", &own);
    let asked = send(asked.header("access-control-request-method", "POST")).await;
    assert_eq!(
        (asked.status, asked.header("access-control-allow-origin")),
        (204, own.as_str())
    );

    assert_eq!(send(post().json(&json!([1, 2]))).await.status / 100, 4);
    assert_eq!(
        send(post().header("content-type", "text/plain").body("x")).await.status,
        415
    );
    let endless = json!({ "jsonrpc": "2.0", "id": 1, "method": "x".repeat(mesh_types::limits::JSON_BODY) });
    assert_eq!(send(post().json(&endless)).await.status, 413);
    for method in [Method::GET, Method::DELETE] {
        assert_eq!(send(ann.request(method, "//mcp")).await.status, 405);
    }
    assert!(!tools(&ann).await.is_empty());
}
