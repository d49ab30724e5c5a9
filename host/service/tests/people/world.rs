//! A real server on a real database. People come in as they would through a door: with a token.

use futures_util::future::BoxFuture;
use mesh_authz::Caller;
use mesh_service::{
    Door, Envelope, Error, Host, Input, Keys, OPS, Reply, Settings,
    auth::offer_first_account,
    blobs::Blobs,
    outbound::Outbound,
    rate::{Rate, Rates},
};
use mesh_store::{
    Config, Job, Rollback, Sql, Store, Tx,
    log::{self, Entry, Stream},
    text,
};
use mesh_types::RequestId;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use std::{
    net::IpAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};
use tempfile::TempDir;
use tokio::sync::oneshot;

/// Everybody's password.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// A server.
pub(crate) struct World {
    pub(crate) host: Arc<Host>,
    pub(crate) dir: TempDir,
}

/// Somebody with an account, signed in.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) caller: Caller,
    pub(crate) session: Value,
}

impl Person {
    pub(crate) fn id(&self) -> String {
        field(&self.session, "person_id")
    }
}

/// A text inside an answer.
pub(crate) fn field(value: &Value, name: &str) -> String {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name} in {value}"))
        .to_owned()
}

/// Changes rows behind the server's back, as a transaction that it has not seen yet would.
struct Behind {
    steps: Vec<(Sql, Vec<String>)>,
    done: Option<oneshot::Sender<()>>,
}

impl Job for Behind {
    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Vec<Entry>, Rollback>> {
        Box::pin(async move {
            for (sql, values) in &self.steps {
                let values: Vec<_> = values.iter().map(text).collect();
                tx.exec(*sql, &values).await?;
            }
            Ok(Vec::new())
        })
    }

    fn done(mut self: Box<Self>, committed: Result<Vec<Entry>, Rollback>) {
        committed.unwrap();
        self.done.take().unwrap().send(()).unwrap();
    }
}

/// Which database a test's server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    /// A file.
    Sqlite,
    /// A new database on the server that `scripts/with-postgres` started.
    Postgres,
}

impl Engine {
    async fn database(self, dir: &Path) -> Config {
        match self {
            Self::Sqlite => Config::Sqlite(dir.join("mesh.db")),
            Self::Postgres => Config::Postgres(new_postgres_database().await),
        }
    }
}

async fn new_postgres_database() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let server = std::env::var("MESH_TEST_POSTGRES").expect("run the tests with `make test`, which starts PostgreSQL");
    let name = format!("people_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let mut connection = PgConnection::connect(&server).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&mut connection)
        .await
        .unwrap();
    server.replace("/postgres", &format!("/{name}"))
}

/// Runs each story on SQLite and on PostgreSQL, as two tests: `name::sqlite` and `name::postgres`.
macro_rules! on_both_engines {
    ($($(#[$meta:meta])* async fn $name:ident($world:ident) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports, reason = "a story may need nothing")]
            use super::*;

            async fn story($world: &$crate::world::World) $body

            #[tokio::test]
            async fn sqlite() {
                story(&$crate::world::World::on($crate::world::Engine::Sqlite).await).await;
            }

            #[tokio::test]
            async fn postgres() {
                story(&$crate::world::World::on($crate::world::Engine::Postgres).await).await;
            }
        }
    )*};
}

/// What a test's server differs in.
pub(crate) struct Options {
    pub(crate) engine: Engine,
    pub(crate) open: bool,
    pub(crate) sign_ins: u32,
    pub(crate) operators: Vec<String>,
}

impl Default for Options {
    /// With open registration.
    fn default() -> Self {
        Self {
            engine: Engine::Sqlite,
            open: true,
            sign_ins: 1000,
            operators: Vec::new(),
        }
    }
}

