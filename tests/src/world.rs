//! People, meshes and rooms, made through the API where it can make them.

use crate::{Client, TestServer};
use futures_util::future::BoxFuture;
use mesh_service::token;
use mesh_store::{Job, Rollback, Sql, Tx, Value as Cell, log::Entry};
use mesh_types::{MemberId, MeshId, PersonId, SessionId};
use serde_json::{Value, json};
use std::ops::Deref;
use tokio::sync::oneshot;

/// Somebody with an account, signed in.
#[derive(Debug, Clone)]
pub struct Person {
    client: Client,
    /// Their id.
    pub id: String,
    /// Their e-mail address.
    pub email: String,
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
        let email = format!("{name}@example.org");
        let (id, session) = (
            PersonId::new(self.host.ids.next()),
            SessionId::new(self.host.ids.next()),
        );
        let bearer = token::new(token::Kind::Session);
        let (id, session, hash, name) = (
            id.to_string(),
            session.to_string(),
            token::hash(&bearer),
            name.to_owned(),
        );
        let (now, later) = (
            self.host.clock.now().millis(),
            self.host.clock.now().plus_seconds(900).millis(),
        );
        let mail = email.clone();
        let person = id.clone();
        self.write(vec![
            (PERSON, vec![own(&person), own(&mail), own(&name), now.into()]),
            (
                SESSION,
                vec![own(&session), own(&person), own(&hash), later.into(), now.into()],
            ),
        ])
        .await;
        Person {
            client: self.with_token(&bearer),
            id,
            email,
        }
    }

    /// A new mesh with its creator.
    pub async fn mesh(&self, name: &str) -> Mesh {
        let creator = self.person(&format!("creator-of-{name}")).await;
        let id = MeshId::new(self.host.ids.next()).to_string();
        let now = self.host.clock.now().millis();
        self.write(vec![(MESH, vec![own(&id), own(name), own(&creator.id), now.into()])])
            .await;
        let mesh = Mesh { id, creator };
        self.join(&mesh, &mesh.creator, "creator").await;
        mesh
    }

    /// Makes somebody a member of a mesh.
    pub async fn join(&self, mesh: &Mesh, person: &Person, role: &str) -> String {
        let member = MemberId::new(self.host.ids.next()).to_string();
        let handle = person.email.split('@').next().unwrap_or_default().to_owned();
        let now = self.host.clock.now().millis();
        let values = vec![
            own(&member),
            own(&mesh.id),
            own(&person.id),
            own(&handle),
            own(role),
            now.into(),
        ];
        self.write(vec![(MEMBER, values)]).await;
        member
    }

    async fn write(&self, statements: Vec<(Sql, Vec<Cell<'static>>)>) {
        let (reply, told) = oneshot::channel();
        assert!(
            self.host
                .store
                .submit(Box::new(Seed {
                    statements,
                    reply: Some(reply)
                }))
                .is_ok(),
            "the queue is full"
        );
        told.await.expect("the writer lives").expect("the rows fit");
    }
}

impl Mesh {
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

const PERSON: Sql = Sql::registered("INSERT INTO people (id, email, display_name, created_at) VALUES ($1, $2, $3, $4)");
const SESSION: Sql = Sql::registered(
    "INSERT INTO sessions (id, person_id, access_hash, access_expires_at, refresh_hash, refresh_expires_at, fresh_until, device, address, created_at, last_used_at) VALUES ($1, $2, $3, $4, $3, $4, $4, '', '', $5, $5)",
);
const MESH: Sql = Sql::registered(
    "INSERT INTO meshes (id, slug, name, description, listed, revision, created_by, created_at) VALUES ($1, $2, $2, '', 0, 1, $3, $4)",
);
const MEMBER: Sql = Sql::registered(
    "INSERT INTO members (id, mesh_id, actor_id, handle, display_name, role, state, revision, joined_at) VALUES ($1, $2, $3, $4, $4, $5, 'active', 1, $6)",
);

fn own(text: &str) -> Cell<'static> {
    Cell::Owned(text.to_owned())
}

/// Rows for what the API cannot make yet.
struct Seed {
    statements: Vec<(Sql, Vec<Cell<'static>>)>,
    reply: Option<oneshot::Sender<Result<Vec<Entry>, Rollback>>>,
}

impl Job for Seed {
    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Vec<Entry>, Rollback>> {
        Box::pin(async move {
            for (sql, values) in &self.statements {
                tx.exec(*sql, values).await?;
            }
            Ok(Vec::new())
        })
    }

    fn done(mut self: Box<Self>, committed: Result<Vec<Entry>, Rollback>) {
        let _ = self.reply.take().map(|reply| reply.send(committed));
    }
}
