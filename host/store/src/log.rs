//! The log: every event and every audit entry, in commit order, under one hash chain.
//!
//! `pos` counts all rows without a gap; `stream` + `seq` is an event's identity. One link of the
//! chain covers the rows of one commit: SHA-256 over the link before and every field of the rows.

use crate::{
    Error, Row, Tx, Value,
    value::{text, text_option},
};
use mesh_types::{ActorId, MeshId, RoomId, Timestamp};
use sha2::{Digest, Sha256};
use std::{borrow::Cow, fmt, str::FromStr};

crate::statements! {
    ADVANCE = "INSERT INTO streams (id, head) VALUES ($1, 1) ON CONFLICT (id) DO UPDATE SET head = streams.head + 1 RETURNING head";
    HEAD = "SELECT head FROM streams WHERE id = $1";
    SET_STREAM = "UPDATE streams SET head = $2 WHERE id = $1";
    APPEND = "INSERT INTO log (pos, stream, seq, type, op, lead, mesh_id, actor_id, actor_kind, door, layer, outcome, target, request_id, at, data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    LINK = "INSERT INTO log_links (n, first_pos, last_pos, hash) VALUES ($1, $2, $3, $4)";
    LAST_LINK = "SELECT n, last_pos, hash FROM log_links ORDER BY n DESC LIMIT 1";
    TAKE_HEAD = "UPDATE log_head SET n = n + 1, pos = pos + $1 WHERE id = 1 RETURNING n, pos, hash";
    SET_HEAD = "UPDATE log_head SET hash = $1 WHERE id = 1";
    AFTER = "SELECT pos, stream, seq, type, op, lead, mesh_id, actor_id, actor_kind, door, layer, outcome, target, request_id, at, data FROM log WHERE stream = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    BEFORE = "SELECT pos, stream, seq, type, op, lead, mesh_id, actor_id, actor_kind, door, layer, outcome, target, request_id, at, data FROM log WHERE stream = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3";
    ONE = "SELECT pos, stream, seq, type, op, lead, mesh_id, actor_id, actor_kind, door, layer, outcome, target, request_id, at, data FROM log WHERE stream = $1 AND seq = $2";
    SPAN = "SELECT pos, stream, seq, type, op, lead, mesh_id, actor_id, actor_kind, door, layer, outcome, target, request_id, at, data FROM log WHERE pos >= $1 AND pos <= $2 ORDER BY pos";
    AUDIT = "SELECT pos, stream, seq, type, op, lead, mesh_id, actor_id, actor_kind, door, layer, outcome, target, request_id, at, data FROM log WHERE pos < $1 AND pos >= $2 AND mesh_id = $3 AND lead = 1 AND ($4 = '' OR actor_id = $4) AND ($5 = '' OR op = $5) AND ($6 = '' OR outcome = $6) ORDER BY pos DESC LIMIT $7";
    LINKS = "SELECT n, first_pos, last_pos, hash FROM log_links WHERE n > $1 ORDER BY n LIMIT 500";
    HEAD_AT = "SELECT seq FROM log WHERE stream = $1 AND pos <= $2 ORDER BY seq DESC LIMIT 1";
    HEAD_BEFORE = "SELECT seq FROM log WHERE stream = $1 AND at < $2 ORDER BY seq DESC LIMIT 1";
    LAST_POS = "SELECT CAST(COALESCE(MAX(pos), 0) AS BIGINT) FROM log";
}

/// A sequence of events with one audience. Text form: `room:room_…`, `mesh:mesh_…`,
/// `person:person_…` or `bot:bot_…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Everyone in a room.
    Room(RoomId),
    /// The members of a mesh.
    Mesh(MeshId),
    /// One person or bot.
    Actor(ActorId),
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Room(id) => write!(f, "room:{id}"),
            Self::Mesh(id) => write!(f, "mesh:{id}"),
            Self::Actor(id) => write!(f, "{}:{id}", id.kind()),
        }
    }
}

