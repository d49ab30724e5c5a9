//! What bots were asked, and what they answered.

use crate::{Error, Tx, text};
use mesh_authz::Grant;
use mesh_types::{BotCallId, BotId, Timestamp};

crate::statements! {
    ADD = "INSERT INTO bot_calls (id, bot_id, method, input, chain, deadline, at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    GET = "SELECT bot_id, method, input, chain, deadline, answer, error FROM bot_calls WHERE id = $1";
    ANSWER = "UPDATE bot_calls SET answer = $3, error = $4 WHERE bot_id = $1 AND id = $2";
    FORGET = "DELETE FROM bot_calls WHERE at < $1";
}

/// A question to a bot.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who is asked.
    pub bot: BotId,
    /// For what.
    pub method: String,
    /// With what, as JSON.
    pub input: String,
    /// The bots that wait for the answer, as JSON.
    pub chain: String,
    /// Until when somebody waits.
    pub deadline: Timestamp,
    /// The answer, as JSON.
    pub answer: Option<String>,
    /// Why there is no answer, in the bot's words.
    pub error: Option<String>,
}

impl Call {
    /// Nothing was answered.
    pub fn is_open(&self) -> bool {
        self.answer.is_none() && self.error.is_none()
    }
}

/// Keeps a question.
pub async fn add(tx: &mut Tx<'_>, bot: &Grant<BotId>, id: BotCallId, call: &Call, at: Timestamp) -> Result<(), Error> {
    let values = [
        text(id),
        text(**bot),
        (&call.method).into(),
        (&call.input).into(),
        (&call.chain).into(),
        call.deadline.into(),
        at.into(),
    ];
    tx.exec(ADD, &values).await.map(drop)
}

/// A question; none when it was forgotten.
pub async fn get(tx: &mut Tx<'_>, id: BotCallId) -> Result<Option<Call>, Error> {
    tx.opt(GET, &[text(id)], |row| {
        Ok(Call {
            bot: row.parse(0)?,
            method: row.get(1)?,
            input: row.get(2)?,
            chain: row.get(3)?,
            deadline: row.time(4)?,
            answer: row.get(5)?,
            error: row.get(6)?,
        })
    })
    .await
}

/// Keeps the answer of a question to this bot: JSON, or why there is none.
pub async fn answer(
    tx: &mut Tx<'_>,
    bot: &Grant<BotId>,
    id: BotCallId,
    answer: Result<String, String>,
) -> Result<(), Error> {
    let (answer, error) = match answer {
        Ok(answer) => (Some(answer), None),
        Err(error) => (None, Some(error)),
    };
    let values = [text(**bot), text(id), (&answer).into(), (&error).into()];
    tx.exec(ANSWER, &values).await.map(drop)
}

/// Forgets questions from before this time.
pub async fn forget(tx: &mut Tx<'_>, before: Timestamp) -> Result<(), Error> {
    tx.exec(FORGET, &[before.into()]).await.map(drop)
}
