//! Prepared statements, and the values of their rows. PostgreSQL has signed numbers only.

use bytes::BytesMut;
use deadpool_postgres::GenericClient;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Row, Statement};

use super::Failure;

pub(super) type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

pub(super) async fn rows(
    client: &impl GenericClient,
    sql: &str,
    parameters: Parameters<'_>,
) -> Result<Vec<Row>, Failure> {
    let statement = client.prepare_cached(sql).await?;
    if has_nul(&statement, parameters)? {
        return Ok(vec![]);
    }
    Ok(client.query(&statement, parameters).await?)
}

pub(super) async fn row(client: &impl GenericClient, sql: &str, parameters: Parameters<'_>) -> Result<Row, Failure> {
    let statement = client.prepare_cached(sql).await?;
    Ok(client.query_one(&statement, parameters).await?)
}

pub(super) async fn find(
    client: &impl GenericClient,
    sql: &str,
    parameters: Parameters<'_>,
) -> Result<Option<Row>, Failure> {
    let statement = client.prepare_cached(sql).await?;
    if has_nul(&statement, parameters)? {
        return Ok(None);
    }
    Ok(client.query_opt(&statement, parameters).await?)
}

/// Returns whether a parameter is a text with a NUL. PostgreSQL cannot store one, so that nothing is found by it.
///
/// The database is not asked: its error would end the transaction.
fn has_nul(statement: &Statement, parameters: Parameters<'_>) -> Result<bool, Failure> {
    let mut texts = BytesMut::new();
    for (parameter, kind) in parameters.iter().zip(statement.params()) {
        if *kind == Type::TEXT {
            parameter.to_sql_checked(kind, &mut texts).map_err(Failure::Value)?;
        }
    }
    Ok(texts.contains(&0))
}

pub(super) async fn execute(
    client: &impl GenericClient,
    sql: &str,
    parameters: Parameters<'_>,
) -> Result<u64, Failure> {
    let statement = client.prepare_cached(sql).await?;
    Ok(client.execute(&statement, parameters).await?)
}

/// The parameter for a number.
pub(super) fn signed(number: u64) -> Result<i64, Failure> {
    i64::try_from(number).map_err(Failure::value)
}

/// The parameter for a number that may be missing.
pub(super) fn signed_option(number: Option<u64>) -> Result<Option<i64>, Failure> {
    number.map(signed).transpose()
}

/// The number in a column.
pub(super) fn number(row: &Row, column: &str) -> Result<u64, Failure> {
    u64::try_from(row.try_get::<_, i64>(column)?).map_err(Failure::value)
}

/// The number in a column that may be empty.
pub(super) fn number_option(row: &Row, column: &str) -> Result<Option<u64>, Failure> {
    row.try_get::<_, Option<i64>>(column)?.map(|number| u64::try_from(number).map_err(Failure::value)).transpose()
}
