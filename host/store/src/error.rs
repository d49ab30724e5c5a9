use std::fmt;

/// Why the database did not do it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// A row that must be unique is there already; the text names the constraint or columns.
    #[error("already there: {0}")]
    Unique(String),
    /// Another row says that this one must exist, or that it must not go.
    #[error("a row that this one needs is missing")]
    Reference,
    /// Two transactions met; doing it again helps.
    #[error("the transaction met another one")]
    Retry,
    /// The disk is full or read-only; nothing was written.
    #[error("the disk is full or cannot be written")]
    Full,
    /// What the database holds is not what this program writes.
    #[error("unexpected data: {0}")]
    Corrupt(String),
    /// Everything else.
    #[error("database: {0}")]
    Other(String),
}

impl Error {
    pub(crate) fn corrupt(why: impl fmt::Display) -> Self {
        Self::Corrupt(why.to_string())
    }

    pub(crate) fn other(why: impl fmt::Display) -> Self {
        Self::Other(why.to_string())
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ffi;
        let rusqlite::Error::SqliteFailure(code, text) = &error else {
            return Self::other(error);
        };
        let text = || {
            text.clone()
                .unwrap_or_default()
                .replace("UNIQUE constraint failed: ", "")
        };
        match (code.extended_code, code.code) {
            (ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY, _) => Self::Unique(text()),
            (ffi::SQLITE_CONSTRAINT_FOREIGNKEY, _) => Self::Reference,
            (
                _,
                rusqlite::ErrorCode::DiskFull | rusqlite::ErrorCode::ReadOnly | rusqlite::ErrorCode::SystemIoFailure,
            ) => Self::Full,
            (_, rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => Self::Retry,
            _ => Self::other(error),
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let Some(database) = error.as_database_error() else {
            return Self::other(error);
        };
        match database.code().as_deref() {
            Some("23505") => Self::Unique(database.constraint().unwrap_or_default().to_owned()),
            Some("23503") => Self::Reference,
            Some("40001" | "40P01") => Self::Retry,
            Some("53100") => Self::Full,
            _ => Self::other(error),
        }
    }
}
