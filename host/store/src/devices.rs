//! Devices that ask to be signed in (RFC 8628).

use crate::{Error, Row, Tx, text};
use mesh_authz::Grant;
use mesh_types::{DeviceId, PersonId, Timestamp};

crate::statements! {
    INSERT = "INSERT INTO devices (id, device_hash, user_hash, name, agent, address, permissions, state, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, $9) ON CONFLICT DO NOTHING";
    STATE = "SELECT state, expires_at FROM devices WHERE device_hash = $1";
    PENDING = "SELECT id, name, agent, address, permissions, created_at, expires_at FROM devices WHERE user_hash = $1 AND state = 'pending' AND expires_at > $2";
    DECIDE = "UPDATE devices SET state = $3, person_id = $4, permissions = $5 WHERE id = $1 AND state = 'pending' AND expires_at > $2";
    TAKE = "DELETE FROM devices WHERE device_hash = $1 AND state = 'approved' AND expires_at > $2 RETURNING id, person_id, name, permissions";
    FORGET = "DELETE FROM devices WHERE expires_at < $1";
}

/// A device as its owner is asked about it.
#[derive(Debug)]
pub struct DeviceRow {
    /// Its id.
    pub id: DeviceId,
    /// What it calls itself.
    pub name: String,
    /// Its `User-Agent`.
    pub agent: String,
    /// Where it asks from.
    pub address: String,
    /// What it asks for, as JSON; everything when empty.
    pub permissions: String,
    /// When it asked.
    pub created_at: Timestamp,
    /// Until when it can be decided.
    pub expires_at: Timestamp,
}

/// Stores a device under the hashes of its two codes; false when one of them is taken.
pub async fn insert<R>(
    tx: &mut Tx<'_>,
    _allowed: &Grant<R>,
    (device, user): (&str, &str),
    row: &DeviceRow,
) -> Result<bool, Error> {
    let values = [
        text(row.id),
        device.into(),
        user.into(),
        (&row.name).into(),
        (&row.agent).into(),
        (&row.address).into(),
        (&row.permissions).into(),
        row.created_at.into(),
        row.expires_at.into(),
    ];
    Ok(tx.exec(INSERT, &values).await? == 1)
}

/// The state of the device with this code, `pending`, `approved` or `denied`, and when the code is over.
pub async fn state(tx: &mut Tx<'_>, device: &str) -> Result<Option<(String, Timestamp)>, Error> {
    tx.opt(STATE, &[device.into()], |row| Ok((row.get(0)?, row.time(1)?)))
        .await
}

/// The undecided device behind the code that a person typed.
pub async fn pending(tx: &mut Tx<'_>, user: &str, now: Timestamp) -> Result<Option<DeviceRow>, Error> {
    let read = |row: &Row<'_>| {
        Ok(DeviceRow {
            id: row.parse(0)?,
            name: row.get(1)?,
            agent: row.get(2)?,
            address: row.get(3)?,
            permissions: row.get(4)?,
            created_at: row.time(5)?,
            expires_at: row.time(6)?,
        })
    };
    tx.opt(PENDING, &[user.into(), now.into()], read).await
}

/// Decides about a device, `approved` or `denied`; false when it is decided or over already.
pub async fn decide<R>(
    tx: &mut Tx<'_>,
    _allowed: &Grant<R>,
    id: DeviceId,
    (state, person, permissions): (&str, PersonId, &str),
    now: Timestamp,
) -> Result<bool, Error> {
    let values = [text(id), now.into(), state.into(), text(person), permissions.into()];
    Ok(tx.exec(DECIDE, &values).await? == 1)
}

/// A device that is about to get its token.
#[derive(Debug)]
pub struct Approved {
    /// Its id.
    pub id: DeviceId,
    /// Who approved it.
    pub person: PersonId,
    /// What it calls itself.
    pub name: String,
    /// What it gets, as JSON; everything when empty.
    pub permissions: String,
}

/// Uses the code of an approved device up, once.
pub async fn take<R>(
    tx: &mut Tx<'_>,
    _allowed: &Grant<R>,
    device: &str,
    now: Timestamp,
) -> Result<Option<Approved>, Error> {
    let read = |row: &Row<'_>| {
        Ok(Approved {
            id: row.parse(0)?,
            person: row.parse(1)?,
            name: row.get(2)?,
            permissions: row.get(3)?,
        })
    };
    tx.opt(TAKE, &[device.into(), now.into()], read).await
}

/// Forgets devices whose time was over before then.
pub async fn forget(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, Error> {
    tx.exec(FORGET, &[before.into()]).await
}
