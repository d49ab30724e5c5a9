//! A mesh for one script: the real service with its database in a temporary folder, the real bot host with its limits,
//! and no network. Everything in it is done by operations.

use super::{CREATOR, format::Script};
use crate::{
    client::{Failure, Result},
    keys,
};
use anyhow::{Context as _, anyhow};
use mesh_authz::Caller;
use mesh_service::{
    Door, Envelope, Error, Host, Input, Settings, blobs::Blobs, bot::LogStretch, operation, outbound::Outbound,
    rate::Rates, runtime::BotRuntime as _,
};
use mesh_store::Store;
use mesh_types::{
    RequestId, Timestamp,
    bot::{BotBacklog, BotLogLine},
};
use mesh_wasm::{EngineConfig, Limits, Supervisor, SupervisorConfig, compile::CompilerConfig};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

/// How long a bot may take for one step, however its limits are set.
const PATIENCE: Duration = Duration::from_mins(2);
/// How long compiling may take: on the author's machine nobody else waits for it.
const COMPILING: Duration = Duration::from_mins(10);
/// How often it is looked whether it is done.
const LOOK: Duration = Duration::from_millis(2);
/// Most timers that fire while a step waits.
const FIRINGS: usize = 10_000;

/// A room of the script.
pub(super) struct Room {
    pub(super) id: String,
    /// How much of its stream was looked at.
    pub(super) seen: i64,
    /// Its last message.
    pub(super) last: Option<String>,
}

/// The mesh.
pub(super) struct World {
    host: Arc<Host>,
    runtime: Arc<Supervisor>,
    people: BTreeMap<String, Caller>,
    mesh: String,
    pub(super) bot: String,
    pub(super) rooms: BTreeMap<String, Room>,
}

/// What a refused call means to whoever wrote the script.
fn refused(what: &str, error: &Error) -> Failure {
    Failure::failed(anyhow!("{what}: {error}"))
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}

impl World {
    /// An empty mesh. `shared` keeps what is compiled for the scripts that come after.
    pub(super) async fn open(shared: &Path, folder: &Path) -> Result<Self> {
        keys::data_folder(folder)?;
        let store = Store::open(&mesh_store::Config::Sqlite(folder.join("mesh.db"))).await;
        let settings = Settings {
            name: "Scripts".into(),
            public_url: "http://localhost".into(),
            open_registration: true,
            operators: Vec::new(),
            rates: Rates::default(),
            blobs: Blobs::open(&folder.join("blobs")).context("the temporary folder cannot be used")?,
            outbound: Outbound::new(&[]).map_err(|error| anyhow!("{error}"))?,
        };
        let keys = keys::load(shared)?;
        let compiler = CompilerConfig::new(shared.join("compiled"), keys.code_cache.into());
        let compiler = CompilerConfig {
            timeout: COMPILING,
            cpu_seconds: 2 * COMPILING.as_secs(),
            ..compiler.map_err(Failure::failed)?
        };
        let host = Host::new(store.map_err(Failure::failed)?, settings, keys);
        let supervisor = SupervisorConfig {
            engine: EngineConfig {
                instances: 4,
                ..EngineConfig::default()
            },
            compiler,
            limits: Limits::default(),
            idle: Duration::from_secs(30),
        };
        let runtime = Supervisor::start(host.clone(), supervisor).await;
        let runtime = runtime.map_err(|error| refused("bots cannot be run", &error))?;
        let _ = host.runtime.set(runtime.clone());
        tokio::spawn(mesh_service::timer::follow(host.clone()));
        tokio::spawn(mesh_service::approval::follow(host.clone()));
        let mut world = Self {
            host,
            runtime,
            people: BTreeMap::new(),
            mesh: String::new(),
            bot: String::new(),
            rooms: BTreeMap::new(),
        };
        world.register(CREATOR).await?;
        let mesh = world.did(CREATOR, "mesh.create", json!({ "name": "Scripts" })).await?;
        world.mesh = text(&mesh, "id");
        Ok(world)
    }

    /// Calls an operation in somebody's name.
    pub(super) async fn call(&self, by: &str, op: &str, fields: Value) -> Result<Value, Error> {
        let caller = self.people.get(by).cloned().unwrap_or(Caller::ANONYMOUS);
        self.call_with(caller, op, fields, None).await
    }

    async fn call_with(&self, caller: Caller, op: &str, fields: Value, body: Option<Value>) -> Result<Value, Error> {
        let answer = self.answer(caller, op, fields, body).await?;
        serde_json::from_slice(&answer).map_err(Error::internal)
    }

