use crate::{Entry, Error, Mesh, Pages, Result};
use serde::{Serialize, de::DeserializeOwned};

/// How often [`Kv::update`] begins again when another writer was faster.
const ATTEMPTS: u32 = 8;

/// The bot's own store: 10 MiB in total, 256 KiB a value. All of it needs `bot.state`.
///
/// Values are stored as JSON; [`Kv::get_bytes`] and [`Kv::put_bytes`] take them as they are.
#[derive(Clone, Copy)]
pub struct Kv<'a> {
    pub(crate) mesh: &'a Mesh,
}

/// A value and the version it was read at.
#[derive(Debug, Clone, PartialEq)]
pub struct Versioned<T> {
    /// The value.
    pub value: T,
    /// Rises with every write; for [`Kv::put_if_unchanged`].
    pub version: u64,
}

impl<'a> Kv<'a> {
    /// The value at a key, or `None` where there is none.
    pub fn get<T: DeserializeOwned>(self, key: &str) -> Result<Option<T>> {
        Ok(self.get_versioned(key)?.map(|found| found.value))
    }

    /// The value at a key together with its version.
    pub fn get_versioned<T: DeserializeOwned>(self, key: &str) -> Result<Option<Versioned<T>>> {
        let Some(found) = self.get_bytes(key)? else {
            return Ok(None);
        };
        let value = serde_json::from_slice(&found.value)
            .map_err(|error| Error::Malformed(format!("the value stored at `{key}`: {error}")))?;
        Ok(Some(Versioned {
            value,
            version: found.version,
        }))
    }

    /// Writes a value, whatever was there; gives its version.
    pub fn put<T: Serialize + ?Sized>(self, key: &str, value: &T) -> Result<u64> {
        self.put_bytes(key, &serde_json::to_vec(value)?)
    }

    /// Writes a value only where there is none; otherwise [`Error::Conflict`].
    pub fn put_if_absent<T: Serialize + ?Sized>(self, key: &str, value: &T) -> Result<u64> {
        self.put_if_unchanged(key, value, 0)
    }

    /// Writes a value only if the one stored still has this version; otherwise [`Error::Conflict`].
    pub fn put_if_unchanged<T: Serialize + ?Sized>(self, key: &str, value: &T, version: u64) -> Result<u64> {
        Ok(self
            .mesh
            .backend
            .kv_put(key, &serde_json::to_vec(value)?, Some(version))?)
    }

    /// Changes a value, starting from its default where there is none, and gives the new one. Begins
    /// again when another writer was faster, so `change` may run more than once.
    ///
    /// ```
    /// # use mesh_bot::{Mesh, Result};
    /// fn count(mesh: &Mesh) -> Result<u64> {
    ///     mesh.kv().update("count", |count: u64| count + 1)
    /// }
    /// ```
    pub fn update<T>(self, key: &str, mut change: impl FnMut(T) -> T) -> Result<T>
    where
        T: Serialize + DeserializeOwned + Default,
    {
        for _ in 1..ATTEMPTS {
            match self.try_update(key, &mut change) {
                Err(Error::Conflict(_)) => {}
                decided => return decided,
            }
        }
        self.try_update(key, &mut change)
    }

    fn try_update<T>(self, key: &str, change: &mut impl FnMut(T) -> T) -> Result<T>
    where
        T: Serialize + DeserializeOwned + Default,
    {
        let found = self.get_versioned(key)?.unwrap_or(Versioned {
            value: T::default(),
            version: 0,
        });
        let value = change(found.value);
        self.put_if_unchanged(key, &value, found.version)?;
        Ok(value)
    }

    /// Deletes a key; false when it was not there.
    pub fn delete(self, key: &str) -> Result<bool> {
        Ok(self.mesh.backend.kv_delete(key)?)
    }

    /// The keys with this beginning, in order, with size and version.
    pub fn list(self, prefix: &str) -> Pages<'a, Entry> {
        let (mesh, prefix) = (self.mesh, prefix.to_owned());
        Pages::new(move |request| {
            let page = mesh.backend.kv_list(&prefix, request)?;
            Ok((page.entries, page.next_cursor))
        })
    }

    /// The bytes at a key and their version.
    pub fn get_bytes(self, key: &str) -> Result<Option<Versioned<Vec<u8>>>> {
        let found = self.mesh.backend.kv_get(key)?;
        Ok(found.map(|value| Versioned {
            value: value.bytes,
            version: value.version,
        }))
    }

    /// Writes bytes, whatever was there; gives their version.
    pub fn put_bytes(self, key: &str, bytes: &[u8]) -> Result<u64> {
        Ok(self.mesh.backend.kv_put(key, bytes, None)?)
    }
}
