use crate::world::{Answered, With, World};
use mesh_authz::{Caller, Reason};
use mesh_service::{Code, Error};
use serde_json::{Value, json};

async fn put(
    world: &World,
    who: &Caller,
    fields: Value,
    value: &[u8],
    if_match: Option<&str>,
) -> Result<Answered, Error> {
    world
        .call_with(
            who,
            "kv.put",
            fields,
            With {
                body: Some(value),
                if_match,
                ..With::default()
            },
        )
        .await
}

async fn used(world: &World, bot: &str) -> i64 {
    world.ok("bot_limit.get", json!({ "bot_id": bot })).await["used"]["kv_bytes"]
        .as_i64()
        .unwrap()
}

#[tokio::test]
async fn a_value_is_written_over_a_version_that_is_known() {
    let world = World::new().await;
    let (bot, caller) = world.running("Echo").await;
    let fields = |expected: Option<i64>| json!({ "bot_id": bot, "key": "a/b", "expected": expected });
    let key = json!({ "bot_id": bot, "key": "a/b" });
    let first = put(&world, &caller, fields(Some(0)), b"\x00\xff", None).await.unwrap();
    let version = first.json["version"].as_i64().unwrap();
    assert_eq!(
        put(&world, &caller, fields(Some(0)), b"x", None)
            .await
            .err()
            .unwrap()
            .code,
        Code::Conflict
    );
    let read = world
        .call_with(&caller, "kv.get", key.clone(), With::default())
        .await
        .unwrap();
    assert_eq!(
        (read.bytes.as_ref(), read.etag),
        (b"\x00\xff".as_slice(), first.etag.clone())
    );

    let second = put(&world, &caller, fields(Some(version)), b"2", None).await.unwrap();
    let stale = put(&world, &caller, fields(None), b"3", first.etag.as_deref())
        .await
        .err()
        .unwrap();
    assert_eq!(stale.code, Code::PreconditionFailed);
    put(&world, &caller, fields(None), b"3", second.etag.as_deref())
        .await
        .unwrap();

    let deleted = world.call(&caller, "kv.delete", key.clone()).await.unwrap();
    assert_eq!(deleted, json!({ "deleted": true }));
    assert_eq!(
        world.call(&caller, "kv.delete", key.clone()).await.unwrap(),
        json!({ "deleted": false })
    );
    assert_eq!(world.refused(&caller, "kv.get", key).await.code, Code::NotFound);
    let absent = put(&world, &caller, fields(None), b"4", second.etag.as_deref())
        .await
        .err()
        .unwrap();
    assert_eq!(absent.code, Code::PreconditionFailed);
    // A version never comes back, so nobody who knew the old one writes over the new one.
    let again = put(&world, &caller, fields(Some(0)), b"5", None).await.unwrap();
    assert!(again.json["version"].as_i64() > second.json["version"].as_i64());
    assert_eq!(used(&world, &bot).await, 4);
}

#[tokio::test]
async fn a_store_is_as_large_as_an_admin_says() {
    let world = World::new().await;
    let (bot, caller) = world.running("Echo").await;
    world
        .ok(
            "bot_limit.put",
            json!({ "bot_id": bot, "limits": { "kv_bytes": 100, "value_bytes": 60 } }),
        )
        .await;
    let fields = |key: &str| json!({ "bot_id": bot, "key": key });
    assert_eq!(
        put(&world, &caller, fields("k"), &[0; 61], None)
            .await
            .err()
            .unwrap()
            .code,
        Code::TooLarge
    );
    put(&world, &caller, fields("one"), &[0; 57], None).await.unwrap();
    let full = put(&world, &caller, fields("two"), &[0; 38], None).await.err().unwrap();
    assert_eq!(full.code, Code::QuotaExceeded);
    assert_eq!(used(&world, &bot).await, 60);
    put(&world, &caller, fields("two"), &[0; 37], None).await.unwrap();
    assert_eq!(used(&world, &bot).await, 100);
    // A smaller value in place of a larger one makes room.
    put(&world, &caller, fields("one"), &[0; 7], None).await.unwrap();
    assert_eq!(used(&world, &bot).await, 50);
    world.call(&caller, "kv.delete", fields("two")).await.unwrap();
    assert_eq!(used(&world, &bot).await, 10);
}

