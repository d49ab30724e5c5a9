use crate::world::{Options, PASSWORD, World, account, field};
use mesh_service::Code;
use serde_json::json;
use std::time::{Duration, Instant};

mesh_store::statements! {
    ADDRESS = "UPDATE invites SET email = $2 WHERE mesh_id = $1";
}

async fn closed() -> World {
    let options = Options {
        open: false,
        ..Options::default()
    };
    World::with(options).await
}

#[tokio::test]
async fn the_first_account_takes_the_code_and_operates_the_server() {
    let world = closed().await;
    let refused = world.nobody("auth.register", account("ann")).await.unwrap_err();
    assert_eq!(refused.code, Code::Forbidden);
    world.offer("mic_first").await;
    let mut fields = account("ann");
    fields["invite_code"] = json!("mic_wrong");
    assert!(world.nobody("auth.register", fields.clone()).await.is_err());
    fields["invite_code"] = json!("mic_first");
    let ann = world.nobody("auth.register", fields.clone()).await.unwrap();
    let ann = world.signed_in(ann).await;
    let me = world.ok(&ann, "auth.whoami", json!({})).await;
    assert_eq!(
        (&me["operator"], &me["credential"], &me["name"]),
        (&json!(true), &json!("session"), &json!("ann"))
    );
    // Once only.
    fields["email"] = json!("eve@example.org");
    assert!(world.nobody("auth.register", fields).await.is_err());
}

/// Without mail there is no other place to tell the difference than the answer, so there is none.
#[tokio::test]
async fn a_taken_address_answers_as_a_worthless_invitation() {
    let world = World::new().await;
    world.person("ann").await;
    let mut again = account("ANN");
    let taken = world.nobody("auth.register", again.clone()).await.unwrap_err();
    again["email"] = json!("new@example.org");
    again["invite_code"] = json!("mic_wrong");
    let worthless = world.nobody("auth.register", again).await.unwrap_err();
    assert_eq!(format!("{taken:?}"), format!("{worthless:?}"));
}

/// The address of an operator is a right, so saying it is not enough to get it.
#[tokio::test]
async fn an_operators_address_is_only_registered_by_whom_it_was_given_to() {
    let options = Options {
        operators: vec!["Bob@example.org".into(), "cat@example.org".into()],
        ..Options::default()
    };
    let world = World::with(options).await;
    let ann = world.person("ann").await;
    let mesh = world.mesh(&ann).await;
    let invite = json!({ "mesh_id": mesh, "max_uses": 9 });
    let code = world.invite(&ann, invite).await;
    let mut bob = account("bob");
    let plain = world.nobody("auth.register", bob.clone()).await.unwrap_err();
    bob["invite_code"] = json!("mic_wrong");
    let worthless = world.nobody("auth.register", bob.clone()).await.unwrap_err();
    bob["invite_code"] = json!(code);
    let for_all = world.nobody("auth.register", bob.clone()).await.unwrap_err();
    let address = |email: &str| vec![(ADDRESS, vec![mesh.clone(), email.into()])];
    world.behind(address("cat@example.org")).await;
    let for_another = world.nobody("auth.register", bob.clone()).await.unwrap_err();
    assert_eq!(plain.code, Code::Forbidden);
    for refused in [plain, for_all, for_another] {
        assert_eq!(format!("{refused:?}"), format!("{worthless:?}"));
    }
    world.behind(address("bob@example.org")).await;
    let bob = world.nobody("auth.register", bob).await.unwrap();
    world.offer("mic_first").await;
    let mut cat = account("CAT");
    cat["invite_code"] = json!("mic_first");
    let cat = world.nobody("auth.register", cat).await.unwrap();
    for session in [bob, cat] {
        let who = world.signed_in(session).await;
        assert_eq!(world.ok(&who, "auth.whoami", json!({})).await["operator"], true);
    }
}

