//! Tokens and what hangs on them.

use daypass::api::TokenRecord;
use daypass::verify::TokenHash;
use daypass::{Error, TokenKind};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Failure, unreadable};
use crate::store::{NewRecord, StoredBundle};

/// How long bundle references are kept past their end, in seconds, so that their holders are told that they expired.
const KEEP: u64 = 86_400;

/// A token as a record. The view has revocations of every level.
const RECORD: &str = "
    SELECT id, kind, name, organization, grants, origins, created_at, expires_at, revoked_at, last_chars, number, parent
    FROM record";

pub(in crate::store) fn add(
    connection: &mut Connection,
    new: &NewRecord,
    limit: Option<usize>,
) -> Result<u64, Failure> {
    let transaction = connection.transaction()?;
    let record = &new.record;
    let is_revoked = "SELECT revoked_at IS NOT NULL FROM organization WHERE id = ?1";
    if transaction.prepare_cached(is_revoked)?.query_row([&record.organization], |row| row.get(0))? {
        return Err(Error::InvalidRequest("The organization was revoked: no token of it lives.".into()).into());
    }
    let living = "SELECT count(*) FILTER (WHERE id = :id), count(*) FILTER (WHERE kind = :kind) FROM record
        WHERE organization = :organization AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :now)";
    let (same_id, same_kind): (usize, usize) = transaction.prepare_cached(living)?.query_row(
        named_params! {
            ":id": record.id,
            ":kind": record.kind.as_str(),
            ":organization": record.organization,
            ":now": record.created_at,
        },
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    if same_id > 0 {
        return Err(Error::AlreadyExists.into());
    }
    if let Some(limit) = limit.filter(|limit| same_kind >= *limit) {
        return Err(Error::LimitReached { most: limit, kind: record.kind }.into());
    }
    let serial = insert(&transaction, new)?;
    transaction.commit()?;
    Ok(serial)
}

pub(in crate::store) fn find(connection: &Connection, hash: TokenHash) -> Result<Option<TokenRecord>, Failure> {
    let mut find = connection.prepare_cached(&format!("{RECORD} WHERE hash = ?1"))?;
    Ok(find.query_row([hash.as_bytes()], record).optional()?)
}

pub(in crate::store) fn token(connection: &Connection, organization: &str, id: &str) -> Result<TokenRecord, Failure> {
    let newest = format!("{RECORD} WHERE organization = ?1 AND id = ?2 ORDER BY number DESC LIMIT 1");
    let found = connection.prepare_cached(&newest)?.query_row([organization, id], record).optional()?;
    Ok(found.ok_or(Error::NotFound)?)
}

pub(in crate::store) fn tokens(
    connection: &Connection,
    organization: &str,
    kind: Option<TokenKind>,
) -> Result<Vec<TokenRecord>, Failure> {
    let newest_first = format!(
        "{RECORD} WHERE organization = ?1 AND iif(?2 IS NULL, kind <> 'bundle', kind = ?2) ORDER BY number DESC"
    );
    let mut tokens = connection.prepare_cached(&newest_first)?;
    let rows = tokens.query_map(params![organization, kind.map(TokenKind::as_str)], record)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(in crate::store) fn require_active(connection: &mut Connection, hash: TokenHash, now: u64) -> Result<(), Failure> {
    let transaction = connection.transaction()?;
    living(&transaction, hash, now)?;
    Ok(transaction.commit()?)
}

pub(in crate::store) fn add_bundle(
    connection: &mut Connection,
    new: &NewRecord,
    parent: TokenHash,
    parameters: &[u8],
) -> Result<(), Failure> {
    let transaction = connection.transaction()?;
    let now = new.record.created_at;
    let parent = living(&transaction, parent, now)?;
    transaction
        .prepare_cached("DELETE FROM token WHERE kind = 'bundle' AND expires_at < ?1")?
        .execute([now.saturating_sub(KEEP)])?;
    let number = insert(&transaction, new)?;
    transaction
        .prepare_cached("INSERT INTO bundle (token, parent, parameters) VALUES (?1, ?2, ?3)")?
        .execute(params![number, parent, parameters])?;
    Ok(transaction.commit()?)
}

pub(in crate::store) fn bundle(connection: &Connection, reference: TokenHash) -> Result<StoredBundle, Failure> {
    let bundle = "SELECT parent.id, bundle.parameters FROM token JOIN bundle ON bundle.token = token.number
        JOIN token AS parent ON parent.number = bundle.parent WHERE token.hash = ?1";
    let found = connection
        .prepare_cached(bundle)?
        .query_row([reference.as_bytes()], |row| Ok(StoredBundle { parent: row.get(0)?, parameters: row.get(1)? }))
        .optional()?;
    Ok(found.ok_or(Error::InvalidToken)?)
}

/// The number of a token that lives at this moment. Revoking it writes the same row, and transactions are one behind the
/// other: a child is either made before its parent's revocation, or not made.
fn living(transaction: &Transaction<'_>, hash: TokenHash, now: u64) -> Result<i64, Failure> {
    let parent = "SELECT number, revoked_at IS NOT NULL, coalesce(expires_at <= ?2, 0) FROM record WHERE hash = ?1";
    let found = transaction
        .prepare_cached(parent)?
        .query_row(params![hash.as_bytes(), now], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    match found {
        None => Err(Error::InvalidToken.into()),
        Some((_, true, _)) => Err(Error::TokenRevoked.into()),
        Some((_, _, true)) => Err(Error::TokenExpired.into()),
        Some((number, false, false)) => Ok(number),
    }
}

/// The row of a new token; its number is the answer.
pub(super) fn insert(transaction: &Transaction<'_>, new: &NewRecord) -> Result<u64, Failure> {
    let NewRecord { record, hash } = new;
    let insert = "INSERT INTO token
        (hash, organization, id, kind, name, grants, origins, last_chars, created_at, expires_at, revoked_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    transaction.prepare_cached(insert)?.execute(params![
        hash.as_bytes(),
        record.organization,
        record.id,
        record.kind.as_str(),
        record.name,
        to_json(&record.grants)?,
        to_json(&record.origins)?,
        record.last_chars,
        record.created_at,
        record.expires_at,
        record.revoked_at,
    ])?;
    // SQLite numbers from 1.
    Ok(transaction.last_insert_rowid().unsigned_abs())
}

/// The record in a row of [`RECORD`].
fn record(row: &Row<'_>) -> rusqlite::Result<TokenRecord> {
    Ok(TokenRecord {
        id: row.get(0)?,
        serial: row.get(10)?,
        root_serial: row.get(11)?,
        kind: row.get::<_, String>(1)?.parse().map_err(|cause| unreadable(1, cause))?,
        name: row.get(2)?,
        organization: row.get(3)?,
        grants: from_json(row, 4)?,
        origins: from_json(row, 5)?,
        created_at: row.get(6)?,
        expires_at: row.get(7)?,
        revoked_at: row.get(8)?,
        last_chars: row.get(9)?,
    })
}

fn to_json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|cause| rusqlite::Error::ToSqlConversionFailure(cause.into()))
}

fn from_json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    serde_json::from_str(row.get_ref(column)?.as_str()?).map_err(|cause| unreadable(column, cause))
}
