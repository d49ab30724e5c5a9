use crate::{
    Answer, Cx, Effect, Error, Method, Op, OpSpec, Result, authority::session_person, error::Code, op,
    resource::Myself, server::NoInput, token,
};
use mesh_authz::{Caller, Grant};
use mesh_types::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Seconds that a ticket is good for.
const SECONDS: i64 = 30;
/// Tickets at once.
const KEPT: usize = 10_000;

/// Tickets that were given and not used, in memory: a restart ends them.
#[derive(Default)]
pub struct Tickets(Mutex<HashMap<String, (Caller, Timestamp)>>);

impl Tickets {
    fn add(&self, hash: String, caller: Caller, ends: Timestamp, now: Timestamp) -> Result<()> {
        let mut tickets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tickets.len() >= KEPT {
            tickets.retain(|_, (_, ends)| *ends > now);
        }
        if tickets.len() >= KEPT {
            return Err(Error::later(
                Code::Overloaded,
                "Too many tickets wait to be used.",
                5000,
            ));
        }
        tickets.insert(hash, (caller, ends));
        Ok(())
    }

    /// Uses a ticket up.
    pub fn take(&self, ticket: &str, now: Timestamp) -> Option<Caller> {
        let mut tickets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (caller, ends) = tickets.remove(&token::hash(ticket))?;
        (ends > now).then_some(caller)
    }
}

/// `auth.socket_ticket`
pub struct CreateSocketTicket;

/// Opens one connection.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct SocketTicket {
    /// For `?ticket=` of the handshake, once.
    pub ticket: String,
    /// When it is worth nothing any more.
    pub expires_at: Timestamp,
}

impl Answer for SocketTicket {}

impl Op for CreateSocketTicket {
    const SPEC: OpSpec = op("auth.socket_ticket", Effect::Write)
        .myself()
        .about("Gives a ticket that opens one connection within 30 seconds, for pages that cannot send a token.")
        .http(Method::Post, "/auth/socket-tickets", 201)
        .shown_once();
    type In = NoInput;
    type Out = SocketTicket;
    type On = Myself;

    fn on(_: &NoInput) -> Myself {
        Myself
    }

    async fn run(cx: &mut Cx<'_>, _: Grant<Myself>, _: NoInput) -> Result<SocketTicket> {
        // A ticket ends with the session it stands for; tokens have no use for one.
        session_person(&cx.envelope().caller)?;
        let (ticket, now) = (token::new(token::Kind::Ticket), cx.now());
        let expires_at = now.plus_seconds(SECONDS);
        let caller = cx.envelope().caller.clone();
        cx.host().tickets.add(token::hash(&ticket), caller, expires_at, now)?;
        cx.note("", &json!({}))?;
        Ok(SocketTicket { ticket, expires_at })
    }
}
