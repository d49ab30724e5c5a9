//! The tokens of the account that commands use.

use super::account::{self, Account};
use futures_util::future::BoxFuture;
use mesh_client::{Call, Client, Error, TokenSource};
use serde_json::json;
use tokio::sync::Mutex;

/// Gives the account's access token, and gets new ones when it ends.
pub(super) struct Tokens(Mutex<Account>);

impl Tokens {
    pub(super) fn of(account: Account) -> Self {
        Self(Mutex::new(account))
    }
}

impl TokenSource for Tokens {
    fn token<'a>(&'a self, ended: Option<&'a str>) -> BoxFuture<'a, mesh_client::Result<Option<String>>> {
        Box::pin(async move {
            let mut account = self.0.lock().await;
            if ended == Some(&account.access_token) {
                if account.refresh_token.is_empty() {
                    return Ok(None);
                }
                *account = renew(&account).await?;
            }
            Ok(Some(account.access_token.clone()))
        })
    }
}

/// Gets new tokens. One process at a time: showing a used-up refresh token ends the session, so whoever
/// waited takes what the one before stored.
async fn renew(ended: &Account) -> mesh_client::Result<Account> {
    let failed = |why: String| Error::Token(why);
    let turn = tokio::task::spawn_blocking(account::take_turn).await;
    let _turn = turn
        .map_err(|error| failed(error.to_string()))?
        .map_err(|failure| failed(failure.to_string()))?;
    let mut account = Account::load().unwrap_or_else(|_| ended.clone());
    if account.url != ended.url || account.access_token == ended.access_token {
        account = ended.clone();
        let call = Call::post("/auth/refresh").json(json!({ "refresh_token": account.refresh_token }));
        let renewed = Client::anonymous(&account.url)?.send(&call).await?.body;
        let text = |field: &str| renewed[field].as_str().unwrap_or_default().to_owned();
        (account.access_token, account.refresh_token) = (text("access_token"), text("refresh_token"));
        account.store().map_err(|failure| failed(failure.to_string()))?;
    }
    Ok(account)
}
