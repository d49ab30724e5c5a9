//! People, their passwords and their sessions.

use crate::{Error, Row, Tx, text};
use mesh_authz::Grant;
use mesh_types::{PersonId, SessionId, Timestamp};

crate::statements! {
    ANY = "SELECT 1 FROM people LIMIT 1";
    INSERT = "INSERT INTO people (id, email, display_name, operator, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    NAME = "SELECT display_name FROM people WHERE id = $1";
    SET_PASSWORD = "INSERT INTO credentials (person_id, kind, secret, updated_at) VALUES ($1, 'password', $2, $3) ON CONFLICT (person_id, kind) DO UPDATE SET secret = excluded.secret, updated_at = excluded.updated_at";
    PASSWORD = "SELECT p.id, c.secret FROM people p JOIN credentials c ON c.person_id = p.id AND c.kind = 'password' WHERE p.email = $1 AND p.disabled_at IS NULL";
    OPEN_SESSION = "INSERT INTO sessions (id, person_id, access_hash, access_expires_at, refresh_hash, family_hash, refresh_expires_at, fresh_until, device, address, created_at, last_used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)";
    RENEW_SESSION = "UPDATE sessions SET access_hash = $2, access_expires_at = $3, refresh_hash = $4, refresh_expires_at = $5, last_used_at = $6 WHERE id = $1 AND refresh_hash = $7 AND ended_at IS NULL";
    SESSION = "SELECT s.person_id, s.access_hash, s.refresh_hash, s.family_hash, s.refresh_expires_at, s.ended_at, p.disabled_at FROM sessions s JOIN people p ON p.id = s.person_id WHERE s.id = $1";
    SESSIONS = "SELECT id, device, address, created_at, last_used_at FROM sessions WHERE person_id = $1 AND ended_at IS NULL AND refresh_expires_at > $2 AND ($3 = '' OR id < $3) ORDER BY id DESC LIMIT $4";
    END_SESSION = "UPDATE sessions SET ended_at = $3 WHERE id = $1 AND person_id = $2 AND ended_at IS NULL";
    SETTING = "SELECT value FROM settings WHERE name = $1";
    SET_SETTING = "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    DROP_SETTING = "DELETE FROM settings WHERE name = $1 AND value = $2";
}

/// Whether anyone has an account.
pub async fn any(tx: &mut Tx<'_>) -> Result<bool, Error> {
    Ok(tx.opt(ANY, &[], |_| Ok(())).await?.is_some())
}

/// Makes an account; false when the address has one.
pub async fn insert<R>(
    tx: &mut Tx<'_>,
    _allowed: &Grant<R>,
    id: PersonId,
    (email, name): (&str, &str),
    operator: bool,
    at: Timestamp,
) -> Result<bool, Error> {
    let values = [text(id), email.into(), name.into(), operator.into(), at.into()];
    Ok(tx.exec(INSERT, &values).await? == 1)
}

/// The name a person gave.
pub async fn name(tx: &mut Tx<'_>, person: PersonId) -> Result<Option<String>, Error> {
    tx.opt(NAME, &[text(person)], |row| row.get(0)).await
}

/// Sets a password's hash.
pub async fn set_password<R>(
    tx: &mut Tx<'_>,
    _allowed: &Grant<R>,
    person: PersonId,
    hash: &str,
    at: Timestamp,
) -> Result<(), Error> {
    tx.exec(SET_PASSWORD, &[text(person), hash.into(), at.into()])
        .await
        .map(drop)
}

/// The account behind an address, and its password's hash.
pub async fn password(tx: &mut Tx<'_>, email: &str) -> Result<Option<(PersonId, String)>, Error> {
    tx.opt(PASSWORD, &[email.into()], |row| Ok((row.parse(0)?, row.get(1)?)))
        .await
}

/// The hashes and ends of a session's tokens.
#[derive(Debug)]
pub struct Tokens<'a> {
    /// Hash of the access token.
    pub access: &'a str,
    /// Its end.
    pub access_ends: Timestamp,
    /// Hash of the refresh token.
    pub refresh: &'a str,
    /// Its end.
    pub refresh_ends: Timestamp,
}

/// A session about to be opened.
#[derive(Debug)]
pub struct NewSession<'a> {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub person: PersonId,
    /// Hash of the part that all its refresh tokens share.
    pub family: &'a str,
    /// What the client called itself.
    pub device: &'a str,
    /// Where it signs in from.
    pub address: &'a str,
    /// Now.
    pub at: Timestamp,
    /// Until when the sign-in counts as recent.
    pub fresh_until: Timestamp,
}

