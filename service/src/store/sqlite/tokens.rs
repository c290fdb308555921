//! Tokens.

use daypass::api::{RevocationTarget, TokenRecord};
use daypass::verify::TokenHash;
use daypass::{Error, TokenKind};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::{Rule, TokenSelector};
use super::{Failure, organizations, revocations, unreadable};
use crate::domain::last_use::TokenUse;
use crate::domain::organization::Organization;
use crate::domain::token::{AddFacts, NewToken, TokenState};
use crate::domain::token_edit::EditedToken;

/// A token as a record. The view has revocations of every level.
pub(super) const RECORD: &str = "
    SELECT id, kind, name, organization, grants, origins, created_at, expires_at, revoked_at, last_chars, number, parent,
        created_by, suspended_at, last_used_at, version
    FROM record";

/// Counts active tokens of a kind, in the two ranges of the index `token_by_expiry`. No more are read than the limit
/// allows.
pub(super) const OF_KIND: &str = "
    SELECT count(*) FROM (
        SELECT * FROM (
            SELECT number FROM token
            WHERE organization = :organization AND kind = :kind AND kind <> 'bundle'
                AND expires_at IS NULL AND created_at >= :from AND revoked_at IS NULL
            LIMIT :limit
        ) AS endless
        UNION ALL
        SELECT * FROM (
            SELECT number FROM token
            WHERE organization = :organization AND kind = :kind AND kind <> 'bundle'
                AND expires_at > :now AND created_at >= :from AND revoked_at IS NULL
            LIMIT :limit
        ) AS ending
        LIMIT :limit
    ) AS active";

pub(super) fn token(connection: &Connection, selector: &TokenSelector) -> Result<Option<TokenRecord>, Failure> {
    let find = |condition, parameters: &[&dyn rusqlite::ToSql]| {
        connection.prepare_cached(&format!("{RECORD} {condition}"))?.query_row(parameters, record).optional()
    };
    Ok(match selector {
        TokenSelector::Serial(number) => find("WHERE number = ?1", &[number])?,
        TokenSelector::Id { organization, id } => {
            find("WHERE organization = ?1 AND id = ?2 ORDER BY number DESC LIMIT 1", &[organization, id])?
        }
    })
}

pub(super) fn of_hash(connection: &Connection, hash: TokenHash) -> Result<Option<TokenRecord>, Failure> {
    let of_hash = format!("{RECORD} WHERE hash = ?1");
    Ok(connection.prepare_cached(&of_hash)?.query_row([hash.as_bytes()], record).optional()?)
}

pub(super) fn add(
    transaction: &Transaction<'_>,
    new: &NewToken,
    count_to: &Rule<Option<Organization>, usize>,
    rule: &Rule<AddFacts>,
) -> Result<u64, Failure> {
    rule(&add_facts(transaction, &new.record, count_to)?)?;
    insert(transaction, new)
}

fn add_facts(
    transaction: &Transaction<'_>,
    new: &TokenRecord,
    count_to: &Rule<Option<Organization>, usize>,
) -> Result<AddFacts, Failure> {
    let organization = organizations::find(transaction, &new.organization)?;
    let count_to = count_to(&organization)?;
    let of_id = "SELECT count(*) FROM record
        WHERE organization = ?1 AND id = ?2 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?3)";
    let active_of_id = transaction
        .prepare_cached(of_id)?
        .query_row(params![new.organization, new.id, new.created_at], |row| row.get(0))?;
    // A revoked organization gets no tokens, whatever their number is.
    let from = organization.as_ref().and_then(|organization| organization.issued_before).unwrap_or(0);
    let active_of_kind = active_of_kind(transaction, &new.organization, new.kind, from, new.created_at, count_to)?;
    Ok(AddFacts { organization, active_of_id, active_of_kind })
}

pub(super) fn edit(
    transaction: &Transaction<'_>,
    serial: u64,
    at: u64,
    rule: &Rule<Option<TokenRecord>, Option<EditedToken>>,
) -> Result<TokenRecord, Failure> {
    let selector = TokenSelector::Serial(serial);
    let before = token(transaction, &selector)?;
    if let (Some(EditedToken { name, origins, expires_at, version }), Some(before)) = (rule(&before)?, &before) {
        let edit = "UPDATE token SET name = ?2, origins = ?3, expires_at = ?4, version = ?5 WHERE number = ?1";
        let row = params![serial, name, to_json(&origins)?, expires_at, version];
        transaction.prepare_cached(edit)?.execute(row)?;
        let entry = RevocationTarget::Changed { serial, version };
        revocations::enter(transaction, Some(&before.organization), &entry, at)?;
    }
    Ok(token(transaction, &selector)?.ok_or(Error::NotFound)?)
}

pub(super) fn record_uses(transaction: &Transaction<'_>, uses: &[TokenUse]) -> Result<(), Failure> {
    let write = "UPDATE token SET last_used_at = ?2 WHERE number = ?1 AND (last_used_at IS NULL OR last_used_at <= ?3)";
    let mut write = transaction.prepare_cached(write)?;
    for TokenUse { serial, at, replaces } in uses {
        write.execute([serial, at, replaces])?;
    }
    Ok(())
}

/// Counts tokens of a kind that are active at a time and were created from another time on, up to a limit.
pub(super) fn active_of_kind(
    transaction: &Transaction<'_>,
    organization: &str,
    kind: TokenKind,
    from: u64,
    now: u64,
    limit: usize,
) -> rusqlite::Result<usize> {
    let parameters = named_params! {
        ":organization": organization,
        ":kind": kind.as_str(),
        ":from": from,
        ":now": now,
        ":limit": limit,
    };
    transaction.prepare_cached(OF_KIND)?.query_row(parameters, |row| row.get(0))
}

/// The number and the state of the token with this hash.
pub(super) fn state(transaction: &Transaction<'_>, hash: TokenHash) -> Result<Option<(u64, TokenState)>, Failure> {
    let state = "SELECT number, expires_at, revoked_at, suspended_at FROM record WHERE hash = ?1";
    let row = transaction.prepare_cached(state)?.query_row([hash.as_bytes()], |row| {
        let state = TokenState { expires_at: row.get(1)?, revoked_at: row.get(2)?, suspended_at: row.get(3)? };
        Ok((row.get(0)?, state))
    });
    Ok(row.optional()?)
}

/// Adds the row of a new token, and returns its number.
pub(super) fn insert(transaction: &Transaction<'_>, new: &NewToken) -> Result<u64, Failure> {
    let NewToken { record, hash } = new;
    let insert = "INSERT INTO token
        (hash, organization, id, kind, name, grants, origins, last_chars, created_at, expires_at, revoked_at, created_by)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
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
        record.created_by,
    ])?;
    // SQLite numbers from 1.
    Ok(transaction.last_insert_rowid().unsigned_abs())
}

/// The record in a row of [`RECORD`].
pub(super) fn record(row: &Row<'_>) -> rusqlite::Result<TokenRecord> {
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
        created_by: row.get(12)?,
        expires_at: row.get(7)?,
        revoked_at: row.get(8)?,
        suspended_at: row.get(13)?,
        last_used_at: row.get(14)?,
        version: row.get(15)?,
        last_chars: row.get(9)?,
    })
}

pub(super) fn to_json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|cause| rusqlite::Error::ToSqlConversionFailure(cause.into()))
}

pub(super) fn from_json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    serde_json::from_str(row.get_ref(column)?.as_str()?).map_err(|cause| unreadable(column, cause))
}
