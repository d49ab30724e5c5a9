//! What messages are found by. The words come from the service, which makes them the same way for
//! messages and for questions; here is only who has which. Keys that are no words, such as a room's id,
//! hold a `_`, and a word never does.

use crate::{Error, Row, Tx, messages, text};
use mesh_authz::Grant;
use mesh_types::{ActorId, MeshId, MessageId, RoomId, view::Message};
use std::fmt::Write as _;

crate::statements! {
    ROOMS = "SELECT r.id FROM rooms r LEFT JOIN room_members s ON s.room_id = r.id AND s.actor_id = $2 WHERE r.mesh_id = $1 AND r.deleted_at IS NULL AND (s.actor_id IS NOT NULL OR r.join_rule = 'public') ORDER BY CASE WHEN s.actor_id IS NULL THEN 1 ELSE 0 END, r.id DESC LIMIT 2000";
    ACTOR = "SELECT actor_id FROM members WHERE mesh_id = $1 AND handle = $2";
    FIRST_SINCE = "SELECT n FROM messages WHERE id >= $1 ORDER BY id LIMIT 1";
    FOUND = "SELECT m.id, m.room_id, m.thread_id, m.reply_to, m.author_id, a.display_name, m.text, m.created_at, m.edited_at, m.revision, m.seq, m.hops, m.deleted_at, m.files, m.streamed_at, m.actions, m.approval_id, m.n FROM message_words w JOIN messages m ON m.n = w.rowid JOIN rooms r ON r.id = m.room_id LEFT JOIN members a ON a.mesh_id = r.mesh_id AND a.actor_id = m.author_id WHERE /*sqlite: message_words MATCH $1*/ /*postgres: w.words @@ CAST($1 AS tsquery)*/ AND w.rowid < $2 AND w.rowid > $3 AND m.deleted_at IS NULL ORDER BY w.rowid DESC LIMIT $4";
    MARKS = "SELECT CASE WHEN EXISTS (SELECT 1 FROM mentions x WHERE x.message_id = m.id) THEN CAST(1 AS BIGINT) ELSE 0 END, CASE WHEN EXISTS (SELECT 1 FROM pins x WHERE x.room_id = m.room_id AND x.message_id = m.id) THEN CAST(1 AS BIGINT) ELSE 0 END, CASE WHEN EXISTS (SELECT 1 FROM reactions x WHERE x.message_id = m.id) THEN CAST(1 AS BIGINT) ELSE 0 END, CASE WHEN EXISTS (SELECT 1 FROM threads x WHERE x.root_id = m.id) THEN CAST(1 AS BIGINT) ELSE 0 END FROM messages m WHERE m.id = $1";
    REACHED = "SELECT seq FROM cursors WHERE consumer = 'search' AND stream = 'log'";
    REACH = "INSERT INTO cursors (consumer, stream, seq) VALUES ('search', 'log', $2) ON CONFLICT (consumer, stream) DO UPDATE SET seq = excluded.seq WHERE cursors.seq = $1";
    NEWS = "SELECT l.pos, l.type, m.n, m.room_id, m.author_id, m.text, COALESCE(m.deleted_at, m.streamed_at) FROM log l JOIN messages m ON m.id = l.target WHERE l.pos > $1 AND l.pos <= $2 AND l.type IN ('message.created', 'message.edited', 'message.completed', 'message.deleted') AND l.stream = 'room:' || m.room_id ORDER BY l.pos";
    ADD = "INSERT INTO message_words (rowid, words) VALUES ($1, /*sqlite: $2*/ /*postgres: array_to_tsvector(string_to_array($2, ' '))*/)";
    REMOVE = "DELETE FROM message_words WHERE rowid = $1";
}

/// The key of messages with a link in them.
const LINK: &str = "has_link";

/// The rooms of a mesh that an actor may be able to read: those it is in, then public ones, the newest
/// first; 2,000 at most. Ask about each.
pub async fn rooms(tx: &mut Tx<'_>, mesh: MeshId, viewer: &str) -> Result<Vec<RoomId>, Error> {
    tx.all(ROOMS, &[text(mesh), viewer.into()], |row| row.parse(0)).await
}

/// Who has this handle in a mesh, or had it when they left.
pub async fn actor(tx: &mut Tx<'_>, mesh: MeshId, handle: &str) -> Result<Option<ActorId>, Error> {
    tx.opt(ACTOR, &[text(mesh), handle.into()], |row| row.parse(0)).await
}

/// The number of the first message whose id is not below this one. Numbers and ids rise together,
/// but those of messages that are posted at once may change places.
pub async fn first_since(tx: &mut Tx<'_>, id: MessageId) -> Result<Option<i64>, Error> {
    tx.opt(FIRST_SINCE, &[text(id)], |row| row.get(0)).await
}

/// What messages are asked for by.
#[derive(Debug, Clone, Copy)]
pub struct Keys<'a> {
    /// All of these words, in any order.
    pub words: &'a [String],
    /// By one of these, unless there are none.
    pub authors: &'a [ActorId],
    /// With a link in it.
    pub link: bool,
}

