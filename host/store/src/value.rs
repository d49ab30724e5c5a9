//! What goes into a statement and what comes out of a row, the same for both engines.

use crate::Error;
use mesh_types::Timestamp;
use sqlx::{Decode, Postgres, Row as _, Type, postgres::PgRow};
use std::{borrow::Cow, fmt::Display, fmt::Write as _, str::FromStr};

/// A bound value. A NULL keeps its type: PostgreSQL will not take a text NULL for a BIGINT.
#[derive(Debug, Clone)]
pub enum Value<'a> {
    /// Borrowed text.
    Text(Option<&'a str>),
    /// Text made for this statement, such as an id.
    Owned(String),
    /// Text made for this statement that may be absent.
    OwnedOption(Option<String>),
    /// A whole number, a time in milliseconds or a flag.
    Int(Option<i64>),
    /// Bytes.
    Blob(Option<&'a [u8]>),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Value::Text(Some(value))
    }
}
impl<'a> From<&'a String> for Value<'a> {
    fn from(value: &'a String) -> Self {
        Value::Text(Some(value))
    }
}
impl<'a> From<&'a Cow<'static, str>> for Value<'a> {
    fn from(value: &'a Cow<'static, str>) -> Self {
        Value::Text(Some(value))
    }
}
impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(value: Option<&'a str>) -> Self {
        Value::Text(value)
    }
}
impl<'a> From<&'a Option<String>> for Value<'a> {
    fn from(value: &'a Option<String>) -> Self {
        Value::Text(value.as_deref())
    }
}
impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Value::Int(Some(value))
    }
}
impl From<u32> for Value<'_> {
    fn from(value: u32) -> Self {
        Value::Int(Some(value.into()))
    }
}
impl From<Option<i64>> for Value<'_> {
    fn from(value: Option<i64>) -> Self {
        Value::Int(value)
    }
}
impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Value::Int(Some(value.into()))
    }
}
impl From<Timestamp> for Value<'_> {
    fn from(value: Timestamp) -> Self {
        Value::Int(Some(value.millis()))
    }
}
impl From<Option<Timestamp>> for Value<'_> {
    fn from(value: Option<Timestamp>) -> Self {
        Value::Int(value.map(Timestamp::millis))
    }
}
impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(value: &'a [u8]) -> Self {
        Value::Blob(Some(value))
    }
}
impl<'a> From<Option<&'a [u8]>> for Value<'a> {
    fn from(value: Option<&'a [u8]>) -> Self {
        Value::Blob(value)
    }
}

/// Binds anything that has a text form: ids and enumerations.
pub fn text<T: Display>(value: T) -> Value<'static> {
    Value::Owned(written(value))
}

/// Binds something with a text form that may be absent.
pub fn text_option<T: Display>(value: Option<T>) -> Value<'static> {
    Value::OwnedOption(value.map(written))
}

/// The text form, in one allocation for anything as short as an id or a stream.
fn written<T: Display>(value: T) -> String {
    let mut text = String::with_capacity(40);
    let _ = write!(text, "{value}");
    text
}

/// Readable from both engines: `String`, `i64`, `Vec<u8>` and `Option` of these.
pub trait Column: rusqlite::types::FromSql + Type<Postgres> + for<'r> Decode<'r, Postgres> {}
impl<T> Column for T where T: rusqlite::types::FromSql + Type<Postgres> + for<'r> Decode<'r, Postgres> {}

/// One row of an answer.
pub enum Row<'r> {
    /// From SQLite.
    Sqlite(&'r rusqlite::Row<'r>),
    /// From PostgreSQL.
    Postgres(&'r PgRow),
}

impl Row<'_> {
    /// The column at this place, counted from 0.
    pub fn get<T: Column>(&self, column: usize) -> Result<T, Error> {
        Ok(match self {
            Row::Sqlite(row) => row.get(column)?,
            Row::Postgres(row) => row.try_get(column)?,
        })
    }

    /// A text column as an id or an enumeration.
    pub fn parse<T: FromStr<Err: Display>>(&self, column: usize) -> Result<T, Error> {
        self.parse_option(column)?
            .ok_or_else(|| Error::corrupt(format!("column {column} holds nothing")))
    }

    /// A text column as an id or an enumeration, if it holds anything.
    pub fn parse_option<T: FromStr<Err: Display>>(&self, column: usize) -> Result<Option<T>, Error> {
        let text = match self {
            Row::Sqlite(row) => row
                .get_ref(column)?
                .as_str_or_null()
                .map_err(|error| Error::corrupt(format!("column {column}: {error}")))?,
            Row::Postgres(row) => row.try_get(column)?,
        };
        let parsed = text.map(|text| {
            text.parse()
                .map_err(|error: T::Err| Error::corrupt(format!("column {column} holds {text:?}: {error}")))
        });
        parsed.transpose()
    }

    /// A flag, stored as 0 or 1.
    pub fn flag(&self, column: usize) -> Result<bool, Error> {
        Ok(self.get::<i64>(column)? != 0)
    }

    /// A time, stored in milliseconds.
    pub fn time(&self, column: usize) -> Result<Timestamp, Error> {
        self.get(column).map(Timestamp)
    }

    /// A time, stored in milliseconds, if there is one.
    pub fn time_option(&self, column: usize) -> Result<Option<Timestamp>, Error> {
        Ok(self.get::<Option<i64>>(column)?.map(Timestamp))
    }

    /// A count, stored as a whole number.
    pub fn count(&self, column: usize) -> Result<u64, Error> {
        u64::try_from(self.get::<i64>(column)?).map_err(|_| Error::corrupt(format!("column {column} is negative")))
    }
}