impl FromStr for Stream {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "expected a stream such as `room:room_…`";
        let (kind, id) = text.split_once(':').ok_or(WRONG)?;
        match kind {
            "room" => id.parse().map(Self::Room).map_err(|_| WRONG),
            "mesh" => id.parse().map(Self::Mesh).map_err(|_| WRONG),
            "person" => id.parse().map(|id| Self::Actor(ActorId::Person(id))).map_err(|_| WRONG),
            "bot" => id.parse().map(|id| Self::Actor(ActorId::Bot(id))).map_err(|_| WRONG),
            _ => Err(WRONG),
        }
    }
}

/// A word of the server's own vocabulary: borrowed when it is written, owned when it was read.
pub type Word = Cow<'static, str>;

/// One row of the log.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Place among all rows; set when the row is appended.
    pub pos: i64,
    /// The event's stream and position there; none for an entry that is no event.
    pub event: Option<(Stream, i64)>,
    /// The event's name; for an entry that is no event, the operation's.
    pub kind: Word,
    /// The operation.
    pub op: Word,
    /// This row stands for its operation in the audit list.
    pub lead: bool,
    /// The mesh it happened in.
    pub mesh: Option<MeshId>,
    /// Who did it.
    pub actor: Option<ActorId>,
    /// `person`, `bot`, `operator`, `job` or `anonymous`.
    pub actor_kind: Word,
    /// The door it came through.
    pub door: Word,
    /// The layer of the authorization that decided.
    pub layer: Word,
    /// `done` or the code of the refusal.
    pub outcome: Word,
    /// The id of what it was done to.
    pub target: Option<String>,
    /// The request.
    pub request: String,
    /// When.
    pub at: Timestamp,
    /// The event's own data: a JSON object.
    pub data: String,
}

impl Entry {
    fn values(&self) -> [Value<'_>; 16] {
        [
            self.pos.into(),
            text_option(self.event.map(|(stream, _)| stream)),
            self.event.map(|(_, seq)| seq).into(),
            (&self.kind).into(),
            (&self.op).into(),
            self.lead.into(),
            text_option(self.mesh),
            text_option(self.actor),
            (&self.actor_kind).into(),
            (&self.door).into(),
            (&self.layer).into(),
            (&self.outcome).into(),
            (&self.target).into(),
            (&self.request).into(),
            self.at.into(),
            (&self.data).into(),
        ]
    }

    fn read(row: &Row<'_>) -> Result<Self, Error> {
        let event = match (row.parse_option(1)?, row.get::<Option<i64>>(2)?) {
            (Some(stream), Some(seq)) => Some((stream, seq)),
            _ => None,
        };
        Ok(Self {
            pos: row.get(0)?,
            event,
            kind: Cow::Owned(row.get(3)?),
            op: Cow::Owned(row.get(4)?),
            lead: row.flag(5)?,
            mesh: row.parse_option(6)?,
            actor: row.parse_option(7)?,
            actor_kind: Cow::Owned(row.get(8)?),
            door: Cow::Owned(row.get(9)?),
            layer: Cow::Owned(row.get(10)?),
            outcome: Cow::Owned(row.get(11)?),
            target: row.get(12)?,
            request: row.get(13)?,
            at: row.time(14)?,
            data: row.get(15)?,
        })
    }
}

