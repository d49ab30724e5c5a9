//! What came with the pressing of messages' buttons.

use crate::{Error, Tx, text};
use mesh_authz::Grant;
use mesh_types::{MessageId, PressId, Timestamp};

crate::statements! {
    ADD = "INSERT INTO presses (id, message_id, action_id, value, form, at) VALUES ($1, $2, $3, $4, $5, $6)";
    GET = "SELECT message_id, action_id, value, form FROM presses WHERE id = $1";
    FORGET = "DELETE FROM presses WHERE at < $1";
}

/// A button was pressed. The log keeps the name of the press only.
#[derive(Debug)]
pub struct Press<'a> {
    /// Names it.
    pub id: PressId,
    /// The button.
    pub action: &'a str,
    /// What the button carried then.
    pub value: Option<&'a str>,
    /// What the one who pressed sent along, as JSON.
    pub form: Option<String>,
    /// Now.
    pub at: Timestamp,
}

/// Keeps what came with a press.
pub async fn add(tx: &mut Tx<'_>, message: &Grant<MessageId>, press: &Press<'_>) -> Result<(), Error> {
    let values = [
        text(press.id),
        text(**message),
        press.action.into(),
        press.value.into(),
        (&press.form).into(),
        press.at.into(),
    ];
    tx.exec(ADD, &values).await.map(drop)
}

/// What came with a press.
#[derive(Debug)]
pub struct Pressed {
    /// The message.
    pub message: MessageId,
    /// The button.
    pub action: String,
    /// What the button carried then.
    pub value: Option<String>,
    /// What the one who pressed sent along, as JSON.
    pub form: Option<String>,
}

/// What came with a press; none when that was forgotten.
pub async fn get(tx: &mut Tx<'_>, press: PressId) -> Result<Option<Pressed>, Error> {
    tx.opt(GET, &[text(press)], |row| {
        Ok(Pressed {
            message: row.parse(0)?,
            action: row.get(1)?,
            value: row.get(2)?,
            form: row.get(3)?,
        })
    })
    .await
}

/// Forgets presses from before this time.
pub async fn forget(tx: &mut Tx<'_>, before: Timestamp) -> Result<(), Error> {
    tx.exec(FORGET, &[before.into()]).await.map(drop)
}
