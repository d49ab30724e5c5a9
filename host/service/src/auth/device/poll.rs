use super::{
    super::{
        sign_in::open_on,
        token::{CreateTokenIn, make},
    },
    TOKEN_SECONDS, read,
};
use crate::{
    Answer, Cx, Effect, Error, Host, Method, Op, OpSpec, Result, error::Code, op, resource::Server, token as secret,
};
use mesh_authz::{Caller, Grant};
use mesh_store::devices;
use mesh_types::{PersonId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// `device.poll`
pub struct PollDevice;

/// The device that asks.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PollDeviceIn {
    /// From `device.start`.
    pub device_code: String,
}

/// The token of a device (RFC 6749, 5.1). It is shown here and never again.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct DeviceTokens {
    /// Whose it is.
    pub person_id: PersonId,
    /// Send it as `Authorization: Bearer …`. With everything that the person may do it is a session's, else a
    /// personal access token.
    pub access_token: String,
    /// `Bearer`.
    pub token_type: String,
    /// When the access token ends.
    pub expires_at: Timestamp,
    /// The same in seconds from now.
    pub expires_in: i64,
    /// Gives new tokens, once, through `auth.refresh`; only a session has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// What it is limited to, with spaces between the permissions; nothing when it is not limited.
    pub scope: String,
}

impl Answer for DeviceTokens {}

impl Op for PollDevice {
    const SPEC: OpSpec = op("device.poll", Effect::Write)
        .public("whoever waits to be signed in is not signed in yet; the device code is the proof")
        .about("Asks whether a person let the device in, and gives it its token, once.")
        .http(Method::Post, "/auth/device/token", 200)
        .shown_once()
        .cli();
    type In = PollDeviceIn;
    type Out = DeviceTokens;
    type On = Server;

    fn on(_: &PollDeviceIn) -> Server {
        Server
    }

    /// Whoever still waits writes nothing.
    async fn prepare(host: &Host, _: &Caller, input: &mut PollDeviceIn) -> Result<()> {
        let hash = secret::hash(&input.device_code);
        let found = devices::state(&mut host.store.view().await?.tx(), &hash).await?;
        let (state, ends) = found.ok_or_else(unknown)?;
        if ends <= host.clock.now() {
            return Err(over());
        }
        match state.as_str() {
            "approved" => Ok(()),
            "denied" => Err(Error::new(
                Code::AccessDenied,
                "A person decided not to sign this device in.",
            )),
            _ if host.limiter.take_poll(&hash).is_err() => Err(Error::new(
                Code::SlowDown,
                "You ask too often; wait five seconds longer between two questions from now on.",
            )),
            _ => Err(Error::new(
                Code::AuthorizationPending,
                "Nobody decided yet; ask again later.",
            )),
        }
    }

    async fn run(cx: &mut Cx<'_>, server: Grant<Server>, input: PollDeviceIn) -> Result<DeviceTokens> {
        let (hash, now) = (secret::hash(&input.device_code), cx.now());
        let device = devices::take(cx.tx(), &server, &hash, now).await?.ok_or_else(unknown)?;
        let (person, permissions) = (device.person, read(&device.permissions)?);
        let scope: Vec<&str> = permissions.iter().map(|one| one.as_str()).collect();
        let scope = scope.join(" ");
        let (access_token, expires_at, refresh_token) = if permissions.is_empty() {
            // Whoever approved signed in a moment ago, but somebody else may sit at the device.
            let new = open_on(cx, &server, person, (&device.name, now)).await?;
            cx.note(new.session_id, &json!({ "person_id": person, "device_id": device.id }))?;
            (new.access_token, new.expires_at, Some(new.refresh_token))
        } else {
            let token = CreateTokenIn {
                name: device.name,
                permissions,
                mesh_ids: Vec::new(),
                room_ids: Vec::new(),
                expires_at: now.plus_seconds(TOKEN_SECONDS),
            };
            let new = make(cx, &server, person, token).await?;
            (new.token, new.expires_at, None)
        };
        Ok(DeviceTokens {
            person_id: person,
            access_token,
            token_type: "Bearer".into(),
            expires_at,
            expires_in: (expires_at.millis() - now.millis()) / 1000,
            refresh_token,
            scope,
        })
    }
}

fn unknown() -> Error {
    Error::new(
        Code::InvalidGrant,
        "This device code is not known here, or it was used. Start again.",
    )
}

fn over() -> Error {
    Error::new(Code::ExpiredToken, "The time to decide is over. Start again.")
}