/// Feeds a row's fields, each behind its length, so that no two rows read the same.
fn feed(hash: &mut Sha256, values: &[Value<'_>]) {
    for value in values {
        let number;
        let (tag, bytes) = match value {
            Value::Int(Some(value)) => {
                number = value.to_be_bytes();
                (b'i', &number[..])
            }
            Value::Text(Some(text)) => (b't', text.as_bytes()),
            Value::Owned(text) | Value::OwnedOption(Some(text)) => (b't', text.as_bytes()),
            Value::Blob(Some(bytes)) => (b'b', *bytes),
            Value::Int(None) | Value::Text(None) | Value::OwnedOption(None) | Value::Blob(None) => (b'-', &[][..]),
        };
        hash.update([tag]);
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    }
}

/// The end of the chain and the rows that wait for the next link.
pub(crate) struct Chain {
    n: i64,
    pos: i64,
    hash: String,
    open: Option<(i64, Sha256)>,
}

impl Chain {
    /// Where the chain ends in this database.
    pub(crate) async fn load(tx: &mut Tx<'_>) -> Result<Self, Error> {
        let last = tx
            .opt(LAST_LINK, &[], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .await?;
        let (n, pos, hash) = last.unwrap_or((0, 0, String::new()));
        Ok(Self {
            n,
            pos,
            hash,
            open: None,
        })
    }

    /// PostgreSQL: takes the end of the chain for this transaction, with room for `rows` rows.
    pub(crate) async fn take(tx: &mut Tx<'_>, rows: i64) -> Result<Self, Error> {
        tx.one(TAKE_HEAD, &[rows.into()], |row| {
            Ok(Self {
                n: row.get::<i64>(0)? - 1,
                pos: row.get::<i64>(1)? - rows,
                hash: row.get(2)?,
                open: None,
            })
        })
        .await
    }

    /// Appends rows in order. When it fails nothing here has changed: roll the rows back.
    pub(crate) async fn append(&mut self, tx: &mut Tx<'_>, entries: &mut [Entry]) -> Result<(), Error> {
        let (mut pos, mut open) = (self.pos, self.open.clone());
        for entry in entries {
            pos += 1;
            entry.pos = pos;
            let values = entry.values();
            tx.exec(APPEND, &values).await?;
            let (_, hash) = open.get_or_insert_with(|| (pos, Sha256::new_with_prefix(self.hash.as_bytes())));
            feed(hash, &values);
        }
        (self.pos, self.open) = (pos, open);
        Ok(())
    }

    /// The rows since the last link were rolled back.
    pub(crate) fn take_back(&mut self) {
        if let Some((first, _)) = self.open.take() {
            self.pos = first - 1;
        }
    }

    /// Writes the link over all rows since the last one. Call it last in the transaction.
    pub(crate) async fn seal(&mut self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let Some((first, hash)) = self.open.take() else {
            return Ok(());
        };
        self.n += 1;
        self.hash = hex(&hash.finalize());
        tx.exec(
            LINK,
            &[self.n.into(), first.into(), self.pos.into(), (&self.hash).into()],
        )
        .await?;
        Ok(())
    }

    /// PostgreSQL: gives the end of the chain back.
    pub(crate) async fn give_back(&mut self, tx: &mut Tx<'_>) -> Result<(), Error> {
        tx.exec(SET_HEAD, &[(&self.hash).into()]).await.map(drop)
    }
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
            let _ = write!(out, "{byte:02x}");
            out
        })
}

/// The next `seq` of a stream; its head row stays locked until the commit.
pub async fn advance(tx: &mut Tx<'_>, stream: Stream) -> Result<i64, Error> {
    // SQLite has one writer, and its RETURNING makes a table of its own for every answer.
    if let Tx::Sqlite(_) = tx {
        let id = [text(stream)];
        if let Some(head) = tx.opt(HEAD, &id, |row| row.get::<i64>(0)).await? {
            let [id] = id;
            tx.exec(SET_STREAM, &[id, (head + 1).into()]).await?;
            return Ok(head + 1);
        }
    }
    tx.one(ADVANCE, &[text(stream)], |row| row.get(0)).await
}

/// The last `seq` of a stream; 0 when it has no event yet.
pub async fn head(tx: &mut Tx<'_>, stream: Stream) -> Result<i64, Error> {
    Ok(tx.opt(HEAD, &[text(stream)], |row| row.get(0)).await?.unwrap_or(0))
}

