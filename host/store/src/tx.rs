//! A transaction, or a read, on either engine. The API is asynchronous for PostgreSQL's sake; on
//! SQLite every future is ready at once.

use crate::{Error, Row, Sql, Value};
use rusqlite::CachedStatement;
use sqlx::{Arguments, PgConnection, postgres::PgArguments};

/// Where statements run. It holds `&mut` because a SQLite connection is `Send` but not `Sync`.
pub enum Tx<'c> {
    /// SQLite, on the calling thread.
    Sqlite(&'c mut rusqlite::Connection),
    /// PostgreSQL.
    Postgres(&'c mut PgConnection),
}

fn postgres_arguments(values: &[Value<'_>]) -> Result<PgArguments, Error> {
    let mut arguments = PgArguments::default();
    arguments.reserve(values.len(), 0);
    for value in values {
        match value {
            Value::Text(value) => arguments.add(*value),
            Value::Owned(value) => arguments.add(value.as_str()),
            Value::OwnedOption(value) => arguments.add(value.as_deref()),
            Value::Int(value) => arguments.add(*value),
            Value::Blob(value) => arguments.add(*value),
        }
        .map_err(Error::other)?;
    }
    Ok(arguments)
}

fn bind(statement: &mut CachedStatement<'_>, values: &[Value<'_>]) -> Result<(), Error> {
    for index in 1..=statement.parameter_count() {
        match values.get(index - 1).ok_or_else(|| Error::other("too few arguments"))? {
            Value::Text(value) => statement.raw_bind_parameter(index, *value)?,
            Value::Owned(value) => statement.raw_bind_parameter(index, value.as_str())?,
            Value::OwnedOption(value) => statement.raw_bind_parameter(index, value.as_deref())?,
            Value::Int(value) => statement.raw_bind_parameter(index, *value)?,
            Value::Blob(value) => statement.raw_bind_parameter(index, *value)?,
        }
    }
    Ok(())
}

impl Tx<'_> {
    /// The same transaction, lent for a shorter time.
    pub fn lend(&mut self) -> Tx<'_> {
        match self {
            Tx::Sqlite(connection) => Tx::Sqlite(connection),
            Tx::Postgres(connection) => Tx::Postgres(connection),
        }
    }

    /// Runs a statement; answers how many rows it changed.
    pub async fn exec(&mut self, sql: Sql, values: &[Value<'_>]) -> Result<u64, Error> {
        match self {
            Tx::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql.for_sqlite())?;
                bind(&mut statement, values)?;
                Ok(statement.raw_execute()? as u64)
            }
            Tx::Postgres(connection) => {
                let query = sqlx::query_with(sql.for_postgres(), postgres_arguments(values)?);
                Ok(query.execute(&mut **connection).await?.rows_affected())
            }
        }
    }

    /// The first row, if there is one.
    pub async fn opt<T>(
        &mut self,
        sql: Sql,
        values: &[Value<'_>],
        map: impl Fn(&Row<'_>) -> Result<T, Error> + Send,
    ) -> Result<Option<T>, Error> {
        match self {
            Tx::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql.for_sqlite())?;
                bind(&mut statement, values)?;
                let mut rows = statement.raw_query();
                rows.next()?.map(|row| map(&Row::Sqlite(row))).transpose()
            }
            Tx::Postgres(connection) => {
                let query = sqlx::query_with(sql.for_postgres(), postgres_arguments(values)?);
                let row = query.fetch_optional(&mut **connection).await?;
                row.map(|row| map(&Row::Postgres(&row))).transpose()
            }
        }
    }

    /// The first row of a statement that always has one.
    pub async fn one<T>(
        &mut self,
        sql: Sql,
        values: &[Value<'_>],
        map: impl Fn(&Row<'_>) -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        self.opt(sql, values, map)
            .await?
            .ok_or_else(|| Error::corrupt("a row that must be there is not"))
    }

    /// Every row.
    pub async fn all<T>(
        &mut self,
        sql: Sql,
        values: &[Value<'_>],
        map: impl Fn(&Row<'_>) -> Result<T, Error> + Send,
    ) -> Result<Vec<T>, Error> {
        match self {
            Tx::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql.for_sqlite())?;
                bind(&mut statement, values)?;
                let (mut rows, mut out) = (statement.raw_query(), Vec::new());
                while let Some(row) = rows.next()? {
                    out.push(map(&Row::Sqlite(row))?);
                }
                Ok(out)
            }
            Tx::Postgres(connection) => {
                let query = sqlx::query_with(sql.for_postgres(), postgres_arguments(values)?);
                query
                    .fetch_all(&mut **connection)
                    .await?
                    .iter()
                    .map(|row| map(&Row::Postgres(row)))
                    .collect()
            }
        }
    }
}
