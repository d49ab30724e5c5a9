//! A real server on a real database, with people in a mesh. Only the reading of components is stood in
//! for: that is the bot host's work.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use mesh_authz::{Caller, Credential, Who};
use mesh_service::{
    Code, Door, Envelope, Error, Host, Input, Keys, OPS, Reply, Settings,
    blobs::Blobs,
    outbound::Outbound,
    rate::Rates,
    runtime::{BotRuntime, ImportedFunction, Inspection, InstanceStatus, Tried},
};
use mesh_store::{Config, Job, Rollback, Store, Tx, log::Entry, text};
use mesh_types::{BotId, MemberId, MeshId, PersonId, RequestId, SessionId, Timestamp, trial::BotTrial};
use serde_json::{Value, json};
use std::{path::PathBuf, sync::Arc};
use tempfile::TempDir;
use tokio::sync::oneshot;

mesh_store::statements! {
    PERSON = "INSERT INTO people (id, email, display_name, operator, created_at) VALUES ($1, $1, $2, 0, 0)";
    MESH = "INSERT INTO meshes (id, slug, name, description, listed, settings, revision, created_by, created_at) VALUES ($1, $1, 'Test', '', 0, '{}', 1, $2, 0)";
    MEMBER = "INSERT INTO members (id, mesh_id, actor_id, handle, display_name, title, profile, role, state, revision, joined_at) VALUES ($1, $2, $3, $4, $4, '', '{}', $5, 'active', 1, 0)";
}

/// Reads a "component" that is a JSON file: `{"manifest": …, "imports": [[interface, function], …]}`.
struct Shelf {
    files: Blobs,
}

impl BotRuntime for Shelf {
    fn inspect(&self, component: PathBuf) -> BoxFuture<'_, Result<Inspection, Error>> {
        Box::pin(async move {
            let read: Value = serde_json::from_slice(&std::fs::read(component).unwrap()).unwrap();
            let imports = read["imports"]
                .as_array()
                .unwrap()
                .iter()
                .map(|import| ImportedFunction {
                    interface: import[0].as_str().unwrap().into(),
                    version: "0.1.0".into(),
                    function: import[1].as_str().unwrap().into(),
                });
            Ok(Inspection {
                imports: imports.collect(),
                manifest: read["manifest"].as_str().map(Into::into),
            })
        })
    }

    fn check<'a>(&'a self, digest: &'a str) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let text = std::fs::read(self.files.file(digest).unwrap()).unwrap();
            let read = serde_json::from_slice::<Value>(&text);
            read.map(drop)
                .map_err(|error| Error::new(Code::ComponentInvalid, error.to_string()))
        })
    }

    fn parked(&self, _: BotId) {}

    fn try_event(&self, _: Tried) -> BoxFuture<'_, Result<BotTrial, Error>> {
        Box::pin(async { Err(Error::new(Code::NotSupported, "These components do not run.")) })
    }

    fn status(&self, _: BotId) -> Option<InstanceStatus> {
        None
    }
}

struct Setup {
    steps: Vec<(mesh_store::Sql, Vec<String>)>,
    done: Option<oneshot::Sender<()>>,
}

impl Job for Setup {
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

/// What an operation answered.
pub(crate) struct Answered {
    pub(crate) json: Value,
    pub(crate) bytes: Bytes,
    pub(crate) etag: Option<String>,
}

/// A server with one mesh.
pub(crate) struct World {
    pub(crate) host: Arc<Host>,
    pub(crate) mesh: MeshId,
    pub(crate) creator: Caller,
    pub(crate) member: Caller,
    _dir: TempDir,
}

/// What a call brings besides its fields.
#[derive(Default, Clone, Copy)]
pub(crate) struct With<'a> {
    pub(crate) body: Option<&'a [u8]>,
    pub(crate) if_match: Option<&'a str>,
    pub(crate) key: Option<&'a str>,
}

fn person(id: PersonId) -> Caller {
    let session = SessionId::new(id.uuid());
    let credential = Credential::Session {
        id: session,
        fresh_until: Timestamp(i64::MAX),
    };
    Caller {
        who: Who::Person { id, operator: false },
        credential,
    }
}

pub(crate) fn id_of(caller: &Caller) -> String {
    caller.actor().unwrap().to_string()
}

