//! Rate limits: continuously refilled buckets per actor and per address.

use crate::{Error, Result, error::Code};
use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};
use mesh_types::ActorId;
use std::{hash::Hash, net::IpAddr, num::NonZeroU32};

type Buckets<K> = RateLimiter<K, DashMapStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// How fast a bucket refills and how much it holds.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// Calls a second, in the long run.
    pub per_second: u32,
    /// Calls at once.
    pub burst: u32,
}

/// The limits of a server.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    /// Of one signed-in actor.
    pub actor: Rate,
    /// Of one address, for calls without a credential.
    pub address: Rate,
    /// Sign-in attempts of one address or on one account, a minute.
    pub sign_in_per_minute: u32,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            actor: Rate {
                per_second: 100,
                burst: 400,
            },
            address: Rate {
                per_second: 50,
                burst: 200,
            },
            sign_in_per_minute: 20,
        }
    }
}

/// How often a device that waits to be signed in may ask. It is told to ask half as often, since a network may
/// bring two questions nearer together.
const POLLS: Rate = Rate {
    per_second: 1,
    burst: 1,
};

/// What is left of a caller's bucket.
#[derive(Debug, Clone, Copy)]
pub struct Left {
    /// What the bucket holds when full.
    pub limit: u32,
    /// Calls left now.
    pub remaining: u32,
    /// Seconds until the bucket is full again.
    pub reset_s: u32,
    /// Seconds in which an empty bucket fills.
    pub window_s: u32,
}

/// The buckets.
pub struct Limiter {
    rates: Rates,
    actors: Buckets<ActorId>,
    addresses: Buckets<IpAddr>,
    accounts: Buckets<String>,
    sign_ins: Buckets<IpAddr>,
    polls: Buckets<String>,
}

fn quota(rate: Rate) -> Quota {
    Quota::per_second(NonZeroU32::new(rate.per_second).unwrap_or(NonZeroU32::MIN))
        .allow_burst(NonZeroU32::new(rate.burst).unwrap_or(NonZeroU32::MIN))
}

fn buckets<K: Hash + Eq + Clone>(quota: Quota) -> Buckets<K> {
    RateLimiter::dashmap(quota).with_middleware()
}

impl Limiter {
    /// Empty buckets of these sizes.
    pub fn new(rates: Rates) -> Self {
        let sign_in = Quota::per_minute(NonZeroU32::new(rates.sign_in_per_minute).unwrap_or(NonZeroU32::MIN));
        Self {
            rates,
            actors: buckets(quota(rates.actor)),
            addresses: buckets(quota(rates.address)),
            accounts: buckets(sign_in),
            sign_ins: buckets(sign_in),
            polls: buckets(quota(POLLS)),
        }
    }

    /// Takes `cost` from the actor's bucket, or from the address's for a caller without an account.
    pub fn take(&self, actor: Option<ActorId>, address: Option<IpAddr>, cost: u32) -> Result<Option<Left>> {
        match (actor, address) {
            (Some(actor), _) => take(&self.actors, &actor, cost, self.rates.actor).map(Some),
            (None, Some(address)) => take(&self.addresses, &address, cost, self.rates.address).map(Some),
            (None, None) => Ok(None),
        }
    }

    const fn sign_in(&self) -> Rate {
        Rate {
            per_second: 1,
            burst: self.rates.sign_in_per_minute,
        }
    }

    /// Takes one sign-in attempt from an address's bucket.
    pub fn take_sign_in_from(&self, address: IpAddr) -> Result<()> {
        take(&self.sign_ins, &address, 1, self.sign_in()).map(drop)
    }

    /// Takes one sign-in attempt from an account's bucket, whether or not there is such an account.
    pub fn take_sign_in_on(&self, account: &str) -> Result<()> {
        take(&self.accounts, &account.to_lowercase(), 1, self.sign_in()).map(drop)
    }

    /// Takes a waiting device's question, named by the hash of its code.
    pub(crate) fn take_poll(&self, device: &str) -> Result<()> {
        take(&self.polls, &device.to_owned(), 1, POLLS).map(drop)
    }

    /// Forgets the buckets that are full again.
    pub fn tidy(&self) {
        self.actors.retain_recent();
        self.addresses.retain_recent();
        self.accounts.retain_recent();
        self.sign_ins.retain_recent();
        self.polls.retain_recent();
    }
}

fn take<K: Hash + Eq + Clone>(buckets: &Buckets<K>, key: &K, cost: u32, rate: Rate) -> Result<Left> {
    let limit = rate.burst;
    let cost = NonZeroU32::new(cost.min(limit)).unwrap_or(NonZeroU32::MIN);
    let left = |remaining: u32| {
        let seconds = |calls: u32| calls.div_ceil(rate.per_second.max(1));
        Left {
            limit,
            remaining,
            reset_s: seconds(limit.saturating_sub(remaining)),
            window_s: seconds(limit),
        }
    };
    match buckets.check_key_n(key, cost) {
        Ok(Ok(state)) => Ok(left(state.remaining_burst_capacity())),
        Ok(Err(wait)) => {
            let wait = wait.wait_time_from(DefaultClock::default().now());
            let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
            let mut error = Error::later(Code::RateLimited, "Too many calls; wait a little.", millis);
            error.left = Some(left(0));
            Err(error)
        }
        Err(_) => Err(Error::new(
            Code::RateLimited,
            "This costs more than one may spend at once.",
        )),
    }
}
