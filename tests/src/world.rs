//! People, meshes and rooms, made through the API.

use crate::{Client, TestServer};
use serde_json::{Value, json};
use std::ops::Deref;

/// The password of everybody in tests.
pub const PASSWORD: &str = "correct horse battery staple";

/// Somebody with an account, signed in.
#[derive(Debug, Clone)]
pub struct Person {
    client: Client,
    /// Their id.
    pub id: String,
    /// Their e-mail address.
    pub email: String,
}

impl Person {
    /// Somebody who is signed in already.
    pub fn new(client: Client, id: &str, email: &str) -> Self {
        Self {
            client,
            id: id.into(),
            email: email.into(),
        }
    }
}

impl Deref for Person {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// A mesh and the person who made it.
#[derive(Debug, Clone)]
pub struct Mesh {
    /// Its id.
    pub id: String,
    /// Its creator.
    pub creator: Person,
}

impl TestServer {
    /// A new person, `NAME@example.org`.
    pub async fn person(&self, name: &str) -> Person {
        self.register(name, json!({})).await
    }

    async fn register(&self, name: &str, mut body: Value) -> Person {
        let email = format!("{name}@example.org");
        body["email"] = json!(email);
        body["password"] = json!(PASSWORD);
        body["name"] = json!(name);
        let session = self.anonymous().post("/auth/register", body).await.expect(201);
        Person {
            client: self.with_token(text(&session["access_token"])),
            id: text(&session["person_id"]).into(),
            email,
        }
    }

    /// The operator of the server, who came in with the first start's code.
    pub async fn operator(&self) -> Person {
        let code = "mic_first";
        mesh_service::auth::offer_first_account(&self.host, code)
            .await
            .expect("a code");
        self.register("operator", json!({ "invite_code": code })).await
    }

    /// The same person in a new session.
    pub async fn sign_in(&self, person: &Person) -> Person {
        let body = json!({ "email": person.email, "password": PASSWORD });
        let session = self.anonymous().post("/auth/login", body).await.expect(200);
        Person {
            client: self.with_token(text(&session["access_token"])),
            ..person.clone()
        }
    }

    /// A new mesh with its creator, `creator-of-NAME@example.org`.
    pub async fn mesh(&self, name: &str) -> Mesh {
        let creator = self.person(&format!("creator-of-{name}")).await;
        let mesh = creator.post("/meshes", json!({ "name": name })).await.expect(201);
        Mesh {
            id: text(&mesh["id"]).into(),
            creator,
        }
    }
}

impl Mesh {
    /// Brings somebody into the mesh, as any role but `creator`; gives the id of the membership.
    pub async fn join(&self, person: &Person, role: &str) -> String {
        let invited = if role == "guest" { "guest" } else { "member" };
        let invite = self
            .creator
            .post(&format!("/meshes/{}/invites", self.id), json!({ "role": invited }))
            .await
            .expect(201);
        let path = format!("/invite-codes/{}/accept", text(&invite["code"]));
        let member = person.post(&path, json!({})).await.expect(201);
        let id = text(&member["id"]).to_owned();
        if role != invited {
            self.creator
                .put(&format!("/members/{id}/role"), json!({ "role": role }))
                .await
                .expect(200);
        }
        id
    }

    /// A new public room; its answer has `id`.
    pub async fn room(&self, name: &str) -> Value {
        self.creator
            .post(&format!("/meshes/{}/rooms", self.id), json!({ "name": name }))
            .await
            .expect(201)
    }

    /// A new private room.
    pub async fn private_room(&self, name: &str) -> Value {
        let body = json!({ "name": name, "join_rule": "private" });
        self.creator
            .post(&format!("/meshes/{}/rooms", self.id), body)
            .await
            .expect(201)
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}
