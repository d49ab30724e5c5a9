//! Pictures of members.

use mesh_tests::{Client, PICTURE, on_both_engines, send};
use reqwest::Method;

async fn put(who: &Client, path: &str, picture: &[u8]) -> mesh_tests::Response {
    send(who.request(Method::PUT, path).body(picture.to_vec())).await
}

on_both_engines! {
    async fn a_member_has_a_picture(server) {
        let mesh = server.mesh("home").await;
        let bob = server.person("bob").await;
        let member = mesh.join(&bob, "member").await;
        let path = format!("/members/{member}/avatar");
        bob.get(&path).await.refused(404, "not_found");
        let changed = put(&bob, &path, PICTURE).await.expect(200);
        let hash = changed["avatar"].as_str().unwrap();
        for (query, side) in [("", 256_u32), ("?size=64", 64), (&*format!("?hash={hash}"), 256)] {
            let picture = mesh.creator.get(&format!("{path}{query}")).await;
            assert_eq!((picture.status, picture.header("content-type")), (200, "image/png"));
            // Width and height of the first chunk.
            assert_eq!(picture.bytes[16..24], [side.to_be_bytes(), side.to_be_bytes()].concat());
            let keep = picture.header("cache-control");
            assert_eq!(keep.contains("immutable"), query.contains("hash"), "{query}");
        }
        mesh.creator.get(&format!("{path}?hash=other")).await.refused(404, "not_found");
        mesh.creator.get(&format!("{path}?size=1")).await.refused(422, "validation_failed");
        mesh.creator.delete(&path).await.expect(204);
        bob.get(&path).await.refused(404, "not_found");
        bob.delete(&path).await.expect(204);
    }

    /// Bombs and what is no picture cost little and change nothing.
    async fn no_picture_no_change(server) {
        let mesh = server.mesh("home").await;
        let bob = server.person("bob").await;
        let path = format!("/members/{}/avatar", mesh.join(&bob, "member").await);
        // Says that it is 30,000 pixels wide.
        let mut wide = PICTURE.to_vec();
        wide[16..20].copy_from_slice(&30_000_u32.to_be_bytes());
        for wrong in [&b"no picture"[..], b"<svg xmlns='http://www.w3.org/2000/svg'/>", &PICTURE[..40], &wide] {
            put(&bob, &path, wrong).await.refused(415, "unsupported_media_type");
        }
        put(&bob, &path, &vec![0; (5 << 20) + 1]).await.refused(413, "too_large");
        bob.get(&path).await.refused(404, "not_found");
    }
}
