//! Marks of the feed, and the entries that are deleted by them.

use rusqlite::{Connection, Row, Transaction, params};

use super::super::Rule;
use super::super::notes::traffic;
use super::{Failure, revocations};
use crate::domain::retention::{Mark, MarkChange, MarkFacts};

/// Selects the number of the newest mark.
pub(super) const NEWEST_MARK: &str = "SELECT max(number) FROM feed_mark";

pub(super) fn oldest(connection: &Connection) -> Result<Mark, Failure> {
    let oldest = "SELECT number, seq FROM feed_mark ORDER BY number LIMIT 1";
    Ok(connection.prepare_cached(oldest)?.query_row([], mark)?)
}

pub(super) fn newest(connection: &Connection) -> Result<Mark, Failure> {
    let newest = "SELECT number, seq FROM feed_mark ORDER BY number DESC LIMIT 1";
    Ok(connection.prepare_cached(newest)?.query_row([], mark)?)
}

/// Returns the time of the newest token, entry of the feed or signing key.
pub(super) fn newest_time(connection: &Connection) -> Result<u64, Failure> {
    let newest = "SELECT max(
        coalesce((SELECT created_at FROM token ORDER BY number DESC LIMIT 1), 0),
        coalesce((SELECT at FROM revocation ORDER BY seq DESC LIMIT 1), 0),
        coalesce((SELECT max(created_at) FROM signing_key), 0))";
    Ok(connection.query_row(newest, [], |row| row.get(0))?)
}

pub(super) fn add(transaction: &Transaction<'_>, rule: &Rule<MarkFacts, Option<MarkChange>>) -> Result<(), Failure> {
    let facts = MarkFacts { newest: newest(transaction)?, latest: revocations::latest(transaction)? };
    let Some(MarkChange { add, oldest: number }) = rule(&facts)? else { return Ok(()) };
    traffic();
    transaction
        .prepare_cached("INSERT INTO feed_mark (number, seq) VALUES (?1, ?2)")?
        .execute(params![add.number, add.seq])?;
    let before = oldest(transaction)?.seq;
    transaction.prepare_cached("DELETE FROM feed_mark WHERE number < ?1")?.execute([number])?;
    let after = oldest(transaction)?.seq;
    transaction
        .prepare_cached("DELETE FROM revocation WHERE seq > ?1 AND seq <= ?2 AND level IN ('token', 'changed', 'jwt')")?
        .execute([before, after])?;
    Ok(())
}

fn mark(row: &Row<'_>) -> rusqlite::Result<Mark> {
    Ok(Mark { number: row.get(0)?, seq: row.get(1)? })
}