impl World {
    /// With open registration.
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    /// On this database.
    pub(crate) async fn on(engine: Engine) -> Self {
        Self::with(Options {
            engine,
            ..Options::default()
        })
        .await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&options.engine.database(dir.path()).await).await.unwrap();
        let wide = Rate {
            per_second: 10_000,
            burst: 10_000,
        };
        let settings = Settings {
            name: "test".into(),
            public_url: "http://localhost".into(),
            open_registration: options.open,
            operators: options.operators,
            rates: Rates {
                actor: wide,
                address: wide,
                sign_in_per_minute: options.sign_ins,
            },
            blobs: Blobs::open(dir.path()).unwrap(),
            outbound: Outbound::new(&[]).unwrap(),
        };
        let keys = Keys {
            cursor: [1; 32],
            code_cache: [2; 32],
            secrets: [3; 32],
        };
        Self {
            host: Host::new(store, settings, keys),
            dir,
        }
    }

    /// Offers the first start's code.
    pub(crate) async fn offer(&self, code: &str) {
        offer_first_account(&self.host, code).await.unwrap();
    }

    pub(crate) async fn send(&self, mut envelope: Envelope, op: &str, fields: Value) -> Result<(Value, Reply), Error> {
        envelope.address = envelope.address.or(Some(IpAddr::from([192, 0, 2, 1])));
        let input = Input {
            fields: fields.to_string().into(),
            body: None,
        };
        let found = OPS.iter().find(|erased| erased.spec.name == op);
        let erased = found.unwrap_or_else(|| panic!("no {op}"));
        let reply = (erased.call)(self.host.clone(), envelope, input).await?;
        Ok((serde_json::from_slice(&reply.body.1).unwrap_or_default(), reply))
    }

    pub(crate) fn envelope(&self, caller: &Caller) -> Envelope {
        Envelope::new(caller.clone(), Door::Rest, RequestId::new(self.host.ids.next()))
    }

    pub(crate) async fn call(&self, who: &Caller, op: &str, fields: Value) -> Result<Value, Error> {
        self.send(self.envelope(who), op, fields).await.map(|(json, _)| json)
    }

    /// Without a refusal.
    pub(crate) async fn ok(&self, who: &Person, op: &str, fields: Value) -> Value {
        let answer = self.call(&who.caller, op, fields).await;
        answer.unwrap_or_else(|error| panic!("{op}: {error}"))
    }

    /// With `If-Match`.
    pub(crate) async fn matched(
        &self,
        who: &Person,
        revision: &Value,
        op: &str,
        fields: Value,
    ) -> Result<Value, Error> {
        let mut envelope = self.envelope(&who.caller);
        envelope.if_match = Some(format!("\"{revision}\""));
        self.send(envelope, op, fields).await.map(|(json, _)| json)
    }

    /// The data of the newest event of a kind.
    pub(crate) async fn newest(&self, stream: &str, kind: &str) -> Value {
        let stream: Stream = stream.parse().unwrap();
        let mut view = self.host.store.view().await.unwrap();
        let entries = log::after(&mut view.tx(), stream, 0, 200).await.unwrap();
        let found = entries.into_iter().rev().find(|entry| entry.kind == kind);
        let found = found.unwrap_or_else(|| panic!("no {kind} on {stream}"));
        serde_json::from_str(&found.data).unwrap()
    }

    /// How often a kind of event is on a stream.
    pub(crate) async fn times(&self, stream: &str, kind: &str) -> usize {
        self.events(stream).await.iter().filter(|found| *found == kind).count()
    }

    /// The code of a refusal, and its reason.
    pub(crate) async fn refused(&self, who: &Person, op: &str, fields: Value) -> (&'static str, Option<&'static str>) {
        let answer = self.call(&who.caller, op, fields).await;
        let error = answer.err().unwrap_or_else(|| panic!("{op} was not refused"));
        (error.code.as_str(), error.reason.map(mesh_authz::Reason::as_str))
    }

    /// Without a credential.
    pub(crate) async fn nobody(&self, op: &str, fields: Value) -> Result<Value, Error> {
        self.call(&Caller::ANONYMOUS, op, fields).await
    }

    /// The caller behind a token.
    pub(crate) async fn by_token(&self, token: &str) -> Result<Caller, Error> {
        let now = self.host.clock.now();
        self.host.authority.authenticate(&self.host.store, now, token).await
    }

    pub(crate) async fn signed_in(&self, session: Value) -> Person {
        let caller = self.by_token(&field(&session, "access_token")).await.unwrap();
        Person { caller, session }
    }

    pub(crate) async fn login(&self, name: &str) -> Person {
        let fields = json!({ "email": format!("{name}@example.org"), "password": PASSWORD });
        let session = self.nobody("auth.login", fields).await.unwrap();
        self.signed_in(session).await
    }

    pub(crate) async fn person(&self, name: &str) -> Person {
        let session = self.nobody("auth.register", account(name)).await.unwrap();
        self.signed_in(session).await
    }

    /// A mesh of this person.
    pub(crate) async fn mesh(&self, creator: &Person) -> String {
        let mesh = self.ok(creator, "mesh.create", json!({ "name": "Test" })).await;
        field(&mesh, "id")
    }

    /// The code of a new invitation.
    pub(crate) async fn invite(&self, by: &Person, fields: Value) -> String {
        field(&self.ok(by, "invite.create", fields).await, "code")
    }

    /// Brings somebody into a mesh, as any role below the Creator's; gives the membership's id.
    pub(crate) async fn join(&self, mesh: &str, creator: &Person, who: &Person, role: &str) -> String {
        let first = if role == "admin" { "member" } else { role };
        let code = self.invite(creator, json!({ "mesh_id": mesh, "role": first })).await;
        let member = field(&self.ok(who, "invite.accept", json!({ "code": code })).await, "id");
        if role != first {
            let fields = json!({ "member_id": member, "role": role });
            self.ok(creator, "member.set_role", fields).await;
        }
        member
    }

    /// The membership of whoever asks.
    pub(crate) async fn me(&self, who: &Person) -> String {
        let me = self.ok(who, "auth.whoami", json!({})).await;
        field(&me["memberships"][0], "member_id")
    }

    /// A room of whoever asks.
    pub(crate) async fn room(&self, mesh: &str, by: &Person, name: &str, rule: &str) -> String {
        let fields = json!({ "mesh_id": mesh, "name": name, "join_rule": rule });
        field(&self.ok(by, "room.create", fields).await, "id")
    }

    pub(crate) async fn add(&self, room: &str, by: &Person, member: &str) {
        let fields = json!({ "room_id": room, "member_id": member });
        self.ok(by, "room_member.add", fields).await;
    }

    /// Names and room roles of those in a room.
    pub(crate) async fn seats(&self, room: &str, by: &Person) -> Vec<(String, String)> {
        let page = self.ok(by, "room_member.list", json!({ "room_id": room })).await;
        let seats = page["items"].as_array().unwrap().iter();
        let mut seats: Vec<_> = seats
            .map(|seat| (field(&seat["member"]["actor"], "name"), field(seat, "room_role")))
            .collect();
        seats.sort();
        seats
    }

    pub(crate) async fn behind(&self, steps: Vec<(Sql, Vec<String>)>) {
        let (done, wait) = oneshot::channel();
        let job = Behind {
            steps,
            done: Some(done),
        };
        assert!(self.host.store.submit(Box::new(job)).is_ok());
        wait.await.unwrap();
    }

    /// The kinds of the events of a stream.
    pub(crate) async fn events(&self, stream: &str) -> Vec<String> {
        let stream: Stream = stream.parse().unwrap();
        let mut view = self.host.store.view().await.unwrap();
        let entries = log::after(&mut view.tx(), stream, 0, 200).await.unwrap();
        entries.into_iter().map(|entry| entry.kind.into_owned()).collect()
    }
}

/// A new account's fields.
pub(crate) fn account(name: &str) -> Value {
    json!({ "email": format!("{name}@example.org"), "password": PASSWORD, "name": name })
}
