//! What open connections are made of: opening one, tickets for it, and what passes through it unkept.

mod open;
mod ticket;
mod typing;

pub use open::{OpenSocket, OpenSocketIn, Opened, SocketLimits};
pub use ticket::{CreateSocketTicket, Tickets};
pub use typing::SetTyping;

use crate::{Error, Host, Result, authority::Known, error::Code};
use mesh_authz::Credential;
use mesh_store::people;
use mesh_types::limits;

/// The limits that every connection is told of.
pub const LIMITS: SocketLimits = SocketLimits {
    frame_bytes: limits::SOCKET_FRAME,
    answer_bytes: limits::SOCKET_ANSWER,
    in_flight: limits::SOCKET_IN_FLIGHT,
};

/// Seconds after which a connection that a ticket opened needs a new token.
const TICKET_CONNECTION_SECONDS: i64 = 15 * 60;

/// Uses a ticket up. What it proves lasts as long as a session's own token would.
pub async fn redeem(host: &Host, ticket: &str) -> Result<Known> {
    let unknown = || Error::new(Code::Unauthenticated, "This ticket is not known here, or was used.");
    let now = host.clock.now();
    let caller = host.tickets.take(ticket, now).ok_or_else(unknown)?;
    if let Credential::Session { id, .. } = caller.credential {
        let session = people::session(&mut host.store.view().await?.tx(), id).await?;
        if session.is_none_or(|session| session.ended) {
            return Err(Error::new(Code::TokenRevoked, "This session was ended. Sign in again."));
        }
    }
    Ok(Known {
        caller,
        expires_at: Some(now.plus_seconds(TICKET_CONNECTION_SECONDS)),
    })
}