#[tokio::test]
async fn what_is_over_is_not_there_and_makes_room() {
    let world = World::new().await;
    let (bot, caller) = world.running("Echo").await;
    world
        .ok("bot_limit.put", json!({ "bot_id": bot, "limits": { "kv_bytes": 20 } }))
        .await;
    let brief = |key: &str| json!({ "bot_id": bot, "key": key, "expires_in_s": 1 });
    put(&world, &caller, brief("old"), &[0; 12], None).await.unwrap();
    put(&world, &caller, brief("x"), &[0; 2], None).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1050)).await;
    let list = world.call(&caller, "kv.list", json!({ "bot_id": bot })).await.unwrap();
    assert_eq!(list["items"], json!([]));
    let key = json!({ "bot_id": bot, "key": "old" });
    assert_eq!(world.refused(&caller, "kv.get", key.clone()).await.code, Code::NotFound);
    assert_eq!(
        world.call(&caller, "kv.delete", key).await.unwrap(),
        json!({ "deleted": false })
    );
    assert_eq!(used(&world, &bot).await, 3);
    let fields = json!({ "bot_id": bot, "key": "new", "expected": 0 });
    put(&world, &caller, fields, &[0; 17], None).await.unwrap();
    assert_eq!(used(&world, &bot).await, 20);
}

#[tokio::test]
async fn keys_are_listed_by_prefix_in_order() {
    let world = World::new().await;
    let (bot, caller) = world.running("Echo").await;
    for key in ["b", "a/2", "a/10", "a", "a/1", "a0", "a/1/x"] {
        put(&world, &caller, json!({ "bot_id": bot, "key": key }), b"v", None)
            .await
            .unwrap();
    }
    let (mut keys, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let fields = json!({ "bot_id": bot, "prefix": "a/", "limit": 2, "cursor": cursor });
        let page = world.call(&caller, "kv.list", fields).await.unwrap();
        keys.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["key"].as_str().unwrap().to_owned()),
        );
        cursor = page["next_cursor"].as_str().map(Into::into);
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(keys, ["a/1", "a/1/x", "a/10", "a/2"]);
    for key in ["", "a\u{0}b", "a\nb", &"x".repeat(513)] {
        let refused = put(&world, &caller, json!({ "bot_id": bot, "key": key }), b"v", None)
            .await
            .err()
            .unwrap();
        assert_eq!(refused.code, Code::ValidationFailed);
    }
}

#[tokio::test]
async fn a_store_belongs_to_one_bot() {
    let world = World::new().await;
    let (mine, caller) = world.running("Mine").await;
    let (other, _) = world.running("Other").await;
    put(
        &world,
        &world.creator,
        json!({ "bot_id": other, "key": "secret" }),
        b"v",
        None,
    )
    .await
    .unwrap();
    for op in ["kv.get", "kv.delete"] {
        let refused = world
            .refused(&caller, op, json!({ "bot_id": other, "key": "secret" }))
            .await;
        assert_eq!(
            (refused.code, refused.reason),
            (Code::Forbidden, Some(Reason::Ownership)),
            "{op}"
        );
    }
    let refused = put(&world, &caller, json!({ "bot_id": other, "key": "secret" }), b"v", None)
        .await
        .err()
        .unwrap();
    assert_eq!(refused.reason, Some(Reason::Ownership));
    let refused = world.refused(&caller, "kv.list", json!({ "bot_id": other })).await;
    assert_eq!(refused.reason, Some(Reason::Ownership));
    let key = json!({ "bot_id": mine, "key": "secret" });
    assert_eq!(world.refused(&caller, "kv.get", key).await.code, Code::NotFound);
    // A keeper sees the store; another member does not.
    world
        .call(&world.member, "kv.list", json!({ "bot_id": mine }))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_keyed_write_happens_once() {
    let world = World::new().await;
    let (bot, caller) = world.running("Echo").await;
    let fields = json!({ "bot_id": bot, "key": "n" });
    let with = With {
        body: Some(b"1"),
        key: Some("event-7-0"),
        ..With::default()
    };
    let first = world.call_with(&caller, "kv.put", fields.clone(), with).await.unwrap();
    put(&world, &caller, fields.clone(), b"2", None).await.unwrap();
    let again = world.call_with(&caller, "kv.put", fields.clone(), with).await.unwrap();
    assert_eq!(again.json, first.json);
    let read = world
        .call_with(&caller, "kv.get", fields, With::default())
        .await
        .unwrap();
    assert_eq!(read.bytes.as_ref(), b"2");
}
