//! What a bot with autonomy `act_limited` does by itself is counted, and past its caps it asks.
//!
//! A call is counted when it is let through and before it is made, so calls that fail count, too. What people let
//! through, and the answer to a repeated call, do not.

use super::{
    Envelope, Refused,
    work::{Work, Worked, by_itself, work},
    write::{is_repeat, keyed},
};
use crate::{Cx, Error, Host, OpSpec, Result, approval, error::Code};
use futures_util::future::BoxFuture;
use mesh_authz::{Autonomy, Layer, Permission, Who};
use mesh_store::bot_uses::{self, Minute};
use mesh_types::{
    BotId, MeshId, RoomId,
    bot::{AutonomyCaps, AutonomyUse},
};
use std::sync::Arc;

/// Counts a call that was allowed to a bot; refuses it when it goes beyond the bot's caps. `digest` is of its input.
pub(super) async fn count(
    host: &Arc<Host>,
    spec: &OpSpec,
    envelope: &Envelope,
    digest: String,
    (in_mesh, room): (Option<MeshId>, Option<RoomId>),
) -> Result<(), Refused> {
    let (Who::Bot { id, mesh }, Some(permission)) = (envelope.caller.who, spec.permission()) else {
        return Ok(());
    };
    // A dry run does nothing, and must not take from the bot that runs.
    let counts = envelope.approved.is_none() && !envelope.dry;
    let Some(kind) = kind(permission).filter(|_| counts) else {
        return Ok(());
    };
    let rights = host.authority.bot_rights(&host.store, id).await?;
    if rights.autonomy != Autonomy::ActLimited {
        return Ok(());
    }
    if let Some(keyed) = keyed(spec, envelope, digest)?
        && is_repeat(host, &keyed).await?
    {
        return Ok(());
    }
    let take = Take {
        bot: id,
        kind,
        caps: rights.caps.clone(),
    };
    let by = by_itself(host, "caps", spec.name);
    match work(host, by, (Layer::Approval, mesh), take).await? {
        None => Ok(()),
        Some(_) if kind != Kind::Request && approval::can_wait(spec) => {
            Err(Refused::Asks(approval::About::of(permission, in_mesh, room)))
        }
        Some(wait) => {
            let detail =
                "The bot did as much by itself in the last hour as its caps allow, and this cannot wait for a person.";
            Err(Refused::No(Error::later(Code::RateLimited, detail, wait)))
        }
    }
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Message,
    Write,
    Request,
}

/// What a call with this permission counts as. Looking, and what a bot does with its own things, is not counted.
fn kind(permission: Permission) -> Option<Kind> {
    match permission {
        Permission::MessagePost => Some(Kind::Message),
        Permission::BotNetwork => Some(Kind::Request),
        other if other.is_read() || other.is_housekeeping() => None,
        _ => Some(Kind::Write),
    }
}

/// Counts one; answers after how many milliseconds there is room again when there is none.
struct Take {
    bot: BotId,
    kind: Kind,
    caps: AutonomyCaps,
}

impl Work for Take {
    type Out = Option<u64>;

    fn act<'a>(&'a self, cx: &'a mut Cx<'_>) -> BoxFuture<'a, Result<Worked<Option<u64>>>> {
        Box::pin(async move {
            let now = cx.now().millis();
            let mut uses = bot_uses::hold(cx.tx(), self.bot).await?;
            forget_old(&mut uses, now);
            // The log says what a bot did; how much that was is counted here only.
            let told = |out| Ok(Worked { out, wrote: false });
            if !self.kind.fits(used(&uses), &self.caps) {
                return told(Some(self.kind.wait(&uses, now)));
            }
            let minute = now / MINUTE;
            if uses.last().is_none_or(|last| last.minute < minute) {
                let used = AutonomyUse::default();
                uses.push(Minute { minute, used });
            }
            if let Some(last) = uses.last_mut() {
                self.kind.add(&mut last.used);
            }
            bot_uses::keep(cx.tx(), self.bot, &uses).await?;
            told(None)
        })
    }
}

impl Kind {
    fn fits(self, used: AutonomyUse, caps: &AutonomyCaps) -> bool {
        match self {
            Self::Message => used.messages < caps.messages_per_hour && used.writes < caps.writes_per_hour,
            Self::Write => used.writes < caps.writes_per_hour,
            Self::Request => used.requests < caps.requests_per_hour,
        }
    }

    fn add(self, used: &mut AutonomyUse) {
        match self {
            Self::Message => (used.messages, used.writes) = (used.messages + 1, used.writes + 1),
            Self::Write => used.writes += 1,
            Self::Request => used.requests += 1,
        }
    }

    /// Milliseconds until the first of those counted is an hour old.
    fn wait(self, uses: &[Minute], now: i64) -> u64 {
        let counted = |one: &&Minute| match self {
            Self::Request => one.used.requests > 0,
            Self::Message | Self::Write => one.used.writes > 0,
        };
        let first = uses.iter().find(counted).map_or(now / MINUTE, |one| one.minute);
        u64::try_from((first + HOUR) * MINUTE - now).unwrap_or_default()
    }
}

/// Milliseconds of a minute, and minutes of an hour.
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60;

fn forget_old(uses: &mut Vec<Minute>, now: i64) {
    uses.retain(|one| one.minute > now / MINUTE - HOUR);
}

fn used(uses: &[Minute]) -> AutonomyUse {
    let sum = |of: fn(&AutonomyUse) -> u32| uses.iter().map(|one| of(&one.used)).sum();
    AutonomyUse {
        messages: sum(|used| used.messages),
        writes: sum(|used| used.writes),
        requests: sum(|used| used.requests),
    }
}

/// What a bot did by itself in the last hour.
pub(crate) async fn last_hour(cx: &mut Cx<'_>, bot: BotId) -> Result<AutonomyUse> {
    let now = cx.now().millis();
    let mut uses = bot_uses::get(cx.tx(), bot).await?;
    forget_old(&mut uses, now);
    Ok(used(&uses))
}