impl Keys<'_> {
    /// The question in the engine's language. No key holds a quotation mark.
    fn question(&self, tx: &Tx<'_>, rooms: &[Grant<RoomId>]) -> String {
        let (quote, and, or) = match tx {
            Tx::Sqlite(_) => ('"', " AND ", " OR "),
            Tx::Postgres(_) => ('\'', " & ", " | "),
        };
        let any = |keys: Vec<String>| {
            let keys: Vec<_> = keys.into_iter().map(|key| format!("{quote}{key}{quote}")).collect();
            format!("({})", keys.join(or))
        };
        let mut parts: Vec<_> = self.words.iter().map(|word| any(vec![word.clone()])).collect();
        if self.link {
            parts.push(any(vec![LINK.into()]));
        }
        if !self.authors.is_empty() {
            parts.push(any(self.authors.iter().map(ToString::to_string).collect()));
        }
        parts.push(any(rooms.iter().map(|room| (**room).to_string()).collect()));
        parts.join(and)
    }
}

/// A message with its number.
#[derive(Debug)]
pub struct Found {
    /// Rises with every message of the server.
    pub n: i64,
    /// The message, which is not deleted.
    pub message: Message,
}

fn found(row: &Row<'_>) -> Result<Found, Error> {
    Ok(Found {
        message: messages::read(row)?,
        n: row.get(17)?,
    })
}

/// Messages of these rooms that have the keys, with numbers between two, newest first.
pub async fn messages(
    tx: &mut Tx<'_>,
    rooms: &[Grant<RoomId>],
    keys: Keys<'_>,
    (above, below): (i64, i64),
    limit: i64,
) -> Result<Vec<Found>, Error> {
    if rooms.is_empty() {
        return Ok(Vec::new());
    }
    let question = keys.question(tx, rooms);
    let values = [(&question).into(), below.into(), above.into(), limit.into()];
    tx.all(FOUND, &values, found).await
}

/// What there is around a message.
#[derive(Debug, Clone, Copy, Default)]
pub struct Marks {
    /// It mentions somebody.
    pub mention: bool,
    /// It is pinned.
    pub pin: bool,
    /// Somebody reacted to it.
    pub reaction: bool,
    /// It has a thread.
    pub thread: bool,
}

/// What there is around a message.
pub async fn marks(tx: &mut Tx<'_>, message: MessageId) -> Result<Marks, Error> {
    let values = [text(message)];
    let marks = tx.opt(MARKS, &values, |row| {
        Ok(Marks {
            mention: row.flag(0)?,
            pin: row.flag(1)?,
            reaction: row.flag(2)?,
            thread: row.flag(3)?,
        })
    });
    Ok(marks.await?.unwrap_or_default())
}

/// Something that the log says of a message, with the message as it is now.
#[derive(Debug)]
pub struct News {
    /// Its place in the log.
    pub pos: i64,
    /// The message was there before.
    pub known: bool,
    /// The message's number.
    pub n: i64,
    /// The id of its room.
    pub room: String,
    /// The id of its author.
    pub author: String,
    /// Its words; none when it was deleted, or when more of them are to come.
    pub text: Option<String>,
}

/// How far in the log search has got; 0 before its beginning.
pub async fn reached(tx: &mut Tx<'_>) -> Result<i64, Error> {
    Ok(tx.opt(REACHED, &[], |row| row.get(0)).await?.unwrap_or(0))
}

/// What the log says of messages after one place and up to another.
pub async fn news(tx: &mut Tx<'_>, after: i64, to: i64) -> Result<Vec<News>, Error> {
    tx.all(NEWS, &[after.into(), to.into()], |row| {
        // What is deleted has no words, and what is still being written will have them.
        let wordless = row.time_option(6)?.is_some();
        Ok(News {
            pos: row.get(0)?,
            known: row.get::<String>(1)? != "message.created",
            n: row.get(2)?,
            room: row.get(3)?,
            author: row.get(4)?,
            text: if wordless { None } else { Some(row.get(5)?) },
        })
    })
    .await
}

/// What a message is to be found by from now on.
#[derive(Debug)]
pub struct Change {
    n: i64,
    known: bool,
    keys: Option<String>,
}

impl Change {
    /// From what the log says, and the words in it. A word has no `_` and no space.
    pub fn new(news: &News, words: impl IntoIterator<Item = String>, link: bool) -> Self {
        let keys = news.text.as_ref().map(|_| {
            let mut keys = format!("{} {}", news.room, news.author);
            if link {
                let _ = write!(keys, " {LINK}");
            }
            words.into_iter().for_each(|word| {
                let _ = write!(keys, " {word}");
            });
            keys
        });
        Self {
            n: news.n,
            known: news.known,
            keys,
        }
    }
}

/// Takes changes in and moves on in the log; false when somebody else has moved on from there.
pub async fn reach(tx: &mut Tx<'_>, (from, to): (i64, i64), changes: &[Change]) -> Result<bool, Error> {
    if tx.exec(REACH, &[from.into(), to.into()]).await? == 0 {
        return Ok(false);
    }
    for change in changes {
        if change.known {
            tx.exec(REMOVE, &[change.n.into()]).await?;
        }
        if let Some(keys) = &change.keys {
            tx.exec(ADD, &[change.n.into(), keys.into()]).await?;
        }
    }
    Ok(true)
}