/// Opens a session with its first tokens.
pub async fn open_session<R>(
    tx: &mut Tx<'_>,
    _allowed: &Grant<R>,
    new: &NewSession<'_>,
    tokens: &Tokens<'_>,
) -> Result<(), Error> {
    let values = [
        text(new.id),
        text(new.person),
        tokens.access.into(),
        tokens.access_ends.into(),
        tokens.refresh.into(),
        new.family.into(),
        tokens.refresh_ends.into(),
        new.fresh_until.into(),
        new.device.into(),
        new.address.into(),
        new.at.into(),
    ];
    tx.exec(OPEN_SESSION, &values).await.map(drop)
}

/// Gives a session new tokens for the refresh token with the hash `used`; the old ones are worth
/// nothing from now on. False when another call used that token up in the meantime.
pub async fn renew_session<R>(
    tx: &mut Tx<'_>,
    _allowed: &Grant<R>,
    (id, used): (SessionId, &str),
    tokens: &Tokens<'_>,
    at: Timestamp,
) -> Result<bool, Error> {
    let values = [
        text(id),
        tokens.access.into(),
        tokens.access_ends.into(),
        tokens.refresh.into(),
        tokens.refresh_ends.into(),
        at.into(),
        used.into(),
    ];
    Ok(tx.exec(RENEW_SESSION, &values).await? == 1)
}

/// A session as its renewal needs it.
#[derive(Debug)]
pub struct SessionRow {
    /// Whose it is.
    pub person: PersonId,
    /// Hash of its access token.
    pub access: String,
    /// Hash of its refresh token.
    pub refresh: String,
    /// Hash of the part that all its refresh tokens share.
    pub family: String,
    /// The refresh token's end.
    pub refresh_ends: Timestamp,
    /// It was ended, or the account was disabled.
    pub ended: bool,
}

/// A session, also an ended one.
pub async fn session(tx: &mut Tx<'_>, id: SessionId) -> Result<Option<SessionRow>, Error> {
    tx.opt(SESSION, &[text(id)], |row| {
        Ok(SessionRow {
            person: row.parse(0)?,
            access: row.get(1)?,
            refresh: row.get(2)?,
            family: row.get(3)?,
            refresh_ends: row.time(4)?,
            ended: row.time_option(5)?.is_some() || row.time_option(6)?.is_some(),
        })
    })
    .await
}

/// One row of a person's list of sessions: id, device, address, begin, last renewal.
pub type Listed = (SessionId, String, String, Timestamp, Timestamp);

/// A person's open sessions, newest first, from before the one named.
pub async fn sessions(
    tx: &mut Tx<'_>,
    person: PersonId,
    now: Timestamp,
    before: &str,
    limit: i64,
) -> Result<Vec<Listed>, Error> {
    let read = |row: &Row<'_>| Ok((row.parse(0)?, row.get(1)?, row.get(2)?, row.time(3)?, row.time(4)?));
    tx.all(SESSIONS, &[text(person), now.into(), before.into(), limit.into()], read)
        .await
}

/// Ends a session of this person; false when it was no open one.
pub async fn end_session<R>(
    tx: &mut Tx<'_>,
    _allowed: &Grant<R>,
    id: SessionId,
    person: PersonId,
    at: Timestamp,
) -> Result<bool, Error> {
    Ok(tx.exec(END_SESSION, &[text(id), text(person), at.into()]).await? == 1)
}

/// A setting of the server that is no configuration.
pub async fn setting(tx: &mut Tx<'_>, name: &str) -> Result<Option<String>, Error> {
    tx.opt(SETTING, &[name.into()], |row| row.get(0)).await
}

/// Sets a setting.
pub async fn set_setting(tx: &mut Tx<'_>, name: &str, value: &str) -> Result<(), Error> {
    tx.exec(SET_SETTING, &[name.into(), value.into()]).await.map(drop)
}

/// Removes a setting if it has this value; false when it had another, or was not there.
pub async fn drop_setting<R>(tx: &mut Tx<'_>, _allowed: &Grant<R>, name: &str, value: &str) -> Result<bool, Error> {
    Ok(tx.exec(DROP_SETTING, &[name.into(), value.into()]).await? == 1)
}
