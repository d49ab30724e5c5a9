//! Accounts, sign-in, sessions, personal access tokens, and devices that are signed in from another one.

mod account;
mod device;
mod password;
mod session;
mod sign_in;
mod token;

pub use account::{AuthMethods, Register, RegisterIn, WhoAmI, WhoAmIIn};
pub use device::{
    DecideDevice, DecideDeviceIn, Device, DeviceDecision, DeviceTokens, LookUpDevice, LookUpDeviceIn, PollDevice,
    PollDeviceIn, StartDevice, StartDeviceIn, StartedDevice,
};
pub use session::{EndSession, ListSessions, Logout, Refresh, RefreshIn};
pub use sign_in::{Login, LoginIn, SignedIn};
pub use token::{CreateToken, CreateTokenIn, ListTokens, RevokeToken};

use crate::{Host, Result, token as secret};
use futures_util::future::BoxFuture;
use mesh_store::{Job, Rollback, Tx, log::Entry, people};
use std::sync::Arc;
use tokio::sync::oneshot;

/// The setting that holds the hash of the code for the first account.
const FIRST_CODE: &str = "first_account_code";

/// Whether anyone has an account on this server.
pub async fn has_people(host: &Host) -> Result<bool> {
    Ok(people::any(&mut host.store.view().await?.tx()).await?)
}

/// Lets this code make the first account, once. An earlier code is worth nothing from now on.
pub async fn offer_first_account(host: &Arc<Host>, code: &str) -> Result<()> {
    let (reply, stored) = oneshot::channel();
    let job = OfferFirst {
        hash: secret::hash(code),
        reply: Some(reply),
    };
    if host.store.submit(Box::new(job)).is_err() {
        return Err(crate::Error::internal("the writer takes no work"));
    }
    stored
        .await
        .map_err(|_| crate::Error::internal("the code for the first account could not be stored"))
}

struct OfferFirst {
    hash: String,
    reply: Option<oneshot::Sender<()>>,
}

impl Job for OfferFirst {
    fn run<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Vec<Entry>, Rollback>> {
        Box::pin(async move {
            people::set_setting(tx, FIRST_CODE, &self.hash).await?;
            Ok(Vec::new())
        })
    }

    fn done(mut self: Box<Self>, committed: Result<Vec<Entry>, Rollback>) {
        if committed.is_ok() {
            let _ = self.reply.take().map(|reply| reply.send(()));
        }
    }
}
