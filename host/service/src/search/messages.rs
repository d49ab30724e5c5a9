use super::{
    question::{Has, Highlight, Question},
    readable,
};
use crate::{
    Cx, Effect, Error, Host, Method, Op, OpSpec, Page, Result,
    cursor::{self, page_size},
    op,
    room::viewer,
};
use mesh_authz::{Caller, Grant, Permission};
use mesh_store::{
    Tx, reactions, rooms,
    search::{self, Found, Keys, Marks},
};
use mesh_types::{ActorId, MeshId, MessageId, RoomId, Timestamp, view::Message};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Messages that are read in one go.
const CHUNK: i64 = 100;
/// About how many messages one page looks at.
const LOOKS: usize = 2000;
/// How far the numbers of two messages can be apart that were posted at the same time.
const AT_ONCE: i64 = 10_000;

/// `search.messages`
pub struct SearchMessages;

/// What to look for.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchMessagesIn {
    /// The mesh.
    pub mesh_id: MeshId,
    /// Words, all of which a message has to have, in any order, without regard to case and accents; words
    /// in `"…"` stand together. `from:handle` and `in:room` (ids are fine too; several of one kind mean
    /// any of them; `from:me`), `has:link`, `has:mention`, `has:pin`, `has:reaction`, `has:thread`, and
    /// `before:` and `after:` a day or a time, UTC; `after:` has the day itself. 1 to 500 characters.
    pub q: String,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    pub cursor: Option<String>,
    #[serde(skip)]
    #[schemars(skip)]
    scope: Scope,
}

/// The question, and where the caller may look for its answer.
#[derive(Debug, Clone, Default)]
struct Scope {
    question: Question,
    rooms: Vec<Grant<RoomId>>,
    authors: Vec<ActorId>,
    span: (i64, i64),
}

/// A message that was looked for.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FoundMessage {
    /// The message.
    pub message: Message,
    /// Where the words stand in its text, in order, not overlapping; at most 100.
    pub highlights: Vec<Highlight>,
}

impl Op for SearchMessages {
    const SPEC: OpSpec = op("search.messages", Effect::Read)
        .needs(Permission::MessageRead)
        .about("Finds messages by their words, newest first, in rooms that the caller may read; a page with a cursor may be short.")
        .http(Method::Get, "/meshes/{mesh_id}/search/messages", 200)
        .room_by_room()
        .cost(5)
        .socket()
        .mcp()
        .cli();
    type In = SearchMessagesIn;
    type Out = Page<FoundMessage>;
    type On = MeshId;

    fn on(input: &SearchMessagesIn) -> MeshId {
        input.mesh_id
    }

    async fn prepare(host: &Host, caller: &Caller, input: &mut SearchMessagesIn) -> Result<()> {
        let question = Question::read(&input.q)?;
        host.index.catch_up(&host.store).await?;
        let (asked, authors, span) = {
            let mut view = host.store.view().await?;
            let tx = &mut view.tx();
            (
                asked_rooms(tx, caller, input.mesh_id, &question.rooms).await?,
                authors(tx, caller, input.mesh_id, &question.from).await?,
                span(tx, &question).await?,
            )
        };
        let nobody = authors.is_empty() && !question.from.is_empty();
        let asked = if nobody { Vec::new() } else { asked };
        let rooms = readable(host, caller, (input.mesh_id, Permission::MessageRead), asked).await?;
        input.scope = Scope {
            question,
            rooms,
            authors,
            span,
        };
        Ok(())
    }

