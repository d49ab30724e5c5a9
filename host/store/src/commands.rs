//! Slash commands: which bots of a room offer some, and what they were called with.

use crate::{Error, Tx, text};
use mesh_authz::Grant;
use mesh_types::{ActorId, BotId, CommandCallId, RoomId, Timestamp, view::Actor};

crate::statements! {
    OFFERED = "SELECT b.id, m.display_name, m.handle, v.manifest FROM room_bots rb JOIN bots b ON b.id = rb.bot_id JOIN members m ON m.id = b.member_id JOIN bot_versions v ON v.id = b.active_version WHERE rb.room_id = $1 AND b.wanted = 'running' AND b.deleted_at IS NULL AND m.state = 'active' ORDER BY b.id";
    ADD = "INSERT INTO command_calls (id, bot_id, room_id, command, text, arguments, at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    GET = "SELECT room_id, command, text, arguments FROM command_calls WHERE id = $1";
    FORGET = "DELETE FROM command_calls WHERE at < $1";
}

/// A running bot in a room.
#[derive(Debug)]
pub struct Offer {
    /// The bot.
    pub bot: Actor,
    /// What it is called in its mesh.
    pub handle: String,
    /// The manifest of the version that runs, as JSON.
    pub manifest: String,
}

/// The running bots of a room that have a manifest, the oldest first.
pub async fn offered(tx: &mut Tx<'_>, room: &Grant<RoomId>) -> Result<Vec<Offer>, Error> {
    tx.all(OFFERED, &[text(**room)], |row| {
        let id = ActorId::Bot(row.parse(0)?);
        Ok(Offer {
            bot: Actor {
                id,
                kind: id.kind().into(),
                name: row.get(1)?,
            },
            handle: row.get(2)?,
            manifest: row.get(3)?,
        })
    })
    .await
}

/// What a command was called with. The log keeps its name only.
#[derive(Debug)]
pub struct Call<'a> {
    /// Names the call.
    pub id: CommandCallId,
    /// Who is to answer.
    pub bot: BotId,
    /// The command.
    pub command: &'a str,
    /// What stood behind it.
    pub text: &'a str,
    /// Its arguments, as JSON.
    pub arguments: Option<String>,
    /// Now.
    pub at: Timestamp,
}

/// Keeps what a command was called with.
pub async fn add(tx: &mut Tx<'_>, room: &Grant<RoomId>, call: &Call<'_>) -> Result<(), Error> {
    let values = [
        text(call.id),
        text(call.bot),
        text(**room),
        call.command.into(),
        call.text.into(),
        (&call.arguments).into(),
        call.at.into(),
    ];
    tx.exec(ADD, &values).await.map(drop)
}

/// What a command was called with.
#[derive(Debug)]
pub struct Called {
    /// Where.
    pub room: RoomId,
    /// The command.
    pub command: String,
    /// What stood behind it.
    pub text: String,
    /// Its arguments, as JSON.
    pub arguments: Option<String>,
}

/// What a command was called with; none when that was forgotten.
pub async fn get(tx: &mut Tx<'_>, call: CommandCallId) -> Result<Option<Called>, Error> {
    tx.opt(GET, &[text(call)], |row| {
        Ok(Called {
            room: row.parse(0)?,
            command: row.get(1)?,
            text: row.get(2)?,
            arguments: row.get(3)?,
        })
    })
    .await
}

/// Forgets calls from before this time.
pub async fn forget(tx: &mut Tx<'_>, before: Timestamp) -> Result<(), Error> {
    tx.exec(FORGET, &[before.into()]).await.map(drop)
}
