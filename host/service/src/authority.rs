//! What is known in memory about who may do what, and the facts that `decide` needs.
//!
//! Every entry is loaded on first use and forgotten by the commit that changes it, before that
//! commit is told to anyone. `generation` rises with each such change, so a value that was read
//! while a change was being committed is used once but never kept.

use crate::{Error, Result, error::Code, manifest::Manifest, resource::Target, token};
use mesh_authz::{
    Ask, BotAuthority, BotGrant, Caller, Credential, Facts, GrantEffect, Matter, Pattern, Permission, Place, RoomFacts,
    Scopes, Subject, Who,
};
use mesh_store::{
    Store, approval_rules,
    facts::{self, BotRow, RoomRow, SeatRow},
};
use mesh_types::{
    ActorId, AutonomyLevel, BotId, JoinRule, MeshId, PersonId, Role, RoomId, SessionId, Timestamp, approval::RuleTerms,
};
use quick_cache::sync::Cache;
use std::{
    hash::Hash,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::watch;

/// What a write made untrue.
#[derive(Debug, Clone)]
pub enum Stale {
    /// An actor's membership of a mesh.
    Place(MeshId, ActorId),
    /// A room.
    Room(RoomId),
    /// An actor's place in a room.
    Seat(RoomId, ActorId),
    /// A bot: its keeper, its versions, its grants.
    Bot(BotId),
    /// What bounds all bots of some mesh.
    Bots,
    /// A session's or token's hash.
    Token(String),
    /// Every token of a session.
    Session(SessionId),
}

/// The in-memory snapshot.
pub struct Authority {
    generation: AtomicU64,
    changing: Mutex<()>,
    changes: watch::Sender<()>,
    places: Cache<(MeshId, ActorId), Option<Place>>,
    rooms: Cache<RoomId, Option<RoomRow>>,
    seats: Cache<(RoomId, ActorId), Option<SeatRow>>,
    bots: Cache<BotId, Option<BotRow>>,
    bot_rights: Cache<BotId, Arc<BotAuthority>>,
    tokens: Cache<String, Known>,
    operators: Vec<String>,
}

/// What a bearer token proves.
#[derive(Debug, Clone)]
pub struct Known {
    /// Who shows it.
    pub caller: Caller,
    /// When its time is over.
    pub expires_at: Option<Timestamp>,
}

const KEPT: usize = 100_000;

impl Authority {
    /// Knows nothing yet. `operators` are the e-mail addresses of people who operate the server.
    pub fn new(operators: Vec<String>) -> Self {
        Self {
            generation: AtomicU64::new(0),
            changing: Mutex::new(()),
            changes: watch::Sender::default(),
            places: Cache::new(KEPT),
            rooms: Cache::new(KEPT),
            seats: Cache::new(KEPT),
            bots: Cache::new(KEPT),
            bot_rights: Cache::new(KEPT),
            tokens: Cache::new(KEPT),
            operators,
        }
    }

    /// Rises whenever anything that decides about rights changes.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Told whenever anything that decides about rights changed and was forgotten here.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Forgets what a commit changed.
    pub fn forget(&self, stale: &[Stale]) {
        if stale.is_empty() {
            return;
        }
        let _turn = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        self.generation.fetch_add(1, Ordering::AcqRel);
        for one in stale {
            match one {
                Stale::Place(mesh, actor) => drop(self.places.remove(&(*mesh, *actor))),
                Stale::Room(room) => drop(self.rooms.remove(room)),
                Stale::Seat(room, actor) => drop(self.seats.remove(&(*room, *actor))),
                Stale::Bot(bot) => {
                    self.bots.remove(bot);
                    self.bot_rights.remove(bot);
                }
                Stale::Bots => self.bot_rights.clear(),
                Stale::Token(hash) => drop(self.tokens.remove(hash)),
                Stale::Session(session) => self.tokens.retain(
                    |_, known| !matches!(known.caller.credential, Credential::Session { id, .. } if id == *session),
                ),
            }
        }
        self.changes.send_replace(());
    }

    /// `load` makes a future of its own size only when it is needed: what is known costs no copy of it.
    async fn cached<K: Hash + Eq + Clone, V: Clone, F: Future<Output = Result<V>> + Send>(
        &self,
        cache: &Cache<K, V>,
        key: K,
        load: impl FnOnce() -> F,
    ) -> Result<V> {
        if let Some(value) = cache.get(&key) {
            return Ok(value);
        }
        let before = self.generation();
        let value = Box::pin(load()).await?;
        let _turn = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.generation() == before {
            cache.insert(key, value.clone());
        }
        Ok(value)
    }

    /// An actor's place in a mesh.
    pub async fn place(&self, store: &Store, mesh: MeshId, actor: ActorId) -> Result<Option<Place>> {
        self.cached(&self.places, (mesh, actor), || async {
            let row = facts::place(&mut store.view().await?.tx(), mesh, actor).await?;
            Ok(row.map(|row| Place {
                member: row.member,
                role: row.role,
                suspended: row.suspended,
            }))
        })
        .await
    }

    /// A room that is not deleted.
    pub async fn room(&self, store: &Store, room: RoomId) -> Result<Option<RoomRow>> {
        self.cached(&self.rooms, room, || async {
            Ok(facts::room(&mut store.view().await?.tx(), room).await?)
        })
        .await
    }

    /// An actor's place in a room.
    pub async fn seat(&self, store: &Store, room: RoomId, actor: ActorId) -> Result<Option<SeatRow>> {
        self.cached(&self.seats, (room, actor), || async {
            Ok(facts::seat(&mut store.view().await?.tx(), room, actor).await?)
        })
        .await
    }

    /// A bot that is not deleted.
    pub async fn bot(&self, store: &Store, bot: BotId) -> Result<Option<BotRow>> {
        self.cached(&self.bots, bot, || async {
            Ok(facts::bot(&mut store.view().await?.tx(), bot).await?)
        })
        .await
    }

    /// What narrows a bot.
    pub async fn bot_rights(&self, store: &Store, bot: BotId) -> Result<Arc<BotAuthority>> {
        self.cached(&self.bot_rights, bot, || async {
            let mut view = store.view().await?;
            let manifest = facts::manifest(&mut view.tx(), bot).await?;
            let grants = facts::grants(&mut view.tx(), bot).await?;
            // What is not there does nothing.
            let stored = facts::autonomy(&mut view.tx(), bot).await?;
            let (autonomy, caps) = stored.unwrap_or((AutonomyLevel::Observe, "{}".into()));
            let caps = from_json(&caps)?;
            let rules = match facts::bot(&mut view.tx(), bot).await? {
                Some(row) => approval_rules::list(&mut view.tx(), row.mesh).await?,
                None => Vec::new(),
            };
            let manifest = manifest
                .map(|json| Manifest::from_json(&json).map(|manifest| manifest.wishes()))
                .transpose()?;
            let grants = grants.into_iter().filter_map(grant).collect();
            Ok(Arc::new(BotAuthority {
                manifest,
                grants,
                autonomy: autonomy.into(),
                caps,
                asks: rules.into_iter().filter_map(|rule| ask(bot, rule.terms)).collect(),
            }))
        })
        .await
    }

    /// The caller behind a bearer token.
    pub async fn authenticate(&self, store: &Store, now: Timestamp, bearer: &str) -> Result<Caller> {
        Ok(self.known(store, now, bearer).await?.caller)
    }

    /// The caller behind a bearer token, and when the token's time is over.
    pub async fn known(&self, store: &Store, now: Timestamp, bearer: &str) -> Result<Known> {
        let hash = token::hash(bearer);
        let known = if let Some(known) = self.tokens.get(&hash) {
            known
        } else {
            let before = self.generation();
            let known = Box::pin(self.look_up(store, bearer, &hash)).await?;
            let _turn = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
            if self.generation() == before {
                self.tokens.insert(hash, known.clone());
            }
            known
        };
        if known.expires_at.is_some_and(|end| end <= now) {
            return Err(Error::new(
                Code::TokenExpired,
                "This token's time is over. Refresh it or sign in again.",
            ));
        }
        Ok(known)
    }

    /// Whether the configuration says that the account of this address operates the server.
    pub(crate) fn names_operator(&self, email: &str) -> bool {
        self.operators.iter().any(|named| named.eq_ignore_ascii_case(email))
    }

    async fn look_up(&self, store: &Store, bearer: &str, hash: &str) -> Result<Known> {
        let unknown = || Error::new(Code::Unauthenticated, "This token is not known here.");
        let revoked = || Error::new(Code::TokenRevoked, "This token was ended.");
        if bearer.starts_with("mst_") {
            let session = facts::session(&mut store.view().await?.tx(), hash)
                .await?
                .ok_or_else(unknown)?;
            if session.ended {
                return Err(revoked());
            }
            let operator = session.operator || self.names_operator(&session.email);
            let credential = Credential::Session {
                id: session.id,
                fresh_until: session.fresh_until,
            };
            let caller = Caller {
                who: Who::Person {
                    id: session.person,
                    operator,
                },
                credential,
            };
            return Ok(Known {
                caller,
                expires_at: Some(session.expires_at),
            });
        }
        let row = facts::token(&mut store.view().await?.tx(), hash)
            .await?
            .ok_or_else(unknown)?;
        if row.revoked_at.is_some() {
            return Err(revoked());
        }
        let caller = match row.owner {
            ActorId::Person(id) => {
                let scopes = Scopes {
                    token: row.id,
                    permissions: from_json(&row.permissions)?,
                    meshes: from_json(&row.meshes)?,
                    rooms: from_json(&row.rooms)?,
                };
                Caller {
                    who: Who::Person { id, operator: false },
                    credential: Credential::Token(Arc::new(scopes)),
                }
            }
            ActorId::Bot(id) => {
                let bot = self.bot(store, id).await?.ok_or_else(unknown)?;
                Caller {
                    who: Who::Bot { id, mesh: bot.mesh },
                    credential: Credential::BotToken,
                }
            }
        };
        Ok(Known {
            caller,
            expires_at: row.expires_at,
        })
    }

    /// Everything `decide` asks about a caller and a resource.
    pub async fn facts(&self, store: &Store, now: Timestamp, caller: &Caller, target: Target) -> Result<Facts> {
        let actor = caller.actor();
        let mut facts = Facts {
            now,
            ..Facts::default()
        };
        if let Who::Bot { id, .. } = caller.who {
            facts.authority = Some(self.bot_rights(store, id).await?);
        }
        match target {
            Target::Server | Target::Myself => (facts.exists, facts.owned) = (true, true),
            Target::Room(room) => self.add_room(store, &mut facts, room, actor).await?,
            other => Box::pin(self.add_target(store, &mut facts, other, actor)).await?,
        }
        Ok(facts)
    }

    /// What takes a look into the database beside the memory.
    async fn add_target(&self, store: &Store, facts: &mut Facts, target: Target, actor: Option<ActorId>) -> Result<()> {
        match target {
            Target::Server | Target::Myself | Target::Room(_) => {}
            Target::Mesh(mesh) | Target::OwnIn(mesh) => {
                self.add_mesh(store, facts, mesh, actor).await?;
                facts.owned = matches!(target, Target::OwnIn(_));
                facts.exists = facts.place.is_some() || facts::mesh(&mut store.view().await?.tx(), mesh).await?;
            }
            Target::RoomMember(room, member) => {
                self.add_room(store, facts, room, actor).await?;
                let row = facts::member(&mut store.view().await?.tx(), member).await?;
                let row = row.filter(|row| Some(row.mesh) == facts.mesh);
                facts.exists &= row.is_some();
                if let Some(row) = row {
                    let seat = self.seat(store, room, row.actor).await?;
                    let room_role = seat.map(|seat| seat.role);
                    facts.subject = Some(Subject {
                        room_role,
                        ..subject(row.role, row.actor, actor)
                    });
                }
            }
            Target::Message(message) => {
                if let Some((room, author)) = facts::message(&mut store.view().await?.tx(), message).await? {
                    self.add_room(store, facts, room, actor).await?;
                    facts.owned = actor == Some(author);
                }
            }
            Target::Thread(thread) => {
                if let Some((room, author)) = facts::thread(&mut store.view().await?.tx(), thread).await? {
                    self.add_room(store, facts, room, actor).await?;
                    facts.owned = actor == Some(author);
                }
            }
            Target::File(file) => {
                if let Some((room, uploader)) = facts::file(&mut store.view().await?.tx(), file).await? {
                    self.add_room(store, facts, room, actor).await?;
                    facts.owned = actor == Some(uploader);
                }
            }
            Target::Member(member, giving) => {
                if let Some(row) = facts::member(&mut store.view().await?.tx(), member).await? {
                    self.add_mesh(store, facts, row.mesh, actor).await?;
                    facts.exists = true;
                    facts.giving = giving;
                    facts.subject = Some(subject(row.role, row.actor, actor));
                    facts.owned = actor == Some(row.actor);
                    if let ActorId::Bot(bot) = row.actor {
                        facts.bot = Some(bot);
                        facts.owned |= self.keeps(store, actor, row.actor).await?;
                    }
                    self.add_shared_room(store, facts, actor, row.actor).await?;
                }
            }
            Target::Invite(invite) => {
                if let Some((mesh, maker)) = facts::invite(&mut store.view().await?.tx(), invite).await? {
                    self.add_mesh(store, facts, mesh, actor).await?;
                    (facts.exists, facts.owned) = (true, actor == Some(maker));
                }
            }
            Target::Approval(approval) | Target::Verdict(approval) => {
                let row = facts::approval(&mut store.view().await?.tx(), approval, actor).await?;
                if let Some(row) = row {
                    self.add_mesh(store, facts, row.mesh, actor).await?;
                    let place = actor.zip(facts.place);
                    let decides = place.is_some_and(|(actor, place)| row.is_for(actor, place.role));
                    facts.exists = true;
                    if matches!(target, Target::Verdict(_)) {
                        // Asking gives no right to answer, and no role is above what the question's rule says.
                        facts.owned = decides;
                        facts.forbidden_by_policy = (!decides).then_some("approvals");
                    } else {
                        let asked = actor == Some(row.requester) || self.keeps(store, actor, row.requester).await?;
                        facts.owned = asked || decides;
                    }
                }
            }
            Target::Timer(timer) => {
                if let Some(bot) = facts::timer(&mut store.view().await?.tx(), timer).await? {
                    self.add_bot(store, facts, bot, actor).await?;
                }
            }
            Target::Bot(bot) => self.add_bot(store, facts, bot, actor).await?,
            Target::BotVersion(version) => {
                if let Some(bot) = facts::version(&mut store.view().await?.tx(), version).await? {
                    self.add_bot(store, facts, bot, actor).await?;
                }
            }
        }
        Ok(())
    }

    /// Whether somebody answers for a bot.
    async fn keeps(&self, store: &Store, somebody: Option<ActorId>, bot: ActorId) -> Result<bool> {
        let ActorId::Bot(bot) = bot else { return Ok(false) };
        let bot = self.bot(store, bot).await?;
        Ok(bot.is_some_and(|bot| somebody == Some(bot.keeper.into())))
    }

    async fn add_mesh(&self, store: &Store, facts: &mut Facts, mesh: MeshId, actor: Option<ActorId>) -> Result<()> {
        facts.mesh = Some(mesh);
        if let Some(actor) = actor {
            facts.place = self.place(store, mesh, actor).await?;
        }
        Ok(())
    }

    async fn add_room(&self, store: &Store, facts: &mut Facts, room: RoomId, actor: Option<ActorId>) -> Result<()> {
        let Some(row) = self.room(store, room).await? else {
            return Ok(());
        };
        facts.exists = true;
        self.add_mesh(store, facts, row.mesh, actor).await?;
        let seat = match actor {
            Some(actor) => self.seat(store, room, actor).await?,
            None => None,
        };
        let silent = seat.is_some_and(|seat| !seat.may_post);
        facts.room = Some(RoomFacts {
            id: room,
            join_rule: row.join_rule,
            my_role: seat.map(|seat| seat.role),
            invited: false,
            readers_may_react: row.readers_may_react,
            taken_away: if silent {
                vec![Permission::MessagePost]
            } else {
                Vec::new()
            },
            archived: row.archived,
        });
        facts.shares_room = seat.is_some() || row.join_rule == JoinRule::Public;
        Ok(())
    }

    async fn add_bot(&self, store: &Store, facts: &mut Facts, bot: BotId, actor: Option<ActorId>) -> Result<()> {
        let Some(row) = self.bot(store, bot).await? else {
            return Ok(());
        };
        facts.exists = true;
        facts.bot = Some(bot);
        facts.owned = actor == Some(row.keeper.into()) || actor == Some(bot.into());
        self.add_mesh(store, facts, row.mesh, actor).await?;
        self.add_shared_room(store, facts, actor, bot.into()).await
    }

    /// Only Guests and bots are limited to those they share a room with, so only for them it is looked up.
    async fn add_shared_room(&self, store: &Store, facts: &mut Facts, a: Option<ActorId>, b: ActorId) -> Result<()> {
        let limited = facts
            .place
            .is_some_and(|place| matches!(place.role, Role::Guest | Role::Bot));
        if let (true, Some(a), Some(mesh)) = (limited, a, facts.mesh) {
            facts.shares_room = a == b || facts::share_room(&mut store.view().await?.tx(), mesh, a, b).await?;
        }
        Ok(())
    }

    /// How many entries are kept, for the metrics.
    pub fn entries(&self) -> usize {
        self.places.len() + self.rooms.len() + self.seats.len() + self.bots.len() + self.tokens.len()
    }
}

fn subject(role: Role, actor: ActorId, caller: Option<ActorId>) -> Subject {
    Subject {
        role,
        is_caller: caller == Some(actor),
        is_bot: matches!(actor, ActorId::Bot(_)),
        room_role: None,
    }
}

fn from_json<T: serde::de::DeserializeOwned>(json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(Error::internal)
}

/// A stored grant; one that this version cannot read counts as a refusal of nothing and is left out.
fn grant((permission, pattern, effect, expires_at): facts::GrantRow) -> Option<BotGrant> {
    let effect = match effect.as_str() {
        "allow" => GrantEffect::Allow,
        "ask" => GrantEffect::Ask,
        _ => GrantEffect::Deny,
    };
    Some(BotGrant {
        permission: permission.parse().ok()?,
        on: pattern.parse::<Pattern>().ok()?,
        effect,
        expires_at,
    })
}

/// What a rule makes a bot ask about, if it does.
fn ask(bot: BotId, terms: RuleTerms) -> Option<Ask> {
    let applies = terms.asks && terms.bot_id.is_none_or(|named| named == bot);
    // A matter that this version cannot read is taken for everything.
    applies.then(|| Ask {
        matter: terms.about.parse().unwrap_or(Matter::Any),
        room: terms.room_id,
    })
}

/// The person behind a caller that did not come with a personal access token. Such a token does what
/// it names and nothing else, and no permission names what belongs to the account itself.
pub fn session_person(caller: &Caller) -> Result<PersonId> {
    if let Credential::Token(_) = caller.credential {
        return Err(Error::forbidden(
            mesh_authz::Reason::Scope,
            "A personal access token does only what it names; sign in for this.",
        ));
    }
    person(caller)
}

/// The person behind a caller, for operations that bots have no use for.
pub fn person(caller: &Caller) -> Result<PersonId> {
    match caller.who {
        Who::Person { id, .. } => Ok(id),
        _ => Err(Error::forbidden(
            mesh_authz::Reason::HumanOnly,
            "Only people have this.",
        )),
    }
}
