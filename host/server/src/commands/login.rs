use super::{show, text};
use crate::{
    client::{Account, Client, Failure, Result},
    print::line,
};
use clap::Args;
use serde_json::json;
use std::io::BufRead as _;

/// Signs in again with an account that exists. The password is the first line of standard input.
#[derive(Args)]
pub(crate) struct Login {
    /// Where the server is.
    #[arg(long, env = "MESH_URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// Your e-mail address.
    #[arg(long)]
    email: String,
    /// The mesh that commands mean when they do not say; your only one when absent.
    #[arg(long, default_value = "")]
    mesh: String,
}

impl Login {
    pub(crate) async fn run(self, as_json: bool) -> Result<()> {
        eprintln!("Password of {}:", self.email);
        let mut password = String::new();
        std::io::stdin()
            .lock()
            .read_line(&mut password)
            .map_err(Failure::failed)?;
        let client = Client::anonymous(&self.url)?;
        let body = json!({ "email": self.email, "password": password.trim_end_matches(['\r', '\n']) });
        let session = client.post("/auth/login", body).await?;
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
        show(
            as_json,
            &json!({ "person_id": session["person_id"], "mesh": account.mesh }),
            |_| {
                line!("You are signed in as {}.", self.email);
            },
        );
        Ok(())
    }
}
