use crate::{Envelope, Error, Host, Passing, Result, authority::Stale, error::Code};
use mesh_store::{
    Tx,
    log::{self, Entry, Stream},
};
use mesh_types::{
    ActorId, Timestamp,
    view::{Actor, Message},
};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;

/// What is done after a commit.
pub(crate) type Afterwards = Box<dyn FnOnce(&Arc<Host>) + Send>;

/// What an operation works with: its transaction, its caller, the clock, ids and the log.
pub struct Cx<'c> {
    tx: Tx<'c>,
    host: &'c Host,
    envelope: &'c Envelope,
    now: Timestamp,
    pub(crate) entries: Vec<Entry>,
    pub(crate) stale: Vec<Stale>,
    pub(crate) posted: Option<Message>,
    pub(crate) passing: Vec<Passing>,
    pub(crate) afterwards: Option<Afterwards>,
    told_later: bool,
    layer: &'static str,
    mesh: Option<mesh_types::MeshId>,
}

impl<'c> Cx<'c> {
    pub(crate) fn new(
        tx: Tx<'c>,
        host: &'c Host,
        envelope: &'c Envelope,
        (layer, mesh): (&'static str, Option<mesh_types::MeshId>),
    ) -> Self {
        let now = host.clock.now();
        Self {
            tx,
            host,
            envelope,
            now,
            entries: Vec::new(),
            stale: Vec::new(),
            posted: None,
            passing: Vec::new(),
            afterwards: None,
            told_later: false,
            layer,
            mesh,
        }
    }

    /// The transaction; in a read, the view.
    pub fn tx(&mut self) -> &mut Tx<'c> {
        &mut self.tx
    }

    /// The server around the operation: settings and ports. Not a way to other data.
    pub fn host(&self) -> &'c Host {
        self.host
    }

    /// Who asks, through which door.
    pub fn envelope(&self) -> &'c Envelope {
        self.envelope
    }

    /// The person or bot who asks. For operations that only signed-in actors reach.
    pub fn actor(&self) -> Result<ActorId> {
        self.envelope.caller.actor().ok_or_else(|| {
            Error::new(
                Code::Forbidden,
                "This needs a person or a bot; the server itself has no account.",
            )
        })
    }

    /// The time of this call; the same in all of it.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// A new id, in order of creation.
    pub fn id<T>(&self, make: impl FnOnce(uuid::Uuid) -> T) -> T {
        make(self.host.ids.next())
    }

    /// Takes the next position of a stream, for an event that [`Cx::emit_at`] writes.
    pub async fn advance(&mut self, stream: Stream) -> Result<i64> {
        Ok(log::advance(&mut self.tx, stream).await?)
    }

    /// Writes an event. The first event of a call also stands for it in the audit list.
    pub async fn emit(
        &mut self,
        stream: Stream,
        kind: &'static str,
        target: impl ToString,
        data: &impl Serialize,
    ) -> Result<i64> {
        let seq = self.advance(stream).await?;
        self.emit_at(stream, seq, kind, target, data)?;
        Ok(seq)
    }

    /// Writes an event at a position that [`Cx::advance`] gave.
    pub fn emit_at(
        &mut self,
        stream: Stream,
        seq: i64,
        kind: &'static str,
        target: impl ToString,
        data: &impl Serialize,
    ) -> Result<()> {
        let data = serde_json::to_string(data).map_err(Error::internal)?;
        let entry = Entry {
            event: Some((stream, seq)),
            target: Some(target.to_string()),
            data,
            ..self.entry(kind)
        };
        self.entries.push(entry);
        Ok(())
    }

    /// Writes an audit entry for an operation without an event, with more than the pipeline knows.
    pub fn note(&mut self, target: impl ToString, data: &impl Serialize) -> Result<()> {
        let data = serde_json::to_string(data).map_err(Error::internal)?;
        let entry = Entry {
            target: Some(target.to_string()),
            data,
            ..self.entry("")
        };
        self.entries.push(entry);
        Ok(())
    }

    /// This call leaves no row in the log, because the row of a later call stands for it: a piece of a message that
    /// comes bit by bit.
    pub(crate) fn is_told_later(&mut self) {
        self.told_later = true;
    }

    /// Tells those who listen to a stream now, once the call is done.
    pub fn pass(&mut self, stream: Stream, kind: &'static str, actor: Option<Actor>, data: Value) {
        self.passing.push(Passing {
            stream,
            kind,
            at: self.now,
            actor,
            op: self.envelope.op,
            request: Some(self.envelope.request),
            data,
        });
    }

    /// Does something in memory once this call is committed, before anyone is told.
    pub(crate) fn afterwards(&mut self, act: impl FnOnce(&Arc<Host>) + Send + 'static) {
        self.afterwards = Some(Box::new(act));
    }

    /// Says which cached right changed. It is forgotten right after the commit, before anyone is told.
    pub fn changed(&mut self, stale: Stale) {
        self.stale.push(stale);
    }

    /// Keeps a message that this call posts in memory, for those who read its event.
    pub(crate) fn posted(&mut self, message: &Message) {
        self.posted = Some(message.clone());
    }

    /// The mesh that the log files this call under, when the resource itself does not say.
    pub fn file_under(&mut self, mesh: mesh_types::MeshId) {
        self.mesh = Some(mesh);
        self.entries.iter_mut().for_each(|entry| entry.mesh = Some(mesh));
    }

    /// Compares `If-Match`, if it was sent, with the version that is stored.
    pub fn check_match(&self, revision: i64) -> Result<()> {
        match self.envelope.if_match.as_deref() {
            None | Some("*") => Ok(()),
            Some(tags) if tags.split(',').any(|tag| tag.trim() == etag(revision)) => Ok(()),
            Some(_) => Err(Error::new(
                Code::PreconditionFailed,
                "It was changed since you read it. Read it again.",
            )),
        }
    }

    fn entry(&self, kind: &'static str) -> Entry {
        let op = self.envelope.op;
        Entry {
            pos: 0,
            event: None,
            kind: if kind.is_empty() { op } else { kind }.into(),
            op: op.into(),
            lead: self.entries.is_empty(),
            mesh: self.mesh,
            actor: self.envelope.caller.actor(),
            actor_kind: self.envelope.caller.kind().into(),
            door: self.envelope.door.as_str().into(),
            layer: self.layer.into(),
            outcome: "done".into(),
            target: None,
            request: self.envelope.request.to_string(),
            at: self.now,
            data: "{}".to_owned(),
        }
    }

    /// The rows of this call: one at least, unless a later call stands for it.
    pub(crate) fn take_entries(&mut self) -> Vec<Entry> {
        if self.entries.is_empty() && !self.told_later {
            self.entries.push(self.entry(""));
        }
        std::mem::take(&mut self.entries)
    }
}

/// The strong entity tag of a revision.
pub fn etag(revision: i64) -> String {
    format!("\"{revision}\"")
}