    async fn answer(&self, caller: Caller, op: &str, fields: Value, body: Option<Value>) -> Result<Vec<u8>, Error> {
        let op = operation(op).ok_or_else(|| Error::internal("there is no such operation"))?;
        let mut envelope = Envelope::new(caller, Door::Cli, RequestId::new(self.host.ids.next()));
        // Nobody else changes anything here.
        envelope.if_match = Some("*".into());
        let input = Input {
            fields: fields.to_string().into(),
            body: body.map(|body| body.to_string().into()),
        };
        let reply = (op.call)(self.host.clone(), envelope, input).await?;
        Ok(reply.body.1.to_vec())
    }

    /// What the bot stored at a key, as it stored it.
    pub(super) async fn stored(&self, key: &str) -> Result<Vec<u8>, Error> {
        let fields = json!({ "bot_id": self.bot, "key": key });
        self.answer(self.creator(), "kv.get", fields, None).await
    }

    fn creator(&self) -> Caller {
        self.people.get(CREATOR).cloned().unwrap_or(Caller::ANONYMOUS)
    }

    /// Calls an operation that has to be done.
    pub(super) async fn did(&self, by: &str, op: &str, fields: Value) -> Result<Value> {
        let answer = self.call(by, op, fields).await;
        answer.map_err(|error| refused(op, &error))
    }

    async fn register(&mut self, name: &str) -> Result<()> {
        let email = format!("person{}@example.org", self.people.len());
        let password = mesh_service::token::unguessable();
        let account = json!({ "email": email, "password": password, "name": name });
        let session = self.did("", "auth.register", account).await?;
        let (host, now) = (&self.host, self.host.clock.now());
        let token = text(&session, "access_token");
        let caller = host.authority.authenticate(&host.store, now, &token).await;
        let caller = caller.map_err(|error| refused(name, &error))?;
        self.people.insert(name.to_owned(), caller);
        Ok(())
    }

    /// Brings in a bot: uploaded, granted, set up, and in every room of the script.
    pub(super) async fn bring(&mut self, name: &str, component: Vec<u8>, script: &Script) -> Result<()> {
        let bot = json!({ "mesh_id": self.mesh, "name": name });
        let bot = text(&self.did(CREATOR, "bot.create", bot).await?, "id");
        self.bot.clone_from(&bot);
        let version = self.upload(component).await?;
        let grants = json!({ "bot_id": bot, "version_id": version["id"] });
        let grants = self.did(CREATOR, "bot_grant.list", grants).await?;
        for asked in grants["asked"].as_array().into_iter().flatten() {
            let denied = script.deny.iter().any(|denied| asked["permission"] == denied.as_str());
            let effect = if denied { "deny" } else { "allow" };
            let grant = json!({
                "bot_id": bot, "permission": asked["permission"], "on": asked["on"], "version_id": version["id"], "effect": effect,
            });
            self.did(CREATOR, "bot_grant.put", grant).await?;
        }
        let activate = json!({ "version_id": version["id"] });
        self.did(CREATOR, "bot_version.activate", activate).await?;
        if let Some(config) = &script.config {
            self.configure(config)
                .await
                .map_err(|error| refused("config", &error))?;
        }
        for (name, value) in &script.secrets {
            let secret = json!({ "bot_id": bot, "name": name, "value": value });
            self.did(CREATOR, "bot_secret.put", secret).await?;
        }
        let hears = &version["manifest"]["events"]["hears"];
        let rooms = script.steps.iter().map(|step| step.get_ref().room());
        for name in std::iter::once("general").chain(rooms) {
            if !self.rooms.contains_key(name) {
                let room = json!({ "mesh_id": self.mesh, "name": name });
                let id = text(&self.did(CREATOR, "room.create", room).await?, "id");
                let bring = json!({ "room_id": id, "bot_id": bot, "hears": hears });
                self.did(CREATOR, "room_bot.add", bring).await?;
                let (seen, last) = (0, None);
                self.rooms.insert(name.to_owned(), Room { id, seen, last });
            }
        }
        for step in &script.steps {
            let name = step.get_ref().by();
            if !self.people.contains_key(name) {
                self.join(name, script).await?;
            }
        }
        self.did(CREATOR, "bot.start", json!({ "bot_id": bot })).await?;
        Ok(())
    }

    async fn upload(&self, component: Vec<u8>) -> Result<Value> {
        let stored = async {
            let mut incoming = self.host.settings.blobs.receive().await?;
            incoming.write(component.into()).await?;
            incoming.finish(None).await
        };
        let stored = stored.await.map_err(|error| refused("the component", &error))?;
        let (fields, body) = (json!({ "bot_id": self.bot }), Some(json!(stored)));
        let version = self.call_with(self.creator(), "bot_version.upload", fields, body).await;
        version.map_err(|error| refused("the component", &error))
    }

