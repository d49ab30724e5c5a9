//! While nobody has an account, the server prints a code that makes the first one. Nothing else can
//! be reached without it.

use anyhow::Result;
use mesh_service::{Host, token};
use std::sync::Arc;

/// Makes a new code if nobody has an account yet.
pub(crate) async fn code(host: &Arc<Host>) -> Result<Option<String>> {
    if mesh_service::auth::has_people(host).await? {
        return Ok(None);
    }
    let code = token::new(token::Kind::Code);
    mesh_service::auth::offer_first_account(host, &code).await?;
    Ok(Some(code))
}
