//! Marks of the feed, and the entries that are deleted by them.

use deadpool_postgres::{GenericClient, Transaction};
use tokio_postgres::Row;

use super::super::Rule;
use super::super::notes::traffic;
use super::sql::{execute, number, row, signed};
use super::{Failure, feed};
use crate::domain::retention::{Mark, MarkChange, MarkFacts};

/// Selects the number of the newest mark.
pub(super) const NEWEST_MARK: &str = "SELECT max(number) FROM feed_mark";

pub(super) async fn oldest(client: &impl GenericClient) -> Result<Mark, Failure> {
    mark(&row(client, "SELECT number, seq FROM feed_mark ORDER BY number LIMIT 1", &[]).await?)
}

pub(super) async fn newest(client: &impl GenericClient) -> Result<Mark, Failure> {
    mark(&row(client, "SELECT number, seq FROM feed_mark ORDER BY number DESC LIMIT 1", &[]).await?)
}

/// Returns the time of the newest token, entry of the feed or signing key.
pub(super) async fn newest_time(client: &impl GenericClient) -> Result<u64, Failure> {
    let newest = "SELECT greatest(
        coalesce((SELECT created_at FROM token ORDER BY number DESC LIMIT 1), 0),
        coalesce((SELECT at FROM revocation ORDER BY seq DESC LIMIT 1), 0),
        coalesce((SELECT max(created_at) FROM signing_key), 0)) AS newest";
    number(&row(client, newest, &[]).await?, "newest")
}

pub(super) async fn add(
    transaction: &Transaction<'_>,
    rule: &Rule<MarkFacts, Option<MarkChange>>,
) -> Result<(), Failure> {
    feed::lock(transaction).await?;
    let facts = MarkFacts { newest: newest(transaction).await?, latest: feed::position(transaction).await?.latest };
    let Some(MarkChange { add, oldest: kept }) = rule(&facts)? else { return Ok(()) };
    traffic();
    let insert = "INSERT INTO feed_mark (number, seq) VALUES ($1, $2)";
    execute(transaction, insert, &[&signed(add.number)?, &signed(add.seq)?]).await?;
    let before = oldest(transaction).await?.seq;
    execute(transaction, "DELETE FROM feed_mark WHERE number < $1", &[&signed(kept)?]).await?;
    let after = oldest(transaction).await?.seq;
    let delete = "DELETE FROM revocation WHERE seq > $1 AND seq <= $2 AND level IN ('token', 'changed', 'jwt')";
    execute(transaction, delete, &[&signed(before)?, &signed(after)?]).await?;
    Ok(())
}

fn mark(row: &Row) -> Result<Mark, Failure> {
    Ok(Mark { number: number(row, "number")?, seq: number(row, "seq")? })
}