#[tokio::test]
async fn passwords_names_and_addresses_have_bounds() {
    let world = World::new().await;
    for (name, value) in [
        ("password", json!("seven77")),
        ("password", json!("x".repeat(257))),
        ("name", json!("  ")),
        ("name", json!("a\u{202E}b")),
        ("email", json!("nobody")),
        ("email", json!(format!("{}@example.org", "x".repeat(250)))),
    ] {
        let mut fields = account("ann");
        fields[name] = value;
        let refused = world.nobody("auth.register", fields).await.unwrap_err();
        assert_eq!(refused.code, Code::ValidationFailed, "{name}");
    }
}

/// Attack 34.
#[tokio::test]
async fn an_unknown_name_is_answered_as_a_wrong_password() {
    let world = World::new().await;
    world.person("ann").await;
    let mut least = [Duration::MAX; 2];
    let mut answers = Vec::new();
    for _ in 0..4 {
        for (at, email) in ["ann@example.org", "nobody@example.org"].into_iter().enumerate() {
            let begun = Instant::now();
            let fields = json!({ "email": email, "password": "a wrong password" });
            let refused = world.nobody("auth.login", fields).await.unwrap_err();
            least[at] = least[at].min(begun.elapsed());
            assert_eq!(refused.code, Code::LoginFailed);
            answers.push(format!("{refused:?}"));
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    let [known, unknown] = least;
    assert!(
        unknown * 2 > known && known * 2 > unknown,
        "known {known:?}, unknown {unknown:?}"
    );
}

#[tokio::test]
async fn sign_ins_are_few_for_an_account_and_for_an_address() {
    let options = Options {
        sign_ins: 3,
        ..Options::default()
    };
    let world = World::with(options).await;
    world.person("ann").await;
    let attempt = |address: u8, email: &'static str| {
        let mut envelope = world.envelope(&mesh_authz::Caller::ANONYMOUS);
        envelope.address = Some([192, 0, 2, address].into());
        let fields = json!({ "email": email, "password": "a wrong password" });
        let world = &world;
        async move { world.send(envelope, "auth.login", fields).await.unwrap_err().code }
    };
    // One account from many addresses.
    for address in 10..13 {
        assert_eq!(attempt(address, "ann@example.org").await, Code::LoginFailed);
    }
    assert_eq!(attempt(13, "ann@example.org").await, Code::RateLimited);
    // Many accounts from one address.
    for email in ["b@example.org", "c@example.org", "d@example.org"] {
        assert_eq!(attempt(20, email).await, Code::LoginFailed);
    }
    assert_eq!(attempt(20, "e@example.org").await, Code::RateLimited);
}

/// Attack 43: what is stored never shows a secret, and neither do the answers when they are printed.
#[tokio::test]
async fn no_secret_is_written_anywhere() {
    let world = World::new().await;
    let ann = world.person("ann").await;
    let mesh = world.mesh(&ann).await;
    let code = world.invite(&ann, json!({ "mesh_id": mesh })).await;
    let end = world.host.clock.now().plus_seconds(3600);
    let pat = json!({ "name": "script", "permissions": ["mesh.read"], "expires_at": end });
    let pat = field(&world.ok(&ann, "pat.create", pat).await, "token");
    let refresh = field(&ann.session, "refresh_token");
    world
        .nobody("auth.refresh", json!({ "refresh_token": refresh }))
        .await
        .unwrap();
    let access = field(&ann.session, "access_token");
    for file in std::fs::read_dir(world.dir.path()).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        for secret in [PASSWORD, &code, &pat, &refresh, &access] {
            let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "{} holds a secret", path.display());
        }
    }
}

#[tokio::test]
async fn the_log_names_nobodys_address() {
    let world = World::new().await;
    let ann = world.person("ann").await;
    let mesh = world.mesh(&ann).await;
    world.login("ann").await;
    let mut view = world.host.store.view().await.unwrap();
    let audit = mesh_store::log::after(&mut view.tx(), format!("mesh:{mesh}").parse().unwrap(), 0, 100).await;
    for entry in audit.unwrap() {
        assert!(!format!("{entry:?}").contains("@example.org"), "{entry:?}");
    }
}
