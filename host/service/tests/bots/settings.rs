use crate::world::{With, World, manifest};
use mesh_authz::Reason;
use mesh_service::Code;
use serde_json::json;

const SCHEMA: &str = r#"
[config]
type = "object"
required = ["greeting"]
additionalProperties = false
[config.properties.greeting]
type = "string"
[config.properties.times]
type = "integer"
maximum = 3
"#;

#[tokio::test]
async fn settings_fit_the_schema_of_the_manifest() {
    let world = World::new().await;
    let (bot, caller) = world.bot("Echo").await;
    let version = world.upload(&bot, &manifest("", &[], SCHEMA), &[]).await;
    world.activate(&version).await.unwrap();
    let put = async |config: serde_json::Value, if_match: Option<&str>| {
        let with = With {
            if_match,
            ..With::default()
        };
        world
            .call_with(
                &world.member,
                "bot_config.put",
                json!({ "bot_id": bot, "config": config }),
                with,
            )
            .await
    };
    let good = json!({ "greeting": "hello", "times": 2 });
    assert_eq!(
        put(good.clone(), None).await.err().unwrap().code,
        Code::PreconditionRequired
    );
    let wrong = put(json!({ "times": "hunter2", "more": 1 }), Some("\"1\""))
        .await
        .err()
        .unwrap();
    assert_eq!(wrong.code, Code::ValidationFailed);
    let pointers: Vec<_> = wrong.fields.iter().map(|field| field.pointer.as_str()).collect();
    assert!(
        pointers.contains(&"/config/times") && pointers.contains(&"/config"),
        "{pointers:?}"
    );
    assert!(
        !format!("{wrong:?}").contains("hunter2"),
        "a refusal repeats what may be a secret"
    );
    assert_eq!(
        put(json!([]), Some("\"1\"")).await.err().unwrap().code,
        Code::ValidationFailed
    );

    let stored = put(good.clone(), Some("\"1\"")).await.unwrap();
    assert_eq!(stored.etag.as_deref(), Some("\"2\""));
    assert_eq!(
        put(good.clone(), Some("\"1\"")).await.err().unwrap().code,
        Code::PreconditionFailed
    );
    let read = world
        .call(&caller, "bot_config.get", json!({ "bot_id": bot }))
        .await
        .unwrap();
    assert_eq!(read, json!({ "config": good, "revision": 2 }));
    let (other, _) = world.bot("Other").await;
    let refused = world
        .refused(&caller, "bot_config.get", json!({ "bot_id": other }))
        .await;
    assert_eq!(
        (refused.code, refused.reason),
        (Code::Forbidden, Some(Reason::Ownership))
    );
}

#[tokio::test]
async fn limits_are_set_within_bounds() {
    let world = World::new().await;
    let (bot, caller) = world.running("Echo").await;
    let put = |limits: serde_json::Value| json!({ "bot_id": bot, "limits": limits });
    let wrong = world
        .refused(
            &world.creator,
            "bot_limit.put",
            put(json!({ "memory_bytes": 1, "messages": 100_000 })),
        )
        .await;
    assert_eq!((wrong.code, wrong.fields.len()), (Code::ValidationFailed, 2));
    let unknown = world
        .refused(&world.creator, "bot_limit.put", put(json!({ "memroy_bytes": 1 })))
        .await;
    assert_eq!(unknown.code, Code::ValidationFailed);
    let by_keeper = world.refused(&world.member, "bot_limit.put", put(json!({}))).await;
    assert_eq!(by_keeper.reason, Some(Reason::Role));
    world.ok("bot_limit.put", put(json!({ "messages": 3 }))).await;
    let limits = world
        .call(&caller, "bot_limit.get", json!({ "bot_id": bot }))
        .await
        .unwrap();
    assert_eq!(
        (&limits["limits"]["messages"], &limits["limits"]["host_calls"]),
        (&json!(3), &json!(200))
    );
    assert_eq!(
        (&limits["set"], &limits["used"]),
        (&json!({ "messages": 3 }), &json!({ "kv_bytes": 0 }))
    );
}

#[tokio::test]
async fn a_log_is_read_by_level_and_text() {
    let world = World::new().await;
    let (bot, caller) = world.bot("Echo").await;
    let write = |lines: &[(&str, &str)]| {
        let lines: Vec<_> = lines
            .iter()
            .map(|(level, text)| json!({ "level": level, "text": text }))
            .collect();
        json!({ "lines": lines })
    };
    world
        .call(
            &caller,
            "bot_log.write",
            write(&[("debug", "one 100%"), ("info", "Two")]),
        )
        .await
        .unwrap();
    world
        .call(
            &caller,
            "bot_log.write",
            write(&[("error", "three"), ("warn", "two\u{0}!")]),
        )
        .await
        .unwrap();
    let texts = async |filter: serde_json::Value| {
        let mut fields = json!({ "bot_id": bot });
        fields
            .as_object_mut()
            .unwrap()
            .extend(filter.as_object().unwrap().clone());
        let list = world.call(&world.member, "bot_log.list", fields).await.unwrap();
        let text = |line: &serde_json::Value| line["text"].as_str().unwrap().to_owned();
        let texts = list["items"].as_array().unwrap().iter().map(text).collect::<Vec<_>>();
        (texts, list["next_cursor"].clone())
    };
    assert_eq!(texts(json!({})).await.0, ["two\u{FFFD}!", "three", "Two", "one 100%"]);
    assert_eq!(texts(json!({ "level": "warn" })).await.0, ["two\u{FFFD}!", "three"]);
    assert_eq!(texts(json!({ "text": "TWO" })).await.0, ["two\u{FFFD}!", "Two"]);
    assert_eq!(texts(json!({ "text": "0%" })).await.0, ["one 100%"]);
    assert_eq!(texts(json!({ "text": "_" })).await.0, [""; 0]);
    let (first, cursor) = texts(json!({ "limit": 3 })).await;
    assert_eq!(first.len(), 3);
    assert_eq!(texts(json!({ "limit": 3, "cursor": cursor })).await.0, ["one 100%"]);

    let long = format!("{}ä", "x".repeat(8 * 1024 - 1));
    world
        .call(&caller, "bot_log.write", write(&[("info", &long)]))
        .await
        .unwrap();
    assert_eq!(texts(json!({ "limit": 1 })).await.0, [&long[..8 * 1024 - 1]]);
    let refused = world
        .refused(&world.creator, "bot_log.write", write(&[("info", "hello")]))
        .await;
    assert_eq!(refused.code, Code::Forbidden);
}
