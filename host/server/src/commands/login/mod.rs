//! `mesh login`: three ways to the same stored account.

mod approve;
mod device;

use super::{show, text};
use crate::{
    client::{Account, Client, Failure, Result},
    print::line,
};
use clap::Args;
use serde_json::{Value, json};
use std::io::BufRead as _;

/// Signs this machine in. It shows a code, which you enter in a browser or, where you are signed in already, with
/// `mesh login --approve CODE`. With `--email` it takes the account's password instead.
#[derive(Args)]
pub(crate) struct Login {
    /// Where the server is.
    #[arg(
        long,
        visible_alias = "server",
        env = "MESH_URL",
        default_value = "http://127.0.0.1:8080"
    )]
    url: String,
    /// Sign in as this account. Its password is the first line of standard input.
    #[arg(long, conflicts_with_all = ["approve", "only"])]
    email: Option<String>,
    /// The mesh that commands mean when they do not say; your only one when absent.
    #[arg(long, default_value = "")]
    mesh: String,
    /// Only these permissions, such as `message.read,message.post`; everything that you may do when absent.
    #[arg(long, value_delimiter = ',', value_name = "PERMISSION")]
    only: Vec<String>,
    /// Decide about another machine, which shows this code. You see what asks before you answer.
    #[arg(long, value_name = "CODE")]
    approve: Option<String>,
    /// With `--approve`: answer yes.
    #[arg(long, requires = "approve")]
    yes: bool,
}

impl Login {
    pub(crate) async fn run(self, as_json: bool) -> Result<()> {
        if let Some(code) = &self.approve {
            return approve::decide(code, &self.only, self.yes, as_json).await;
        }
        let session = match &self.email {
            Some(email) => with_password(&self.url, email).await?,
            None => device::sign_in(&self.url, &self.only, as_json).await?,
        };
        let mut account = Account {
            url: self.url.clone(),
            access_token: text(&session, "access_token"),
            refresh_token: text(&session, "refresh_token"),
            mesh: String::new(),
        };
        account.store()?;
        if !self.mesh.is_empty() {
            account.mesh = Client::of(&account)?.mesh(&self.mesh).await?;
            account.store()?;
        }
        let answer = json!({ "person_id": session["person_id"], "mesh": account.mesh });
        show(as_json, &answer, |_| match &self.email {
            Some(email) => line!("You are signed in as {email}."),
            None => line!("This machine is signed in."),
        });
        Ok(())
    }
}

async fn with_password(url: &str, email: &str) -> Result<Value> {
    eprintln!("Password of {email}:");
    let password = first_line()?;
    let body = json!({ "email": email, "password": password });
    Client::anonymous(url)?.post("/auth/login", body).await
}

/// The next line of standard input, without its end; empty when there is none.
fn first_line() -> Result<String> {
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.map_err(Failure::failed)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