impl World {
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&Config::Sqlite(dir.path().join("mesh.db"))).await.unwrap();
        let settings = Settings {
            name: "test".into(),
            public_url: "http://localhost".into(),
            open_registration: false,
            operators: Vec::new(),
            rates: Rates::default(),
            blobs: Blobs::open(dir.path()).unwrap(),
            outbound: Outbound::new(&[]).unwrap(),
        };
        let host = Host::new(
            store,
            settings,
            Keys {
                cursor: [1; 32],
                code_cache: [2; 32],
                secrets: [3; 32],
            },
        );
        assert!(
            host.runtime
                .set(Arc::new(Shelf {
                    files: host.settings.blobs.clone()
                }))
                .is_ok()
        );
        let mesh = MeshId::new(host.ids.next());
        let people = [PersonId::new(host.ids.next()), PersonId::new(host.ids.next())];
        let mut steps = vec![(MESH, vec![mesh.to_string(), people[0].to_string()])];
        for (id, name, role) in [(people[0], "ann", "creator"), (people[1], "ben", "member")] {
            let member = MemberId::new(host.ids.next()).to_string();
            steps.push((PERSON, vec![id.to_string(), name.into()]));
            steps.push((
                MEMBER,
                vec![member, mesh.to_string(), id.to_string(), name.into(), role.into()],
            ));
        }
        let (done, wait) = oneshot::channel();
        assert!(
            host.store
                .submit(Box::new(Setup {
                    steps,
                    done: Some(done)
                }))
                .is_ok()
        );
        wait.await.unwrap();
        Self {
            host,
            mesh,
            creator: person(people[0]),
            member: person(people[1]),
            _dir: dir,
        }
    }

    pub(crate) async fn call_with(
        &self,
        who: &Caller,
        op: &str,
        fields: Value,
        with: With<'_>,
    ) -> Result<Answered, Error> {
        let door = if matches!(who.credential, Credential::Component) {
            Door::Wasm
        } else {
            Door::Rest
        };
        let mut envelope = Envelope::new(who.clone(), door, RequestId::new(self.host.ids.next()));
        envelope.if_match = with.if_match.map(Into::into);
        envelope.idempotency_key = with.key.map(Into::into);
        let input = Input {
            fields: fields.to_string().into(),
            body: with.body.map(Bytes::copy_from_slice),
        };
        let erased = OPS
            .iter()
            .find(|erased| erased.spec.name == op)
            .unwrap_or_else(|| panic!("no {op}"));
        let Reply {
            body: (_, bytes), etag, ..
        } = (erased.call)(self.host.clone(), envelope, input).await?;
        Ok(Answered {
            json: serde_json::from_slice(&bytes).unwrap_or_default(),
            bytes,
            etag,
        })
    }

    pub(crate) async fn call(&self, who: &Caller, op: &str, fields: Value) -> Result<Value, Error> {
        self.call_with(who, op, fields, With::default())
            .await
            .map(|answered| answered.json)
    }

    /// By the Creator, without a refusal.
    pub(crate) async fn ok(&self, op: &str, fields: Value) -> Value {
        self.call(&self.creator, op, fields)
            .await
            .unwrap_or_else(|error| panic!("{op}: {error}"))
    }

    pub(crate) async fn refused(&self, who: &Caller, op: &str, fields: Value) -> Error {
        self.call(who, op, fields)
            .await
            .err()
            .unwrap_or_else(|| panic!("{op} was not refused"))
    }

    /// A bot, kept by the member.
    pub(crate) async fn bot(&self, name: &str) -> (String, Caller) {
        let fields = json!({ "mesh_id": self.mesh, "name": name, "keeper_id": id_of(&self.member) });
        let bot = self.ok("bot.create", fields).await;
        let id: BotId = bot["id"].as_str().unwrap().parse().unwrap();
        let who = Who::Bot { id, mesh: self.mesh };
        (
            id.to_string(),
            Caller {
                who,
                credential: Credential::Component,
            },
        )
    }

    /// Makes a component that was uploaded into one that cannot run.
    pub(crate) fn spoil(&self, digest: &str) {
        std::fs::write(self.host.settings.blobs.file(digest).unwrap(), "no component").unwrap();
    }

    /// Uploads a version; gives its id.
    pub(crate) async fn upload(&self, bot: &str, manifest: &str, imports: &[(&str, &str)]) -> String {
        self.try_upload(bot, Some(manifest), imports).await.unwrap()
    }

    pub(crate) async fn try_upload(
        &self,
        bot: &str,
        manifest: Option<&str>,
        imports: &[(&str, &str)],
    ) -> Result<String, Error> {
        let component = json!({ "manifest": manifest, "imports": imports }).to_string();
        let mut incoming = self.host.settings.blobs.receive().await?;
        incoming.write(component.into()).await?;
        let stored = incoming.finish(None).await?;
        let body = serde_json::to_string(&stored).unwrap();
        let with = With {
            body: Some(body.as_bytes()),
            ..With::default()
        };
        let uploaded = self
            .call_with(&self.member, "bot_version.upload", json!({ "bot_id": bot }), with)
            .await?;
        Ok(uploaded.json["id"].as_str().unwrap().to_owned())
    }

    pub(crate) async fn grant(&self, bot: &str, permission: &str, effect: &str) -> Value {
        self.ok(
            "bot_grant.put",
            json!({ "bot_id": bot, "permission": permission, "effect": effect }),
        )
        .await
    }

    pub(crate) async fn activate(&self, version: &str) -> Result<Value, Error> {
        self.call(&self.member, "bot_version.activate", json!({ "version_id": version }))
            .await
    }

    /// A running bot that may use its store.
    pub(crate) async fn running(&self, name: &str) -> (String, Caller) {
        let (bot, caller) = self.bot(name).await;
        let version = self
            .upload(&bot, &manifest("", &[("bot.state", "*", true)], ""), &[])
            .await;
        self.grant(&bot, "bot.state", "allow").await;
        self.activate(&version).await.unwrap();
        self.ok("bot.start", json!({ "bot_id": bot })).await;
        (bot, caller)
    }
}

/// A `bot.toml`.
pub(crate) fn manifest(publisher: &str, asks: &[(&str, &str, bool)], rest: &str) -> String {
    use std::fmt::Write as _;
    let mut toml = format!("schema = 1\n[bot]\nname = \"test\"\nversion = \"1\"\npublisher = \"{publisher}\"\n");
    for (permission, on, required) in asks {
        write!(
            toml,
            "[[capabilities]]\npermission = \"{permission}\"\non = \"{on}\"\nrequired = {required}\n"
        )
        .unwrap();
    }
    toml + rest
}
