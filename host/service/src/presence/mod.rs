//! Who is there, as the others see it. It is known in memory, by the open connections; only what an actor
//! chose to show is stored. A change is told at most once in ten seconds for each actor.

mod list;
mod set;

pub use list::{ListPresence, ListPresenceIn, MemberPresence};
pub use set::{SetPresence, SetPresenceIn};

use crate::{Host, Passing, Result};
use mesh_store::{log::Stream, members, presences};
use mesh_types::{ActorId, MeshId, Presence, Shown};
use serde_json::json;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::mpsc, time::Instant};

/// Least time between two changes of one actor that are told.
const PAUSE: Duration = Duration::from_secs(10);

/// Everybody with a connection, or who had one a moment ago.
pub struct Present {
    everybody: Mutex<HashMap<ActorId, Someone>>,
    changed: mpsc::UnboundedSender<(ActorId, Duration)>,
    changes: Mutex<Option<mpsc::UnboundedReceiver<(ActorId, Duration)>>>,
}

impl Default for Present {
    fn default() -> Self {
        let (changed, changes) = mpsc::unbounded_channel();
        Self {
            everybody: Mutex::default(),
            changed,
            changes: Mutex::new(Some(changes)),
        }
    }
}

#[derive(Debug, Default)]
struct Someone {
    connections: usize,
    chosen: Option<Presence>,
    meshes: Vec<MeshId>,
    /// What the others were told last, and when.
    told: Option<(Shown, Instant)>,
    /// Somebody is about to tell.
    telling: bool,
}

impl Someone {
    fn shown(&self) -> Shown {
        match self.chosen {
            _ if self.connections == 0 => Shown::Offline,
            None | Some(Presence::Online) => Shown::Online,
            Some(Presence::Away) => Shown::Away,
            Some(Presence::DoNotDisturb) => Shown::DoNotDisturb,
            Some(Presence::Invisible) => Shown::Offline,
        }
    }
}

impl Present {
    fn everybody(&self) -> MutexGuard<'_, HashMap<ActorId, Someone>> {
        self.everybody.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection came. True when it is the actor's first.
    fn add(&self, actor: ActorId) -> bool {
        let mut everybody = self.everybody();
        let someone = everybody.entry(actor).or_default();
        someone.connections += 1;
        someone.connections == 1
    }

    /// A connection went. True when it was the actor's last.
    fn remove(&self, actor: ActorId) -> bool {
        let mut everybody = self.everybody();
        everybody.get_mut(&actor).is_some_and(|someone| {
            someone.connections = someone.connections.saturating_sub(1);
            someone.connections == 0
        })
    }

    fn choose(&self, actor: ActorId, presence: Presence) {
        if let Some(someone) = self.everybody().get_mut(&actor) {
            someone.chosen = Some(presence);
        }
    }

    /// Who shows in a mesh.
    fn showing(&self, mesh: MeshId) -> Vec<(ActorId, Shown)> {
        let everybody = self.everybody();
        let there = everybody.iter().filter(|(_, someone)| someone.meshes.contains(&mesh));
        let there = there.map(|(actor, someone)| (*actor, someone.shown()));
        there.filter(|(_, shown)| *shown != Shown::Offline).collect()
    }

    /// Tells what changed, now or when the pause since the last time is over.
    fn change(&self, actor: ActorId) {
        let mut everybody = self.everybody();
        let Some(someone) = everybody.get_mut(&actor) else {
            return;
        };
        if !std::mem::replace(&mut someone.telling, true) {
            let since = someone.told.map(|(_, at)| at.elapsed());
            let wait = since.map_or(Duration::ZERO, |since| PAUSE.saturating_sub(since));
            let _ = self.changed.send((actor, wait));
        }
    }

    /// An actor has one connection more.
    pub fn arrive(&self, actor: ActorId) {
        if self.add(actor) {
            self.change(actor);
        }
    }

    /// An actor has one connection less.
    pub fn leave(&self, actor: ActorId) {
        if self.remove(actor) {
            self.change(actor);
        }
    }
}

/// Tells changes until the server ends.
pub async fn follow(host: Arc<Host>) {
    let changes = host
        .present
        .changes
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    let Some(mut changes) = changes else { return };
    while let Some((actor, wait)) = changes.recv().await {
        let host = host.clone();
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            if let Err(error) = tell(&host, actor).await {
                tracing::warn!(%actor, ?error, "a presence could not be told");
            }
        });
    }
}

async fn tell(host: &Arc<Host>, actor: ActorId) -> Result<()> {
    let mut view = host.store.view().await?;
    let (chosen, meshes) = (
        presences::get(&mut view.tx(), actor).await?,
        presences::meshes(&mut view.tx(), actor).await?,
    );
    let mut to = Vec::new();
    for mesh in &meshes {
        let Some(member) = members::of_actor(&mut view.tx(), *mesh, actor).await? else {
            continue;
        };
        let guests = members::guests_beside(&mut view.tx(), *mesh, actor).await?;
        let streams = guests.into_iter().map(Stream::Actor);
        to.push((
            member,
            std::iter::once(Stream::Mesh(*mesh)).chain(streams).collect::<Vec<_>>(),
        ));
    }
    drop(view);
    let Some(shown) = settle(host, actor, chosen, meshes) else {
        return Ok(());
    };
    for (member, streams) in to {
        for stream in streams {
            host.live.pass(&Passing {
                stream,
                kind: "presence.changed",
                at: host.clock.now(),
                actor: Some(member.actor.clone()),
                op: "presence.set",
                request: None,
                data: json!({ "mesh_id": member.mesh_id, "member_id": member.id, "presence": shown }),
            });
        }
    }
    Ok(())
}

/// What is to be told, if that is news. Whoever is gone is forgotten once everybody knows.
fn settle(host: &Host, actor: ActorId, chosen: Option<Presence>, meshes: Vec<MeshId>) -> Option<Shown> {
    let mut everybody = host.present.everybody();
    let someone = everybody.get_mut(&actor)?;
    (someone.telling, someone.chosen, someone.meshes) = (false, chosen, meshes);
    let shown = someone.shown();
    let before = someone.told.map_or(Shown::Offline, |(told, _)| told);
    if someone.connections == 0 {
        everybody.remove(&actor);
    } else if before != shown {
        someone.told = Some((shown, Instant::now()));
    }
    (before != shown).then_some(shown)
}