/// The last `seq` of a stream when the log ended at `pos`; 0 when it had no event yet.
pub async fn head_at(tx: &mut Tx<'_>, stream: Stream, pos: i64) -> Result<i64, Error> {
    let seq = tx.opt(HEAD_AT, &[text(stream), pos.into()], |row| row.get(0)).await?;
    Ok(seq.unwrap_or(0))
}

/// The last `seq` of a stream before a time; 0 when it had no event yet. The longer ago, the longer it takes.
pub async fn head_before(tx: &mut Tx<'_>, stream: Stream, at: Timestamp) -> Result<i64, Error> {
    let seq = tx
        .opt(HEAD_BEFORE, &[text(stream), at.into()], |row| row.get(0))
        .await?;
    Ok(seq.unwrap_or(0))
}

/// Events of a stream after a position, oldest first.
pub async fn after(tx: &mut Tx<'_>, stream: Stream, seq: i64, limit: i64) -> Result<Vec<Entry>, Error> {
    tx.all(AFTER, &[text(stream), seq.into(), limit.into()], Entry::read)
        .await
}

/// Events of a stream before a position, newest first.
pub async fn before(tx: &mut Tx<'_>, stream: Stream, seq: i64, limit: i64) -> Result<Vec<Entry>, Error> {
    tx.all(BEFORE, &[text(stream), seq.into(), limit.into()], Entry::read)
        .await
}

/// One event.
pub async fn one(tx: &mut Tx<'_>, stream: Stream, seq: i64) -> Result<Option<Entry>, Error> {
    tx.opt(ONE, &[text(stream), seq.into()], Entry::read).await
}

/// What an audit list asks for. Empty texts match everything.
#[derive(Debug, Default)]
pub struct AuditFilter<'a> {
    /// The actor's id.
    pub actor: &'a str,
    /// The operation's name.
    pub op: &'a str,
    /// `done` or a refusal's code.
    pub outcome: &'a str,
}

/// Audit entries of one mesh with `floor <= pos < before`, newest first.
pub async fn audit(
    tx: &mut Tx<'_>,
    mesh: MeshId,
    (floor, before): (i64, i64),
    filter: &AuditFilter<'_>,
    limit: i64,
) -> Result<Vec<Entry>, Error> {
    let values = [
        before.into(),
        floor.into(),
        text(mesh),
        filter.actor.into(),
        filter.op.into(),
        filter.outcome.into(),
        limit.into(),
    ];
    tx.all(AUDIT, &values, Entry::read).await
}

/// The place of the newest row; 0 when the log is empty.
pub async fn last_pos(tx: &mut Tx<'_>) -> Result<i64, Error> {
    tx.one(LAST_POS, &[], |row| row.get(0)).await
}

/// Recomputes the whole chain. Answers how many rows it covers, or the first link that is wrong.
pub async fn verify(tx: &mut Tx<'_>) -> Result<Result<i64, i64>, Error> {
    let (mut n, mut pos, mut before) = (0i64, 0i64, String::new());
    loop {
        let links: Vec<(i64, i64, i64, String)> = tx
            .all(LINKS, &[n.into()], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .await?;
        if links.is_empty() {
            let end = last_pos(tx).await?;
            return Ok(if end == pos { Ok(pos) } else { Err(n + 1) });
        }
        for (link, first, last, hash) in links {
            let entries = tx.all(SPAN, &[first.into(), last.into()], Entry::read).await?;
            let mut sum = Sha256::new_with_prefix(before.as_bytes());
            for entry in &entries {
                feed(&mut sum, &entry.values());
            }
            let whole = link == n + 1 && first == pos + 1 && i64::try_from(entries.len()) == Ok(last - first + 1);
            if !whole || hex(&sum.finalize()) != hash {
                return Ok(Err(n + 1));
            }
            (n, pos, before) = (link, last, hash);
        }
    }
}
