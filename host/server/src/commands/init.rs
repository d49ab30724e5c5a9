use super::{show, text};
use crate::client::{Account, Client, Failure, Result};
use crate::print::line;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use clap::Args;
use serde_json::json;
use std::io::Read as _;

/// Makes your account on a server, and a mesh with a room `general`.
#[derive(Args)]
pub(crate) struct Init {
    /// Where the server is.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// The code that the server printed, or that an invitation holds.
    #[arg(long)]
    code: Option<String>,
    /// Your e-mail address; it names your account.
    #[arg(long)]
    email: String,
    /// Your name.
    #[arg(long)]
    name: String,
    /// Read the password from standard input. Without this one is made for you and shown once.
    #[arg(long)]
    password_stdin: bool,
    /// The name of your first mesh; none is made without it.
    #[arg(long)]
    mesh: Option<String>,
}

impl Init {
    pub(crate) async fn run(self, as_json: bool) -> Result<()> {
        let client = Client::anonymous(&self.url)?;
        let made = (!self.password_stdin).then(|| URL_SAFE_NO_PAD.encode(mesh_service::clock::random::<18>()));
        let password = if let Some(password) = &made {
            password.clone()
        } else {
            let mut line = String::new();
            std::io::stdin()
                .take(2048)
                .read_to_string(&mut line)
                .map_err(Failure::failed)?;
            line.trim_end_matches(['\r', '\n']).to_owned()
        };
        let body = json!({ "email": self.email, "password": password, "name": self.name, "invite_code": self.code });
        let signed_in = client.post("/auth/register", body).await?;
        let mut account = Account {
            url: self.url.clone(),
            access_token: text(&signed_in, "access_token"),
            refresh_token: text(&signed_in, "refresh_token"),
            mesh: String::new(),
        };
        // From here on the account is there, so it is stored before anything else can fail.
        account.store()?;
        let client = Client::of(&account)?;
        if let Some(name) = &self.mesh {
            let mesh = client.post("/meshes", json!({ "name": name })).await?;
            let id = text(&mesh, "id");
            client
                .post(&format!("/meshes/{id}/rooms"), json!({ "name": "general" }))
                .await?;
            account.mesh = text(&mesh, "slug");
            account.store()?;
        }
        let answer = json!({ "person_id": signed_in["person_id"], "mesh": account.mesh, "password": made });
        show(as_json, &answer, |_| {
            line!("Your account is made and this machine is signed in.");
            if let Some(password) = made {
                line!("Your password, shown once: {password}");
            }
            if self.mesh.is_some() {
                line!("Your mesh is called `{}` and has a room `general`.", account.mesh);
            }
        });
        Ok(())
    }
}