    /// Somebody comes into the mesh and its rooms.
    async fn join(&mut self, name: &str, script: &Script) -> Result<()> {
        self.register(name).await?;
        let invite = self
            .did(CREATOR, "invite.create", json!({ "mesh_id": self.mesh }))
            .await?;
        let member = self
            .did(name, "invite.accept", json!({ "code": invite["code"] }))
            .await?;
        for room in self.rooms.values() {
            self.did(name, "room.join", json!({ "room_id": room.id })).await?;
        }
        if let Some(role) = script.people.get(name) {
            let role = json!({ "member_id": member["id"], "role": role });
            self.did(CREATOR, "member.set_role", role).await?;
        }
        Ok(())
    }

    /// Gives the bot these settings.
    pub(super) async fn configure(&self, config: &toml::Table) -> Result<(), Error> {
        let config = json!({ "bot_id": self.bot, "config": config });
        self.call(CREATOR, "bot_config.put", config).await.map(drop)
    }

    /// Waits until the bot has nothing more to do at this time.
    pub(super) async fn settle(&self) -> Result<BotBacklog> {
        let begun = Instant::now();
        loop {
            let (backlog, due) = (self.backlog().await?, self.next_due().await?);
            let now = self.host.clock.now();
            let over = |time: Option<Timestamp>| time.is_some_and(|time| time <= now);
            if backlog.waiting == 0 && !over(due) && !over(backlog.next_try_at) {
                return Ok(backlog);
            }
            if begun.elapsed() > PATIENCE {
                return Err(Failure::failed(anyhow!(
                    "the bot was not done after {} s",
                    PATIENCE.as_secs()
                )));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Lets time pass, from one timer of the bot to the next.
    pub(super) async fn wait(&self, time: Duration) -> Result<BotBacklog> {
        let millis = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        let end = Timestamp(self.host.clock.now().millis().saturating_add(millis));
        for _ in 0..FIRINGS {
            let next = [self.next_due().await?, self.backlog().await?.next_try_at];
            let next = next.into_iter().flatten().min().filter(|next| *next <= end);
            let ahead = next.unwrap_or(end).millis() - self.host.clock.now().millis();
            self.host
                .let_pass(Duration::from_millis(u64::try_from(ahead).unwrap_or(0)));
            // What the bot is handed again is due by this clock, too.
            self.runtime.parked(self.bot.parse().map_err(Failure::failed)?);
            let backlog = self.settle().await?;
            if next.is_none() {
                return Ok(backlog);
            }
        }
        Err(Failure::failed(anyhow!("more than {FIRINGS} timers fired")))
    }

    async fn backlog(&self) -> Result<BotBacklog> {
        let backlog = self
            .did(CREATOR, "bot_backlog.get", json!({ "bot_id": self.bot }))
            .await?;
        serde_json::from_value(backlog).map_err(Failure::failed)
    }

    /// When the bot's next timer fires.
    async fn next_due(&self) -> Result<Option<Timestamp>> {
        let timers = self.all("timer.list", json!({ "bot_id": self.bot })).await?;
        let due = timers
            .into_iter()
            .map(|timer| serde_json::from_value(timer["due_at"].clone()));
        let due: Vec<Option<Timestamp>> = due.collect::<serde_json::Result<_>>().map_err(Failure::failed)?;
        Ok(due.into_iter().flatten().min())
    }

    /// What the bot said since this line, which becomes the last one.
    pub(super) async fn lines(&self, last: &mut String) -> Result<Vec<BotLogLine>> {
        let mut lines = Vec::new();
        loop {
            let tail = json!({ "bot_id": self.bot, "after": last });
            let tail = self.did(CREATOR, "bot_log.tail", tail).await?;
            let tail: LogStretch = serde_json::from_value(tail).map_err(Failure::failed)?;
            lines.extend(tail.lines);
            *last = tail.after;
            if !tail.more {
                return Ok(lines);
            }
        }
    }

    /// Every item of a list.
    pub(super) async fn all(&self, op: &str, mut fields: Value) -> Result<Vec<Value>> {
        let mut all = Vec::new();
        loop {
            let page = self.did(CREATOR, op, fields.clone()).await?;
            all.extend(page["items"].as_array().into_iter().flatten().cloned());
            if page["next_cursor"].is_null() {
                return Ok(all);
            }
            fields["cursor"] = page["next_cursor"].clone();
        }
    }
}
