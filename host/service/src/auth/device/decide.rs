use super::{code, read, stored, tidy};
use crate::{
    Answer, Cx, Effect, Error, Host, Method, Nothing, Op, OpSpec, Result, authority::session_person, op,
    resource::Myself, token as secret,
};
use mesh_authz::{Caller, Grant, Permission};
use mesh_store::{
    devices::{self, DeviceRow},
    log::Stream,
};
use mesh_types::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// `device.lookup`
pub struct LookUpDevice;

/// Which device.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LookUpDeviceIn {
    /// The code that the device shows; case and dash do not matter.
    pub user_code: String,
}

/// A device that asks to be signed in. Its name is what it says of itself.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Device {
    /// The code that it shows.
    pub user_code: String,
    /// What it calls itself.
    pub name: String,
    /// Its program (`User-Agent`).
    pub agent: String,
    /// Where it asks from.
    pub address: String,
    /// What it asks for; everything that the caller may do when empty.
    pub permissions: Vec<Permission>,
    /// When it asked.
    pub created_at: Timestamp,
    /// Until when it waits.
    pub expires_at: Timestamp,
}

impl Answer for Device {}

/// Guessing costs: a code that was not given out is looked for some 20 times a minute at most.
fn take_try(host: &Host, caller: &Caller) -> Result<()> {
    let person = session_person(caller)?;
    host.limiter.take_sign_in_on(&format!("device {person}"))
}

/// The undecided device behind a code. Unknown, decided and over are the same to whoever asks.
async fn find(cx: &mut Cx<'_>, user_code: &str) -> Result<(String, DeviceRow)> {
    let (typed, now) = (code::typed(user_code).ok_or_else(Error::not_found)?, cx.now());
    let row = devices::pending(cx.tx(), &secret::hash(&typed), now).await?;
    Ok((typed, row.ok_or_else(Error::not_found)?))
}

impl Op for LookUpDevice {
    const SPEC: OpSpec = op("device.lookup", Effect::Read)
        .myself()
        .about("Shows which device asks to be signed in with this code, and from where.")
        .http(Method::Get, "/auth/device/{user_code}", 200)
        .sign_in()
        .cli();
    type In = LookUpDeviceIn;
    type Out = Device;
    type On = Myself;

    fn on(_: &LookUpDeviceIn) -> Myself {
        Myself
    }

    async fn prepare(host: &Host, caller: &Caller, _: &mut LookUpDeviceIn) -> Result<()> {
        take_try(host, caller)
    }

    async fn run(cx: &mut Cx<'_>, _: Grant<Myself>, input: LookUpDeviceIn) -> Result<Device> {
        let (user_code, row) = find(cx, &input.user_code).await?;
        Ok(Device {
            user_code,
            name: row.name,
            agent: row.agent,
            address: row.address,
            permissions: read(&row.permissions)?,
            created_at: row.created_at,
            expires_at: row.expires_at,
        })
    }
}

/// `device.decide`
pub struct DecideDevice;

/// What a person says to a device that asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeviceDecision {
    /// It is signed in.
    Approve,
    /// It is not.
    Deny,
}

/// A decision about a device.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideDeviceIn {
    /// The code that the device shows; case and dash do not matter.
    pub user_code: String,
    /// `approve` or `deny`.
    pub decision: DeviceDecision,
    /// Only these permissions; what the device asked for when absent, and never more than that.
    #[serde(default)]
    pub permissions: Option<Vec<Permission>>,
}

impl Op for DecideDevice {
    const SPEC: OpSpec = op("device.decide", Effect::Write)
        .myself()
        .about("Signs a device in as the caller, or refuses to.")
        .http(Method::Post, "/auth/device/{user_code}/decision", 204)
        .fresh()
        .sign_in()
        .cli();
    type In = DecideDeviceIn;
    type Out = Nothing;
    type On = Myself;

    fn on(_: &DecideDeviceIn) -> Myself {
        Myself
    }

    async fn prepare(host: &Host, caller: &Caller, _: &mut DecideDeviceIn) -> Result<()> {
        take_try(host, caller)
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<Myself>, input: DecideDeviceIn) -> Result<Nothing> {
        let (person, now) = (session_person(&cx.envelope().caller)?, cx.now());
        let (_, row) = find(cx, &input.user_code).await?;
        let allowed = narrowed(read(&row.permissions)?, input.permissions)?;
        let (state, what) = match input.decision {
            DeviceDecision::Approve => ("approved", "device_approved"),
            DeviceDecision::Deny => ("denied", "device_denied"),
        };
        if !devices::decide(cx.tx(), &on, row.id, (state, person, &stored(&allowed)?), now).await? {
            return Err(Error::not_found());
        }
        let data = json!({ "what": what, "device_id": row.id });
        cx.emit(Stream::Actor(person.into()), "account.changed", row.id, &data)
            .await?;
        Ok(Nothing {})
    }
}

/// What a device gets of what it asked for. Asking for nothing in particular is asking for everything.
fn narrowed(asked: Vec<Permission>, only: Option<Vec<Permission>>) -> Result<Vec<Permission>> {
    let Some(only) = only.map(tidy) else {
        return Ok(asked);
    };
    if only.is_empty() {
        return Err(Error::invalid("/permissions", "names at least one permission"));
    }
    if !asked.is_empty() && !only.iter().all(|one| asked.contains(one)) {
        return Err(Error::invalid("/permissions", "names only what the device asked for"));
    }
    Ok(only)
}
