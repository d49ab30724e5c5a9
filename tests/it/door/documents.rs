//! What the server says about itself.

use mesh_tests::{Engine, TestServer};
use std::sync::atomic::Ordering;

#[tokio::test]
async fn the_openapi_document_can_be_browsed_without_a_network() {
    let server = TestServer::start(Engine::Sqlite).await;
    let anyone = server.anonymous();
    let document = anyone.get("/openapi.json").await.expect(200);
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(
        document["paths"]["/api/v1/rooms/{room_id}/messages"]["post"]["operationId"],
        "message.post"
    );
    let page = anyone.get("/docs/").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html"));
    assert!(page.header("content-security-policy").contains("script-src 'self';"));
    let text = String::from_utf8_lossy(&page.bytes);
    assert!(!text.contains("http://") && !text.contains("https://"), "{text}");
    let script = anyone.get("/docs/swagger-initializer.js").await;
    assert!(String::from_utf8_lossy(&script.bytes).contains("/api/v1/openapi.json"));
    assert_eq!(anyone.get("/docs/swagger-ui-bundle.js").await.status, 200);
    anyone.get("/docs/nothing.js").await.refused(404, "not_found");
    assert_eq!(anyone.get("/docs").await.status, 200, "the redirect leads to the page");
}

#[tokio::test]
async fn operations_are_listed_with_schemas() {
    let server = TestServer::start(Engine::Sqlite).await;
    let table = server.person("eve").await.get("/ops").await.expect(200);
    let items = table["items"].as_array().unwrap();
    let post = items.iter().find(|item| item["name"] == "message.post").unwrap();
    assert_eq!(
        (post["permission"].as_str(), post["doors"].as_str()),
        (Some("message.post"), Some("RSWMC"))
    );
    assert!(
        table["schemas"]
            .as_object()
            .is_some_and(|schemas| schemas.contains_key("Message"))
    );
}

#[tokio::test]
async fn health_says_when_the_server_ends() {
    let server = TestServer::start(Engine::Sqlite).await;
    server.anonymous().get("//livez").await.expect(200);
    server.anonymous().get("//readyz").await.expect(200);
    server.host.ending.store(true, Ordering::Release);
    server.anonymous().get("//livez").await.expect(200);
    server.anonymous().get("//readyz").await.refused(503, "overloaded");
}

#[tokio::test]
async fn metrics_are_for_operators() {
    let server = TestServer::start(Engine::Sqlite).await;
    let _ = server.host.metrics.set(Box::new(|| "mesh_up 1\n".to_owned()));
    server
        .anonymous()
        .get("//metrics")
        .await
        .refused(401, "unauthenticated");
    server
        .person("eve")
        .await
        .get("//metrics")
        .await
        .refused(403, "forbidden");
    let scraped = server.operator().await.get("//metrics").await;
    assert_eq!((scraped.status, scraped.bytes.as_slice()), (200, &b"mesh_up 1\n"[..]));
}
