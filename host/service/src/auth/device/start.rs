use super::{SECONDS, code, stored, tidy};
use crate::{
    Answer, Cx, Effect, Method, Op, OpSpec, Result, op,
    resource::Server,
    text::{clean_name, is_unseen},
    token::{self as secret, Kind},
};
use mesh_authz::{Grant, Permission};
use mesh_store::devices::{self, DeviceRow};
use mesh_types::DeviceId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Seconds that a device waits between two questions.
const INTERVAL: i64 = 2;

/// `device.start`
pub struct StartDevice;

/// What wants to be signed in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartDeviceIn {
    /// What the person who decides knows it by, such as `mesh on laptop`; 1 to 80 characters.
    pub name: String,
    /// What it asks for; everything that the person may do when empty.
    #[serde(default)]
    pub permissions: Vec<Permission>,
}

/// The two codes (RFC 8628, 3.2). Both are shown here and never again.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct StartedDevice {
    /// For `device.poll`; nobody else gets to see it.
    pub device_code: String,
    /// What the person types, as `XXXX-XXXX`.
    pub user_code: String,
    /// Where the person types it.
    pub verification_uri: String,
    /// The same with the code in it.
    pub verification_uri_complete: String,
    /// How long both codes are good for, in seconds.
    pub expires_in: i64,
    /// How long to wait between two calls of `device.poll`, in seconds.
    pub interval: i64,
}

impl Answer for StartedDevice {}

impl Op for StartDevice {
    const SPEC: OpSpec = op("device.start", Effect::Write)
        .public("whoever wants to sign in is not signed in yet")
        .about("Asks for a device to be signed in from another one (RFC 8628): gives its codes.")
        .http(Method::Post, "/auth/device", 200)
        .shown_once()
        .sign_in()
        .cli()
        .cost(5);
    type In = StartDeviceIn;
    type Out = StartedDevice;
    type On = Server;

    fn on(_: &StartDeviceIn) -> Server {
        Server
    }

    async fn run(cx: &mut Cx<'_>, server: Grant<Server>, input: StartDeviceIn) -> Result<StartedDevice> {
        let (now, envelope) = (cx.now(), cx.envelope());
        let device = DeviceRow {
            id: cx.id(DeviceId::new),
            name: clean_name("/name", &input.name, 80)?,
            agent: envelope.agent.chars().filter(|letter| !is_unseen(*letter)).collect(),
            address: envelope.address.map(|address| address.to_string()).unwrap_or_default(),
            permissions: stored(&tidy(input.permissions))?,
            created_at: now,
            expires_at: now.plus_seconds(SECONDS),
        };
        let (device_code, user_code) = (secret::new(Kind::Device), code::new());
        let hashes = (secret::hash(&device_code), secret::hash(&user_code));
        if !devices::insert(cx.tx(), &server, (&hashes.0, &hashes.1), &device).await? {
            // Somebody has this code just now; the next one will be another.
            return Err(mesh_store::Error::Retry.into());
        }
        cx.note(device.id, &serde_json::json!({}))?;
        let verification_uri = format!("{}/device", cx.host().settings.public_url);
        Ok(StartedDevice {
            device_code,
            verification_uri_complete: format!("{verification_uri}?user_code={user_code}"),
            user_code,
            verification_uri,
            expires_in: SECONDS,
            interval: INTERVAL,
        })
    }
}
