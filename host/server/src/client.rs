//! The command line's side of the API: the stored account, calls, and failures in one sentence.

mod account;
mod tokens;

pub(crate) use account::Account;

use anyhow::anyhow;
use mesh_client::{Call, Error, Problem};
use serde_json::{Value, json};
use std::process::ExitCode;
use tokens::Tokens;

/// Why a command did not do it, with the exit code that says which kind.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    text: String,
    problem: Option<Box<Problem>>,
}

/// What a command gives.
pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// Refused or failed: exit code 1.
    pub(crate) fn failed(error: impl Into<anyhow::Error>) -> Self {
        Self {
            code: 1,
            text: format!("{:#}", error.into()),
            problem: None,
        }
    }

    /// Used wrongly: exit code 2.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self {
            code: 2,
            text: text.into(),
            problem: None,
        }
    }

    fn of_call(url: &str, error: Error) -> Self {
        match error {
            Error::Unreachable { why, .. } => Self {
                code: 3,
                text: format!("The server at {url} cannot be reached: {why}. Is it running?"),
                problem: None,
            },
            Error::Foreign { status, .. } => {
                Self::failed(anyhow!("The server at {url} answered {status}. Is it a mesh?"))
            }
            Error::Address(_) => Self::usage(error.to_string()),
            Error::Refused(problem)
            | Error::Closed {
                problem: Some(problem), ..
            } => Self {
                code: 1,
                text: problem.to_string(),
                problem: Some(problem),
            },
            error => Self::failed(error),
        }
    }

    /// The `code` of the server's problem, if it was one.
    pub(crate) fn problem_code(&self) -> Option<&str> {
        self.problem.as_ref().map(|problem| problem.code.as_str())
    }

    /// The same, with what to do about it in place of the server's words.
    pub(crate) fn with(mut self, text: &str) -> Self {
        text.clone_into(&mut self.text);
        self
    }

    /// The server could not be reached, so the call may be made again.
    pub(crate) fn is_unreachable(&self) -> bool {
        self.code == 3
    }

    /// Prints it and gives the exit code.
    pub(crate) fn report(self, json: bool) -> ExitCode {
        match self.problem.as_ref().filter(|_| json) {
            Some(problem) => eprintln!("{}", json!(problem)),
            None => eprintln!("mesh: {self}"),
        }
        ExitCode::from(self.code)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::failed(error)
    }
}

/// A server, and the account on it if there is one.
pub(crate) struct Client {
    api: mesh_client::Client,
    /// The mesh that commands mean when they do not say.
    mesh: String,
}

impl Client {
    /// The server at this address, without an account.
    pub(crate) fn anonymous(url: &str) -> Result<Self> {
        let api = mesh_client::Client::anonymous(url).map_err(|error| Failure::of_call(url, error))?;
        Ok(Self {
            api,
            mesh: String::new(),
        })
    }

    /// An account on its server.
    pub(crate) fn of(account: &Account) -> Result<Self> {
        let tokens = Tokens::of(account.clone());
        let api = mesh_client::Client::with_tokens(&account.url, tokens);
        Ok(Self {
            api: api.map_err(|error| Failure::of_call(&account.url, error))?,
            mesh: account.mesh.clone(),
        })
    }

    /// The account that commands use.
    pub(crate) fn stored() -> Result<Self> {
        Self::of(&Account::in_use()?)
    }

    /// The server as the library knows it.
    pub(crate) fn api(&self) -> &mesh_client::Client {
        &self.api
    }

    /// What a call's error means to whoever typed the command.
    pub(crate) fn failure(&self, error: Error) -> Failure {
        Failure::of_call(self.api.url(), error)
    }

    /// Makes a call and gives the body of its answer.
    pub(crate) async fn send(&self, call: Call) -> Result<Value> {
        let answer = self.api.send(&call).await;
        answer.map(|answer| answer.body).map_err(|error| self.failure(error))
    }

    /// Reads something.
    pub(crate) async fn get(&self, path: &str) -> Result<Value> {
        self.send(Call::get(path)).await
    }

    /// Does something, with a JSON body.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Result<Value> {
        self.send(Call::post(path).json(body)).await
    }

    /// Every item of a list.
    pub(crate) async fn all(&self, path: &str) -> Result<Vec<Value>> {
        self.api.all(path).await.map_err(|error| self.failure(error))
    }

    /// The id of the mesh with this slug, name or id; the usual one when it is empty.
    pub(crate) async fn mesh(&self, wanted: &str) -> Result<String> {
        let wanted = if wanted.is_empty() { &self.mesh } else { wanted };
        let meshes = self.all("/meshes").await?;
        if let ("", [only]) = (wanted, meshes.as_slice()) {
            return Ok(only["id"].as_str().unwrap_or_default().to_owned());
        }
        find(&meshes, wanted, "mesh")
    }

    /// The id of a room: from its id, `MESH/SLUG`, or its slug or name in a mesh, the usual one when that is
    /// empty. A slug that the room had before it was renamed will do.
    pub(crate) async fn room(&self, mesh: &str, wanted: &str) -> Result<String> {
        if mesh_types::id::prefix_of(wanted) == Some("room") {
            return Ok(wanted.to_owned());
        }
        let (mesh, wanted) = wanted.split_once('/').unwrap_or((mesh, wanted));
        let mesh = self.mesh(mesh).await?;
        if wanted
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        {
            match self.get(&format!("/meshes/{mesh}/room-slugs/{wanted}")).await {
                Ok(room) => return Ok(room["id"].as_str().unwrap_or_default().to_owned()),
                Err(failure) if failure.problem_code() == Some("not_found") => {}
                Err(failure) => return Err(failure),
            }
        }
        let rooms = self.all(&format!("/meshes/{mesh}/rooms")).await?;
        find(&rooms, wanted, "room")
    }

    /// The id of a bot of a mesh.
    pub(crate) async fn bot(&self, mesh: &str, wanted: &str) -> Result<String> {
        let bots = self.all(&format!("/meshes/{mesh}/bots")).await?;
        find(&bots, wanted, "bot")
    }
}

fn find(items: &[Value], wanted: &str, kind: &str) -> Result<String> {
    let is = |item: &&Value| {
        ["id", "slug", "handle", "name"]
            .iter()
            .any(|field| item[field].as_str() == Some(wanted))
    };
    if let Some(found) = items.iter().find(is) {
        return Ok(found["id"].as_str().unwrap_or_default().to_owned());
    }
    let known: Vec<_> = items
        .iter()
        .filter_map(|item| item["slug"].as_str().or(item["handle"].as_str()))
        .collect();
    let known = if known.is_empty() {
        "there is none".to_owned()
    } else {
        format!("there are: {}", known.join(", "))
    };
    Err(Failure::usage(format!(
        "There is no {kind} `{wanted}` that you can see; {known}."
    )))
}
