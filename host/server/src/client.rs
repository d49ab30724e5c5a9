//! The command line's side of the API: the stored account, requests, and failures in one sentence.

mod account;

pub(crate) use account::Account;

use anyhow::anyhow;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Why a command did not do it, with the exit code that says which kind.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    text: String,
    problem: Option<Value>,
}

/// What a command gives.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

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

    fn unreachable(url: &str, error: &reqwest::Error) -> Self {
        let why = if error.is_timeout() {
            "it does not answer"
        } else {
            "nothing answers there"
        };
        Self {
            code: 3,
            text: format!("The server at {url} cannot be reached: {why}. Is it running?"),
            problem: None,
        }
    }

    fn problem(problem: Value) -> Self {
        let text = |field: &str| problem[field].as_str().unwrap_or_default().to_owned();
        let detail = text("detail");
        let text = format!(
            "{} ({})",
            if detail.is_empty() {
                "The server refused."
            } else {
                &detail
            },
            text("code")
        );
        Self {
            code: 1,
            text,
            problem: Some(problem),
        }
    }

    /// The `code` of the server's problem, if it was one.
    pub(crate) fn problem_code(&self) -> Option<&str> {
        self.problem.as_ref()?["code"].as_str()
    }

    /// Prints it and gives the exit code.
    pub(crate) fn report(self, json: bool) -> ExitCode {
        match self.problem.filter(|_| json) {
            Some(problem) => eprintln!("{problem}"),
            None => eprintln!("mesh: {}", self.text),
        }
        ExitCode::from(self.code)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::failed(error)
    }
}

/// A server, and the account on it if there is one.
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    account: Option<Account>,
}

impl Client {
    /// The server at this address, without an account.
    pub(crate) fn anonymous(url: &str) -> Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build().map_err(Failure::failed)?;
        Ok(Self {
            http,
            url: url.trim_end_matches('/').to_owned(),
            account: None,
        })
    }

    /// The stored account's server.
    pub(crate) fn stored() -> Result<Self> {
        let account = Account::in_use()?;
        let mut client = Self::anonymous(&account.url)?;
        client.account = Some(account);
        Ok(client)
    }

    /// The server, and the account as it is now.
    pub(crate) fn with(&mut self, account: Account) {
        self.account = Some(account);
    }

    /// The mesh that commands mean when they do not say.
    pub(crate) fn usual_mesh(&self) -> &str {
        self.account
            .as_ref()
            .map(|account| account.mesh.as_str())
            .unwrap_or_default()
    }

    /// Calls a path of the API with a JSON body.
    pub(crate) async fn call(&mut self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        self.send(method, path, |request| match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    }

    /// Calls a path; `fill` adds the body and headers. An ended access token is renewed once.
    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        fill: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Value> {
        match self.send_once(method.clone(), path, &fill).await {
            Err(failure) if failure.problem_code() == Some("token_expired") => {
                self.renew().await?;
                self.send_once(method, path, &fill).await
            }
            answer => answer,
        }
    }

    async fn send_once(
        &self,
        method: Method,
        path: &str,
        fill: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Value> {
        let address = match path.strip_prefix("//") {
            Some(rest) => format!("{}/{rest}", self.url),
            None => format!("{}/api/v1{path}", self.url),
        };
        let mut request = fill(self.http.request(method, address));
        if let Some(account) = &self.account {
            request = request.bearer_auth(&account.access_token);
        }
        let answer = request
            .send()
            .await
            .map_err(|error| Failure::unreachable(&self.url, &error))?;
        let status = answer.status();
        let text = answer
            .text()
            .await
            .map_err(|error| Failure::unreachable(&self.url, &error))?;
        let value = if text.is_empty() {
            json!({})
        } else {
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        };
        if status.is_success() {
            return Ok(value);
        }
        if status == StatusCode::BAD_GATEWAY || value.is_string() {
            return Err(Failure::failed(anyhow!(
                "The server at {} answered {status}. Is it a mesh?",
                self.url
            )));
        }
        Err(Failure::problem(value))
    }

    /// Gets new tokens. One process at a time: showing a used-up refresh token ends the session, so whoever
    /// waited takes what the one before stored.
    async fn renew(&mut self) -> Result<()> {
        let Some(ended) = self.account.clone().filter(|account| !account.refresh_token.is_empty()) else {
            return Err(Failure::usage("This token's time is over. Get a new one."));
        };
        let _turn = account::take_turn()?;
        let mut account = Account::load().unwrap_or_else(|_| ended.clone());
        if account.url != ended.url || account.access_token == ended.access_token {
            account = ended;
            let body = json!({ "refresh_token": account.refresh_token });
            self.account = None;
            let renewed = self
                .send_once(Method::POST, "/auth/refresh", |request| request.json(&body))
                .await?;
            let text = |field: &str| renewed[field].as_str().unwrap_or_default().to_owned();
            (account.access_token, account.refresh_token) = (text("access_token"), text("refresh_token"));
            account.store()?;
        }
        self.account = Some(account);
        Ok(())
    }

    /// Every item of a list.
    pub(crate) async fn all(&mut self, path: &str) -> Result<Vec<Value>> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self
                .call(Method::GET, &format!("{path}?limit=200{cursor}"), None)
                .await?;
            items.extend(page["items"].as_array().cloned().unwrap_or_default());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(items),
            }
        }
    }

    /// The id of the mesh with this slug, name or id; the usual one when it is empty.
    pub(crate) async fn mesh(&mut self, wanted: &str) -> Result<String> {
        let wanted = if wanted.is_empty() {
            self.usual_mesh().to_owned()
        } else {
            wanted.to_owned()
        };
        let meshes = self.all("/meshes").await?;
        if let ("", [only]) = (wanted.as_str(), meshes.as_slice()) {
            return Ok(only["id"].as_str().unwrap_or_default().to_owned());
        }
        find(&meshes, &wanted, "mesh")
    }

    /// The id of a room of a mesh.
    pub(crate) async fn room(&mut self, mesh: &str, wanted: &str) -> Result<String> {
        let rooms = self.all(&format!("/meshes/{mesh}/rooms")).await?;
        find(&rooms, wanted, "room")
    }

    /// The id of a bot of a mesh.
    pub(crate) async fn bot(&mut self, mesh: &str, wanted: &str) -> Result<String> {
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
