use crate::{
    Mesh, Result,
    mesh::parse,
    raw::mesh::bot::{approvals::NewRequest, types::PageRequest},
};
use serde::{Serialize, de::DeserializeOwned};

/// Questions to people; see [`Mesh::approvals`]. What comes of them arrives at
/// [`Bot::on_decision`](crate::Bot::on_decision). Needs `approval.request`.
///
/// Calls that the bot has to ask about ask by themselves and give [`Error::Pending`](crate::Error::Pending).
#[derive(Clone, Copy)]
pub struct Approvals<'a> {
    pub(crate) mesh: &'a Mesh,
}

/// What people are asked.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a question is not asked before `Approvals::ask`"]
pub struct Question(NewRequest);

impl Question {
    /// Yes or no.
    pub fn new(question: impl Into<String>) -> Self {
        Self(NewRequest {
            question: question.into(),
            choices: Vec::new(),
            room: None,
            operation: None,
            input: None,
            expires_in_s: None,
        })
    }

    /// With these answers to choose from, 2 to 10.
    pub fn choices<T: Into<String>>(mut self, choices: impl IntoIterator<Item = T>) -> Self {
        self.0.choices = choices.into_iter().map(Into::into).collect();
        self
    }

    /// It is about this room.
    pub fn in_room(mut self, room: impl Into<String>) -> Self {
        self.0.room = Some(room.into());
        self
    }

    /// A call, such as `message.post`, that the mesh makes in the bot's name when somebody agrees.
    pub fn to_call<T: Serialize + ?Sized>(mut self, operation: impl Into<String>, input: &T) -> Result<Self> {
        self.0.operation = Some(operation.into());
        self.0.input = Some(serde_json::to_string(input)?);
        Ok(self)
    }

    /// Nobody can decide any more after so many seconds; a day if it is not said.
    pub fn open_for(mut self, seconds: u64) -> Self {
        self.0.expires_in_s = Some(seconds);
        self
    }
}

impl Approvals<'_> {
    /// Asks; gives the id of the approval.
    pub fn ask(self, question: &Question) -> Result<String> {
        #[derive(serde::Deserialize)]
        struct Asked {
            id: String,
        }
        let asked: Asked = parse(&self.mesh.backend.approval_request(&question.0)?)?;
        Ok(asked.id)
    }

    /// `approval.get`: how a question of this bot stands.
    pub fn get<T: DeserializeOwned>(self, approval: &str) -> Result<T> {
        parse(&self.mesh.backend.approval_get(approval)?)
    }

    /// `approval.list`: one page of what this bot asked, in one state or in all.
    pub fn list<T: DeserializeOwned>(self, state: Option<&str>, cursor: Option<&str>) -> Result<T> {
        let page = PageRequest {
            cursor: cursor.map(Into::into),
            limit: None,
        };
        parse(&self.mesh.backend.approval_list(state, &page)?)
    }

    /// Takes a question back.
    pub fn cancel(self, approval: &str) -> Result {
        self.mesh.backend.approval_cancel(approval)?;
        Ok(())
    }
}