    async fn run(cx: &mut Cx<'_>, _: Grant<MeshId>, input: SearchMessagesIn) -> Result<Page<FoundMessage>> {
        let size = usize::try_from(page_size(input.limit)?).unwrap_or_default();
        let filters = format!("{} {}", input.mesh_id, input.q);
        let (above, mut below) = input.scope.span;
        if let Some(position) = cursor::open(cx, &filters, input.cursor.as_deref())? {
            below = below.min(position.parse().map_err(Error::internal)?);
        }
        let (mut items, mut looks, mut ended) = (Vec::new(), 0, false);
        while items.len() < size && looks < LOOKS && !ended {
            let found = input.scope.look(cx.tx(), (above, below)).await?;
            ended = found.len() < usize::try_from(CHUNK).unwrap_or_default();
            for one in found {
                if items.len() == size {
                    ended = false;
                    break;
                }
                (below, looks) = (one.n, looks + 1);
                items.extend(input.scope.check(cx.tx(), one).await?);
            }
        }
        let viewer = viewer(cx);
        for FoundMessage { message, .. } in &mut items {
            message.reactions = reactions::counts(cx.tx(), message.id, &viewer).await?;
        }
        let next_cursor = (!ended).then(|| cursor::seal(cx, &filters, &below.to_string()));
        Ok(Page { items, next_cursor })
    }
}

impl Scope {
    /// Messages that have every word, perhaps not in the right order.
    async fn look(&self, tx: &mut Tx<'_>, span: (i64, i64)) -> Result<Vec<Found>> {
        let words = self.question.keys();
        let keys = Keys {
            words: &words,
            authors: &self.authors,
            link: self.question.has.contains(&Has::Link),
        };
        Ok(search::messages(tx, &self.rooms, keys, span, CHUNK).await?)
    }

    /// The message as it is now, if it is what was asked for.
    async fn check(&self, tx: &mut Tx<'_>, found: Found) -> Result<Option<FoundMessage>> {
        let (asked, message) = (&self.question, found.message);
        let in_time = asked.before.is_none_or(|end| message.created_at < end)
            && asked.after.is_none_or(|start| message.created_at >= start);
        let Some(highlights) = asked.places(&message.text).filter(|_| in_time) else {
            return Ok(None);
        };
        if asked.has.iter().any(|has| *has != Has::Link) {
            let marks = search::marks(tx, message.id).await?;
            if !asked.has.iter().all(|has| is_marked(*has, marks)) {
                return Ok(None);
            }
        }
        Ok(Some(FoundMessage { message, highlights }))
    }
}

const fn is_marked(has: Has, marks: Marks) -> bool {
    match has {
        Has::Link => true,
        Has::Mention => marks.mention,
        Has::Pin => marks.pin,
        Has::Reaction => marks.reaction,
        Has::Thread => marks.thread,
    }
}

/// The rooms that were named, or all that may be readable. What names no room is left out.
async fn asked_rooms(tx: &mut Tx<'_>, caller: &Caller, mesh: MeshId, named: &[String]) -> Result<Vec<RoomId>> {
    if named.is_empty() {
        let viewer = caller.actor().map(|actor| actor.to_string()).unwrap_or_default();
        return Ok(search::rooms(tx, mesh, &viewer).await?);
    }
    let mut found = Vec::new();
    for name in named {
        let room = match name.parse() {
            Ok(room) => Some(room),
            Err(_) => rooms::resolve(tx, mesh, name).await?,
        };
        found.extend(room);
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// Who was named. What names nobody is left out.
async fn authors(tx: &mut Tx<'_>, caller: &Caller, mesh: MeshId, named: &[String]) -> Result<Vec<ActorId>> {
    let mut found = Vec::new();
    for name in named {
        found.extend(match name.parse() {
            Ok(actor) => Some(actor),
            Err(_) if name == "me" => caller.actor(),
            Err(_) => search::actor(tx, mesh, name).await?,
        });
    }
    Ok(found)
}

/// The numbers that messages of the time in question can have: above the one and below the other.
async fn span(tx: &mut Tx<'_>, question: &Question) -> Result<(i64, i64)> {
    let mut span = (i64::MIN, i64::MAX);
    if let Some(start) = question.after {
        let first = search::first_since(tx, first_id(start)).await?;
        span.0 = first.map_or(i64::MAX, |first| first.saturating_sub(AT_ONCE));
    }
    if let Some(end) = question.before
        && let Some(first) = search::first_since(tx, first_id(end)).await?
    {
        span.1 = first.saturating_add(AT_ONCE);
    }
    Ok(span)
}

/// No message of this time or later has a lower id.
fn first_id(time: Timestamp) -> MessageId {
    let millis = u128::try_from(time.millis()).unwrap_or_default();
    MessageId::new(Uuid::from_u128(millis << 80))
}
